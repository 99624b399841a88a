"""What a parent who speaks for a child is told of a consent: the own word, not when or until when others have said it.

That others have said the same shows by what is not missing any more (``hub.consent.standing.lacks``). What does not
hold now is never told as if it did: either somebody's word is missing, or it is over, or has not begun.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from hub.consent.ages import Ages
from hub.consent.consent import Consent, Effect, Grant
from hub.consent.reader import Reader
from hub.consent.standing import Circumstances, Lack, lacks
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


def told_with_lacks(
    reader: Reader, consent: Consent, known: Circumstances, ages: Ages, at: datetime, before: Consent | None = None
) -> tuple[Consent, frozenset[Lack]]:
    """Return a consent as its reader is told of it, and whose word it lacks for them. :param before: as above."""
    counted, told = as_counted_by(reader.person, consent, known, ages, at), told_to(reader, consent, before)
    if _said_by(reader.person, consent):
        told = replace(told, period=counted.period)
    return told, lacks(counted, known, ages, at)


def as_counted_by(person: UUID | None, consent: Consent, known: Circumstances, ages: Ages, at: datetime) -> Consent:
    """Return that of a consent from which a parent is told whose word it lacks, and what it would do.

    It runs as long as they have said it themselves. Once it does not hold any more, or before it does, the words of
    those whose time it is not are missing. Where nobody's is, for theirs was not needed, it is told as over, and not
    since when; or with its beginning, for then it opens by itself.

    :param person: to whom it is told; whoever is no parent with a word in it is told of the whole.
    """
    own = _said_by(person, consent)
    if person == consent.person or not own:
        return consent
    time = own_time(person, consent)
    counted, since = replace(consent, period=time), max(at, time.start or at)
    if consent.period.covers(since):
        return counted
    if consent.effect is Effect.PERMIT:
        kept = (one for one in consent.grants if one in own or one.period.covers(since))
        counted = replace(counted, grants=tuple(kept))
    if lacks(counted, known, ages, at):
        return counted
    begins = consent.period.start
    is_ahead = begins is not None and begins > since
    return replace(counted, period=common((time, Period(begins, None) if is_ahead else Period(None, since))))


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
