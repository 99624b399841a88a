"""Every route and every kind of caller: who may, and what whoever may not is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import pytest
from fastapi import FastAPI

from hub.api.app import create_app
from hub.api.declared import Scope, declared_routes
from hub.identity.combinations import READERS
from hub.plan.person import Role
from tests.integration.api.served import ANNA_CPR, Served

pytestmark = pytest.mark.integration


def _an_app() -> FastAPI:
    nothing = cast(Any, None)  # to read what the routes declare, nothing behind them is needed
    return create_app(nothing, nothing, nothing, nothing, broker_answers=nothing)


NOBODY = None
CALLERS = (
    NOBODY, "children", "social", "employment", "caseworker", "partner", "coordinator", "another-coordinator",
    "coordinator-of-children",
    "operator", "operator-of-children", "administrator", "another-administrator", "anna", "bo",
    "caseworker-of-social", "partner-of-children", "auditor", "auditor-of-children", "security", "security-of-children",
)  # fmt: skip
#: Of each role, who works where Anna's plan is theirs too, and who does not; of the authorities, whose door is asked.
OWN_AND_OTHER: Mapping[Role, tuple[str, str]] = {
    Role.AUTHORITY_SYSTEM: ("employment", "social"),
    Role.CASEWORKER: ("caseworker", "caseworker-of-social"),
    Role.COORDINATOR: ("coordinator", "another-coordinator"),
    Role.PARTNER: ("partner-of-children", "partner"),
    Role.CITIZEN: ("anna", "bo"),
    Role.OPERATOR: ("operator-of-children", "operator"),
    Role.ADMINISTRATOR: ("administrator", "another-administrator"),
    Role.AUDITOR: ("auditor-of-children", "auditor"),
    Role.SECURITY_ADMINISTRATOR: ("security-of-children", "security"),
}
MEMBERS = frozenset({"children", "employment", "caseworker", "coordinator", "partner-of-children", "anna"})
CHOOSERS = frozenset({"coordinator", "anna"})
COORDINATORS = frozenset({"coordinator", "another-coordinator", "coordinator-of-children"})
WRITERS = COORDINATORS | {"children", "social", "employment", "caseworker", "caseworker-of-social"}
SYSTEMS = frozenset({"children", "social", "employment", "partner", "partner-of-children"})
STAFF = frozenset({"coordinator", "caseworker"})
PLAN_WRITERS = MEMBERS - {"partner-of-children"}
OPERATORS = frozenset({"operator", "operator-of-children"})
ADMINISTRATORS = frozenset({"administrator", "another-administrator"})
EVERYONE = frozenset(CALLERS)
READING = COORDINATORS | {"children", "caseworker"} | {one for role in READERS for one in OWN_AND_OTHER[role]}
DECLARED = {route: declared[0] for route, declared in declared_routes(_an_app()) if declared}
NOT_THERE = "99999999-9999-4999-8999-999999999999"
WHY = "Barnet er fundet alene hjemme om natten."

#: Route → what whoever may gets, who may, and what anyone else who is known gets.
ROUTES: Mapping[str, tuple[set[int], frozenset[str | None], int]] = {
    "POST /in/{authority}": ({400}, frozenset({"employment"}), 403),
    "POST /in/{authority}/events": ({202}, frozenset({"employment"}), 403),
    # Employment's plain adapter here serves nothing; test_soap_door.py asks one that does.
    "POST /soap/{authority}": ({404}, frozenset({"employment"}), 403),
    "GET /soap/{authority}": ({404}, EVERYONE, 0),
    # An OAuth error of its own; test_oauth.py asks with assertions.
    "POST /oauth/token": ({400}, EVERYONE, 0),
    "GET /plans/{plan}": ({200}, MEMBERS, 404),
    "GET /families/{plan}": ({200}, MEMBERS, 404),
    "POST /plans/search": ({200}, MEMBERS, 404),
    "GET /explain/{plan}/{element}": ({200}, frozenset({"coordinator", "employment", "anna"}), 404),
    "GET /consents": ({200}, CHOOSERS, 404),
    "GET /consents/ask-anew": ({200}, frozenset(one for one in CALLERS if one and "coordinator" in one), 403),
    "POST /consents": ({201}, CHOOSERS, 404),
    "POST /consents/{consent}/withdraw": ({200}, CHOOSERS, 404),
    "POST /consents/simulate": ({200}, CHOOSERS, 404),
    "GET /plans/{plan}/who-can-see": ({200}, CHOOSERS, 404),
    "GET /plans/{plan}/disclosures": ({200}, CHOOSERS, 404),
    "GET /plans/{plan}/report": ({200}, CHOOSERS, 404),
    "POST /plans/{plan}/restrictions": ({201}, frozenset({"coordinator"}), 404),
    "GET /plans/{plan}/restrictions": ({200}, CHOOSERS, 404),
    "POST /restrictions/{id}/announce": ({404}, frozenset(), 404),
    "POST /restrictions/{id}/lift": ({404}, frozenset(), 404),
    # Of an element of another plan; test_rights.py asks of one that is there.
    "POST /plans/{plan}/consent-requests": ({201}, frozenset({"coordinator"}), 404),
    "GET /plans/{plan}/consent-requests": ({200}, CHOOSERS, 404),
    # Of none that is there; test_consent_requests.py asks of one that is.
    "POST /consent-requests/{id}/answer": ({404}, frozenset(), 404),
    "POST /plans/{plan}/corrections": ({404}, frozenset(), 404),
    "GET /plans/{plan}/corrections": ({200}, CHOOSERS, 404),
    "GET /corrections": ({200}, WRITERS, 403),
    "POST /corrections/{id}/refuse": ({404}, WRITERS, 403),
    # Of an element of another plan; test_statements.py says something of one that is there.
    "POST /plans/{plan}/statements": ({404}, frozenset(), 404),
    "GET /plans/{plan}/statements": ({200}, CHOOSERS, 404),
    "GET /statements": ({200}, WRITERS, 403),
    "POST /statements/{id}/answer": ({404}, WRITERS, 403),
    "GET /plans/{plan}/goals": ({200}, CHOOSERS, 404),
    "POST /plans/{plan}/goals": ({201}, frozenset({"coordinator"}), 404),
    "PUT /plans/{plan}/goals/{id}": ({404}, frozenset(), 404),
    "POST /plans/{plan}/goals/{id}/end": ({404}, frozenset(), 404),
    "POST /plans/{plan}/erasure": ({201}, frozenset({"coordinator"}), 404),
    "POST /plans/{plan}/erasure/approve": ({404}, frozenset(), 404),
    "GET /plans/{plan}/erasure": ({404}, frozenset(), 404),
    "GET /plans/{plan}/erasure/certificate": ({404}, frozenset(), 404),
    "POST /plans/{plan}/legal-holds": ({201}, STAFF, 404),
    "GET /plans/{plan}/legal-holds": ({200}, STAFF, 404),
    "POST /legal-holds/{id}/lift": ({404}, frozenset(), 404),
    "GET /consents/{consent}/revocation": ({200}, CHOOSERS, 404),
    "GET /consents/{consent}/proof": ({200}, CHOOSERS, 404),
    "GET /proof-keys": ({200}, EVERYONE, 0),
    "GET /fhir/metadata": ({200}, EVERYONE, 0),
    "GET /fhir/{kind}/{id}": ({200}, MEMBERS, 404),
    "GET /fhir/{kind}": ({200}, READING, 404),
    # Of a goal; test_fhir_writes.py asks of each type.
    "POST /fhir": ({200}, PLAN_WRITERS, 404),
    "POST /fhir/{kind}": ({201}, PLAN_WRITERS, 404),
    # Of none that is there; test_fhir_writes.py changes some that are.
    "PUT /fhir/{kind}/{id}": ({404}, frozenset(), 404),
    "POST /fhir/{kind}/_search": ({200}, READING, 404),
    "GET /fhir/{kind}/{id}/_history": ({200}, MEMBERS, 404),
    "GET /fhir/{kind}/{id}/_history/{version}": ({200}, MEMBERS, 404),
    "GET /fhir/{kind}/{id}/$everything": ({200}, MEMBERS, 404),
    "GET /fhir/Consent/{consent}/_history": ({200}, CHOOSERS, 404),
    "GET /fhir/Consent/{consent}": ({200}, CHOOSERS, 404),
    "GET /fhir/Consent/{consent}/_history/{version}": ({200}, CHOOSERS, 404),
    "POST /fhir/Consent": ({201}, CHOOSERS, 404),
    "POST /fhir/Consent/$decide": ({200}, MEMBERS, 404),
    "GET /evaluation": ({200}, ADMINISTRATORS, 403),
    # Nothing that may be had, and nothing that is there; test_fhir_subscriptions.py subscribes.
    "POST /fhir/Subscription": ({400}, SYSTEMS, 403),
    "GET /fhir/Subscription": ({200}, SYSTEMS, 403),
    "GET /fhir/Subscription/{subscription}": ({404}, SYSTEMS, 403),
    "PUT /fhir/Subscription/{subscription}": ({400}, SYSTEMS, 403),
    "GET /fhir/Subscription/{subscription}/$status": ({404}, SYSTEMS, 403),
    "GET /fhir/Subscription/{subscription}/$events": ({404}, SYSTEMS, 403),
    "GET /contracts": ({200}, EVERYONE, 0),
    "GET /contracts/{path}": ({404}, EVERYONE, 0),
    # Nobody here has a feed; test_feed.py asks somebody who has.
    "GET /feed": (set(), frozenset(), 403),
    "GET /feed/documents/{delivery}": (set(), frozenset(), 403),
    "POST /feed/receipts": (set(), frozenset(), 403),
    "POST /feed/ack": (set(), frozenset(), 403),
    "GET /ops/feeds": ({200}, OPERATORS, 403),
    "GET /ops/subscriptions": ({200}, OPERATORS, 403),
    "GET /ops/queues": ({200}, OPERATORS, 403),
    "GET /ops/authorities": ({200}, OPERATORS, 403),
    "POST /ops/authorities/{authority}/hold": ({400}, OPERATORS, 403),
    "POST /ops/authorities/{authority}/release": ({409}, OPERATORS, 403),
    "POST /ops/authorities/{authority}/probe": ({409}, OPERATORS, 403),
    "GET /ops/dead-letters": ({200}, OPERATORS, 403),
    "GET /ops/dead-letters/{id}": ({404}, OPERATORS, 403),
    "POST /ops/dead-letters/{id}/discard": ({404}, OPERATORS, 403),
    # Of the plan's coordinator alone; test_dead_letters.py asks where there is one.
    "POST /ops/dead-letters/{id}/reveal": ({404}, frozenset(), 404),
    "GET /ops/activity": ({200}, OPERATORS, 403),
    "GET /ops/unknown-codes": ({200}, OPERATORS, 403),
    "GET /ops/audit": ({200}, OPERATORS, 403),
    "GET /ops/lookups": ({200}, OPERATORS, 403),
    "GET /ops/housekeeping": ({200}, OPERATORS, 403),
    "GET /ops/trace/{id}": ({404}, OPERATORS, 403),
    "GET /ops/withdrawals": ({200}, OPERATORS, 403),
    "GET /ops/receipts": ({200}, OPERATORS, 403),
    "POST /receipts": ({404}, SYSTEMS, 403),
    "POST /ops/dead-letters/{id}/replay": ({404}, OPERATORS, 403),
    "POST /ops/replays": ({400}, OPERATORS, 403),
    "GET /ops/replays": ({200}, OPERATORS, 403),
    "GET /ops/replays/{id}": ({404}, OPERATORS, 403),
    "POST /ops/replays/{id}/start": ({404}, OPERATORS, 403),
    "POST /ops/replays/{id}/cancel": ({404}, OPERATORS, 403),
    "POST /ops/number-links": ({400}, OPERATORS, 403),
    "GET /ops/emergencies": ({200}, OPERATORS, 403),
    "GET /plans/{plan}/findings": ({200}, CHOOSERS, 404),
    # Of a finding that is not there; test_findings.py asks of one that is.
    "POST /plans/{plan}/findings/{finding}/accept": ({404}, frozenset({"coordinator"}), 404),
    "POST /plans/{plan}/findings/{finding}/reopen": ({404}, frozenset({"coordinator"}), 404),
    # Of an appointment that is not there; test_proposals.py asks of one that is.
    "POST /plans/{plan}/proposals": ({404}, frozenset({"coordinator"}), 404),
    "GET /plans/{plan}/proposals": ({200}, CHOOSERS, 404),
    "POST /plans/{plan}/proposals/{id}/cancel": ({404}, frozenset({"coordinator"}), 404),
    "GET /proposals": ({200}, WRITERS, 403),
    "POST /proposals/{id}/accept": ({404}, WRITERS, 403),
    "POST /proposals/{id}/reject": ({404}, WRITERS, 403),
    "POST /plans/{plan}/emergency": ({201}, STAFF, 404),
    "POST /emergencies/{id}/approve": ({404}, frozenset(), 404),
    "POST /emergencies/{id}/reject": ({404}, frozenset(), 404),
    "GET /plans/{plan}/emergencies": ({200}, STAFF | {"anna"}, 404),
    "POST /plans/{plan}/hold": ({201}, STAFF, 404),
    "POST /plans/{plan}/hold/lift": ({409}, STAFF, 404),
    "GET /plans/{plan}/holds": ({200}, STAFF, 404),
    "POST /plans/{plan}/meetings": ({201}, STAFF, 404),
    "POST /meetings/{id}/close": ({404}, frozenset(), 404),
    "GET /plans/{plan}/meetings": ({200}, STAFF | {"anna"}, 404),
    "GET /notices": ({200}, frozenset(one for one in CALLERS if one and "coordinator" in one), 403),
    "POST /notices/{id}/told": ({404}, frozenset(), 404),
    "GET /register-tasks": ({200}, frozenset(one for one in CALLERS if one and "coordinator" in one), 403),
    "POST /register-tasks/{id}/done": ({404}, frozenset(), 404),
    # No post is configured here; test_notices.py asks where one is.
    "POST /post/receipts": ({202}, frozenset(), 403),
    "GET /ops/notices": ({200}, OPERATORS, 403),
    "POST /ops/notices/{id}/replay": ({404}, OPERATORS, 403),
    "GET /policies": ({200}, ADMINISTRATORS | OPERATORS, 403),
    "GET /policies/{version}": ({200}, ADMINISTRATORS | OPERATORS, 403),
    "POST /policies/drafts": ({400}, ADMINISTRATORS, 403),
    "GET /policies/drafts/{id}": ({404}, ADMINISTRATORS | OPERATORS, 403),
    "POST /policies/drafts/{id}/publish": ({404}, ADMINISTRATORS, 403),
    "POST /policies/drafts/{id}/discard": ({404}, ADMINISTRATORS, 403),
    "GET /audit": ({200}, frozenset({"auditor", "auditor-of-children"}), 403),
    "GET /audit/verification": ({200}, frozenset({"auditor", "auditor-of-children"}), 403),
    "GET /security/clients": ({200}, frozenset({"security", "security-of-children"}), 403),
    "GET /security/keys": ({200}, frozenset({"security", "security-of-children"}), 403),
    "GET /healthz": ({200}, EVERYONE, 0),
    "GET /readyz": ({200}, EVERYONE, 0),
    "GET /openapi.json": ({200}, EVERYONE, 0),
}


@pytest.fixture(scope="module")
def element(embedded_hub: Served) -> str:
    """An element of Anna's plan."""
    hub = embedded_hub
    hub.sends(ANNA_CPR, {"id": "role", "kind": "activity", "category": "activities"}, case="roles")
    found = hub.ask("coordinator", "GET", f"/plans/{hub.plan}").json()["elements"]
    return str(next(one["id"] for one in found if one["source"]["case"] == "roles"))


