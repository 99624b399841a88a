"""Whose word counts for a person, one case at a time; each says where its rule comes from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from hub.consent.ages import Ages, Custodians, birthday
from hub.consent.consent import Capacity, Consent, ConsentStatus, Effect, Grant
from hub.consent.standing import (
    Circumstances,
    Lack,
    Occasion,
    Renewal,
    Representative,
    as_it_stands,
    has_no_say,
    is_of_age,
    lacks,
    renewals,
    standing_at,
)
from hub.plan.element import Period
from hub.testing.builders import a_consent, the_danish_policy
from tests.unit.consent.oracle_of_standing import counts

CHILD, MOTHER, FATHER, GUARDIAN, AUNT = (UUID(int=number) for number in range(2, 7))
NOW = datetime(2026, 11, 28, 9, tzinfo=UTC)
DAY = timedelta(days=1)
MOMENT = timedelta(microseconds=1)
AGES = the_danish_policy().ages
ONE_OF_THEM = replace(AGES, custodians=Custodians.ONE)
OWN, CUSTODY, WARD = Lack.OWN, Lack.CUSTODY, Lack.GUARDIAN
#: Days of birth of who is so old now, and of who will be tomorrow.
NINE, TEN, FIFTEEN, SIXTEEN, SEVENTEEN, EIGHTEEN, GROWN = (
    date(2026 - age, 11, 28) for age in (9, 10, 15, 16, 17, 18, 40)
)
ALMOST_TEN, ALMOST_SIXTEEN, ALMOST_EIGHTEEN = (date(2026 - age, 11, 29) for age in (10, 16, 18))
BOTH = (Representative(MOTHER), Representative(FATHER))
UNTIL_NOW = Period(None, NOW)
SINCE_NOW = Period(NOW, None)


def own(at: datetime = NOW) -> Grant:
    return Grant(CHILD, Capacity.SELF, at)


def custodian(who: UUID = MOTHER, at: datetime = NOW) -> Grant:
    return Grant(who, Capacity.CUSTODY, at)


def guardian(who: UUID = GUARDIAN, at: datetime = NOW) -> Grant:
    return Grant(who, Capacity.GUARDIAN, at)


@dataclass(frozen=True)
class Word:
    """Who gave a consent, what the hub knows, and whose word is missing then."""

    name: str
    source: str
    born: date | None
    grants: tuple[Grant, ...]
    missing: frozenset[Lack] = frozenset()
    custody: tuple[Representative, ...] = BOTH
    guardians: tuple[Representative, ...] = ()
    without_custody: frozenset[UUID] = frozenset()
    effect: Effect = Effect.PERMIT
    ages: Ages = AGES
    at: datetime = NOW
    died: date | None = None

    @property
    def consent(self) -> Consent:
        started = a_consent(CHILD).to("*").given_by(*self.grants)
        return (started if self.effect is Effect.PERMIT else started.denying()).build()

    @property
    def known(self) -> Circumstances:
        return Circumstances(self.born, self.custody, self.guardians, self.without_custody, self.died)


def yes(
    name: str, source: str, born: date | None, *grants: Grant, lacks: tuple[Lack, ...] = (), **facts: object
) -> Word:
    return Word(name, source, born, grants, frozenset(lacks), **facts)  # type: ignore[arg-type]


def no(
    name: str, source: str, born: date | None, *grants: Grant, lacks: tuple[Lack, ...] = (), **facts: object
) -> Word:
    return Word(name, source, born, grants, frozenset(lacks), effect=Effect.DENY, **facts)  # type: ignore[arg-type]


PARTY = "Barnets lov § 3: party rights from 10 years"
YOUNG = "Barnets lov § 110 stk. 3: 16 years, and the holder of custody"
CUSTODIANS = "Barnets lov § 110 stk. 3: the holder of custody; that all are asked is our reading"
OF_AGE = "Værgemålsloven § 1 (not verified): of age at 18"
ADULT = "Serviceloven § 141 stk. 7, LAB § 40 stk. 3: with the person's own consent"
TAKEN_BACK = "Databeskyttelsesforordningen art. 7 stk. 3: a no is taken back by who may, and does not run out"
VOUCHED = "Forvaltningsloven § 28: who registers a consent answers for who gave it"
DEAD = "Databeskyttelseslovens § 2 stk. 5 (not verified), our reading: nobody takes back what the dead have said"
WARDSHIP = "Værgemålsloven § 5 (not verified): a guardian speaks for the ward"

CASES = [
    # a child's no
    no("a child of ten says no", PARTY, TEN, own()),
    no("a child of nine says no, and the parents are asked instead", PARTY, NINE, own(), lacks=(OWN,)),
    no("the day before turning ten is too early", PARTY, ALMOST_TEN, own(), lacks=(OWN,)),
    no("what was said at nine is not said at ten", PARTY, TEN, own(NOW - DAY), lacks=(OWN,)),
    no("turning ten begins at midnight in Denmark", PARTY, ALMOST_TEN, own(NOW.replace(hour=23)),
       at=NOW.replace(hour=23)),
    no("and a moment before that the child is nine", PARTY, ALMOST_TEN, own(NOW.replace(hour=23) - MOMENT),
       lacks=(OWN,), at=NOW.replace(hour=23)),
    no("a no said as a child holds for a grown person", TAKEN_BACK, EIGHTEEN, own(NOW - 2500 * DAY)),
    no("a policy may hear younger children", "A municipality's own policy, [ages] own_no", NINE, own(),
       ages=replace(AGES, own_no=9)),
    # a custodian's no
    no("one custodian's no is enough", PARTY, NINE, custodian(), custody=BOTH),
    no("a custodian's no goes on when custody has ended", TAKEN_BACK, TEN, custodian(at=NOW - DAY),
       custody=(Representative(MOTHER, UNTIL_NOW),)),
    no("whoever held no custody any more could not say it", CUSTODIANS, TEN, custodian(at=NOW),
       custody=(Representative(MOTHER, UNTIL_NOW),), lacks=(OWN,)),
    no("nor who never held any", CUSTODIANS, TEN, custodian(AUNT), lacks=(OWN,)),
    no("nobody says no for a grown child", OF_AGE, EIGHTEEN, custodian(), lacks=(OWN,)),
    no("also where nobody knows of custody", OF_AGE, EIGHTEEN, custodian(), custody=(), lacks=(OWN,)),
    no("what was said before that day holds", TAKEN_BACK, EIGHTEEN, custodian(at=NOW - DAY)),
    no("a custodian whom nobody has named is believed", VOUCHED, NINE, custodian(AUNT), custody=()),
    no("of several words one that counts is enough", PARTY, NINE, own(), custodian()),
    # a guardian's no
    no("a guardian says no for a grown ward", WARDSHIP, GROWN, guardian(), guardians=(Representative(GUARDIAN),)),
    no("who is not the guardian does not", WARDSHIP, GROWN, guardian(AUNT), guardians=(Representative(GUARDIAN),),
       lacks=(OWN,)),
    no("a guardian's no goes on when guardianship has ended", TAKEN_BACK, GROWN, guardian(at=NOW - DAY),
       guardians=(Representative(GUARDIAN, UNTIL_NOW),)),
    no("a guardian whom nobody has named is believed", VOUCHED, GROWN, guardian()),
    # a yes for a child
    yes("a child of fifteen says no yes alone", YOUNG, FIFTEEN, own(), lacks=(CUSTODY,)),
    yes("both custodians say yes for a child", CUSTODIANS, NINE, custodian(), custodian(FATHER)),
    yes("one of two does not", CUSTODIANS, NINE, custodian(), lacks=(CUSTODY,)),
    yes("unless the municipality asks one of them only", "A municipality's own policy, [ages] custodians", NINE,
        custodian(), ages=ONE_OF_THEM),
    yes("and then it is one who holds custody", "A municipality's own policy, [ages] custodians", NINE,
        custodian(AUNT), ages=ONE_OF_THEM, lacks=(CUSTODY,)),
    yes("one is enough where the other's custody has ended", CUSTODIANS, NINE, custodian(),
        custody=(Representative(MOTHER), Representative(FATHER, UNTIL_NOW))),
    yes("the other is asked as soon as custody begins", CUSTODIANS, NINE, custodian(),
        custody=(Representative(MOTHER), Representative(FATHER, SINCE_NOW)), lacks=(CUSTODY,)),
    yes("a yes of who lost custody is none", CUSTODIANS, NINE, custodian(FATHER),
        custody=(Representative(MOTHER), Representative(FATHER, UNTIL_NOW)), lacks=(CUSTODY,)),
    yes("where all custody has ended, nobody says yes", CUSTODIANS, NINE, custodian(), custodian(FATHER),
        custody=(Representative(MOTHER, UNTIL_NOW), Representative(FATHER, UNTIL_NOW)), lacks=(CUSTODY,)),
    yes("a custodian whom nobody has named is believed", VOUCHED, NINE, custodian(AUNT), custody=()),
    yes("but not one of whom an authority says otherwise", VOUCHED, NINE, custodian(AUNT), custody=(),
        without_custody=frozenset({AUNT}), lacks=(CUSTODY,)),
    yes("nobody at all has said yes for the child", CUSTODIANS, NINE, own(), custody=(), lacks=(CUSTODY,)),
    yes("a custodian is no guardian", CUSTODIANS, NINE, guardian(MOTHER), guardians=(Representative(GUARDIAN),),
        lacks=(CUSTODY,)),
    # a yes of a young person
    yes("at sixteen both the young person and the custodians say yes", YOUNG, SIXTEEN, own(), custodian(),
        custodian(FATHER)),
    yes("the custodians alone do not", YOUNG, SIXTEEN, custodian(), custodian(FATHER), lacks=(OWN,)),
    yes("nor the young person alone", YOUNG, SIXTEEN, own(), lacks=(CUSTODY,)),
    yes("nor somebody else", YOUNG, SIXTEEN, custodian(AUNT), lacks=(OWN, CUSTODY)),
    yes("nor the young person and one of two custodians", CUSTODIANS, SEVENTEEN, own(), custodian(), lacks=(CUSTODY,)),
    yes("the day before turning sixteen the custodians are enough", YOUNG, ALMOST_SIXTEEN, custodian(),
        custodian(FATHER)),
    yes("a policy may ask the young later", "A municipality's own policy, [ages] own_yes", SIXTEEN, custodian(),
        custodian(FATHER), ages=replace(AGES, own_yes=17)),
    # a yes of a grown person
    yes("a grown person says yes alone", ADULT, GROWN, own()),
    yes("on the day of turning eighteen too", OF_AGE, EIGHTEEN, own()),
    yes("the day before the custodians are asked as well", OF_AGE, ALMOST_EIGHTEEN, own(), lacks=(CUSTODY,)),
    yes("the custodians' yes ends when the child is of age", OF_AGE, EIGHTEEN, custodian(), custodian(FATHER),
        lacks=(OWN,)),
    yes("and does not where the young person said it too", OF_AGE, EIGHTEEN, own(), custodian(), custodian(FATHER)),
    yes("of whom no day of birth is known, only the own word counts", VOUCHED, None, custodian(), custodian(FATHER),
        lacks=(OWN,)),
    yes("and that does", VOUCHED, None, own()),
    # a guardian's yes
    yes("a guardian says yes for a grown ward", WARDSHIP, GROWN, guardian(), guardians=(Representative(GUARDIAN),)),
    yes("and for a child", WARDSHIP, NINE, guardian(), guardians=(Representative(GUARDIAN),)),
    yes("one whose guardianship has ended does not", WARDSHIP, GROWN, guardian(),
        guardians=(Representative(GUARDIAN, UNTIL_NOW),), lacks=(WARD,)),
    yes("one whose guardianship begins now does", WARDSHIP, GROWN, guardian(),
        guardians=(Representative(GUARDIAN, SINCE_NOW),)),
    yes("who is not the guardian does not", WARDSHIP, GROWN, guardian(AUNT), guardians=(Representative(GUARDIAN),),
        lacks=(WARD,)),
    yes("a guardian whom nobody has named is believed", VOUCHED, GROWN, guardian()),
    # who has died
    yes("a yes ends with the person's life", DEAD, GROWN, own(NOW - DAY), died=NOW.date(), lacks=(Lack.LIFE,)),
    yes("and so does a guardian's", DEAD, GROWN, guardian(), died=NOW.date(), lacks=(Lack.LIFE,)),
    yes("and the custodians' for a child", DEAD, NINE, custodian(), custodian(FATHER), died=NOW.date(),
        lacks=(Lack.LIFE,)),
    yes("whoever writes it down afterwards", DEAD, GROWN, own(), died=(NOW - DAY).date(), lacks=(Lack.LIFE,)),
    yes("the day before it stands", DEAD, GROWN, own(NOW - DAY), died=NOW.date(), at=NOW - DAY),
    yes("the day of death begins at midnight in Denmark", DEAD, GROWN, own(NOW - DAY), died=(NOW + DAY).date(),
        at=NOW.replace(hour=23), lacks=(Lack.LIFE,)),
    yes("and not a moment before", DEAD, GROWN, own(NOW - DAY), died=(NOW + DAY).date(),
        at=NOW.replace(hour=23) - MOMENT),
    no("a no outlives who said it", TAKEN_BACK, GROWN, own(NOW - DAY), died=NOW.date()),
    yes("the own word stands when the guardian's has ended", WARDSHIP, GROWN, own(), guardian(),
        guardians=(Representative(GUARDIAN, UNTIL_NOW),)),
]  # fmt: skip


@pytest.mark.parametrize("word", CASES, ids=lambda word: f"{word.effect}-{word.name.replace(' ', '-')}")
def test_a_word_counts_as_its_source_says(word: Word) -> None:
    assert lacks(word.consent, word.known, word.ages, word.at) == word.missing, word.source
    assert counts(word.consent, word.known, word.ages, word.at) is not bool(word.missing), "the second opinion"


# --- as it stands, and until when


def stands(word: Word, at: datetime = NOW, period: Period = Period()) -> Consent:
    return as_it_stands(replace(word.consent, period=period), word.known, word.ages, at)


def test_a_consent_that_counts_stands_until_its_person_is_of_age() -> None:
    word = yes("", "", SEVENTEEN, own(), custodian(), custodian(FATHER))
    assert stands(word).status is ConsentStatus.ACTIVE
    assert stands(word).period == Period(None, birthday(SEVENTEEN, 18))


def test_a_consent_that_ends_by_itself_before_that_ends_then() -> None:
    word = yes("", "", SEVENTEEN, own(), custodian(), custodian(FATHER))
    given = Period(NOW - DAY, NOW + DAY)
    assert stands(word, period=given).period == given
    assert stands(word, period=Period(NOW - DAY, NOW + 4000 * DAY)).period == Period(NOW - DAY, birthday(SEVENTEEN, 18))


def test_a_consent_that_lacks_a_word_says_so_until_that_may_change() -> None:
    word = yes("", "", SEVENTEEN, own())
    assert stands(word, period=Period(NOW - DAY, None)).status is ConsentStatus.NOT_APPLICABLE
    assert stands(word, period=Period(NOW - DAY, None)).period == Period(None, birthday(SEVENTEEN, 18))
    assert stands(word, period=Period(NOW - DAY, NOW + DAY)).period == Period(None, NOW + DAY)
    assert stands(yes("", "", GROWN, custodian())).period == Period()


@pytest.mark.parametrize(
    ("word", "change"),
    [
        (yes("", "", NINE, custodian(), custodian(FATHER)), birthday(NINE, 10)),
        (yes("", "", TEN, custodian(), custodian(FATHER)), birthday(TEN, 16)),
        (yes("", "", GROWN, own()), None),
        (yes("", "", None, own()), None),
        (yes("", "", GROWN, own(), custody=(Representative(MOTHER, Period(NOW - DAY, NOW + DAY)),)), NOW + DAY),
        (yes("", "", GROWN, own(), custody=(Representative(MOTHER, Period(NOW + DAY, None)),)), NOW + DAY),
        (yes("", "", GROWN, own(), custody=(Representative(MOTHER, Period(NOW, None)),)), None),
        (yes("", "", GROWN, guardian(), guardians=(Representative(GUARDIAN, Period(None, NOW + DAY)),)), NOW + DAY),
        (yes("", "", GROWN, own(), died=date(2026, 12, 1)), datetime(2026, 11, 30, 23, tzinfo=UTC)),
    ],
)
def test_what_stands_is_asked_anew_when_age_or_custody_may_change_it(word: Word, change: datetime | None) -> None:
    assert stands(word).period.end == change


@pytest.mark.parametrize("status", [ConsentStatus.WITHDRAWN, ConsentStatus.NOT_APPLICABLE])
def test_a_consent_that_is_not_active_stays_as_it_is(status: ConsentStatus) -> None:
    consent = replace(yes("", "", SEVENTEEN, own()).consent, status=status, period=Period(NOW, None))
    assert as_it_stands(consent, yes("", "", SEVENTEEN).known, AGES, NOW) is consent


def test_consents_stand_by_person_and_in_their_newest_version_and_nothing_known_is_nothing_said() -> None:
    grown = yes("", "", GROWN, own()).consent
    newer = replace(grown, version=2, status=ConsentStatus.WITHDRAWN)
    stranger = replace(a_consent(AUNT).to("*").given_by(Grant(AUNT, Capacity.CUSTODY, NOW)).build())
    standing = standing_at([newer, grown, stranger], {CHILD: Circumstances(GROWN)}, AGES, NOW)
    assert standing[CHILD] == [newer]
    assert [one.status for one in standing[AUNT]] == [ConsentStatus.NOT_APPLICABLE]


def test_an_age_is_that_of_the_danish_day_and_a_wrong_number_makes_a_newborn() -> None:
    last_hour = datetime(2026, 11, 27, 23, tzinfo=UTC)  # midnight in Denmark
    assert Circumstances(EIGHTEEN).age(last_hour) == 18
    assert Circumstances(EIGHTEEN).age(last_hour - MOMENT) == 17
    assert Circumstances(date(2030, 1, 1)).age(NOW) == 0
    assert Circumstances(date(2026, 11, 28)).age(NOW) == 0
    assert Circumstances().age(NOW) is None


@pytest.mark.parametrize(
    ("born", "age", "instant"),
    [
        (date(2008, 11, 28), 18, datetime(2026, 11, 27, 23, tzinfo=UTC)),  # winter time
        (date(2008, 7, 1), 18, datetime(2026, 6, 30, 22, tzinfo=UTC)),  # summer time
        (date(2008, 2, 29), 16, datetime(2024, 2, 28, 23, tzinfo=UTC)),  # a leap year again
        (date(2008, 2, 29), 18, datetime(2026, 2, 28, 23, tzinfo=UTC)),  # none: 1 March
    ],
)
def test_a_birthday_begins_at_midnight_in_denmark(born: date, age: int, instant: datetime) -> None:
    assert birthday(born, age) == instant
    assert Circumstances(born).age(instant) == age
    assert Circumstances(born).age(instant - MOMENT) == age - 1


# --- whom to ask anew

A_MONTH = 30 * DAY


def asked_anew(word: Word, ends: datetime | None = None, at: datetime = NOW) -> list[tuple[datetime | None, Occasion]]:
    consent = replace(word.consent, period=Period(None, ends))
    found = renewals([consent], {CHILD: word.known}, word.ages, at, A_MONTH)
    assert all(one.consent == consent.id for one in found)
    return [(one.due, one.occasion) for one in found]


IN_TWO_WEEKS = date(2008, 12, 12)  # turns 18 then
SIXTEEN_SOON = date(2010, 12, 12)
TEN_SOON = date(2016, 12, 12)


@pytest.mark.parametrize(
    ("word", "ends", "expected"),
    [
        # it ends by itself
        (yes("", "", GROWN, own()), NOW + A_MONTH, [(NOW + A_MONTH, Occasion.EXPIRES)]),
        (yes("", "", GROWN, own()), NOW + A_MONTH + MOMENT, []),
        (yes("", "", GROWN, own()), NOW + MOMENT, [(NOW + MOMENT, Occasion.EXPIRES)]),
        (yes("", "", GROWN, own()), NOW, []),
        (yes("", "", GROWN, own()), None, []),
        # nobody who may say it has said it
        (yes("", "", GROWN, custodian()), NOW, []),
        (yes("", "", GROWN, custodian()), None, [(None, Occasion.COMES_OF_AGE)]),
        (yes("", "", EIGHTEEN, custodian()), None, [(None, Occasion.COMES_OF_AGE)]),
        (yes("", "", None, custodian()), None, [(None, Occasion.COMES_OF_AGE)]),
        (yes("", "", SIXTEEN, custodian(), custodian(FATHER)), None, [(None, Occasion.OWN_WORD)]),
        (yes("", "", ALMOST_EIGHTEEN, custodian(), custodian(FATHER)), None, [(None, Occasion.OWN_WORD)]),
        (yes("", "", SIXTEEN, custodian()), None, [(None, Occasion.CUSTODY)]),
        (yes("", "", NINE, custodian()), NOW + DAY, [(None, Occasion.CUSTODY)]),
        (yes("", "", GROWN, guardian(AUNT), guardians=(Representative(GUARDIAN),)), None, [(None, Occasion.GUARDIAN)]),
        # it will stop counting
        (yes("", "", IN_TWO_WEEKS, own(), custodian(), custodian(FATHER)), None, []),
        (yes("", "", TEN_SOON, custodian(), custodian(FATHER)), None, []),
        (
            yes("", "", SIXTEEN_SOON, custodian(), custodian(FATHER)),
            None,
            [(birthday(SIXTEEN_SOON, 16), Occasion.OWN_WORD)],
        ),
        (
            yes("", "", SIXTEEN_SOON, custodian(), custodian(FATHER)),
            NOW + DAY,
            [(NOW + DAY, Occasion.EXPIRES), (birthday(SIXTEEN_SOON, 16), Occasion.OWN_WORD)],
        ),
        (
            yes("", "", IN_TWO_WEEKS, custodian(), custodian(FATHER), ages=replace(AGES, own_yes=18)),
            None,
            [(birthday(IN_TWO_WEEKS, 18), Occasion.COMES_OF_AGE)],
        ),
        (
            yes("", "", NINE, custodian(), custody=(Representative(MOTHER, Period(None, NOW + DAY)),)),
            None,
            [(NOW + DAY, Occasion.CUSTODY)],
        ),
        (
            yes("", "", NINE, custodian(), custody=(Representative(MOTHER, Period(None, NOW + A_MONTH)),)),
            None,
            [(NOW + A_MONTH, Occasion.CUSTODY)],
        ),
        (yes("", "", NINE, custodian(), custody=(Representative(MOTHER, Period(None, NOW + 31 * DAY)),)), None, []),
        (
            yes("", "", GROWN, guardian(), guardians=(Representative(GUARDIAN, Period(None, NOW + DAY)),)),
            None,
            [(NOW + DAY, Occasion.GUARDIAN)],
        ),
    ],
)
def test_somebody_is_asked_anew_in_time(
    word: Word, ends: datetime | None, expected: list[tuple[datetime | None, Occasion]]
) -> None:
    assert asked_anew(word, ends) == expected


def test_the_first_change_that_ends_a_consent_is_told_and_none_after_it() -> None:
    ending = (Representative(MOTHER, Period(None, NOW + DAY)), Representative(FATHER, Period(NOW + 2 * DAY, None)))
    assert asked_anew(yes("", "", NINE, custodian(), custody=ending)) == [(NOW + DAY, Occasion.CUSTODY)]


def test_nobody_is_asked_anew_for_a_no_or_for_what_was_withdrawn() -> None:
    refused = no("", "", GROWN, custodian()).consent
    withdrawn = replace(yes("", "", GROWN, custodian()).consent, status=ConsentStatus.WITHDRAWN)
    known = {CHILD: Circumstances(GROWN)}
    assert renewals([refused, withdrawn], known, AGES, NOW, A_MONTH) == []


@pytest.mark.parametrize("ends", [None, NOW + DAY])
def test_nobody_is_asked_anew_about_the_dead(ends: datetime | None) -> None:
    assert asked_anew(yes("", "", NINE, custodian(), died=(NOW - DAY).date()), ends) == []
    assert asked_anew(yes("", "", GROWN, own(), died=NOW.date()), ends) == []


def test_what_does_not_count_now_comes_first_and_then_what_ends_first() -> None:
    ids = [UUID(int=number) for number in (1, 2, 3, 4)]
    later, sooner, missing, missing_too = (
        replace(yes("", "", GROWN, grant).consent, id=id_, period=Period(None, end))
        for grant, id_, end in zip(
            (own(), own(), custodian(), custodian()), ids, (NOW + 2 * DAY, NOW + DAY, None, None), strict=True
        )
    )
    found = renewals([later, missing_too, sooner, missing], {CHILD: Circumstances(GROWN)}, AGES, NOW, A_MONTH)
    assert found == [
        Renewal(None, ids[2], Occasion.COMES_OF_AGE),
        Renewal(None, ids[3], Occasion.COMES_OF_AGE),
        Renewal(NOW + DAY, ids[1], Occasion.EXPIRES),
        Renewal(NOW + 2 * DAY, ids[0], Occasion.EXPIRES),
    ]


def test_of_whom_nothing_is_known_the_own_word_is_believed_and_no_other() -> None:
    stranger = replace(yes("", "", GROWN, custodian()).consent, person=AUNT)
    assert [one.occasion for one in renewals([stranger], {}, AGES, NOW, A_MONTH)] == [Occasion.COMES_OF_AGE]


@pytest.mark.parametrize(
    ("born", "is_grown"), [(ALMOST_EIGHTEEN, False), (EIGHTEEN, True), (GROWN, True), (None, True)]
)
def test_a_person_is_of_age_from_the_birthday_and_where_no_number_tells_the_age(
    born: date | None, is_grown: bool
) -> None:
    assert is_of_age(Circumstances(born=born), AGES, NOW) is is_grown


@pytest.mark.parametrize(
    ("grant", "guardians", "has_none"),
    [
        (custodian(), (), True),
        (own(), (), True),
        (guardian(), (), False),
        (guardian(), (Representative(GUARDIAN),), False),
        (guardian(), (Representative(GUARDIAN, UNTIL_NOW),), True),
        (guardian(), (Representative(MOTHER),), True),
    ],
)
def test_for_a_grown_person_only_whoever_is_guardian_now_has_a_say_besides(
    grant: Grant, guardians: tuple[Representative, ...], has_none: bool
) -> None:
    assert has_no_say(grant, Circumstances(born=GROWN, guardians=guardians), NOW) is has_none
