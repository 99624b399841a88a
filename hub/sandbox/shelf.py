"""What a sandbox system remembers: its own cases, and what the hub has delivered to it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

_TABLES = """
CREATE TABLE IF NOT EXISTS numbers (n INTEGER PRIMARY KEY AUTOINCREMENT);
CREATE TABLE IF NOT EXISTS cases (id TEXT PRIMARY KEY, version INTEGER NOT NULL, changed_at TEXT NOT NULL,
    message_id TEXT NOT NULL, content BLOB NOT NULL, message BLOB NOT NULL, number INTEGER NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS changes (n INTEGER PRIMARY KEY AUTOINCREMENT, case_id TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS answers (case_id TEXT PRIMARY KEY, status INTEGER, answer BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS plans (plan TEXT PRIMARY KEY, sequence INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS elements (plan TEXT NOT NULL, element TEXT NOT NULL, content BLOB NOT NULL,
    PRIMARY KEY (plan, element));
CREATE TABLE IF NOT EXISTS proposals (plan TEXT NOT NULL, proposal TEXT PRIMARY KEY, content BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS deliveries (n INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL, plan TEXT NOT NULL,
    cpr TEXT NOT NULL, sequence INTEGER NOT NULL, disclosed INTEGER NOT NULL, withdrawn BLOB NOT NULL,
    status TEXT NOT NULL, duplicate INTEGER NOT NULL);
"""
_SAVE_CASE = """INSERT INTO cases (id, version, changed_at, message_id, content, message, number)
    VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET version = excluded.version, changed_at = excluded.changed_at,
    message_id = excluded.message_id, content = excluded.content, message = excluded.message"""
_READ_CASE = "SELECT id, number, version, changed_at, message_id, content, message FROM cases"
_LIST_CHANGES = """SELECT MAX(n) AS newest, case_id FROM changes GROUP BY case_id HAVING newest > ?
    ORDER BY newest LIMIT ?"""
_SAVE_ANSWER = """INSERT INTO answers VALUES (?, ?, ?)
    ON CONFLICT (case_id) DO UPDATE SET status = excluded.status, answer = excluded.answer"""
_SAVE_PLAN = "INSERT INTO plans VALUES (?, ?) ON CONFLICT (plan) DO UPDATE SET sequence = excluded.sequence"
_SAVE_ELEMENT = """INSERT INTO elements VALUES (?, ?, ?)
    ON CONFLICT (plan, element) DO UPDATE SET content = excluded.content"""
_LOG_DELIVERY = """INSERT INTO deliveries (key, plan, cpr, sequence, disclosed, withdrawn, status, duplicate)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)"""


@dataclass(frozen=True, slots=True)
class Case:
    """A case of the system, in the sandbox's own neutral form.

    :ivar number: the case's number in the system, 1, 2, 3 …: for case numbers in an authority's style.
    :ivar message: the bytes of the message that told of this version; empty before it is rendered.
    """

    id: str
    number: int
    version: int
    changed_at: str
    message_id: str
    content: Mapping[str, Any] = field(repr=False)
    message: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Delivery:
    """An update that the hub sent, in neutral form: which elements it shows, which it takes back."""

    key: str
    plan: str
    #: The number by which the hub names the plan's person to this system.
    cpr: str = field(repr=False)
    sequence: int
    disclosed: Mapping[str, Mapping[str, Any]] = field(repr=False)
    withdrawn: Sequence[str] = ()
    #: All the other times that stand proposed for the system's own appointments.
    proposals: Sequence[Mapping[str, str]] = ()


class Shelf:
    """One SQLite file. Every method is one transaction, durable when it returns."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._open() as connection:
            connection.executescript(_TABLES)

    def next_number(self) -> int:
        """Return a number that no case has had."""
        with self._begin() as connection:
            taken = connection.execute("INSERT INTO numbers DEFAULT VALUES RETURNING n").fetchone()
        return int(taken[0])

    def save(self, case: Case) -> None:
        """Keep a case and number the change; a newer version replaces the older."""
        content = orjson.dumps(case.content)
        with self._begin() as connection:
            connection.execute(
                _SAVE_CASE,
                (case.id, case.version, case.changed_at, case.message_id, content, case.message, case.number),
            )
            connection.execute("INSERT INTO changes (case_id) VALUES (?)", (case.id,))

    def save_answer(self, case_id: str, status: int | None, answer: Any) -> None:
        """Keep what the hub answered when it was last told of a case."""
        with self._begin() as connection:
            connection.execute(_SAVE_ANSWER, (case_id, status, orjson.dumps(answer)))

    def answers(self) -> dict[str, tuple[int | None, Any]]:
        """Return what the hub answered last: case → HTTP status (None: no answer) and answer."""
        with self._begin() as connection:
            rows = connection.execute("SELECT case_id, status, answer FROM answers").fetchall()
        return {case: (status, orjson.loads(answer)) for case, status, answer in rows}

    def changes(self, after: int, most: int) -> list[tuple[int, str]]:
        """Return (change number, case id) of cases changed after a number, each at its newest change, oldest first."""
        with self._begin() as connection:
            return [(int(n), str(case)) for n, case in connection.execute(_LIST_CHANGES, (after, most)).fetchall()]

    def case(self, case_id: str) -> Case | None:
        """Return a case, or None."""
        with self._begin() as connection:
            row = connection.execute(f"{_READ_CASE} WHERE id = ?", (case_id,)).fetchone()
        return None if row is None else _case(row)

    def cases(self) -> list[Case]:
        """Return every case, oldest first."""
        with self._begin() as connection:
            rows = connection.execute(f"{_READ_CASE} ORDER BY number").fetchall()
        return [_case(row) for row in rows]

    def take_in(self, delivery: Delivery, legal_hold: bool = False) -> str:
        """Apply a delivery and log it, in one transaction.

        :param legal_hold: keep what is withdrawn.
        :return: ``taken-in``, ``already-held`` (its sequence or a later one is here) or ``legal-hold``.
        """
        plan = delivery.plan
        with self._begin() as connection:
            held = connection.execute("SELECT sequence FROM plans WHERE plan = ?", (plan,)).fetchone()
            seen = connection.execute("SELECT 1 FROM deliveries WHERE key = ?", (delivery.key,)).fetchone()
            status = "taken-in"
            if held is not None and held[0] >= delivery.sequence:
                status = "already-held"
            else:
                connection.execute(_SAVE_PLAN, (plan, delivery.sequence))
                _replace_proposals(connection, delivery)
                connection.executemany(
                    _SAVE_ELEMENT,
                    [(plan, element, orjson.dumps(content)) for element, content in delivery.disclosed.items()],
                )
                if legal_hold and delivery.withdrawn:
                    status = "legal-hold"
                else:
                    gone = [(plan, element) for element in delivery.withdrawn]
                    connection.executemany("DELETE FROM elements WHERE plan = ? AND element = ?", gone)
            withdrawn = orjson.dumps(list(delivery.withdrawn))
            row = (
                delivery.key,
                plan,
                delivery.cpr,
                delivery.sequence,
                len(delivery.disclosed),
                withdrawn,
                status,
                bool(seen),
            )
            connection.execute(_LOG_DELIVERY, row)
        return status

    def plans(self) -> dict[str, dict[str, Any]]:
        """Return what the system holds now from the hub: plan → sequence and elements."""
        with self._begin() as connection:
            plans = connection.execute("SELECT plan, sequence FROM plans ORDER BY plan").fetchall()
            elements = connection.execute("SELECT plan, element, content FROM elements ORDER BY element").fetchall()
        held: dict[str, dict[str, Any]] = {plan: {"sequence": sequence, "elements": {}} for plan, sequence in plans}
        for plan, element, content in elements:
            held[plan]["elements"][element] = orjson.loads(content)
        return held

    def proposals(self) -> list[dict[str, Any]]:
        """Return the other times that stand proposed for the system's own appointments."""
        with self._begin() as connection:
            rows = connection.execute("SELECT content FROM proposals ORDER BY proposal").fetchall()
        return [orjson.loads(content) for (content,) in rows]

    def drop_proposal(self, proposal: str) -> None:
        """Keep a proposal no more: the appointment is moved."""
        with self._begin() as connection:
            connection.execute("DELETE FROM proposals WHERE proposal = ?", (proposal,))

    def deliveries(self) -> list[dict[str, Any]]:
        """Return every delivery in the order received, repeats included."""
        with self._begin() as connection:
            rows = connection.execute(
                "SELECT key, plan, cpr, sequence, disclosed, withdrawn, status, duplicate FROM deliveries ORDER BY n"
            ).fetchall()
        return [
            {
                "key": key,
                "plan": plan,
                "cpr": cpr,
                "sequence": sequence,
                "disclosed": disclosed,
                "withdrawn": orjson.loads(withdrawn),
                "status": status,
                "duplicate": bool(duplicate),
            }
            for key, plan, cpr, sequence, disclosed, withdrawn, status, duplicate in rows
        ]

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._path, timeout=10, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            yield connection

    @contextmanager
    def _begin(self) -> Iterator[sqlite3.Connection]:
        with self._open() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")


def _replace_proposals(connection: sqlite3.Connection, delivery: Delivery) -> None:
    """Keep what a delivery names, and nothing else: one that is named no more is off."""
    connection.execute("DELETE FROM proposals WHERE plan = ?", (delivery.plan,))
    told = [(delivery.plan, one["id"], orjson.dumps(one)) for one in delivery.proposals]
    connection.executemany("INSERT OR REPLACE INTO proposals VALUES (?, ?, ?)", told)


def _case(row: tuple[Any, ...]) -> Case:
    case_id, number, version, changed_at, message_id, content, message = row
    return Case(case_id, number, version, changed_at, message_id, orjson.loads(content), message)
