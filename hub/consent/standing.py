"""Whether those who gave a consent may speak for the person now: age, custody, guardianship.

Ages are data of the policy (``Ages``), and the person's circumstances are what the hub knows of them. What stands here
is asked anew at every decision, so a birthday or the end of custody needs no message to take effect.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from hub.consent.ages import Ages, Custodians, birthday
from hub.consent.consent import Capacity, Consent, ConsentsByPerson, ConsentStatus, Effect, Grant, by_person
from hub.plan.danish_time import LOCAL
from hub.plan.element import Period
from hub.plan.person import age_at


@dataclass(frozen=True, slots=True)
class Representative:
    """Who may speak for a person, and when."""

    person: UUID
    period: Period = Period()


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the hub knows of a person that decides who may speak for them.

    :ivar born: None where no number tells it: then only the person's own word counts, and a guardian's.
    :ivar custody: holders of custody, by the authorities; empty where no authority has told the hub of any: then the
        capacity that whoever registered the consent has vouched for is believed.
    :ivar guardians: as ``custody``.
    :ivar without_custody: people of the household of whom an authority says that they hold none.
    :ivar died: the day of death; None while the person lives.
    """

    born: date | None = None
    custody: tuple[Representative, ...] = ()
    guardians: tuple[Representative, ...] = ()
    without_custody: frozenset[UUID] = frozenset()
    died: date | None = None

    def has_died(self, at: datetime) -> bool:
        """Tell whether the person is dead; the whole Danish day counts, for no register tells the hour."""
        return self.died is not None and at.astimezone(LOCAL).date() >= self.died

    def age(self, at: datetime) -> int | None:
        """Return the age in whole years on the Danish day; whoever is not born yet, by a wrong number, is newborn."""
        return None if self.born is None else max(0, age_at(self.born, at.astimezone(LOCAL).date()))


class Lack(StrEnum):
    """Whose word a consent lacks."""

    OWN = "own"  # the person's own: come of age, or old enough to be asked beside the custodians
    CUSTODY = "custody"  # of a holder of custody
    GUARDIAN = "guardian"  # who said it is no guardian any more
    LIFE = "life"  # the person has died, and with them every yes, whoever has said it


NOTHING_KNOWN = Circumstances()
#: What the hub knows of people; whoever is not in it has no circumstances that are known.
CircumstancesByPerson = Mapping[UUID, Circumstances]


def standing_at(
    consents: Iterable[Consent], circumstances: CircumstancesByPerson, ages: Ages, at: datetime
) -> ConsentsByPerson:
    """Return the newest version of each consent by person, as it stands at the instant and until its period ends.

    One that lacks a word has the status NOT_APPLICABLE. Periods are cut where age or custody may change that.
    """
    return by_person(as_it_stands(one, circumstances.get(one.person, NOTHING_KNOWN), ages, at) for one in consents)


def as_it_stands(consent: Consent, known: Circumstances, ages: Ages, at: datetime) -> Consent:
    """Return a consent as it stands at the instant. A no is never weaker for who has grown up: see ``lacks``."""
    if consent.status is not ConsentStatus.ACTIVE:
        return consent
    change = min((edge for edge in _edges(known, ages) if edge > at), default=None)
    ends = [end for end in (consent.period.end, change) if end is not None]
    if not lacks(consent, known, ages, at):
        return replace(consent, period=Period(consent.period.start, min(ends, default=None)))
    until = Period(None, min(ends, default=None))
    return replace(consent, status=ConsentStatus.NOT_APPLICABLE, period=until)


def lacks(consent: Consent, known: Circumstances, ages: Ages, at: datetime) -> frozenset[Lack]:
    """Return whose word a consent lacks at the instant; nothing when it applies.

    A no applies once one of those who may say it has said it, and goes on after that one's time, until it is taken
    back: were it to end by itself, something would be shown that nobody has said yes to.
    """
    if consent.effect is Effect.DENY:
        is_said = any(_may_say_no(grant, known, ages) for grant in consent.grants)
        return frozenset() if is_said else frozenset({Lack.OWN})
    if known.has_died(at):
        return frozenset({Lack.LIFE})
    age = known.age(at)
    if any(_is_guardian(grant, known, at) for grant in consent.grants):
        return frozenset()
    own = any(grant.capacity is Capacity.SELF for grant in consent.grants)
    if age is None or age >= ages.of_age:
        missing = Lack.GUARDIAN if any(one.capacity is Capacity.GUARDIAN for one in consent.grants) else Lack.OWN
        return frozenset() if own else frozenset({missing})
    needs: frozenset[Lack] = frozenset() if own or age < ages.own_yes else frozenset({Lack.OWN})
    return needs if _custodians_agree(consent.grants, known, ages, at) else needs | {Lack.CUSTODY}


