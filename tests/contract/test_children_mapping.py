"""What comes out of the children mapping holds for any content, and for every person of the MedCom families."""

from __future__ import annotations

import re
import string
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import permutations
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from hub.adapters._xml import read_xml, to_bytes
from hub.adapters.children import ChildrenAdapter
from hub.authority import DeliveryKey, Disclosed, Parcel, PlanUpdate, contract_folder
from hub.errors import ContractViolation, Refused
from hub.mappings.children import ChildrenMapping
from hub.plan.contribution import Contribution
from hub.plan.element import Element, Kind, OrderKey, Period, Provenance, Status
from hub.plan.identifier import CPR, REPLACEMENT, Identifier
from hub.plan.merge import merge
from hub.plan.plan import Plan
from tests.any_update import updates

pytestmark = pytest.mark.files

FOLDER = contract_folder("children/v1")
SCHEMA = etree.XMLSchema(file=FOLDER / "children.xsd")
FAMILIES = Path(__file__).parents[2].parent / "shared" / "data" / "denmark" / "families.json"
NORMAL = (FOLDER / "examples" / "normal.xml").read_text(encoding="utf-8")
NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)
C = "{urn:one-plan-hub:children:1}"
ADAPTER = ChildrenAdapter({})


def contribution_of(text: str) -> Contribution:
    document = ADAPTER.receive(Parcel("children", text.encode(), "application/xml"))
    (contribution,) = ChildrenMapping().to_plan(document)
    return contribution


def test_an_item_whose_id_holds_a_number_of_a_person_is_refused() -> None:
    for number in ("0505159995", "050515-9995", "mor:6505159995/2"):
        spoilt = re.sub(r"(<Aftale>\s*<Id>)[^<]*", rf"\g<1>{number}", NORMAL)
        assert spoilt != NORMAL
        with pytest.raises(ContractViolation) as caught:
            contribution_of(spoilt)
        assert [fault.field for fault in caught.value.faults] == ["/SagOpdatering/Sag/Aftale/Id"]
        assert "0515" not in caught.value.diagnostics()


# --- out: valid whatever others wrote -----------------------------------------------------------------------------


@settings(max_examples=200, deadline=None)
@given(updates)
def test_an_update_is_valid_against_the_contract_and_survives_the_wire(update: PlanUpdate) -> None:
    document = ChildrenMapping().from_plan(update)
    root = read_xml(to_bytes(document.content))
    SCHEMA.assertValid(root)
    assert [part.findtext(f"{C}ElementId") for part in root.iter(f"{C}Delt")] == [
        str(disclosed.element.id) for disclosed in update.disclosed
    ]
    assert document.message_id == str(DeliveryKey(update.recipient, update.plan, update.sequence))


@settings(max_examples=100, deadline=None)
@given(st.text(st.sampled_from(string.printable[:97] + "æøåÆØÅ€😀 \u2028\x85"), max_size=80))
def test_what_xml_can_carry_arrives_unchanged(title: str) -> None:
    title = re.sub("[\x0b\x0c]", "", title)
    element = Element(
        UUID(int=1), Kind.NOTE, None, None, Status.ACTIVE, title, "", Period(), (), None, frozenset(), {},
        Provenance("social", "s", "c", "m", "social/v1"), OrderKey(1, NOON, "m"), NOON,
    )  # fmt: skip
    update = PlanUpdate(
        UUID(int=2), "children", Identifier(CPR, "0505159995"), 1, "", NOON, (Disclosed(element, "d", "w"),)
    )
    root = read_xml(to_bytes(ChildrenMapping().from_plan(update).content))
    assert root.findtext(f"{C}Delt/{C}Titel") == title


def test_an_update_by_a_replacement_number_is_valid() -> None:
    person = Identifier(f"{REPLACEMENT}children", "6505159995")
    update = PlanUpdate(UUID(int=2), "children", person, 1, "", NOON, withdrawn=(UUID(int=3),))
    SCHEMA.assertValid(ChildrenMapping().from_plan(update).content)


# --- in: people ---------------------------------------------------------------------------------------------------


@pytest.mark.files
@pytest.mark.skipif(not FAMILIES.exists(), reason="the MedCom families lie in ../shared/data, which is absent")
def test_every_person_of_the_medcom_families_is_accepted() -> None:
    everyone = orjson.loads(FAMILIES.read_bytes())["people"]
    assert len(everyone) == 38
    for number, person in enumerate(everyone):
        cpr = person["cpr"] if number % 2 else f"{person['cpr'][:6]}-{person['cpr'][6:]}"
        name = " ".join([*person["given"], person["family"]])
        facts = contribution_of(NORMAL.replace("0505159995", cpr).replace("Lars Test Berggren", name)).person
        assert facts.identifiers == (Identifier(CPR, person["cpr"]),)
        assert facts.name == name


def test_a_replacement_number_is_known_only_to_its_issuer() -> None:
    facts = contribution_of(NORMAL.replace("0505159995", "650515-9995")).person
    assert facts.identifiers == (Identifier(f"{REPLACEMENT}children", "6505159995"),)


