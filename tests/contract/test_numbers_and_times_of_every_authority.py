"""People's numbers, protected addresses and times mean the same whoever sends them, by whatever wire."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from hub.authority import Parcel, contract_folder
from hub.errors import ContractViolation
from hub.plan.contribution import Contribution
from hub.plan.element import Draft
from hub.plan.identifier import CPR, REPLACEMENT, Identifier
from hub.testing.conformance import kit_of

pytestmark = pytest.mark.files

NUMBER, REPLACEMENT_NUMBER = "0201609995", "6201609995"


@dataclass(frozen=True)
class Sender:
    """Where a contract says what is asked here: the names of its leaves, in XML by tag, in JSON by path.

    :ivar day: the first and last day of something that lasts whole days; ``meeting``: a meeting's two instants.
    """

    authority: str
    example: str
    content_type: str
    number: str
    protected: str
    day: tuple[str, str]
    meeting: tuple[str, str]

    def body(self, **said: str | bool | None) -> bytes:
        """Return the example with other values of its leaves; None removes one."""
        body = contract_folder(self.example).read_bytes()
        for name, value in said.items():
            where = {"first": self.day[0], "last": self.day[1], "start": self.meeting[0], "end": self.meeting[1]}.get(
                name
            ) or getattr(self, name)
            body = _edited(body, where, value)
        return body

    def told(self, **said: str | bool | None) -> Contribution:
        """Return the first contribution of the example with other values."""
        kit = kit_of(self.authority)
        parcel = Parcel(self.authority, self.body(**said), self.content_type)
        contributions: Sequence[Contribution] = kit.words.to_plan(kit.adapter().receive(parcel))
        return contributions[0]


def _edited(body: bytes, where: str, value: str | bool | None) -> bytes:
    if not body.lstrip().startswith(b"<"):
        return _edited_json(body, where, value)
    text = str(value).lower() if isinstance(value, bool) else value
    holder, _, leaf = where.rpartition("/")
    new = rf"\g<open><\g<tag>>{text}</\g<tag>>" if text is not None else r"\g<open>"
    edited, count = re.subn(
        rf"(?P<open><(?:\w+:)?{holder}>.*?)<(?P<tag>(?:\w+:)?{leaf})>[^<]*</(?P=tag)>",
        new,
        body.decode(),
        count=1,
        flags=re.DOTALL,
    )
    assert count == 1, where
    return edited.encode()


def _edited_json(body: bytes, where: str, value: str | bool | None) -> bytes:
    tree: Any = orjson.loads(body)
    *holders, leaf = where.replace("[]", ".0").split(".")
    place = tree
    for step in holders:
        place = place[int(step)] if step == "0" else place[step]
    assert leaf in place, where
    if value is None:
        del place[leaf]
    else:
        place[leaf] = value
    return orjson.dumps(tree)


CHILDREN = Sender(
    "children", "children/v1/examples/maximal.xml", "application/xml",
    "Barn/CPR", "Barn/AdresseBeskyttet", ("Undersoegelse/Startdato", "Undersoegelse/Slutdato"),
    ("Aftale/Start", "Aftale/Slut"),
)  # fmt: skip
EMPLOYMENT = Sender(
    "employment", "employment/v1/examples/submit-maximal.xml", "text/xml",
    "Person/PersonCivilRegistrationIdentifier", "Person/PersonAddressProtectionIndicator",
    ("ActivityCoreItem/StartDate", "ActivityCoreItem/EndDate"),
    ("InterviewItem/InterviewStartDateTime", "InterviewItem/InterviewEndDateTime"),
)  # fmt: skip
SOCIAL = Sender(
    "social", "social/v1/examples/sag-maximal.json", "application/json",
    "PrimaryPart.CPRnummer", "PrimaryPart.Adresse.ErBeskyttet", ("Indsatser[].Start", "Indsatser[].Slut"),
    ("Aftaler[].Start", "Aftaler[].Slut"),
)  # fmt: skip
YOUTH = Sender(
    "youth", "youth/v1/examples/forloeb-maximal.json", "application/json",
    "Ung.CPR", "Ung.AdresseBeskyttet", ("Aktiviteter[].Start", "Aktiviteter[].Slut"),
    ("Samtaler[].Start", "Samtaler[].Slut"),
)  # fmt: skip
ALL = (CHILDREN, EMPLOYMENT, SOCIAL, YOUTH)
every_authority = pytest.mark.parametrize("sender", ALL, ids=[one.authority for one in ALL])


# --- people's numbers -------------------------------------------------------------------------------------------------


@every_authority
@pytest.mark.parametrize("number", ["0201609995", "0201609996"], ids=["one", "the next"])
def test_no_number_is_refused_for_modulus_11(sender: Sender, number: str) -> None:
    """Of two numbers that lie side by side at most one has the remainder 0: the other is taken too."""
    assert sender.told(number=number).person.identifiers[0] == Identifier(CPR, number)


@every_authority
def test_a_hyphen_makes_no_other_person(sender: Sender) -> None:
    assert sender.told(number="020160-9995").person.identifiers[0] == Identifier(CPR, NUMBER)


@every_authority
@pytest.mark.parametrize("number", ["020160 9995", " 0201609995 "])
def test_a_space_makes_no_other_person(sender: Sender, number: str) -> None:
    assert sender.told(number=number).person.identifiers[0] == Identifier(CPR, NUMBER)


@every_authority
@pytest.mark.parametrize("number", ["0000000000", "000000-0000"])
def test_a_case_of_nobody_is_refused(sender: Sender, number: str) -> None:
    with pytest.raises(ContractViolation):
        sender.told(number=number)


def test_one_replacement_number_from_every_authority_is_as_many_people() -> None:
    found = {sender.told(number=REPLACEMENT_NUMBER).person.identifiers[0] for sender in ALL}
    assert found == {Identifier(f"{REPLACEMENT}{sender.authority}", REPLACEMENT_NUMBER) for sender in ALL}


# --- protected addresses ----------------------------------------------------------------------------------------------


@every_authority
def test_a_protected_address_is_told_of_and_one_that_is_not_is_not(sender: Sender) -> None:
    assert sender.told(protected=True).person.has_protected_address
    assert not sender.told(protected=False).person.has_protected_address


# --- times ------------------------------------------------------------------------------------------------------------

#: What a clock on a Danish wall says twice, or never, with each offset → what is meant.
AT_HALF_PAST_TWO = {
    "2026-03-29T02:30:00+01:00": datetime(2026, 3, 29, 1, 30, tzinfo=UTC),
    "2026-03-29T02:30:00+02:00": datetime(2026, 3, 29, 0, 30, tzinfo=UTC),
    "2026-10-25T02:30:00+02:00": datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
    "2026-10-25T02:30:00+01:00": datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
}
#: A day → when it begins, and when the next one does.
SHORT_AND_LONG = {
    "2026-03-29": (datetime(2026, 3, 28, 23, tzinfo=UTC), datetime(2026, 3, 29, 22, tzinfo=UTC)),
    "2026-10-25": (datetime(2026, 10, 24, 22, tzinfo=UTC), datetime(2026, 10, 25, 23, tzinfo=UTC)),
}


def changed(sender: Sender, **said: str | bool | None) -> Draft:
    """Return the one draft that is another when something else is said."""
    before = {draft.source_id: draft for draft in sender.told().drafts}
    (found,) = (draft for draft in sender.told(**said).drafts if draft != before[draft.source_id])
    return found


@every_authority
@pytest.mark.parametrize("said", AT_HALF_PAST_TWO)
def test_an_hour_that_is_there_twice_or_never_is_told_by_its_offset(sender: Sender, said: str) -> None:
    valid = changed(sender, start=said, end=said).valid
    assert (valid.start, valid.end) == (AT_HALF_PAST_TWO[said], AT_HALF_PAST_TWO[said])


@every_authority
@pytest.mark.parametrize("day", SHORT_AND_LONG)
def test_a_day_on_which_the_clock_is_moved_is_whole(sender: Sender, day: str) -> None:
    valid = changed(sender, first=day, last=day).valid
    assert (valid.start, valid.end) == SHORT_AND_LONG[day]


@every_authority
def test_what_has_no_last_day_has_an_open_end(sender: Sender) -> None:
    valid = changed(sender, last=None).valid
    assert valid.end is None
    assert valid.start is not None


@pytest.mark.parametrize("day", SHORT_AND_LONG)
@pytest.mark.parametrize(
    ("sender", "where"),
    [(CHILDREN, "Opfoelgning/Dato"), (SOCIAL, "Opfoelgninger[].Dato")],
    ids=["children", "social"],
)
def test_a_follow_up_takes_the_whole_day(sender: Sender, where: str, day: str) -> None:
    told = replace(sender, day=(where, where)).told(first=day)
    follow_ups = [draft for draft in told.drafts if draft.details.get("type") == "follow-up"]
    assert (follow_ups[0].valid.start, follow_ups[0].valid.end) == SHORT_AND_LONG[day]
    assert follow_ups[0].details["all-day"] == "yes"