def _custodians_agree(grants: Sequence[Grant], known: Circumstances, ages: Ages, at: datetime) -> bool:
    said = {grant.by for grant in grants if grant.capacity is Capacity.CUSTODY}
    if not known.custody:  # no authority has told of any: whoever registered it has vouched for the capacity
        return bool(said - known.without_custody)
    holders = {holder.person for holder in known.custody if holder.period.covers(at)}
    if ages.custodians is Custodians.ALL:
        return bool(holders) and holders <= said
    return bool(holders & said)


def is_of_age(known: Circumstances, ages: Ages, at: datetime) -> bool:
    """Tell whether a person speaks without holders of custody; so does one whose number tells no age."""
    age = known.age(at)
    return age is None or age >= ages.of_age


def has_no_say(grant: Grant, known: Circumstances, at: datetime) -> bool:
    """Tell whether who gave a word for a grown person has none to give any more: all but whoever is guardian now."""
    return not _is_guardian(grant, known, at)


def _is_guardian(grant: Grant, known: Circumstances, at: datetime) -> bool:
    if grant.capacity is not Capacity.GUARDIAN:
        return False
    return not known.guardians or any(one.person == grant.by and one.period.covers(at) for one in known.guardians)


def _may_say_no(grant: Grant, known: Circumstances, ages: Ages) -> bool:
    """Tell whether somebody could say no when they did: a child of some age, a custodian of a child, a guardian."""
    age = known.age(grant.at)
    if grant.capacity is Capacity.SELF:
        return age is None or age >= ages.own_no
    if grant.capacity is Capacity.CUSTODY and age is not None and age >= ages.of_age:
        return False  # nobody holds custody of a grown person, whatever an authority has forgotten to end
    named = known.custody if grant.capacity is Capacity.CUSTODY else known.guardians
    return not named or any(one.person == grant.by and one.period.covers(grant.at) for one in named)


def _edges(known: Circumstances, ages: Ages) -> Iterator[datetime]:
    if known.born is not None:
        for age in (ages.own_no, ages.own_yes, ages.of_age):
            yield birthday(known.born, age)
    if known.died is not None:
        yield birthday(known.died, 0)
    for one in (*known.custody, *known.guardians):
        yield from (edge for edge in (one.period.start, one.period.end) if edge is not None)


class Occasion(StrEnum):
    """Why somebody must be asked anew."""

    EXPIRES = "expires"
    COMES_OF_AGE = "comes-of-age"  # then the person alone speaks
    OWN_WORD = "own-word"  # the young person is, or will be, old enough to be asked too
    CUSTODY = "custody"  # a holder of custody has not said yes, or custody has changed
    GUARDIAN = "guardian"  # who said it is no guardian any more


@dataclass(frozen=True, slots=True, order=True)
class Renewal:
    """A consent about which somebody must be asked anew.

    :ivar due: when it stops counting; None where it does not count now.
    """

    due: datetime | None
    consent: UUID
    occasion: Occasion


def renewals(
    consents: Iterable[Consent], circumstances: CircumstancesByPerson, ages: Ages, at: datetime, ahead: timedelta
) -> Sequence[Renewal]:
    """Return the yeses that will stop counting soon, or do not count for want of somebody's word; the first due first.

    :param ahead: how long before the end somebody is asked.
    """
    found: list[Renewal] = []
    for consent in consents:
        if consent.status is ConsentStatus.ACTIVE and consent.effect is Effect.PERMIT:
            found += _renewals_of(consent, circumstances.get(consent.person, NOTHING_KNOWN), ages, at, at + ahead)
    return sorted(found, key=lambda one: (one.due or at, one.consent))


def _renewals_of(
    consent: Consent, known: Circumstances, ages: Ages, at: datetime, until: datetime
) -> Iterator[Renewal]:
    end = consent.period.end
    if end is not None and end <= at:
        return  # it has ended by itself, and whoever wanted it was reminded
    if known.died is not None:
        return  # nobody is asked anew about the dead
    missing = lacks(consent, known, ages, at)
    if missing:
        yield Renewal(None, consent.id, _occasion(missing, known, ages, at))
        return
    if end is not None and end <= until:
        yield Renewal(end, consent.id, Occasion.EXPIRES)
    for edge in sorted(edge for edge in _edges(known, ages) if at < edge <= until):
        if missing := lacks(consent, known, ages, edge):
            yield Renewal(edge, consent.id, _occasion(missing, known, ages, edge))
            return


def _occasion(missing: frozenset[Lack], known: Circumstances, ages: Ages, at: datetime) -> Occasion:
    if Lack.CUSTODY in missing:
        return Occasion.CUSTODY
    if Lack.GUARDIAN in missing:
        return Occasion.GUARDIAN
    is_of_age = known.born is None or at >= birthday(known.born, ages.of_age)
    return Occasion.COMES_OF_AGE if is_of_age else Occasion.OWN_WORD
