"""What a recipient must hear: the difference between what it may see now and what it holds or may hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson

from hub.authority import Disclosed, ProposedTime
from hub.consent.view import View
from hub.crypto.envelope import keyed_digest
from hub.plan.person import Person
from hub.store.holdings import Held, Leaving
from hub.store.lease import Basis, Lease
from hub.store.plans import StoredPlan

#: Digest of something that a recipient may hold in a version we cannot know; equal to no real digest.
UNSURE = "?"


@dataclass(frozen=True, slots=True)
class Proposed:
    """Which other times stand proposed to a recipient for its own appointments.

    :ivar is_news: the recipient does not surely know this yet: one is new to it, or one is off.
    """

    standing: tuple[ProposedTime, ...] = ()
    is_news: bool = False

    @property
    def is_told(self) -> bool:
        """Tell whether a delivery says anything of it; that nothing stands any more is said too."""
        return self.is_news or bool(self.standing)

    @property
    def ids(self) -> tuple[UUID, ...]:
        """Return which they are."""
        return tuple(one.id for one in self.standing)


NOTHING_PROPOSED = Proposed()


@dataclass(frozen=True, slots=True)
class Difference:
    """What leaves.

    :ivar held: what the recipient holds, or may hold, before.
    :ivar holds_then: what the recipient holds once it has taken this in.
    :ivar target: digest of ``holds_then`` and of what is proposed; the sequence of a delivery moves only when it does.
    :ivar proposals: which other times are proposed to the recipient.
    """

    held: Held
    disclosed: tuple[Disclosed, ...]
    withdrawn: tuple[UUID, ...]
    holds_then: Mapping[UUID, str]
    target: bytes
    proposals: Proposed = NOTHING_PROPOSED

    @property
    def is_empty(self) -> bool:
        """Tell whether the recipient is up to date already."""
        return not self.disclosed and not self.withdrawn and not self.proposals.is_news

    @property
    def leaving(self) -> Leaving:
        """Return what an attempt must remember: element → digest, None for a withdrawal."""
        return {item.element.id: item.digest for item in self.disclosed} | dict.fromkeys(self.withdrawn)


@dataclass(frozen=True, slots=True)
class Decided:
    """What a recipient must hear, and what that rests on."""

    stored: StoredPlan
    owner: Person
    lease: Lease
    view: View
    basis: Basis
    change: Difference
    at: datetime


def difference(
    shown: Mapping[UUID, Disclosed],
    held: Held,
    key: bytes,
    *,
    only_withdraw: bool,
    proposals: Proposed = NOTHING_PROPOSED,
) -> Difference:
    """Compare what may be seen with what is held or possibly held.

    What is only possibly held is sent again when it may be seen, and withdrawn when it may not.

    :param key: the plan's key, for the digest.
    :param only_withdraw: the row is a dead letter: nothing new leaves, but what is unlawful is still taken back.
    """
    disclosed = tuple(item for element, item in shown.items() if not held.is_surely(element, item.digest))
    withdrawn = tuple(sorted(held.maybe_anything_of() - shown.keys()))
    holds_then = {element: item.digest for element, item in shown.items()}
    if only_withdraw:
        disclosed = ()
        holds_then = {
            element: held.certain_digest(element) or UNSURE for element in held.maybe_anything_of() & shown.keys()
        }
        proposals = NOTHING_PROPOSED
    names = {str(element): digest for element, digest in holds_then.items()}
    names |= {f"proposal {one.id}": "" for one in proposals.standing}
    target = keyed_digest(key, orjson.dumps(names, option=orjson.OPT_SORT_KEYS))
    return Difference(held, disclosed, withdrawn, holds_then, target, proposals)


def told_to_recipient(lease: Lease, sequence: int) -> str:
    """Name a delivery to its recipient: found in the audit by the row's id and the sequence.

    The correlation id stays at home. Whoever caused the change chose it, it is the same for every recipient, and the
    change may have been to something that this one may not see.
    """
    return f"{lease.id}-{sequence}"
