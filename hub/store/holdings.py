"""What has left, or may have, and what each recipient therefore holds or may hold.

An attempt is written before anything leaves and stays open until the recipient has settled it; a crash in between
leaves it open, and what it named counts as possibly held. So no later withdrawal is ever lost.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from hub.clock import new_id
from hub.crypto.envelope import Keyring
from hub.store.revocation_tables import withdrawals
from hub.store.tables import attempts, holdings, outbox

#: Element → digest of what left, None for a withdrawal.
Leaving = Mapping[UUID, str | None]
#: Of a row of the outbox: its recipient holds something, or may.
MAY_HOLD = sa.or_(
    sa.exists().where(holdings.c.outbox_id == outbox.c.id),
    sa.exists().where(attempts.c.outbox_id == outbox.c.id, attempts.c.is_open),
)
# Statements that are asked often are built once: building one takes SQLAlchemy longer than SQLite needs to run it.
_ROW = sa.bindparam("row", type_=sa.Uuid())
_NOTHING = sa.null()
_HELD = sa.union_all(
    sa.select(holdings.c.element_id, holdings.c.digest, sa.cast(_NOTHING, sa.Text()).label("leaving")).where(
        holdings.c.outbox_id == _ROW
    ),
    sa.select(sa.cast(_NOTHING, sa.Uuid()), sa.cast(_NOTHING, sa.String()), attempts.c.leaving).where(
        attempts.c.outbox_id == _ROW, attempts.c.is_open
    ),
    sa.select(withdrawals.c.element_id, sa.cast(_NOTHING, sa.String()), sa.cast(_NOTHING, sa.Text())).where(
        withdrawals.c.outbox_id == _ROW, withdrawals.c.ended_at.is_(None)
    ),
)


def _hold(insert: postgresql.Insert | sqlite.Insert) -> sa.Insert:
    fresh = {"digest": insert.excluded.digest, "since": insert.excluded.since}
    return insert.on_conflict_do_update(index_elements=["outbox_id", "element_id"], set_=fresh)


_HOLD_ON = {"postgresql": _hold(postgresql.insert(holdings)), "sqlite": _hold(sqlite.insert(holdings))}
_LET_GO = holdings.delete().where(
    holdings.c.outbox_id == _ROW, holdings.c.element_id.in_(sa.bindparam("gone", expanding=True))
)
_RECORD = attempts.insert()
_FINISH = (
    attempts.update()
    .where(attempts.c.id == sa.bindparam("attempt"))
    .values(
        finished_at=sa.bindparam("ended"),
        outcome=sa.bindparam("as_what"),
        note=sa.bindparam("our_note"),
        said=sa.bindparam("their_words"),
        is_open=sa.and_(attempts.c.is_open, sa.bindparam("unsure", type_=sa.Boolean())),
    )
)
_CLOSE_ALL = attempts.update().where(attempts.c.outbox_id == _ROW, attempts.c.is_open).values(is_open=False)


@dataclass(frozen=True, slots=True)
class Held:
    """What a recipient holds for sure, and what else it may hold.

    :ivar possible: element → everything that open attempts sent of it; None stands for a withdrawal.
    :ivar owed: what it is known to have to give up, and has not answered for.
    """

    certain: Mapping[UUID, str]
    possible: Mapping[UUID, frozenset[str | None]]
    owed: frozenset[UUID] = frozenset()

    def is_surely(self, element: UUID, digest: str) -> bool:
        """Tell whether the recipient holds exactly this, whatever became of open attempts."""
        return self.certain.get(element) == digest and self.possible.get(element, frozenset()) <= {digest}

    def certain_digest(self, element: UUID) -> str | None:
        """Return what the recipient surely holds of an element; None when open attempts leave it unsure."""
        digest = self.certain.get(element)
        return digest if digest is not None and self.is_surely(element, digest) else None

    def maybe_anything_of(self) -> frozenset[UUID]:
        """Return every element of which the recipient holds, or may hold, anything."""
        return frozenset(self.certain) | {element for element, sent in self.possible.items() if sent - {None}}


class Attempts:
    """What has left, or may have, in one transaction."""

    def __init__(self, connection: sa.Connection, keyring: Keyring) -> None:
        self._connection = connection
        self._keyring = keyring

    def record(self, outbox_id: UUID, sequence: int, leaving: Leaving, at: datetime, mark: int) -> UUID:
        """Remember what is about to leave; return the attempt's id.

        :param mark: of the row when it was taken: the attempt is for everything that made it due until then.
        """
        attempt = new_id()
        row = {
            "id": attempt,
            "outbox_id": outbox_id,
            "sequence": sequence,
            "started_at": at,
            "mark": mark,
            "is_open": True,
            "leaving": orjson.dumps({str(element): digest for element, digest in leaving.items()}).decode(),
        }
        self._connection.execute(_RECORD, row)
        return attempt

    def finish(
        self, attempt: UUID, outcome: str, at: datetime, *, note: str = "", said: str = "", is_settled: bool = False
    ) -> None:
        """Remember how an attempt ended, for whoever looks; what it sent stays possibly held unless it is settled.

        :param note: a sentence of our own.
        :param said: the recipient's own words, such as why it must keep something; they may tell of a person.
        """
        sealed = self._keyring.seal_alone(said.encode(), said_place(attempt)) if said else None
        ended: dict[str, Any] = {"attempt": attempt, "ended": at, "as_what": outcome, "our_note": note}
        ended |= {"their_words": sealed, "unsure": not is_settled}
        self._connection.execute(_FINISH, ended)

    def has_ended(self, attempt: UUID) -> bool:
        """Tell whether it is remembered how an attempt ended."""
        ended = sa.select(attempts.c.finished_at.is_not(None)).where(attempts.c.id == attempt)
        return bool(self._connection.execute(ended).scalar_one())

    def said(self, attempt: UUID) -> str:
        """Return what a recipient said of an attempt. For an operator with the right to reveal; never for a route."""
        sealed = self._connection.execute(sa.select(attempts.c.said).where(attempts.c.id == attempt)).scalar_one()
        return self._keyring.unseal_alone(sealed, said_place(attempt)).decode() if sealed else ""

    def close_all(self, outbox_id: UUID) -> None:
        """The recipient has settled: nothing of any attempt is uncertain any more."""
        self._connection.execute(_CLOSE_ALL, {"row": outbox_id})


class Holdings:
    """What each recipient holds, in one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def of(self, outbox_id: UUID) -> Held:
        """Return what the recipient of a row holds or may hold."""
        certain: dict[UUID, str] = {}
        owed: set[UUID] = set()
        possible: dict[UUID, set[str | None]] = {}
        for element_id, digest, leaving in self._connection.execute(_HELD, {"row": outbox_id}):
            if digest is not None:
                certain[element_id] = digest
            elif leaving is None:
                owed.add(element_id)
            else:
                for element, sent in orjson.loads(leaving).items():
                    possible.setdefault(UUID(element), set()).add(sent)
        may_be = {element: frozenset(digests) for element, digests in possible.items()}
        return Held(certain, may_be, frozenset(owed))

    def holders(self, plan: UUID) -> Sequence[tuple[UUID, str]]:
        """Return the rows and recipients of a plan that hold or may hold anything of it."""
        rows = self._connection.execute(
            sa.select(outbox.c.id, outbox.c.recipient).where(outbox.c.plan_id == plan, MAY_HOLD).order_by(outbox.c.id)
        )
        return [(row.id, row.recipient) for row in rows]

    def since(self, plan: UUID, wanted: Collection[UUID]) -> Mapping[tuple[str, UUID], datetime]:
        """Return by recipient and element since when elements of a plan are held as they are held; for sure alone."""
        query = sa.select(outbox.c.recipient, holdings.c.element_id, holdings.c.since).where(
            holdings.c.outbox_id == outbox.c.id, outbox.c.plan_id == plan, holdings.c.element_id.in_(wanted)
        )
        return {(row.recipient, row.element_id): row.since for row in self._connection.execute(query)}

    def replace(
        self, outbox_id: UUID, now_held: Mapping[UUID, str], at: datetime, before: Mapping[UUID, str] | None = None
    ) -> None:
        """Remember exactly what the recipient holds from now on.

        :param before: what it held for sure when the delivery began, which nobody else has changed under its lease;
            looked up unless given.
        """
        before = self.of(outbox_id).certain if before is None else before
        gone = [element for element in before if element not in now_held]
        fresh = [element for element in now_held if before.get(element) != now_held[element]]
        if gone:
            self._connection.execute(_LET_GO, {"row": outbox_id, "gone": gone})
        if fresh:
            self._connection.execute(
                _HOLD_ON[self._connection.dialect.name],
                [
                    {"outbox_id": outbox_id, "element_id": element, "digest": now_held[element], "since": at}
                    for element in fresh
                ],
            )


def said_place(attempt: UUID) -> str:
    """Return what a recipient's sealed words is bound to."""
    return f"attempts|{attempt}"