def test_a_person_of_the_household_concerns_that_person_alone() -> None:
    (member,) = [draft for draft in contribution_of(NORMAL).drafts if draft.kind is Kind.HOUSEHOLD_MEMBER]
    assert member.concerns == (Identifier(CPR, "2911829996"),)
    assert contribution_of(NORMAL).others[0].name == "Kirsten Test Berggren"


# --- in: time -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("last_day", "end"),
    [
        ("2027-02-28", datetime(2027, 2, 28, 23, tzinfo=UTC)),
        ("2028-02-29", datetime(2028, 2, 29, 23, tzinfo=UTC)),
        ("2027-03-27", datetime(2027, 3, 27, 23, tzinfo=UTC)),  # the day before summer time
        ("2027-03-28", datetime(2027, 3, 28, 22, tzinfo=UTC)),  # a day of 23 hours
        ("2026-10-25", datetime(2026, 10, 25, 23, tzinfo=UTC)),  # a day of 25 hours
        ("2026-12-31", datetime(2026, 12, 31, 23, tzinfo=UTC)),
    ],
)
def test_a_last_day_is_part_of_the_period_in_danish_time(last_day: str, end: datetime) -> None:
    (measure,) = [d for d in contribution_of(NORMAL.replace("2027-02-28", last_day)).drafts if d.kind is Kind.ACTIVITY]
    assert measure.valid.end == end


def test_a_newer_version_wins_over_a_later_time() -> None:
    older = contribution_of(NORMAL.replace(">2026-09-01T10:15:00+02:00<", ">2026-12-01T10:15:00+01:00<"))
    newer = contribution_of(NORMAL.replace("<SagVersion>1<", "<SagVersion>2<"))
    assert newer.order > older.order


# --- in: errors ---------------------------------------------------------------------------------------------------

CANARIES = {
    "<SagId>27.24.00-G01-12-26": "<SagId>KANARIE",
    "<SagVersion>1": "<SagVersion>KANARIE",
    ">2026-09-01T10:15:00+02:00<": ">KANARIE<",
    "<Sagsstatus>Afgjort": "<Sagsstatus>KANARIE",
    "<CPR>0505159995": "<CPR>KANARIE",
    "<Relation>mor": "<Relation>KANARIE",
    "<Foraeldremyndighed>true": "<Foraeldremyndighed>KANARIE",
    "<MaalId>m1": "<MaalId>KANARIE",
    "<Startdato>2026-09-07": "<Startdato>KANARIE",
    "<Titel>Støtte i hverdagen": "<Titel>" + "KANARIE" * 50,
    "<Kode>27.24.00</Kode>": "<Kode>27.24.00</Kode><KANARIE>KANARIE</KANARIE>",
    "<Rolle>": '<Rolle KANARIE="KANARIE">',
    "<Husstand>": '<Husstand xmlns:KANARIE="urn:KANARIE" KANARIE:x="KANARIE">KANARIE',
    "<Plan>": "<KANARIE:Plan xmlns:KANARIE='urn:KANARIE'/><Plan>",
    "<Hoved>": "KANARIE<Hoved>",
    "</Sag>": "<Underretning>KANARIE</Underretning></Sag>",
    "<Foelsomhed>FORTROLIGE_PERSONOPLYSNINGER": "<Foelsomhed>KANARIE",
    "<MeddelelseId>": "<MeddelelseId>KANARIE",
    "</SagOpdatering>": "<KANARIE></SagOpdatering>",
    'encoding="UTF-8"': 'encoding="KANARIE"',
}


@pytest.mark.parametrize(("part", "bad"), CANARIES.items(), ids=CANARIES.keys())
def test_no_error_repeats_what_was_sent(part: str, bad: str) -> None:
    assert part in NORMAL
    with pytest.raises(ContractViolation) as refusal:
        contribution_of(NORMAL.replace(part, bad, 1))
    assert "KANARIE" not in refusal.value.diagnostics()
    assert "KANARIE" not in repr(refusal.value)
    assert refusal.value.__cause__ is None


@pytest.mark.parametrize("name", ["Underretning", "underretning", "BekymringsUnderretninger", "x:Underretning"])
def test_a_notification_of_concern_is_refused_wherever_it_hides(name: str) -> None:
    hidden = f'<{name} xmlns:x="urn:x">…</{name}>'
    with pytest.raises(ContractViolation, match="notification of concern"):
        contribution_of(NORMAL.replace("<Titel>I skole", f"{hidden}<Titel>I skole"))


@pytest.mark.parametrize("kind", ["", "application/json", "text/html", "multipart/form-data"])
def test_a_document_that_is_not_sent_as_xml_is_refused(kind: str) -> None:
    with pytest.raises(ContractViolation, match="not sent as XML"):
        ADAPTER.receive(Parcel("children", NORMAL.encode(), kind))


