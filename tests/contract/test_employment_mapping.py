"""What comes out of the employment mapping holds for any content."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import permutations
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from hub.adapters._xml import read_xml, to_bytes
from hub.authority import DeliveryKey, Document, PlanUpdate
from hub.errors import ContractViolation, Refused
from hub.mappings.employment import EmploymentMapping
from hub.plan.contribution import Contribution
from hub.plan.element import Category, Draft, Kind, Sensitivity, Status
from hub.plan.identifier import CPR, REPLACEMENT, Identifier
from hub.plan.merge import merge
from hub.plan.plan import Plan
from tests.any_update import updates
from tests.employment_messages import CONTRACT, EXAMPLES, NAMESPACE, received

pytestmark = pytest.mark.files

SCHEMA = etree.XMLSchema(file=CONTRACT / "employment.xsd")
NORMAL = (EXAMPLES / "submit-normal.xml").read_text(encoding="utf-8")
NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)
E = f"{{{NAMESPACE}}}"
CHANGED = "<e:ChangedDateTime>2026-09-01T10:15:00+02:00<"


def contribution_of(text: str) -> Contribution:
    (contribution,) = EmploymentMapping().to_plan(received(text.encode()))
    return contribution


def example(name: str) -> Contribution:
    return contribution_of((EXAMPLES / f"{name}.xml").read_text(encoding="utf-8"))


def draft_of(text: str, source_id: str) -> Draft:
    (draft,) = [draft for draft in contribution_of(text).drafts if draft.source_id == source_id]
    return draft


# --- out: valid whatever others wrote -----------------------------------------------------------------------------


@settings(max_examples=200, deadline=None)
@given(updates)
def test_an_update_is_valid_against_the_contract_and_survives_the_wire(update: PlanUpdate) -> None:
    document = EmploymentMapping().from_plan(update)
    root = read_xml(to_bytes(document.content))
    SCHEMA.assertValid(root)
    told = [
        (item.findtext(f"{E}ElementIdentifier"), item.findtext(f"{E}StatusCode"))
        for item in root.iter(f"{E}PlanElementItem")
    ]
    assert told == [(str(each.element.id), each.element.status) for each in update.disclosed]
    withdrawn = [item.findtext(f"{E}ElementIdentifier") for item in root.iter(f"{E}WithdrawnElementItem")]
    assert withdrawn == [str(each) for each in update.withdrawn]
    assert document.message_id == str(DeliveryKey(update.recipient, update.plan, update.sequence))


def test_an_update_by_a_replacement_number_is_valid() -> None:
    person = Identifier(f"{REPLACEMENT}employment", "8911829996")
    update = PlanUpdate(UUID(int=2), "employment", person, 1, "", NOON, withdrawn=(UUID(int=3),))
    SCHEMA.assertValid(EmploymentMapping().from_plan(update).content)


# --- in: people ---------------------------------------------------------------------------------------------------


def test_the_number_now_comes_first_and_an_earlier_one_after_it() -> None:
    facts = example("submit-changed-number").person
    assert facts.identifiers == (Identifier(CPR, "1203859996"), Identifier(CPR, "1203859995"))


def test_a_number_that_is_told_twice_is_one_number() -> None:
    assert example("submit-dirty").person.identifiers == (Identifier(CPR, "3001749995"),)


def test_a_replacement_number_is_known_only_to_its_issuer() -> None:
    facts = contribution_of(NORMAL.replace("2911829996", "891182-9996")).person
    assert facts.identifiers == (Identifier(f"{REPLACEMENT}employment", "8911829996"),)


# --- in: words ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ("2026-09-13T23:59:59+02:00", Status.PLANNED),
        ("2026-09-14T00:00:00+02:00", Status.ACTIVE),
        ("2026-12-11T23:59:59+01:00", Status.ACTIVE),
        ("2026-12-12T00:00:00+01:00", Status.COMPLETED),
    ],
)
def test_an_activity_stands_as_its_days_say_when_the_case_was_changed(changed: str, status: Status) -> None:
    assert draft_of(NORMAL.replace(CHANGED, f"<e:ChangedDateTime>{changed}<"), "Activity:a1").status is status


def test_a_deleted_activity_was_registered_in_error() -> None:
    marked = NORMAL.replace("</e:ActivityItem>", "<e:ChangeTypeIdentifier>3</e:ChangeTypeIdentifier></e:ActivityItem>")
    assert draft_of(marked, "Activity:a1").status is Status.ENTERED_IN_ERROR


def test_an_item_speaks_for_itself_before_its_case_does() -> None:
    own = "<e:SensitivityCode>VIP_SAGER</e:SensitivityCode>"
    text = NORMAL.replace("<e:GoalStatusIdentifier>", f"{own}<e:GoalStatusIdentifier>")
    assert draft_of(text, "Goal:g1").label is Sensitivity.VIP_SAGER
    assert draft_of(text, "Activity:a1").label is Sensitivity.FORTROLIGE_PERSONOPLYSNINGER


def test_what_says_nothing_of_its_secrecy_has_no_label() -> None:
    silent = NORMAL.replace("<e:SensitivityCode>FORTROLIGE_PERSONOPLYSNINGER</e:SensitivityCode>", "")
    assert {draft.label for draft in contribution_of(silent).drafts} == {None}


def test_a_barrier_of_health_is_told_apart_from_any_other() -> None:
    categories = {draft.source_id: draft.category for draft in example("submit-maximal").drafts}
    assert (categories["Barrier:h1"], categories["Barrier:h2"]) == (Category.HEALTH, Category.NEEDS)


def test_a_note_that_nobody_has_judged_has_no_category() -> None:
    assert {draft.category for draft in example("submit-maximal").drafts if draft.kind is Kind.NOTE} == {None}


def test_an_id_that_items_of_two_kinds_share_names_two_elements() -> None:
    ids = [draft.source_id for draft in contribution_of(NORMAL.replace(">a1<", ">g1<").replace(">i1<", ">g1<")).drafts]
    assert {"Goal:g1", "Activity:g1", "Interview:g1"} <= set(ids)
    assert len(ids) == len(set(ids))


def test_a_pushed_and_a_fetched_case_say_the_same() -> None:
    pushed = received(NORMAL.encode()).content
    fetched = etree.Element(f"{E}GetPersonCaseResponse")
    fetched.extend(list(pushed)[2:])
    SCHEMA.assertValid(fetched)
    (contribution,) = EmploymentMapping().to_plan(
        Document("employment", "employment/v1", "GetPersonCaseResponse", "fetched", fetched)
    )
    assert contribution.drafts == contribution_of(NORMAL).drafts
    assert contribution.message_id == contribution.order.message_id == "fetched"


# --- in: errors ---------------------------------------------------------------------------------------------------

CANARIES = {
    "<e:CaseIdentifier>c1a2b3c4": "<e:CaseIdentifier>KANARIE",
    "<e:CaseVersionIdentifier>1": "<e:CaseVersionIdentifier>KANARIE",
    CHANGED: "<e:ChangedDateTime>KANARIE<",
    "<e:CaseStatusIdentifier>2": "<e:CaseStatusIdentifier>KANARIE",
    "Identifier>2911829996": "Identifier>KANARIE",
    "<e:ActivityIdentifier>a1</e:ActivityIdentifier>\n          </e:InterviewItem>": (
        "<e:ActivityIdentifier>KANARIE</e:ActivityIdentifier></e:InterviewItem>"
    ),
    "<e:StartDate>2026-09-14": "<e:StartDate>KANARIE",
    "<e:CaseTitle>": "<e:CaseTitle>" + "KANARIE" * 50,
    "<e:GoalItem>": '<e:GoalItem KANARIE="KANARIE">KANARIE',
    "</e:PersonCase>": "<x:KANARIE xmlns:x='urn:KANARIE'/></e:PersonCase>",
    "<e:MonthlyAmount>": "<e:MonthlyAmount>KANARIE",
}


@pytest.mark.parametrize(("part", "bad"), CANARIES.items(), ids=range(len(CANARIES)))
def test_no_error_repeats_what_was_sent(part: str, bad: str) -> None:
    assert part in NORMAL
    with pytest.raises(ContractViolation) as refusal:
        contribution_of(NORMAL.replace(part, bad, 1))
    assert "KANARIE" not in refusal.value.diagnostics()
    assert "KANARIE" not in repr(refusal.value)
    assert refusal.value.__cause__ is None


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(NORMAL) - 1), st.integers(1, 40), st.sampled_from(["", "<", "&", "0", "æ", "\x01", "]]>"]))
def test_a_mangled_document_is_refused_or_mapped_and_nothing_else(at: int, length: int, put: str) -> None:
    try:
        contribution_of(NORMAL[:at] + put + NORMAL[at + length :])
    except Refused as error:
        said = error.diagnostics()
        assert "Kirsten" not in said
        assert "2911829996" not in said


# --- in: what becomes of it in a plan -----------------------------------------------------------------------------


def merged(contributions: Sequence[Contribution]) -> Plan:
    """Merge contributions as one person's plan, in their order."""
    plan = Plan(UUID(int=7), UUID(int=8))
    for contribution in contributions:
        plan = merge(plan, contribution, {}, NOON)
    return plan


def test_the_messages_of_a_case_give_the_same_plan_in_any_order() -> None:
    messages = [example(name) for name in ("submit-normal", "submit-changed", "submit-closed", "submit-normal")]
    plans = [merged(order) for order in permutations(messages)]
    assert all(plan == plans[0] for plan in plans)
    statuses = {element.status for element in plans[0].elements.values() if element.category == Category.CASES}
    assert statuses == {Status.COMPLETED}


def test_what_a_newer_snapshot_does_not_name_is_gone() -> None:
    before = {element.category for element in merged([example("submit-normal")]).elements.values()}
    after = {
        element.category for element in merged([example("submit-normal"), example("submit-changed")]).elements.values()
    }
    assert before - after == {Category.ECONOMY}
