"""Drafts of the policy: what one person has written, and what another has made of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa

from hub.clock import new_id
from hub.store.policies import policy_as_text
from hub.store.policy_tables import policy_drafts

_ROW = policy_drafts.c


class DraftState(StrEnum):
    """How a draft stands."""

    DRAFT = "draft"  # nobody has decided yet
    PUBLISHED = "published"
    DISCARDED = "discarded"


class DiscardReason(StrEnum):
    """Why a draft is not to be published: words of a closed list, for free text may tell of a person."""

    MISTAKEN = "mistaken"  # its author found a fault in it
    REJECTED = "rejected"  # the second person says no
    OUTDATED = "outdated"  # another version has come in between
    NOT_NEEDED = "not-needed"


@dataclass(frozen=True, slots=True)
class PolicyDraft:
    """A next version of the policy, as one person has written it.

    :ivar based_on: the version that its author began with.
    :ivar decided_by: who published or discarded it.
    :ivar version: of the policy, once it is published.
    """

    id: UUID
    based_on: int
    document: Mapping[str, Any]
    drafted_by: str
    drafted_at: datetime
    state: DraftState = DraftState.DRAFT
    decided_by: str | None = None
    decided_at: datetime | None = None
    version: int | None = None
    reason: DiscardReason | None = None


class PolicyDrafts:
    """Drafts of one municipality's policy, in one transaction."""

    def __init__(self, connection: sa.Connection, municipality: str) -> None:
        self._connection = connection
        self._municipality = municipality

    def add(self, document: Mapping[str, Any], based_on: int, by: str, at: datetime) -> PolicyDraft:
        """Remember a draft. The document is one that can be used."""
        draft = PolicyDraft(new_id(), based_on, document, by, at)
        self._connection.execute(
            policy_drafts.insert().values(
                id=draft.id,
                municipality=self._municipality,
                based_on=based_on,
                document=policy_as_text(document),
                drafted_by=by,
                drafted_at=at,
                state=draft.state,
            )
        )
        return draft

    def get(self, wanted: UUID, *, lock: bool = False) -> PolicyDraft | None:
        """Return a draft; None where there is none of the municipality's.

        :param lock: let nobody else decide about it until this commits.
        """
        query = sa.select(policy_drafts).where(_ROW.id == wanted, _ROW.municipality == self._municipality)
        row = self._connection.execute(query.with_for_update() if lock else query).one_or_none()
        return _read(row) if row else None

    def undecided(self) -> Sequence[PolicyDraft]:
        """Return what nobody has decided about yet, oldest first."""
        ours = (_ROW.municipality == self._municipality) & (_ROW.state == DraftState.DRAFT)
        query = sa.select(policy_drafts).where(ours).order_by(_ROW.drafted_at, _ROW.id)
        return [_read(row) for row in self._connection.execute(query)]

    def authors(self) -> Mapping[int, str]:
        """Return who wrote each version that has come of a draft."""
        query = sa.select(_ROW.version, _ROW.drafted_by).where(
            _ROW.municipality == self._municipality, _ROW.version.is_not(None)
        )
        return {row.version: row.drafted_by for row in self._connection.execute(query)}

    def published(self, wanted: UUID, version: int, by: str, at: datetime) -> None:
        """Remember that a draft is a version now."""
        self._decide(wanted, {"state": DraftState.PUBLISHED, "version": version}, by, at)

    def discarded(self, wanted: UUID, reason: DiscardReason, by: str, at: datetime) -> None:
        """Remember that a draft is not to be published, and why."""
        self._decide(wanted, {"state": DraftState.DISCARDED, "reason": reason}, by, at)

    def _decide(self, wanted: UUID, outcome: Mapping[str, Any], by: str, at: datetime) -> None:
        self._connection.execute(
            policy_drafts.update().where(_ROW.id == wanted).values(decided_by=by, decided_at=at, **outcome)
        )


def _read(row: sa.Row[*tuple[Any, ...]]) -> PolicyDraft:
    return PolicyDraft(
        id=row.id,
        based_on=row.based_on,
        document=orjson.loads(row.document),
        drafted_by=row.drafted_by,
        drafted_at=row.drafted_at,
        state=DraftState(row.state),
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        version=row.version,
        reason=DiscardReason(row.reason) if row.reason else None,
    )
