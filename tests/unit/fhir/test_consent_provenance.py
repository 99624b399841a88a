"""Where a consent comes from: who said it, for whom, when and how; and a parent learns nothing of the other's word."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from fhir.resources.R4B import get_fhir_model_class

from hub.clock import new_id
from hub.consent.consent import Capacity, Consent, ConsentStatus, Grant
from hub.consent.reader import Reader
from hub.fhir.consent_provenance import provenance_of
from hub.fhir.words import Resource, instant
from hub.plan.person import Role
from hub.testing.builders import a_consent
from hub.testing.clock import THEN

CHILD, MOTHER, FATHER = new_id(), new_id(), new_id()
LATER, RECORDED = THEN + timedelta(hours=1), THEN + timedelta(hours=2)
COORDINATOR = Reader("coordination", Role.COORDINATOR)
OF_A_CHILD = (
    a_consent(CHILD)
    .to("social")
    .given_by(
        Grant(MOTHER, Capacity.CUSTODY, THEN, channel="møde", evidence="J-1"),
        Grant(FATHER, Capacity.CUSTODY, LATER, channel="brev", evidence="J-2"),
    )
    .build()
)
OWN = a_consent(CHILD).to("social").build()


def told(consent: Consent, reader: Reader = COORDINATOR) -> Resource:
    found = provenance_of(consent, RECORDED, reader)
    get_fhir_model_class("Provenance").model_validate(found)
    return found


def test_it_names_the_version_and_whoever_spoke_for_whom() -> None:
    found = told(OF_A_CHILD)
    assert found["target"] == [{"reference": f"Consent/{OF_A_CHILD.id}/_history/1"}]
    assert [(one["who"]["reference"], one["onBehalfOf"]["reference"]) for one in found["agent"]] == [
        (f"RelatedPerson/{MOTHER}", f"Patient/{CHILD}"), (f"RelatedPerson/{FATHER}", f"Patient/{CHILD}"),
    ]  # fmt: skip
    assert (found["occurredDateTime"], found["recorded"]) == (instant(LATER), instant(RECORDED))
    assert "møde" in str(found["agent"][0]["extension"])


def test_ones_own_word_is_on_behalf_of_nobody() -> None:
    (agent,) = told(OWN)["agent"]
    assert "onBehalfOf" not in agent
    assert agent["who"] == {"reference": f"Patient/{CHILD}"}


def test_given_given_anew_and_taken_back_are_three_things() -> None:
    taken_back = replace(OWN, version=3, status=ConsentStatus.WITHDRAWN)
    found = [told(one) for one in (OWN, replace(OWN, version=2), taken_back)]
    assert [one["activity"]["coding"][0]["code"] for one in found] == ["CREATE", "UPDATE", "ABORT"]
    assert found[2]["occurredDateTime"] == instant(RECORDED), "when it was taken back, and not when it was given"
    assert len({one["id"] for one in found}) == 3


def test_a_parent_learns_of_their_own_word_alone() -> None:
    as_mother = told(OF_A_CHILD, Reader("citizen", Role.CITIZEN, person=MOTHER))
    assert [one["who"]["reference"] for one in as_mother["agent"]] == [f"RelatedPerson/{MOTHER}"]
    assert as_mother["occurredDateTime"] == instant(THEN)
    for secret in (str(FATHER), "brev", "J-2"):
        assert secret not in str(as_mother)
    assert len(told(OF_A_CHILD, Reader("citizen", Role.CITIZEN, person=CHILD))["agent"]) == 2
    with pytest.raises(ValueError, match="given by somebody"):
        provenance_of(OF_A_CHILD, RECORDED, Reader("citizen", Role.CITIZEN, person=new_id()))
