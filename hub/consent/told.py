"""What a parent who speaks for a child is told of a consent: the own word, not when or until when others have said it.

That others have said the same shows by what is not missing any more (``hub.consent.standing.lacks``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from hub.consent.consent import Consent, Effect, Grant
from hub.consent.reader import Reader
from hub.plan.element import Period
from hub.plan.person import Role


def told_to(reader: Reader, consent: Consent, before: Consent | None = None) -> Consent:
    """Return a consent as its reader is told of it: to a parent who speaks for a child, the own word and its time.

    :param before: the version before, where the reader may just have taken the own word out of it.
    :raises ValueError: the reader is a citizen who has no word in it, and is nobody that it may be told to.
    """
    if reader.role is not Role.CITIZEN or reader.person == consent.person:
        return consent
    said = consent if _said_by(reader.person, consent) or before is None else replace(consent, grants=before.grants)
    return replace(said, grants=_said_by(reader.person, said), period=own_time(reader.person, said))


def as_counted_by(person: UUID | None, consent: Consent, at: datetime) -> Consent:
    """Return that of a consent from which a parent is told whose word it lacks, and what it would do.

    It runs as long as they have said it themselves; of whom the time of a yes is over, the word is missing again. A no
    goes on after the time of whoever has said it.

    :param person: to whom it is told; whoever is no parent with a word in it is told of the whole.
    """
    own, is_no = _said_by(person, consent), consent.effect is Effect.DENY
    if person == consent.person or not own:
        return consent
    kept = (one for one in consent.grants if is_no or one in own or not _is_over(one.period, at))
    return replace(consent, grants=tuple(kept), period=own_time(person, consent))


def own_time(person: UUID | None, consent: Consent) -> Period:
    """Return for how long somebody has said it; the consent's own time where nobody else has, or they have not."""
    own = _said_by(person, consent)
    return common(grant.period for grant in own) if own and own != consent.grants else consent.period


def common(periods: Iterable[Period]) -> Period:
    """Return the time in which all of some periods run; where there is none, one that covers nothing."""
    starts: list[datetime] = []
    ends: list[datetime] = []
    for period in periods:
        starts += [period.start] if period.start else []
        ends += [period.end] if period.end else []
    start, end = max(starts, default=None), min(ends, default=None)
    return Period(start, max(start, end) if start and end else end)


def _said_by(person: UUID | None, consent: Consent) -> tuple[Grant, ...]:
    return tuple(grant for grant in consent.grants if grant.by == person)


def _is_over(period: Period, at: datetime) -> bool:
    return period.end is not None and period.end <= at
