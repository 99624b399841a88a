"""What somebody may be, by claims and settings."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from hub.consent.reader import ONE_PLAN
from hub.errors import SettingsRefused
from hub.identity.offers import Offer, People, as_citizen, may_meet
from hub.identity.tokens import CITIZEN_ACCESS
from hub.plan.person import Role
from hub.settings import SignIn

SOMEBODY = UUID(int=7)


def a_rule(role: str = "coordinator", organisation: str = "coordination", **claims: str) -> dict[str, Any]:
    return {"claims": claims or {"roles": role}, "role": role, "organisation": organisation}


def given(*rules: dict[str, Any], **changed: Any) -> dict[str, Any]:
    known = {"issuer": "https://login.example", "client_id": "hub", "client_secret": "s"}
    return {**known, "roles": list(rules), "citizen_claim": "cpr", **changed}


def people(*rules: dict[str, Any], **changed: Any) -> People:
    return People(SignIn.model_validate(given(*rules, **changed)))


COORDINATOR = Offer(Role.COORDINATOR, "coordination", ONE_PLAN)


@pytest.mark.parametrize("said", ["coordinator", ["coordinator"], ["caseworker", "coordinator"]])
def test_a_claim_fits_by_its_value_or_among_its_values(said: object) -> None:
    assert people(a_rule()).offers({"roles": said}) == (COORDINATOR,)


@pytest.mark.parametrize(
    "said", [None, "", "coordinators", "Coordinator", [], {"coordinator": 1}, 1, [["coordinator"]]]
)
def test_nothing_else_fits(said: object) -> None:
    assert people(a_rule()).offers({"roles": said}) == ()


def test_a_rule_wants_all_of_its_claims() -> None:
    known = people(a_rule(privileges="p", cvr="29188599"))
    assert known.offers({"privileges": ["p"], "cvr": "29188599"}) == (COORDINATOR,)
    assert known.offers({"privileges": ["p"], "cvr": "12345678"}) == ()
    assert known.offers({"privileges": ["p"]}) == ()


def test_a_claim_is_found_by_its_whole_name() -> None:
    name = "https://data.gov.dk/model/core/eid/privilegesIntermediate"
    assert people(a_rule(**{name: "p"})).offers({name: "p"}) == (COORDINATOR,)


def test_what_two_rules_give_alike_is_offered_once_and_what_differs_in_one_order() -> None:
    rules = a_rule(a="1"), a_rule(b="1"), a_rule("caseworker", "children", a="1")
    offers = people(*rules).offers({"a": "1", "b": "1"})
    assert offers == (Offer(Role.CASEWORKER, "children"), COORDINATOR)
    assert people(*reversed(rules)).offers({"a": "1", "b": "1"}) == offers


@pytest.mark.parametrize("role", ["citizen", "authority-system", "partner", "mayor"])
def test_a_rule_gives_no_role_that_comes_otherwise(role: str) -> None:
    with pytest.raises(SettingsRefused) as refused:
        people(a_rule(role))
    assert refused.value.faults[0].field == "sign_in.roles.0.role"


def test_two_rules_of_one_role_and_organisation_say_the_same_of_what_may_be_asked_for() -> None:
    other = a_rule(b="1") | {"purpose": "meeting"}
    with pytest.raises(SettingsRefused) as refused:
        people(a_rule(a="1"), other)
    assert refused.value.faults[0].field == "sign_in.roles.1.purpose"
    assert people(other).offer("coordinator", "coordination", None) == Offer(
        Role.COORDINATOR, "coordination", "meeting"
    )


def test_a_caseworkers_reads_may_be_limited_by_subject_and_nobody_elses() -> None:
    known = people(a_rule("caseworker", "children") | {"kle": ["32.18", "27"]})
    assert known.offers({"roles": "caseworker"}) == (Offer(Role.CASEWORKER, "children", kle=("27", "32.18")),)
    assert known.offer("caseworker", "children", None) == Offer(Role.CASEWORKER, "children", kle=("27", "32.18"))
    for rules in (
        (a_rule() | {"kle": ["27"]},),
        (a_rule("caseworker", "children", a="1"), a_rule("caseworker", "children", b="1") | {"kle": ["27"]}),
    ):
        with pytest.raises(SettingsRefused):
            people(*rules)


def test_every_other_role_may_be_given() -> None:
    for role in set(Role) - {Role.CITIZEN, Role.AUTHORITY_SYSTEM, Role.PARTNER}:
        assert [one.role for one in people(a_rule(role)).offers({"roles": role})] == [role]


def test_a_citizen_is_known_by_the_number_in_the_one_claim() -> None:
    found = people().citizen({"cpr": "020160-9995"})
    assert found is not None
    assert found.value == "0201609995"
    for claims in (
        {},
        {"cpr": None},
        {"cpr": 201609995},
        {"cpr": "x"},
        {"cpr": ["0201609995"]},
        {"other": "0201609995"},
    ):
        assert people().citizen(claims) is None
    assert people(a_rule(), citizen_claim="").citizen({"cpr": "0201609995", "": "0201609995"}) is None


@pytest.mark.parametrize(
    ("least", "said", "is_sure"),
    [
        ("substantial", "Substantial", True), ("substantial", "High", True), ("substantial", "Low", False),
        ("high", "Substantial", False), ("low", "Low", True), ("substantial", None, False),
        ("substantial", "https://data.gov.dk/concept/core/nsis/loa/High", True), ("substantial", "highest", False),
        ("substantial", 3, False), ("substantial", ["High"], False), ("", None, True), ("", "Low", True),
    ],
)  # fmt: skip
def test_whoever_is_known_less_surely_than_asked_is_not(least: str, said: object, is_sure: bool) -> None:
    assert people(least_level=least).is_sure({"acr": said}) is is_sure


def test_a_municipality_says_itself_what_a_brokers_words_mean() -> None:
    known = people(level_claim="loa", levels={"mitid-2": "substantial"})
    assert known.is_sure({"loa": "mitid-2"})
    assert not known.is_sure({"loa": "Substantial"})
    assert not known.is_sure({"acr": "mitid-2"})


def test_a_session_goes_on_as_what_the_settings_still_have() -> None:
    known = people(a_rule())
    assert known.offer("coordinator", "coordination", None) == COORDINATOR
    assert known.offer("coordinator", "children", None) is None
    assert known.offer("citizen", "citizen", None) is None
    assert known.offer("citizen", "citizen", SOMEBODY) == as_citizen(SOMEBODY)
    assert as_citizen(SOMEBODY).purpose == CITIZEN_ACCESS


def test_other_settings_have_another_digest() -> None:
    assert people(a_rule()).digest == people(a_rule()).digest
    assert len({people(a_rule()).digest, people().digest, people(a_rule(), max_age=1).digest}) == 3


def test_roles_that_must_not_meet_do_not() -> None:
    assert may_meet((COORDINATOR, Offer(Role.CASEWORKER, "children")))
    assert not may_meet((COORDINATOR, Offer(Role.AUDITOR, "audit")))


@pytest.mark.parametrize(
    "changed",
    [
        {"issuer": "http://login.example"}, {"issuer": "https://login.example?x=y"}, {"issuer": "login.example"},
        {"client_secret": ""}, {"key_file": "key.pem"}, {"scopes": ["profile"]}, {"citizen_claim": ""},
        {"unknown": 1}, {"least_level": "medium"}, {"max_age": -1}, {"levels": {"x": "medium"}},
    ],
    ids=str,
)  # fmt: skip
def test_settings_that_make_no_sense_are_refused_without_the_secret(changed: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as refused:
        SignIn.model_validate(given(client_secret="very-secret") | changed)
    assert "very-secret" not in str(refused.value.errors(include_input=False, include_context=False))