@pytest.mark.parametrize(
    "kind", ["text/xml", "application/xml", 'application/xml; charset="UTF-8"', "Text/XML;charset=utf-8"]
)
def test_every_way_to_say_xml_is_taken(kind: str) -> None:
    assert ADAPTER.receive(Parcel("children", NORMAL.encode(), kind)).kind == "SagOpdatering"


def test_a_document_of_another_coding_is_the_same_message() -> None:
    latin = NORMAL.replace("UTF-8", "ISO-8859-1").encode("iso-8859-1")
    document = ADAPTER.receive(Parcel("children", latin, "application/xml"))
    assert ChildrenMapping().to_plan(document)[0] == contribution_of(NORMAL)


def test_an_l201_delivery_has_an_id_of_its_content_alone() -> None:
    delivery = (contract_folder("children/l201-v1") / "examples" / "delivery.xml").read_text(encoding="utf-8")
    first = ADAPTER.receive(Parcel("children", delivery.encode(), "application/xml"))
    utf16 = delivery.replace("UTF-8", "UTF-16").encode("utf-16")
    again = ADAPTER.receive(Parcel("children", utf16, "application/xml"))
    other = ADAPTER.receive(Parcel("children", delivery.replace("405", "406").encode(), "application/xml"))
    assert first.message_id == again.message_id != other.message_id
    assert UUID(first.message_id).version == 8


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(NORMAL) - 1), st.integers(1, 40), st.sampled_from(["", "<", "&", "0", "æ", "\x01", "]]>"]))
def test_a_mangled_document_is_refused_or_mapped_and_nothing_else(at: int, length: int, put: str) -> None:
    mangled = NORMAL[:at] + put + NORMAL[at + length :]
    try:
        contribution_of(mangled)
    except Refused as error:
        said: Any = error.diagnostics()
        assert "Lars" not in said
        assert "0505159995" not in said


# --- in: what becomes of it in a plan -----------------------------------------------------------------------------


def merged(contributions: Sequence[Contribution]) -> Plan:
    """Merge contributions as one person's plan, in their order."""
    plan = Plan(UUID(int=7), UUID(int=8))
    for contribution in contributions:
        numbers = {identifier for draft in contribution.drafts for identifier in draft.concerns}
        people = {identifier: uuid5(UUID(int=9), identifier.value) for identifier in numbers}
        plan = merge(plan, contribution, people, NOON)
    return plan


def example(name: str) -> Contribution:
    return contribution_of((FOLDER / "examples" / f"{name}.xml").read_text(encoding="utf-8"))


def test_the_messages_of_a_case_give_the_same_plan_in_any_order() -> None:
    messages = [example("normal"), example("changed"), example("closed"), example("normal")]
    plans = [merged(order) for order in permutations(messages)]
    assert all(plan == plans[0] for plan in plans)
    assert {element.status for element in plans[0].elements.values() if element.kind is Kind.CASE} == {Status.COMPLETED}


def test_what_a_newer_snapshot_does_not_name_is_gone() -> None:
    kinds = {element.kind for element in merged([example("normal"), example("changed")]).elements.values()}
    assert Kind.APPOINTMENT in {element.kind for element in merged([example("normal")]).elements.values()}
    assert Kind.APPOINTMENT not in kinds
    assert Kind.GOAL in kinds


def test_a_measure_told_twice_in_a_delivery_ends_as_its_last_line_says() -> None:
    delivery = (contract_folder("children/l201-v1") / "examples" / "delivery.xml").read_text(encoding="utf-8")
    first, second = "27.12.06-G01-197-26", "27.12.06-G01-198-26"
    twice = delivery.replace(second, first).replace("0505209996", "0505159995")
    document = ADAPTER.receive(Parcel("children", twice.encode(), "application/xml"))
    contributions = ChildrenMapping().to_plan(document)
    for order in permutations(contributions):
        (measure,) = merged(order).elements.values()
        assert measure.codes[0].code == "010"


def test_white_space_around_a_day_or_a_time_of_a_delivery_does_not_count() -> None:
    delivery = (contract_folder("children/l201-v1") / "examples" / "delivery.xml").read_text(encoding="utf-8")
    spaced = re.sub(r">(\d{4}-\d\d-\d\d[^<]*)<", r">\n  \1\n<", delivery)
    assert spaced != delivery
    written, read = (
        ChildrenMapping().to_plan(ADAPTER.receive(Parcel("children", text.encode(), "application/xml")))
        for text in (delivery, spaced)
    )
    assert [each.drafts for each in written] == [each.drafts for each in read]
    assert [each.order.changed_at for each in written] == [each.order.changed_at for each in read]


def test_a_delivery_leaves_the_cases_of_the_case_system_alone() -> None:
    delivery = (contract_folder("children/l201-v1") / "examples" / "delivery.xml").read_bytes()
    measures = ChildrenMapping().to_plan(ADAPTER.receive(Parcel("children", delivery, "application/xml")))
    alone = merged([example("normal")])
    both = merged([example("normal"), measures[0]])
    assert {**alone.elements}.items() <= {**both.elements}.items()
    assert len(both.elements) == len(alone.elements) + 1
