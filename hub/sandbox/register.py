"""A register of made-up people: people die, change numbers and have their address protected, on its page or by program.

It speaks contracts/register/v1: subscriptions, changes that say only that something has changed, and lookups by POST.
Whoever is subscribed to is there, unless the register is told that nobody has the number.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import orjson
from fastapi import HTTPException, Request
from pydantic import Field

from hub.clock import new_id
from hub.sandbox.case import Strict
from hub.sandbox.system import Behaviour, obey, require_token

_TABLES = (
    "CREATE TABLE IF NOT EXISTS people (id INTEGER PRIMARY KEY AUTOINCREMENT, content TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS subscriptions (id TEXT PRIMARY KEY, person INTEGER NOT NULL)",
    "CREATE TABLE IF NOT EXISTS changes (n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL,"
    " person INTEGER NOT NULL, kind TEXT NOT NULL)",
)
CPR = r"^[0-9]{10}$"
_ALIVE, _DEAD = "01", "90"


class Protection(Strict):
    """When name and address are protected; ``until`` is the last day."""

    since: date
    until: date | None = None


class Change(Strict):
    """What becomes of a person. What is left out stays as it is; a death taken back is ``alive``."""

    cpr: str = Field(pattern=CPR)
    died: date | None = None
    alive: bool = False
    new_cpr: str | None = Field(default=None, pattern=CPR)
    protections: list[Protection] | None = None


class Who(Strict):
    """A person, by the number."""

    cpr: str = Field(pattern=CPR)


class Strangers(Strict):
    """Numbers that nobody has."""

    cprs: list[str] = Field(default_factory=list)


class PeopleRegister:
    """The register."""

    name = "register"

    def __init__(self, store: Path, token: str) -> None:
        self._path, self._token = store, token
        self.behaviour, self.strangers = Behaviour(), Strangers()
        with self._begin() as connection:
            for table in _TABLES:
                connection.execute(table)

    def enter(self, request: Request) -> None:
        """Let the hub in, or answer as the behaviour says."""
        require_token(request, self._token)
        obey(self.behaviour)

    def begin_anew(self) -> None:
        """Forget everybody, and behave well again."""
        self.behaviour, self.strangers = Behaviour(), Strangers()
        with self._begin() as connection:
            for table in ("changes", "subscriptions", "people"):
                connection.execute(f"DELETE FROM {table}")  # noqa: S608 - names of our own

    def people(self) -> list[dict[str, Any]]:
        """Return everyone, as the contract has them."""
        with self._begin() as connection:
            return [orjson.loads(row[0]) for row in connection.execute("SELECT content FROM people ORDER BY id")]

    def subscriptions(self) -> dict[str, str]:
        """Return the number of whom each subscription tells."""
        with self._begin() as connection:
            rows = connection.execute("SELECT s.id, p.content FROM subscriptions s JOIN people p ON p.id = s.person")
            return {row[0]: orjson.loads(row[1])["Personnummer"] for row in rows.fetchall()}

    def person(self, cpr: str) -> dict[str, Any] | None:
        """Return what holds of whoever has, or has had, a number."""
        with self._begin() as connection:
            found = self._found(connection, cpr)
            return found[1] if found else None

    def add(self, cpr: str) -> dict[str, Any]:
        """Let a living person have a number; who has it already stays as they are."""
        with self._begin() as connection:
            return self._added(connection, cpr)[1]

    def subscribe(self, subscription: str, cpr: str) -> None:
        """Tell of a person's changes. :raises HTTPException: 404, nobody has the number."""
        if cpr in self.strangers.cprs:
            raise HTTPException(404, "nobody has this number")
        with self._begin() as connection:
            person, _ = self._added(connection, cpr)
            connection.execute("INSERT OR REPLACE INTO subscriptions VALUES (?, ?)", (subscription, person))

    def unsubscribe(self, subscription: str) -> None:
        """Tell of them no more. :raises HTTPException: 404, there is no such subscription."""
        with self._begin() as connection:
            gone = connection.execute("DELETE FROM subscriptions WHERE id = ?", (subscription,)).rowcount
        if not gone:
            raise HTTPException(404, "no such subscription")

    def change(self, wanted: Change) -> dict[str, Any]:
        """Let something become of a person. :raises HTTPException: 404 nobody, 409 the new number is another's."""
        with self._begin() as connection:
            found = self._found(connection, wanted.cpr)
            if found is None:
                raise HTTPException(404, "nobody has this number")
            person, content = found
            kinds = _changed(content, wanted)
            if wanted.new_cpr is not None:
                holder = self._found(connection, wanted.new_cpr)
                if holder is not None and holder[0] != person:
                    raise HTTPException(409, "another has this number")
            content["Version"] += 1
            connection.execute("UPDATE people SET content = ? WHERE id = ?", (orjson.dumps(content).decode(), person))
            for kind in kinds:
                self._tell(connection, person, kind)
            return content

    def tell_again(self, cpr: str, kind: str) -> None:
        """Tell of a change that was none, as a register may. :raises HTTPException: 404."""
        with self._begin() as connection:
            found = self._found(connection, cpr)
            if found is None:
                raise HTTPException(404, "nobody has this number")
            self._tell(connection, found[0], kind)

    def page(self, after: int, most: int) -> dict[str, Any]:
        """Return the changes after a position, of those who are subscribed to."""
        with self._begin() as connection:
            rows = connection.execute(
                "SELECT c.n, c.id, s.id, c.kind FROM changes c JOIN subscriptions s ON s.person = c.person"
                " WHERE c.n > ? ORDER BY c.n LIMIT ?",
                (after, most + 1),
            ).fetchall()
        told = [{"HaendelseId": id_, "AbonnementId": whose, "Haendelsestype": kind} for _, id_, whose, kind in rows]
        last = rows[:most][-1][0] if rows else after
        return {"Haendelser": told[:most], "Naeste": str(last), "Flere": len(rows) > most}

    def _tell(self, connection: sqlite3.Connection, person: int, kind: str) -> None:
        connection.execute("INSERT INTO changes (id, person, kind) VALUES (?, ?, ?)", (str(new_id()), person, kind))

    def _added(self, connection: sqlite3.Connection, cpr: str) -> tuple[int, dict[str, Any]]:
        found = self._found(connection, cpr)
        if found is not None:
            return found
        content: dict[str, Any] = {
            "Version": 1, "Personnummer": cpr, "TidligerePersonnumre": [], "Status": _ALIVE, "Beskyttelser": [],
        }  # fmt: skip
        made = connection.execute("INSERT INTO people (content) VALUES (?)", (orjson.dumps(content).decode(),))
        return int(made.lastrowid or 0), content

    def _found(self, connection: sqlite3.Connection, cpr: str) -> tuple[int, dict[str, Any]] | None:
        for id_, text in connection.execute("SELECT id, content FROM people ORDER BY id").fetchall():
            content: dict[str, Any] = orjson.loads(text)
            if cpr in (content["Personnummer"], *content["TidligerePersonnumre"]):
                return id_, content
        return None

    @contextmanager
    def _begin(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._path, timeout=20, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            with connection:
                yield connection


def _changed(content: dict[str, Any], wanted: Change) -> list[str]:
    """Write a change into what holds of a person, and return its kinds."""
    kinds = []
    if wanted.died is not None:
        content |= {"Status": _DEAD, "Doedsdato": wanted.died.isoformat()}
        kinds += ["Civilstand", "Person"]
    elif wanted.alive:
        content["Status"] = _ALIVE
        content.pop("Doedsdato", None)
        kinds.append("Person")
    if wanted.new_cpr is not None and wanted.new_cpr != content["Personnummer"]:
        former = [content["Personnummer"], *content["TidligerePersonnumre"]]
        content["TidligerePersonnumre"] = [one for one in former if one != wanted.new_cpr]
        content["Personnummer"] = wanted.new_cpr
        kinds.append("Personnummer")
    if wanted.protections is not None:
        content["Beskyttelser"] = [
            {"Type": "NavneOgAdresse", "Fra": one.since.isoformat()}
            | ({"Til": one.until.isoformat()} if one.until else {})
            for one in wanted.protections
        ]
        kinds.append("Adresseoplysninger")
    return kinds
