"""v2 of a contract stands beside v1: one adapter and one mapping take in both, and v1 goes on as it was."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import EntryPoint
from uuid import UUID

import orjson
import pytest

from hub.authority import Authorities, Parcel, load
from hub.errors import ContractViolation
from hub.flow.accept import accept
from hub.testing.builders import TEST_CPR
from hub.testing.memory_adapter import Told
from tests.integration.flow.both_versions import V1, V2
from tests.integration.world import World

pytestmark = pytest.mark.integration
_BOTH = "tests.integration.flow.both_versions"


@pytest.fixture
def authorities(monkeypatch: pytest.MonkeyPatch) -> Authorities:
    points = {"hub.adapters": f"{_BOTH}:AdapterOfBoth", "hub.mappings": f"{_BOTH}:MappingOfBoth"}
    monkeypatch.setattr(
        "hub.authority.joining.entry_points", lambda *, group: [EntryPoint("memory", points[group], group)]
    )
    return load({"memory": {}})


def of_v1(version: int, title: str, case: str = "C1") -> Parcel:
    return _parcel(Told(TEST_CPR, case, version, {"g1": title}).body())


def of_v2(version: int, title: str, case: str = "C1", **more: object) -> Parcel:
    told = {
        "contract": V2, "message_id": f"{case}-{version}", "case": case, "version": version, "person": TEST_CPR,
        "wishes": [{"id": "g1", "title": title, "text": "Med egne ord"}], "gone": [],
    }  # fmt: skip
    return _parcel(orjson.dumps(told | more))


def _parcel(body: bytes) -> Parcel:
    return Parcel("memory", body, "application/json", correlation_id="c")


def goals(world: World, plan: UUID) -> Mapping[str, tuple[str, str, str]]:
    """Return of each case its goal's title and text, and the contract that told of it."""
    with world.store.begin(read_only=True) as unit:
        stored = unit.plans.get(plan)
        assert stored is not None
        elements = stored.plan.elements.values()
        return {one.provenance.case: (one.title, one.text, one.provenance.contract) for one in elements}


def test_v1_is_still_taken_when_others_have_moved_to_v2(world: World, authorities: Authorities) -> None:
    plan = world.opens_plan(TEST_CPR).plans[0]
    accept(of_v2(1, "Ro om aftenen", "C2"), world.store, authorities)
    accept(of_v1(1, "Et arbejde", "C1"), world.store, authorities)
    assert goals(world, plan) == {
        "C1": ("Et arbejde", "", V1),
        "C2": ("Ro om aftenen", "Med egne ord", V2),
    }


def test_a_case_moves_from_v1_to_v2_and_a_late_message_of_v1_changes_nothing(
    world: World, authorities: Authorities
) -> None:
    plan = world.opens_plan(TEST_CPR).plans[0]
    late = of_v1(2, "Sent")
    first = accept(of_v1(1, "Først"), world.store, authorities)
    accept(of_v2(3, "Nyest"), world.store, authorities)
    accept(late, world.store, authorities)
    assert goals(world, plan) == {"C1": ("Nyest", "Med egne ord", V2)}
    again = accept(of_v1(1, "Først"), world.store, authorities)
    assert (again.id, again.is_repeat) == (first.id, True)


def test_a_message_has_the_words_of_its_own_version(world: World, authorities: Authorities) -> None:
    world.opens_plan(TEST_CPR)
    wishes_in_v1 = orjson.loads(of_v2(1, "Et ønske").body) | {"contract": V1}
    for wrong in (orjson.dumps(wishes_in_v1), of_v2(1, "Et ønske", goals={}).body):
        with pytest.raises(ContractViolation):
            accept(_parcel(wrong), world.store, authorities)


def test_each_version_has_a_ledger_that_names_its_fields_and_no_others(authorities: Authorities) -> None:
    mapping = authorities["memory"].mapping
    for contract, parcel in ((V1, of_v1(1, "Et ønske")), (V2, of_v2(1, "Et ønske"))):
        named = {entry.path.partition("[")[0] for entry in mapping.ledger(contract)}
        assert named == orjson.loads(parcel.body).keys()
