"""Social services' words have a meaning in a plan, both ways, and every field of a case has a fate."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.adapters._rest import JsonContract, openapi
from hub.adapters.social import SocialAdapter
from hub.authority import Disclosed, Document, Fate, Parcel, PlanUpdate, contract_folder
from hub.errors import ContractViolation
from hub.mappings.social import SocialMapping
from hub.plan.contribution import Contribution, Coverage
from hub.plan.element import Category, Code, Draft, Element, Kind, OrderKey, Period, Provenance, Sensitivity, Status
from hub.plan.identifier import CPR, REPLACEMENT, Identifier
from tests.any_update import stored_updates
from tests.json_leaves import leaves

MAPPING, ADAPTER, CONTRACT = SocialMapping(), SocialAdapter({}), JsonContract("social/v1")
SCHEMAS = openapi("social/v1")["components"]["schemas"]
EXAMPLES = contract_folder("social/v1") / "examples"


def an_example(name: str = "sag-maximal", **changes: Any) -> dict[str, Any]:
    sag: dict[str, Any] = orjson.loads((EXAMPLES / f"{name}.json").read_bytes())
    return sag | changes


def taken_in(sag: dict[str, Any]) -> Contribution:
    document = ADAPTER.receive(Parcel("social", orjson.dumps(sag), "application/json"))
    (contribution,) = MAPPING.to_plan(document)
    return contribution


def draft(sag: dict[str, Any], source_id: str) -> Draft:
    return next(found for found in taken_in(sag).drafts if found.source_id == source_id)


# --- the ledger -------------------------------------------------------------------------------------------------------


LEAVES = sorted(leaves(SCHEMAS["Sag"], SCHEMAS))
FATES = {entry.path: entry for entry in MAPPING.ledger("social/v1")}


def test_the_ledger_names_every_leaf_of_a_case_once_and_no_other() -> None:
    assert sorted(entry.path for entry in MAPPING.ledger("social/v1")) == LEAVES


def test_the_ledger_says_what_becomes_of_each_leaf() -> None:
    assert all(entry.note for entry in MAPPING.ledger("social/v1"))


def test_there_is_no_ledger_of_another_contract() -> None:
    with pytest.raises(LookupError):
        MAPPING.ledger("children/v1")


def value_at(sag: Any, path: str) -> Any:
    for step in path.replace("[]", ".[]").split("."):
        sag = sag[0] if step == "[]" else sag[step]
    return sag


def with_value(sag: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    changed = deepcopy(sag)
    holder, _, last = path.replace("[]", ".[]").rpartition(".")
    (value_at(changed, holder.replace(".[]", "[]")) if holder else changed)[last] = value
    return changed


#: What another valid value of a leaf is, where adding a letter would break the contract.
OTHER = {
    "Nummer": "27.24.00-G01-62-25",
    "SagIdentity": "5b1f4c1e-6f0a-4a53-9d0e-2f6b7f3a1cff",
    "SagVersion": 43,
    "PrimaryPart.PartType": "Person",
    "PrimaryPart.CPRnummer": "050490-9989",
    "Personer[].CPRnummer": "020160-9995",
    "SagsStatus.Navn": "Opstået",
    "SagsStatus.SagsTilstand": "Passiv",
    "Delmaal[].MaalId": "another",
    "Indsatser[].MaalId": "another",
}


def another(path: str, value: Any) -> Any:
    if path in OTHER:
        return OTHER[path]
    if isinstance(value, bool):
        return not value
    if path.endswith("Foelsomhed"):
        ladder = list(Sensitivity.__members__)
        return ladder[1] if value != ladder[1] else ladder[2]
    if value[:2] == "20" and "T" in value:
        return (datetime.fromisoformat(value) + timedelta(minutes=1)).isoformat()
    if value[:2] == "20" and value[4] == "-":
        return (datetime.fromisoformat(value) + timedelta(days=1)).date().isoformat()
    return f"{value}x"


@pytest.mark.parametrize("path", [path for path in LEAVES if FATES[path].fate is Fate.MAPPED])
def test_another_value_of_a_mapped_leaf_gives_another_contribution(path: str) -> None:
    sag = an_example(Slettet=False)
    changed = with_value(sag, path, another(path, value_at(sag, path)))
    assert taken_in(changed) != taken_in(sag)


@pytest.mark.parametrize("path", [path for path in LEAVES if FATES[path].fate is Fate.DROPPED])
def test_another_value_of_a_dropped_leaf_gives_the_same_contribution(path: str) -> None:
    sag = an_example()
    changed = with_value(sag, path, another(path, value_at(sag, path)))
    assert taken_in(changed) == taken_in(sag)


# --- in ---------------------------------------------------------------------------------------------------------------


def test_a_case_is_a_snapshot_ordered_by_its_version_then_its_time() -> None:
    told = taken_in(an_example())
    assert told.coverage is Coverage.SNAPSHOT
    changed_at = datetime(2026, 2, 27, 13, 5, 9, 500_000, tzinfo=UTC)
    assert told.order == OrderKey(42, changed_at, "5b1f4c1e-6f0a-4a53-9d0e-2f6b7f3a1c03:42")


def test_an_item_without_a_label_has_the_cases() -> None:
    sag = an_example("sag-normal")
    assert draft(sag, "Indsatsmaal:maal-1").label is Sensitivity.FORTROLIGE_PERSONOPLYSNINGER
    assert draft(sag, "Aftaler:aftale-1").label is Sensitivity.IKKE_FORTROLIGE_DATA


def test_health_is_never_below_sensitive() -> None:
    sag = an_example()
    sag["Helbred"][0]["Foelsomhed"] = "IKKE_FORTROLIGE_DATA"
    assert draft(sag, "Helbred:helbred-1").label is Sensitivity.FOELSOMME_PERSONOPLYSNINGER


def test_a_note_about_health_is_never_below_sensitive() -> None:
    sag = an_example()
    sag["Notater"][0] |= {"Emne": "Helbred", "Foelsomhed": "IKKE_FORTROLIGE_DATA"}
    note = draft(sag, "Notater:notat-1")
    assert (note.category, note.label) == (Category.HEALTH, Sensitivity.FOELSOMME_PERSONOPLYSNINGER)


def test_in_a_vip_case_everything_is_vip() -> None:
    assert {found.label for found in taken_in(an_example(Foelsomhed="VIP_SAGER")).drafts} == {Sensitivity.VIP_SAGER}


def test_what_nobody_labelled_stays_unlabelled() -> None:
    assert {found.label for found in taken_in(an_example("sag-dirty")).drafts} == {None}


def test_the_last_day_of_an_intervention_is_still_in_it_and_days_are_danish() -> None:
    period = draft(an_example("sag-normal"), "Indsatser:indsats-1").valid
    assert period.start == datetime(2026, 2, 28, 23, tzinfo=UTC)
    assert period.end == datetime(2026, 8, 31, 22, tzinfo=UTC)


def test_a_follow_up_on_the_day_the_clocks_change_lasts_23_hours() -> None:
    period = draft(an_example(), "Opfoelgninger:opf-1").valid
    assert period.start is not None
    assert period.end is not None
    assert period.end - period.start == timedelta(hours=23)


@pytest.mark.parametrize("junk", ["      -", "", "000000-0000", "ukendt", "310290-1234", "0201609995123", "٠٢٠١٦٠٩٩٩٥"])
def test_a_person_with_a_junk_number_is_skipped_and_the_case_taken_in(junk: str) -> None:
    sag = an_example()
    sag["Personer"][0]["CPRnummer"] = junk
    told = taken_in(sag)
    assert told.others == ()
    assert not [found for found in told.drafts if found.kind is Kind.HOUSEHOLD_MEMBER]


def test_the_citizen_among_the_other_people_is_no_other_person() -> None:
    sag = an_example()
    sag["Personer"][0]["CPRnummer"] = sag["PrimaryPart"]["CPRnummer"]
    assert taken_in(sag).others == ()


def test_a_replacement_number_is_known_as_this_authoritys_own() -> None:
    sag = an_example()
    sag["PrimaryPart"]["CPRnummer"] = "620160-9995"
    assert taken_in(sag).person.identifiers == (Identifier(f"{REPLACEMENT}social", "6201609995"),)


@pytest.mark.parametrize(
    ("stage", "state", "status"),
    [
        ("Opstået", "Aktiv", Status.PROPOSED),
        ("OPSTAAET", "aktiv", Status.PROPOSED),
        ("Oplyst", "Aktiv", Status.PLANNED),
        ("Afgjort", "Aktiv", Status.ACTIVE),
        ("Noget nyt", "Aktiv", Status.ACTIVE),
        ("Afgjort", "Passiv", Status.ON_HOLD),
        ("Opstået", "Afsluttet", Status.COMPLETED),
        ("Afgjort", "Konverteret", Status.UNKNOWN),
    ],
)
def test_a_case_stands_where_its_state_says_and_its_stage_refines(stage: str, state: str, status: Status) -> None:
    assert draft(an_example(SagsStatus={"Navn": stage, "SagsTilstand": state}), "Sag").status is status


@pytest.mark.parametrize(
    ("paragraph", "code"),
    [
        ("SEL §85", Code("urn:one-plan-hub:paragraph", "SEL-85", "SEL §85")),
        ("SEL § 95 a, stk. 2", Code("urn:one-plan-hub:paragraph", "SEL-95a-2", "SEL § 95 a, stk. 2")),
        ("BL § 32, stk. 1, nr. 3", Code("urn:one-plan-hub:paragraph", "BL-32-1-3", "BL § 32, stk. 1, nr. 3")),
        ("SEL §85, jf. §84", Code("urn:one-plan-hub:paragraph", "SEL-85", "SEL §85, jf. §84")),
        ("XYZ §1", Code("urn:one-plan-hub:paragraph", "XYZ-1", "XYZ §1")),
        ("efter aftale", Code("urn:one-plan-hub:paragraph", "efter aftale", "efter aftale")),
    ],
)
def test_a_paragraph_becomes_a_code_and_an_unknown_law_passes_through(paragraph: str, code: Code) -> None:
    sag = an_example()
    sag["Indsatser"][0]["Paragraf"] = paragraph
    assert draft(sag, "Indsatser:indsats-1").codes[0] == code


def test_an_unknown_status_is_unknown_and_its_word_is_kept() -> None:
    sag = an_example()
    sag["Indsatser"][0]["Status"] = "Hm?"
    found = draft(sag, "Indsatser:indsats-1")
    assert found.status is Status.UNKNOWN
    assert found.details["source-status"] == "Hm?"


def test_a_link_to_a_goal_that_is_gone_leads_to_the_case() -> None:
    assert draft(an_example(Indsatsmaal=[]), "Delmaal:delmaal-1").part_of == "Sag"


def test_broken_rules_are_named_all_at_once_and_without_values() -> None:
    sag = an_example()
    sag["PrimaryPart"]["CPRnummer"] = "310290-9995"
    sag["Behov"] *= 2
    sag["Aftaler"][0]["Slut"] = "2026-03-12T13:30:00+02:00"
    with pytest.raises(ContractViolation) as caught:
        taken_in(sag)
    assert [fault.field for fault in caught.value.faults] == ["PrimaryPart.CPRnummer", "Behov[1].Id", "Aftaler[0].Slut"]
    assert "310290" not in caught.value.diagnostics()


def test_only_a_case_comes_in() -> None:
    with pytest.raises(ContractViolation):
        MAPPING.to_plan(Document("social", "social/v1", "PlanOpdatering", "x", {}))


# --- out --------------------------------------------------------------------------------------------------------------

people = st.sampled_from([Identifier(CPR, "0201609995"), Identifier(f"{REPLACEMENT}social", "6201609995")])
updates = st.builds(lambda update, person: replace(update, recipient="social", person=person), stored_updates, people)


@given(updates)
@settings(max_examples=150, deadline=None)
def test_an_update_is_valid_against_the_contract_whatever_its_elements_hold(update: PlanUpdate) -> None:
    document = MAPPING.from_plan(update)
    assert document.message_id == f"social:{update.plan}:{update.sequence}"
    assert CONTRACT.is_valid(document.kind, orjson.loads(orjson.dumps(document.content)))


def test_who_else_an_element_concerns_is_not_told() -> None:
    other = UUID(int=7)
    at = datetime(2026, 1, 1, tzinfo=UTC)
    element = Element(
        UUID(int=1), Kind.NOTE, None, None, Status.ACTIVE, "t", "", Period(), (), None, frozenset({other}), {},
        Provenance("children", "s", "c", "m", "children/v1"), OrderKey(1, at, "m"), at,
    )  # fmt: skip
    update = PlanUpdate(UUID(int=2), "social", Identifier(CPR, "0201609995"), 1, "", at, (Disclosed(element, "", ""),))
    assert str(other) not in str(MAPPING.from_plan(update).content)