def asked(hub: Served, route: str, caller: str | None, element: str) -> int:
    sharing: dict[str, Any] = {
        "kind": "sharing", "plan": str(hub.plan), "sources": ["children"], "recipients": ["employment"],
        "categories": ["goals"],
    }  # fmt: skip
    bodies: dict[str, Any] = {
        "POST /in/{authority}": {},
        "POST /in/{authority}/events": {"id": "1", "reference": "r"},
        "POST /soap/{authority}": {},
        "POST /plans/search": {"cpr": ANNA_CPR},
        "POST /ops/authorities/{authority}/release": {},
        "POST /ops/authorities/{authority}/probe": {},
        "POST /consents": sharing,
        "POST /consents/simulate": {"give": sharing},
        "POST /fhir/Consent/$decide": {
            "resourceType": "Parameters",
            "parameter": [
                {"name": "plan", "valueString": str(hub.plan)},
                {"name": "authority", "valueString": "social"},
                {"name": "category", "valueString": "goals"},
            ],
        },
        "POST /fhir/Subscription": {},
        "PUT /fhir/Subscription/{subscription}": {},
        "POST /policies/drafts": {},
        "POST /receipts": {"delivery": f"{NOT_THERE}-1", "status": "taken-in"},
        "POST /policies/drafts/{id}/discard": {"reason": "rejected"},
        "POST /ops/dead-letters/{id}/discard": {"reason": WHY},
        "POST /ops/dead-letters/{id}/reveal": {"reason": WHY},
        "POST /plans/{plan}/emergency": {"reason": WHY, "minutes": 5},
        "POST /plans/{plan}/restrictions": {"reason": WHY},
        "POST /restrictions/{id}/lift": {"reason": WHY},
        "POST /plans/{plan}/corrections": {"element": element, "claim": WHY},
        "POST /corrections/{id}/refuse": {"reason": WHY},
        "POST /plans/{plan}/consent-requests": {"recipient": "children", "category": "goals", "purpose": WHY},
        "POST /consent-requests/{id}/answer": {"answer": "no"},
        "POST /plans/{plan}/statements": {"element": element, "says": "ask", "words": WHY},
        "POST /statements/{id}/answer": {"answer": WHY},
        "POST /plans/{plan}/goals": {"kind": "goal", "title": "Ro"},
        "PUT /plans/{plan}/goals/{id}": {"kind": "goal", "title": "Ro"},
        "POST /plans/{plan}/goals/{id}/end": {"status": "completed"},
        "POST /plans/{plan}/legal-holds": {"code": "case", "reason": WHY},
        "POST /plans/{plan}/findings/{finding}/accept": {"reason": WHY},
        "POST /plans/{plan}/proposals": {"element": element, "start": "2100-01-01T09:00:00+01:00"},
        "POST /proposals/{id}/reject": {"reason": WHY},
        "POST /plans/{plan}/hold": {"reason": WHY},
        "POST /plans/{plan}/hold/lift": {"reason": WHY},
        "POST /plans/{plan}/meetings": {"purpose": "ssd", "organisations": ["children"]},
    }
    goal = {
        "resourceType": "Goal", "lifecycleStatus": "active", "description": {"text": "Ro"},
        "subject": {"reference": f"Patient/{hub.anna}"},
    }  # fmt: skip
    entry = {"resource": goal, "request": {"method": "POST", "url": "Goal"}}
    bodies["POST /fhir"] = {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}
    bodies["POST /fhir/{kind}"] = goal
    bodies["PUT /fhir/{kind}/{id}"] = goal | {"id": str(hub.plan)}
    consent = hub.ask("coordinator", "POST", "/consents", sharing).json()["consent"] if "{consent}" in route else ""
    if route.startswith("GET /consents/{consent}"):
        hub.ask("coordinator", "POST", f"/consents/{consent}/withdraw")
    if route == "POST /fhir/Consent":
        said = hub.ask("coordinator", "POST", "/consents", sharing).json()["consent"]
        bodies[route] = hub.ask("coordinator", "GET", f"/fhir/Consent/{said}").json()
    method, _, path = route.partition(" ")
    plan = hub.opens_plan()[1]["plan"] if route.startswith("POST /plans/{plan}") else hub.plan  # these leave traces
    version: str | int = 1
    if route == "GET /fhir/{kind}/{id}/_history/{version}":  # a version is what one reader reads
        told = hub.ask(caller, "GET", f"/fhir/CarePlan/{hub.plan}")
        version = told.json()["meta"]["versionId"] if told.status_code == 200 else "none"
    ids = {"authority": "employment", "plan": plan, "element": element, "consent": consent,
           "kind": "Goal" if route in ("POST /fhir/{kind}", "PUT /fhir/{kind}/{id}") else "CarePlan",
           "path": "no-such-file", "version": version, "delivery": NOT_THERE, "finding": NOT_THERE,
           "subscription": NOT_THERE,
           "id": hub.plan if "fhir" in route else NOT_THERE}  # fmt: skip
    asked = {"GET /consents": f"?plan={hub.plan}", "GET /evaluation": "?from=2026-01&to=2026-01"}
    address = path.format(**ids) + asked.get(route, "")
    return hub.ask(caller, method, address, bodies.get(route), headers={"If-Match": '"1"'}).status_code


