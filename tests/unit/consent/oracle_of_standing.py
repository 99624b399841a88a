"""A second opinion on whose word counts: slow, obvious, and written from the rules of law alone.

What it goes by:

- Barnets lov § 3: from the age of own say (10) a child's own no counts. A younger child's does not.
- Barnets lov § 110 stk. 3: from the age of own yes (16) a yes needs the young person's own word beside the custodians'.
- Of age (18), the person alone says yes; neither a former custodian nor a child of that time speaks for a grown person.
- All holders of custody say yes, or one of them, as the policy has it. Where no authority has named any, whoever
  registered the consent has vouched for the custodian, unless an authority says that this one holds none.
- A guardian who is one now says yes for the person, whatever the age. Where no authority has named any, as above.
- A no that somebody could say when they said it (a custodian: of a child; a guardian: at any age) stays until it is
  taken back, whatever becomes of who said it.
- Somebody of whom the hub knows no day of birth is taken for grown: only the own word is a yes, and theirs is a no.
- From the day of a person's death no yes about the person counts, whoever gave it; a no that counted goes on.

It shares no code with ``hub.consent.standing`` or ``hub.consent.ages``, and reads raw fields only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from hub.consent.ages import Ages
from hub.consent.consent import Consent
from hub.consent.standing import Circumstances, Representative


def those_that_count(
    consents: Iterable[Consent], known: Mapping[UUID, Circumstances], ages: Ages, at: datetime
) -> Sequence[Consent]:
    """Return the newest version of each consent, where those who gave it may speak for the person at the instant."""
    every = list(consents)
    newest = [one for one in every if not any(two.id == one.id and two.version > one.version for two in every)]
    return [one for one in newest if counts(one, known.get(one.person, Circumstances()), ages, at)]


def counts(consent: Consent, known: Circumstances, ages: Ages, at: datetime) -> bool:
    """Tell whether those who gave it may speak for the person; its status and period are another matter."""
    words = [(grant.capacity.value, grant.by, grant.at) for grant in consent.grants]
    if consent.effect.value == "deny":
        return any(_could_say_no(capacity, by, when, known, ages) for capacity, by, when in words)
    if _is_dead(known, at):
        return False
    guardians = [by for capacity, by, _ in words if capacity == "guardian"]
    if any(_is_among(by, known.guardians, at, if_none_is_known=True) for by in guardians):
        return True
    own_word = any(capacity == "self" for capacity, _, _ in words)
    if known.born is None:
        return own_word
    age = years_old(known.born, at)
    if age >= ages.of_age:
        return own_word
    if age >= ages.own_yes and not own_word:
        return False
    agreed = {by for capacity, by, _ in words if capacity == "custody"}
    if not known.custody:
        return any(by not in known.without_custody for by in agreed)
    asked = {holder.person for holder in known.custody if _runs(holder, at)}
    if not asked:
        return False
    if ages.custodians.value == "all":
        return all(holder in agreed for holder in asked)
    return any(holder in agreed for holder in asked)


def _is_dead(known: Circumstances, at: datetime) -> bool:
    return known.died is not None and not at.astimezone(ZoneInfo("Europe/Copenhagen")).date() < known.died


def _could_say_no(capacity: str, by: UUID, when: datetime, known: Circumstances, ages: Ages) -> bool:
    if capacity == "self":
        return known.born is None or years_old(known.born, when) >= ages.own_no
    if capacity == "custody":
        if known.born is not None and years_old(known.born, when) >= ages.of_age:
            return False  # of whom no custody can be held
        return _is_among(by, known.custody, when, if_none_is_known=True)
    return _is_among(by, known.guardians, when, if_none_is_known=True)


def _is_among(who: UUID, those: Sequence[Representative], at: datetime, *, if_none_is_known: bool) -> bool:
    if not those:
        return if_none_is_known
    return any(one.person == who and _runs(one, at) for one in those)


def _runs(one: Representative, at: datetime) -> bool:
    if one.period.start is not None and at < one.period.start:
        return False
    return not (one.period.end is not None and at >= one.period.end)


def years_old(born: date, at: datetime) -> int:
    """Count the birthdays that have come, on the calendar of Denmark; a leap day's comes on 1 March in other years."""
    today, age = at.astimezone(ZoneInfo("Europe/Copenhagen")).date(), 0
    while _birthday(born, age + 1) <= today:
        age += 1
    return age


def _birthday(born: date, age: int) -> date:
    year = born.year + age
    is_leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    if born.month == 2 and born.day == 29 and not is_leap:
        return date(year, 3, 1)
    return date(year, born.month, born.day)
