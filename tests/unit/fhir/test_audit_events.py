"""The ledger of disclosures as AuditEvents: each deed in its shape, ids that stay, and nobody of the staff."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from fhir.resources.R4B import get_fhir_model_class

from hub.clock import new_id
from hub.consent.decision import Sentence
from hub.fhir.audit_out import audit_events
from hub.fhir.words import Resource
from hub.flow.ledger import Ledger
from hub.flow.ledger_known import LegalBasis
from hub.flow.ledger_rows import Disclosure
from hub.flow.ledger_words import Deed
from hub.testing.clock import THEN

PERSON, PLAN = new_id(), new_id()
CONSENT = f"{new_id()}/3"
BASIS = LegalBasis("LAW-D1", "Forvaltningsloven § 28", Sentence("Fordi.", "Because."))
SENT = Disclosure(
    Deed.SENT, THEN, ("employment",), "authority-system", "one-plan", ("goals", "health"), (BASIS,), (CONSENT,),
    f"{new_id()}-1",
)  # fmt: skip
READ = Disclosure(Deed.READ, THEN, ("children",), "caseworker", "one-plan", ("goals",), (BASIS,), (CONSENT,))


def events(*told: Disclosure, plan: UUID = PLAN) -> list[Resource]:
    return audit_events(Ledger(plan, PERSON, told, (), False, THEN))


def event(told: Disclosure) -> Resource:
    (only,) = events(told)
    return only


def codes(one: Resource, name: str) -> list[str]:
    return [coding["code"] for coding in one[name]]


@pytest.mark.parametrize("deed", Deed)
def test_every_deed_is_an_event_that_r4_takes(deed: Deed) -> None:
    delivery = SENT.delivery if deed in (Deed.SENT, Deed.FETCHED, Deed.MAY_HAVE_LEFT, Deed.TAKEN_BACK) else ""
    for told in (
        replace(SENT, deed=deed, delivery=delivery),
        Disclosure(deed, THEN, (), "", "", (), (), (), delivery),
    ):
        one = event(told)
        get_fhir_model_class("AuditEvent").model_validate(one)
        assert codes(one, "subtype")[-1] == deed
        assert one["action"] in "CRUDE"
        assert sum(agent["requestor"] for agent in one["agent"]) <= 1


def test_what_was_sent_is_a_disclosure_at_its_source() -> None:
    one = event(SENT)
    assert (one["type"]["code"], codes(one, "subtype"), one["action"], one["outcome"]) == (
        "110106", ["disclose", "sent"], "R", "0",
    )  # fmt: skip
    recipient, source = one["agent"]
    assert recipient["who"] == {"reference": "Organization/employment"}
    assert recipient["type"]["coding"][0]["code"] == "110152"
    assert (recipient["policy"], recipient["requestor"]) == (["urn:one-plan-hub:rule:LAW-D1"], False)
    assert (source["type"]["coding"][0]["code"], source["who"], source["requestor"]) == (
        "110153", one["source"]["observer"], True,
    )  # fmt: skip
    patient, plan, consent = one["entity"]
    assert patient["what"] == {"reference": f"Patient/{PERSON}"}
    assert plan["what"] == {"reference": f"CarePlan/{PLAN}"}
    assert [(each["type"], each["valueString"]) for each in plan["detail"]] == [
        ("category", "goals"), ("category", "health"), ("legal-basis", "Forvaltningsloven § 28"),
    ]  # fmt: skip
    assert consent["what"] == {"reference": f"Consent/{CONSENT.replace('/', '/_history/')}"}
    assert one["purposeOfEvent"][0]["coding"][0]["code"] == "one-plan"
    assert one["outcomeDesc"] == SENT.sentence.da


def test_what_may_have_left_is_no_success_and_becomes_one_under_the_same_id() -> None:
    before = event(replace(SENT, deed=Deed.MAY_HAVE_LEFT))
    after = event(replace(SENT, at=THEN + timedelta(seconds=2)))
    assert (before["outcome"], after["outcome"]) == ("4", "0")
    assert before["id"] == after["id"]
    assert event(replace(SENT, deed=Deed.TAKEN_BACK))["id"] != after["id"]


def test_a_read_is_one_and_says_as_what_somebody_came() -> None:
    one = event(READ)
    assert (one["type"]["code"], codes(one, "subtype"), one["action"]) == ("rest", ["read", "read"], "R")
    reader, _ = one["agent"]
    assert (reader["who"], reader["requestor"]) == ({"reference": "Organization/children"}, True)
    assert reader["role"][0]["coding"][0]["code"] == "caseworker"
    assert codes(event(replace(READ, deed=Deed.FOUND)), "subtype")[0] == "search"


def test_a_question_why_is_a_decision_by_consent_or_by_law_alone() -> None:
    by_consent = event(replace(READ, deed=Deed.EXPLAINED))
    by_law = event(replace(READ, deed=Deed.EXPLAINED, consents=()))
    assert (by_consent["type"]["code"], codes(by_consent, "subtype")[0]) == ("110113", "AuthZ-Consent")
    assert codes(by_law, "subtype")[0] == "AuthZ-Role"


def test_a_citizen_is_not_said_to_be_the_one_whose_plan_it_is() -> None:
    """A parent with custody comes as a citizen too, and the record does not tell them apart."""
    reader, _ = event(replace(READ, organisations=("citizen",), role="citizen"))["agent"]
    assert "reference" not in reader["who"]


def test_all_who_take_part_in_a_meeting_are_named() -> None:
    one = event(Disclosure(Deed.MEETING_OPENED, THEN, ("children", "social"), "", "ssd", (), (), ()))
    assert [agent["who"].get("reference") for agent in one["agent"][:2]] == [
        "Organization/children", "Organization/social",
    ]  # fmt: skip


def test_ids_are_of_their_plan_and_stay_when_more_is_told() -> None:
    later = replace(READ, at=THEN + timedelta(minutes=1))
    first = [one["id"] for one in events(READ, READ, SENT)]
    assert len(set(first)) == 3, "two at the same instant are two"
    assert [one["id"] for one in events(later, READ, READ, SENT)][1:] == first
    assert set(first).isdisjoint(one["id"] for one in events(READ, READ, SENT, plan=new_id()))