@pytest.mark.parametrize("caller", CALLERS, ids=str)
@pytest.mark.parametrize("route", ROUTES)
def test_a_route_answers_whom_it_may(hub: Served, element: str, route: str, caller: str | None) -> None:
    granted, may, otherwise = ROUTES[route]
    status = asked(hub, route, caller, element)
    if caller in may:
        assert status in granted
    else:
        assert status == (401 if caller is NOBODY else otherwise)


@pytest.mark.parametrize("caller", [caller for caller in CALLERS if caller not in ("coordinator", None)])
def test_a_plan_is_opened_by_the_coordinator_or_the_person(hub: Served, caller: str) -> None:
    request = {"kind": "one-plan", "person": {"cpr": ANNA_CPR, "name": "A"}, "authorities": ["children"]}
    answer = hub.ask(caller, "POST", "/consents", request)
    assert answer.status_code == (201 if caller == "anna" else 403)


def test_opening_a_plan_for_someone_else_leaves_no_trace_of_them(hub: Served) -> None:
    cpr = hub.a_cpr()
    request = {"kind": "one-plan", "person": {"cpr": cpr, "name": "A"}, "authorities": ["children"]}
    assert hub.ask("bo", "POST", "/consents", request).status_code == 403
    assert hub.ask("coordinator", "POST", "/plans/search", {"cpr": cpr}).status_code == 404


