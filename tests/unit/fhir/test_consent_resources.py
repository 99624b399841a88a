"""Consents as FHIR R4: what is written is read back the same; what cannot be represented is refused with a reason."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from fhir.resources.R4B import get_fhir_model_class
from hypothesis import given

from hub.consent.consent import Capacity, Consent, ConsentKind, Effect, Exemption, Grant, Scope
from hub.errors import InvalidRequest
from hub.fhir.consent_in import read_consent
from hub.fhir.consent_out import consent_resource
from hub.plan.danish_time import LOCAL
from hub.plan.element import Period, Sensitivity
from hub.testing.builders import THEN, a_consent, a_consent_to_one_plan, own_word
from tests.unit.consent.strategies import consents

PERSON, MOTHER = UUID(int=2), UUID(int=5)
ALL = frozenset({"*"})


def as_said(scope: Scope) -> Scope:
    """Everybody is everybody, whoever is named besides."""
    lists = {name: ALL for name in ("sources", "recipients", "purposes", "categories") if "*" in getattr(scope, name)}
    return replace(scope, **lists)  # type: ignore[arg-type]


def normal(consent: Consent) -> Consent:
    if consent.kind is ConsentKind.ONE_PLAN:
        return replace(consent, scope=Scope(), exemptions=())
    exemptions = tuple(replace(one, scope=as_said(one.scope)) for one in consent.exemptions)
    return replace(consent, scope=as_said(consent.scope), exemptions=exemptions)


def names_somebody(consent: Consent) -> bool:
    scopes = (consent.scope, *(one.scope for one in consent.exemptions))
    return consent.kind is ConsentKind.ONE_PLAN or all(
        all((one.sources, one.recipients, one.purposes, one.categories)) for one in scopes
    )


def runs_forward(consent: Consent) -> bool:
    periods = [consent.period, consent.scope.data_period]
    periods += [one for each in consent.exemptions for one in (each.period, each.scope.data_period)]
    return all(one.start is None or one.end is None or one.start < one.end for one in periods)


def read(resource: dict[str, Any], person: UUID = PERSON) -> Consent:
    return read_consent(resource, person, UUID(resource["id"]), int(resource["meta"]["versionId"]))


def faults(resource: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(InvalidRequest) as refused:
        read(resource)
    return {fault.field: fault.sentence for fault in refused.value.faults}


@given(consents.filter(names_somebody).filter(runs_forward))
def test_what_is_written_is_read_back_the_same_and_is_valid_r4(drawn: Consent) -> None:
    consent = replace(drawn, grants=own_word(drawn.person, drawn.given_at))
    resource = consent_resource(consent)
    get_fhir_model_class("Consent").model_validate(resource)
    assert read(resource, consent.person) == normal(consent)
    assert consent_resource(read(resource, consent.person)) == resource


def test_whose_word_it_is_and_how_it_was_given_comes_back(self_written: Consent) -> None:
    assert read(consent_resource(self_written)) == self_written


@pytest.fixture
def self_written() -> Consent:
    until = Period(THEN, THEN + timedelta(days=30))
    grants = (
        Grant(PERSON, Capacity.SELF, THEN, until, "2026-1", "en", "meeting", "J-12"),
        Grant(MOTHER, Capacity.CUSTODY, THEN + timedelta(days=1)),
        Grant(UUID(int=6), Capacity.GUARDIAN, THEN, language="da"),
    )
    one_plan = a_consent_to_one_plan(PERSON).given_by(*grants).build()
    return replace(one_plan, replaces=frozenset({"min plan", "handleplan"}), about="urn:other|7")


def test_a_consent_that_names_nobody_is_not_written_as_one_that_names_everybody() -> None:
    with pytest.raises(ValueError, match="names nobody"):
        consent_resource(a_consent(PERSON).build())


# --- periods ----------------------------------------------------------------------------------------------------------


def a_resource(**changes: Any) -> dict[str, Any]:
    resource = consent_resource(a_consent(PERSON).to("social").build())
    return copy.deepcopy(resource) | changes


def with_provision(**changes: Any) -> dict[str, Any]:
    resource = a_resource()
    resource["provision"] |= changes
    return resource


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        ("2026-03-29", datetime(2026, 3, 30, tzinfo=LOCAL)),  # the day on which summer time begins, whole
        ("2026-03-29T10:00:00+02:00", datetime(2026, 3, 29, 10, 0, 1, tzinfo=LOCAL)),
        ("2026-03-29T10:00:00.5+02:00", datetime(2026, 3, 29, 10, 0, 0, 600_000, tzinfo=LOCAL)),
    ],
)
def test_an_end_belongs_to_its_period(end: str, expected: datetime) -> None:
    assert read(with_provision(period={"end": end})).period == Period(None, expected)


def test_a_start_is_the_danish_midnight_of_its_day() -> None:
    period = read(with_provision(period={"start": "2026-07-01"})).period
    assert period.start == datetime(2026, 7, 1, tzinfo=LOCAL)


# --- R4's own style -------------------------------------------------------------------------------------------------


def untyped(rule: str, **conditions: Any) -> dict[str, Any]:
    resource = a_resource(provision=conditions)
    resource["policyRule"]["coding"][0]["code"] = rule
    return resource


def told(name: str) -> list[dict[str, Any]]:
    role = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "code": "PRCP"}]}
    return [{"role": role, "reference": {"reference": f"Organization/{name}"}}]


def test_an_untyped_root_is_the_first_exception_from_what_policy_rule_says() -> None:
    consent = read(untyped("OPTIN", actor=told("school")))
    assert (consent.effect, consent.scope) == (Effect.PERMIT, Scope(ALL, ALL, ALL, ALL, Sensitivity.VIP_SAGER))
    exempt = Scope(ALL, frozenset({"school"}), ALL, ALL, Sensitivity.IKKE_FORTROLIGE_DATA)
    assert consent.exemptions == (Exemption(exempt),)


def test_without_conditions_an_untyped_root_is_the_base_alone() -> None:
    nested = {"type": "permit", "actor": told("social")}
    consent = read(untyped("OPTOUT", provision=[nested]))
    assert (consent.effect, consent.scope.label) == (Effect.DENY, Sensitivity.IKKE_FORTROLIGE_DATA)
    assert [one.scope.recipients for one in consent.exemptions] == [frozenset({"social"})]


# --- what is refused ------------------------------------------------------------------------------------------------


def _relative(reference: str) -> dict[str, Any]:
    capacity = {"url": "capacity", "valueCode": "custody"}
    return {"reference": reference, "extension": [{"url": "urn:one-plan-hub:fhir:grant", "extension": [capacity]}]}


def test_a_relative_of_the_hub_who_says_as_what_they_speak_is_read() -> None:
    (grant,) = read(a_resource(performer=[_relative(f"RelatedPerson/{MOTHER}")])).grants
    assert (grant.by, grant.capacity) == (MOTHER, Capacity.CUSTODY)


DEEP = {"type": "deny", "actor": told("social"), "provision": [{"type": "permit"}]}
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a draft": (a_resource(status="draft"), "Consent.status"),
    "a status R4 does not have": (a_resource(status="aktiv"), "Consent.status"),
    "a type R4 does not have": (with_provision(type="maybe"), "Consent.provision.type"),
    "another scope": (a_resource(scope={"coding": [{"system": "x", "code": "treatment"}]}), "Consent.scope"),
    "another category": (a_resource(category=[{"coding": [{"system": "x", "code": "npp"}]}]), "Consent.category"),
    "something that modifies": (a_resource(modifierExtension=[{"url": "x"}]), "Consent.modifierExtension"),
    "other rules": (a_resource(implicitRules="x"), "Consent.implicitRules"),
    "something within": (a_resource(contained=[{}]), "Consent.contained"),
    "an unknown extension": (a_resource(extension=[{"url": "x"}]), "Consent.extension[0].url"),
    "actions": (with_provision(action=[{"coding": []}]), "Consent.provision.action"),
    "codes of content": (with_provision(code=[{"coding": []}]), "Consent.provision.code"),
    "another class": (with_provision(**{"class": [{"system": "x", "code": "y"}]}), "Consent.provision.class[0].code"),
    "another purpose": (
        with_provision(purpose=[{"system": "x", "code": "TREAT"}]),
        "Consent.provision.purpose[0].code",
    ),
    "an HL7 label": (with_provision(securityLabel=[{"system": "x", "code": "R"}]), "Consent.provision.securityLabel"),
    "what hangs on data": (
        with_provision(data=[{"meaning": "related", "reference": {"reference": "Task/1"}}]),
        "Consent.provision.data[0].meaning",
    ),
    "an actor of another role": (
        with_provision(actor=[{"role": {"coding": [{"system": "x", "code": "CST"}]}}]),
        "Consent.provision.actor[0].role",
    ),
    "a person as actor": (
        with_provision(actor=[{**told("x")[0], "reference": {"reference": "Practitioner/13"}}]),
        "Consent.provision.actor[0].reference",
    ),
    "a second level": (with_provision(provision=[DEEP]), "Consent.provision.provision[0].provision"),
    "an exception that is none": (
        with_provision(provision=[{"type": "permit", "actor": told("social")}]),
        "Consent.provision.provision[0].type",
    ),
    "two bases": (
        a_resource(
            policyRule={"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "OPTOUT"}]}
        ),
        "Consent.policyRule",
    ),
    "an untyped root without a base": (untyped("OTHER"), "Consent.policyRule"),
    "an untyped root with a period": (untyped("OPTIN", period={"end": "2026-01-01"}), "Consent.provision.period"),
    "a relative of unknown capacity": (
        a_resource(performer=[{"reference": f"RelatedPerson/{MOTHER}"}]),
        "Consent.performer[0].extension",
    ),
    "a relative of another server": (
        a_resource(performer=[_relative(f"https://other.example/RelatedPerson/{MOTHER}")]),
        "Consent.performer[0].extension",
    ),
    "another patient's own word": (
        a_resource(performer=[{"reference": f"Patient/{MOTHER}"}]),
        "Consent.performer[0].reference",
    ),
    "a day that is none": (with_provision(period={"start": "2026-02-31"}), "Consent.provision.period.start"),
    "a time without zone": (with_provision(period={"end": "2026-02-01T10:00:00"}), "Consent.provision.period.end"),
    "an end before its start": (
        with_provision(period={"start": "2026-02-02", "end": "2026-02-01"}),
        "Consent.provision.period.end",
    ),
    "no time at which it was said": (a_resource(dateTime=None), "Consent.dateTime"),
    "no provision": (a_resource(provision=None), "Consent.provision"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_represented_is_refused_by_its_element(what: str) -> None:
    resource, element = REFUSED[what]
    assert element in faults(resource)


def test_a_no_above_a_step_with_exceptions_is_refused() -> None:
    resource = consent_resource(a_consent(PERSON).to("*").denying().at_label(Sensitivity.VIP_SAGER).build())
    resource["provision"]["provision"] = [{"type": "permit", "actor": told("social")}]
    assert "Consent.provision.securityLabel" in faults(resource)


def test_a_refusal_names_all_faults_and_repeats_no_value() -> None:
    resource = a_resource(status="Hemmelig", implicitRules="Hemmelig", Hemmeligt=1, **{"æ Hemmelig": 2})
    found = faults(resource)
    assert set(found) == {"Consent.status", "Consent.implicitRules", "Consent.Hemmeligt", "Consent.(unknown)"}
    assert not [sentence for sentence in found.values() if "Hemmelig" in sentence]


# --- what would be read as more than it says --------------------------------------------------------------------------

ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
KIND = "urn:one-plan-hub:consent-kind"
ROLES = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
IN, OUT = {"system": ACT_CODE, "code": "OPTIN"}, {"system": ACT_CODE, "code": "OPTOUT"}
FOREIGN = {"system": "urn:other", "code": "only-nurses"}


@pytest.mark.parametrize("rule", [[FOREIGN], [IN, OUT], [IN, FOREIGN]])
def test_a_typed_root_beside_a_rule_that_says_something_else_is_refused(rule: list[dict[str, str]]) -> None:
    assert "Consent.policyRule" in faults(a_resource(policyRule={"coding": rule}))


def test_a_typed_root_needs_no_rule_beside_it() -> None:
    resource = a_resource()
    del resource["policyRule"]
    assert read(resource).scope.recipients == {"social"}


@pytest.mark.parametrize("name", ["scope", "policyRule"])
def test_a_text_alone_is_refused_where_a_code_decides(name: str) -> None:
    assert f"Consent.{name}.coding" in faults(a_resource(**{name: {"text": "For research"}}))


def test_a_category_in_words_alone_is_refused() -> None:
    assert "Consent.category[0].coding" in faults(a_resource(category=[{"text": "For research"}]))


def test_a_consent_of_two_kinds_is_refused() -> None:
    kinds = [{"coding": [{"system": KIND, "code": kind}]} for kind in ("sharing", "one-plan")]
    assert "Consent.category" in faults(a_resource(category=kinds))


@pytest.mark.parametrize("name", ["actor", "purpose", "class", "securityLabel", "data", "dataPeriod"])
def test_an_empty_condition_is_refused_and_not_read_as_all(name: str) -> None:
    assert f"Consent.provision.{name}" in faults(with_provision(**{name: []}))


def test_an_actor_of_a_second_role_is_refused() -> None:
    role = {"coding": [{"system": ROLES, "code": "IRCP"}, FOREIGN]}
    actor = {"role": role, "reference": {"reference": "Organization/social"}}
    assert "Consent.provision.actor[0].role" in faults(with_provision(actor=[actor]))


def test_an_actor_named_in_two_ways_is_refused() -> None:
    reference = {"reference": "Organization/social", "identifier": {"system": "http://cvr.dk", "value": "1"}}
    actor = {"role": {"coding": [{"system": ROLES, "code": "IRCP"}]}, "reference": reference}
    assert "Consent.provision.actor[0].reference.identifier" in faults(with_provision(actor=[actor]))


def test_an_element_of_another_server_is_none_of_ours() -> None:
    named = {"meaning": "instance", "reference": {"reference": f"https://example.org/Task/{PERSON}"}}
    assert "Consent.provision.data[0].reference" in faults(with_provision(data=[named]))
