"""A FHIR resource of which any one part is something else: refused, or taken, and never a failure of the hub."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.api.fhir_writing import a_goal, a_plan, a_statement, a_task, an_appointment, patient_of
from tests.integration.api.served import Served, served
from tests.integration.api.test_fhir_consents import given
from tests.integration.api.test_fhir_transactions import an_entry
from tests.unit.fhir.test_subscription_resources import ASKED

pytestmark = pytest.mark.integration

#: What another part is: of each kind that JSON has, empty and not.
OTHERS: tuple[Any, ...] = (None, {}, {"a": {}}, [], [[]], [{}], [None], True, -1, 1e308, "", "x", {"url": []})


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    wires = {"children": {"subscriptions": {"urls": [ASKED["channel"]["endpoint"]]}}}
    with served(f"sqlite:///{tmp_path_factory.mktemp('resources') / 'hub.db'}", wires=wires) as running:
        yield running


def parts(value: Any, *path: str | int) -> Iterator[tuple[str | int, ...]]:
    """Yield where each part of a resource is."""
    found: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in found:
        yield (*path, name)
        yield from parts(part, *path, name)


def changed(resource: dict[str, Any], path: tuple[str | int, ...], other: Any) -> dict[str, Any]:
    """Return a resource with another part in one place."""
    whole: Any = copy.deepcopy(resource)
    place = whole
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = other
    return dict(whole)


def resources(hub: Served) -> dict[str, tuple[str, str, dict[str, Any]]]:
    """Return one resource of each kind that can be written, where to, and by whom."""
    _, patient = a_plan(hub)
    goal = a_goal(patient)
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [an_entry(goal, "urn:uuid:" + "1" * 8)]}
    return {
        "goal": ("coordinator", "/fhir/Goal", goal),
        "appointment": ("children", "/fhir/Appointment", an_appointment(patient)),
        "task": ("coordinator", "/fhir/Task", a_task(patient)),
        "statement": ("anna", "/fhir/Communication", a_statement(patient_of(hub, str(hub.plan)))),
        "consent": ("coordinator", "/fhir/Consent", given(hub)),
        "subscription": ("children", "/fhir/Subscription", ASKED),
        "transaction": ("coordinator", "/fhir", bundle),
    }


@pytest.mark.parametrize("kind", ["goal", "appointment", "task", "statement", "consent", "subscription", "transaction"])
def test_a_part_that_is_something_else_is_no_failure(hub: Served, kind: str) -> None:
    caller, address, resource = resources(hub)[kind]
    assert hub.ask(caller, "POST", address, resource).is_success, "else nothing behind the first look is reached"
    wrong = []
    for path in parts(resource):
        for other in OTHERS:
            answer = hub.ask(caller, "POST", address, changed(resource, path, other))
            if answer.status_code >= 500:
                wrong.append((path, other, answer.status_code))
    assert not wrong, wrong[:10]