def test_the_description_of_the_routes_refers_to_nothing_outside_it(hub: Served) -> None:
    description = hub.ask(None, "GET", "/openapi.json")
    assert "$ref" not in str(description.json()["paths"]["/consents"]["post"]["requestBody"])
    assert "one-plan" in str(description.json()["paths"]["/consents"]["post"]["requestBody"])


def test_every_route_is_in_the_matrix(hub: Served) -> None:
    listed = hub.ask(None, "GET", "/openapi.json").json()["paths"]
    routes = {f"{method.upper()} {path}" for path, methods in listed.items() for method in methods}
    assert routes | {"GET /openapi.json"} == ROUTES.keys()


def test_every_role_is_asked_as_one_of_the_plan_and_as_one_of_elsewhere() -> None:
    assert OWN_AND_OTHER.keys() == set(Role)
    assert {caller for pair in OWN_AND_OTHER.values() for caller in pair} <= EVERYONE


@pytest.mark.parametrize("route", sorted(DECLARED))
def test_the_matrix_says_what_the_route_declares(route: str) -> None:
    """What the cells above assert, written down by hand, and what ``docs/reference/roles.md`` says are one thing."""
    declared, (granted, may, _) = DECLARED[route], ROUTES[route]
    for role, (own, other) in OWN_AND_OTHER.items():
        if role not in declared.roles:
            assert not {own, other} & may, f"{role} is not let in by {route}"
        elif declared.scope in (Scope.HUB, Scope.NOBODY):
            assert {own, other} <= may, f"{role} is let in by {route}, wherever they work"
        elif declared.scope in (Scope.PLAN, Scope.AUTHORITY):
            assert other not in may, f"{route} is of the own alone"
    assert granted or not may
    assert (NOBODY in may) is (declared.scope is Scope.NOBODY)
