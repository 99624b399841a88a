"""The examples of contract youth/v1 come out as their expected files say; its words and its ledger are whole."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from fastapi.openapi.models import OpenAPI
from hypothesis import given, settings

from hub.adapters._rest import JsonContract, openapi
from hub.adapters.youth import YouthAdapter
from hub.authority import Parcel, PlanUpdate, contract_folder
from hub.errors import ContractViolation, Refused
from hub.mappings._youth_words import RELATION_OF, STATUS_OF, TOPIC_OF, WORD_OF_KIND, WORD_OF_STATUS
from hub.mappings.youth import YouthMapping
from hub.plan.contribution import Contribution
from hub.plan.element import Kind, Sensitivity, Status
from hub.plan.merge import merge
from hub.testing.builders import THEN, a_plan
from tests.any_update import stored_updates
from tests.json_leaves import leaves
from tests.rendering import plain_contribution, plain_error

pytestmark = pytest.mark.files

FOLDER = contract_folder("youth/v1")
API = openapi("youth/v1")
SCHEMAS: dict[str, Any] = API["components"]["schemas"]
CASES = sorted([*(FOLDER / "examples").glob("forloeb-*.json"), *(FOLDER / "examples" / "refused").glob("*.json")])
OTHERS = {
    "kvittering-taken-in": "Kvittering",
    "kvittering-legal-hold": "Kvittering",
    "plan-opdatering": "PlanOpdatering",
}
ADAPTER, MAPPING, CONTRACT = YouthAdapter({}), YouthMapping(), JsonContract("youth/v1")
FATES = {entry.path: entry for entry in MAPPING.ledger("youth/v1")}


def taken_in(body: bytes) -> Contribution:
    (contribution,) = MAPPING.to_plan(ADAPTER.receive(Parcel("youth", body, "application/json")))
    return contribution


def outcome(example: Path) -> Any:
    try:
        return [plain_contribution(taken_in(example.read_bytes()))]
    except Refused as error:
        return plain_error(error)


def expected_of(example: Path) -> Path:
    return FOLDER / "expected" / example.relative_to(FOLDER / "examples")


@pytest.mark.parametrize("example", CASES, ids=lambda path: path.stem)
def test_an_example_comes_out_as_expected(example: Path) -> None:
    assert outcome(example) == orjson.loads(expected_of(example).read_bytes())


def test_no_expected_outcome_is_without_its_example() -> None:
    assert set((FOLDER / "expected").rglob("*.json")) == {expected_of(example) for example in CASES}


def test_every_other_example_is_a_document_of_the_contract() -> None:
    found = {path.stem for path in (FOLDER / "examples").glob("*.json")} - {path.stem for path in CASES}
    assert found == set(OTHERS)
    for name, schema in OTHERS.items():
        CONTRACT.read(schema, (FOLDER / "examples" / f"{name}.json").read_bytes())


def test_a_deleted_course_leaves_nothing_in_the_plan() -> None:
    plan = a_plan().build()
    for name in ("normal", "deleted"):
        contribution = taken_in((FOLDER / "examples" / f"forloeb-{name}.json").read_bytes())
        plan = merge(plan, contribution, {}, THEN)
        assert bool(plan.elements) == (name == "normal")


# --- the ledger -------------------------------------------------------------------------------------------------------


def test_the_ledger_names_every_leaf_of_a_course_once_and_no_other() -> None:
    assert sorted(entry.path for entry in MAPPING.ledger("youth/v1")) == sorted(leaves(SCHEMAS["UngeForloeb"], SCHEMAS))
    with pytest.raises(LookupError):
        MAPPING.ledger("social/v1")


#: Another valid value of a leaf, where one more letter would break the contract.
OTHER: dict[str, Any] = {
    "MeddelelseId": "6d3b1c52-0c6e-4b3f-9b6a-5a2e7c0dffff",
    "Version": 43,
    "Ung.CPR": "0504909989",
    "Ung.TidligereCPR": "6505159995",
    "Foraeldre[].CPR": "2911829996",
}


def another(path: str, value: Any) -> Any:
    if path in OTHER:
        return OTHER[path]
    if isinstance(value, bool):
        return not value
    if path.endswith("Foelsomhed"):
        return "VIP_SAGER"
    if value[:2] == "20":
        return value.replace("2026", "2027" if path.rpartition(".")[2] in ("Slut", "Frist") else "2024", 1)
    return f"{value}x"


@pytest.mark.parametrize("path", sorted(FATES))
def test_another_value_of_a_leaf_gives_another_contribution(path: str) -> None:
    course = orjson.loads((FOLDER / "examples" / "forloeb-maximal.json").read_bytes())
    before = taken_in(orjson.dumps(course))
    *holders, last = path.replace("[]", ".[]").split(".")
    place: Any = course
    for step in holders:
        place = place[0] if step == "[]" else place[step]
    place[last] = another(path, place[last])
    assert taken_in(orjson.dumps(course)) != before


# --- out --------------------------------------------------------------------------------------------------------------


@settings(max_examples=150, deadline=None)
@given(stored_updates)
def test_an_update_is_valid_against_the_contract_whatever_its_elements_hold(update: PlanUpdate) -> None:
    content = MAPPING.from_plan(update).content
    if CONTRACT.is_valid("Cpr", content["CPR"]):  # any ten digits may come; a number of the plan's is always a day
        assert CONTRACT.is_valid("PlanOpdatering", content)
    assert [one["ElementId"] for one in content["Delt"]] == [str(one.element.id) for one in update.disclosed]


# --- the contract -----------------------------------------------------------------------------------------------------


def described(schema: Any, path: str) -> Iterator[str]:
    if "description" not in schema and "$ref" not in schema:
        yield path
    for name, inner in schema.get("properties", {}).items():
        yield from described(inner, f"{path}.{name}")
    if "items" in schema:
        yield from described(schema["items"], f"{path}[]")


def test_it_is_openapi_3_1_and_every_field_is_described_and_every_object_closed() -> None:
    OpenAPI.model_validate(API)
    assert not [path for name, schema in SCHEMAS.items() for path in described(schema, name)]
    is_open = {name for name, one in SCHEMAS.items() if one["type"] == "object" and one["additionalProperties"]}
    assert is_open == {"Fejl"}


def test_the_readme_has_every_word_of_the_tables() -> None:
    readme = (FOLDER / "README.md").read_text("utf-8")
    words = [*STATUS_OF, *TOPIC_OF, *RELATION_OF, *WORD_OF_KIND.values(), *WORD_OF_STATUS.values()]
    assert not [word for word in words if f"`{word}`" not in readme]


def test_the_contract_has_a_word_for_every_kind_status_and_label() -> None:
    shared = SCHEMAS["Delt"]["properties"]
    assert {WORD_OF_KIND[kind] for kind in Kind} == set(shared["Art"]["enum"])
    assert {WORD_OF_STATUS[status] for status in Status} == set(shared["Status"]["enum"])
    assert set(Sensitivity.__members__) == set(SCHEMAS["Foelsomhed"]["enum"])


def test_a_refusal_repeats_nothing_of_the_document() -> None:
    for example in (FOLDER / "examples" / "refused").glob("*.json"):
        with pytest.raises(ContractViolation) as caught:
            taken_in(example.read_bytes())
        said = caught.value.diagnostics()
        assert not [word for word in ("0505109990", "050510-9990", "Lars", "Skolegade", "HEMMELIG") if word in said]
