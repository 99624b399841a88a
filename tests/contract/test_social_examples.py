"""The examples of contract social/v1 come out as their expected files say, and its OpenAPI document is sound."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import jsonschema_rs
import orjson
import pytest
from fastapi.openapi.models import OpenAPI

from hub.adapters._rest import JsonContract, openapi
from hub.adapters.social import SocialAdapter
from hub.authority import Disclosed, Parcel, PlanUpdate, contract_folder
from hub.errors import Refused
from hub.mappings._social_words import RELATION_OF, STATUS_OF, TOPIC_OF, WORD_OF_KIND, WORD_OF_STATUS
from hub.mappings.social import SocialMapping
from hub.plan.element import Category, Code, Element, Kind, OrderKey, Period, Provenance, Sensitivity, Status
from hub.plan.identifier import CPR, Identifier
from tests.rendering import plain_contribution, plain_error

pytestmark = pytest.mark.files

FOLDER = contract_folder("social/v1")
API = openapi("social/v1")
SCHEMAS: dict[str, Any] = API["components"]["schemas"]
CASES = sorted([*(FOLDER / "examples").glob("sag-*.json"), *(FOLDER / "examples" / "refused").glob("*.json")])
REFUSED = [path for path in CASES if path.parent.name == "refused"]
OTHERS = {
    "sags-haendelse": "SagsHaendelse",
    "aendringer": "Aendringer",
    "kvittering-taken-in": "Kvittering",
    "kvittering-legal-hold": "Kvittering",
    "plan-opdatering": "PlanOpdatering",
}


def outcome(example: Path) -> Any:
    parcel = Parcel("social", example.read_bytes(), "application/json")
    try:
        document = SocialAdapter({}).receive(parcel)
        return [plain_contribution(contribution) for contribution in SocialMapping().to_plan(document)]
    except Refused as error:
        return plain_error(error)


def expected_of(example: Path) -> Path:
    return FOLDER / "expected" / example.relative_to(FOLDER / "examples")


# --- examples ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("example", CASES, ids=lambda path: path.stem)
def test_an_example_comes_out_as_expected(example: Path) -> None:
    assert outcome(example) == orjson.loads(expected_of(example).read_bytes())


def test_no_expected_outcome_is_without_its_example() -> None:
    assert set((FOLDER / "expected").rglob("*.json")) == {expected_of(example) for example in CASES}


def test_every_other_example_is_a_document_of_the_contract() -> None:
    found = {path.stem for path in (FOLDER / "examples").glob("*.json")} - {path.stem for path in CASES}
    assert found == set(OTHERS)


@pytest.mark.parametrize("name", OTHERS)
def test_what_else_is_exchanged_is_valid(name: str) -> None:
    JsonContract("social/v1").read(OTHERS[name], (FOLDER / "examples" / f"{name}.json").read_bytes())


@pytest.mark.parametrize("path", REFUSED, ids=lambda path: path.stem)
def test_an_error_repeats_no_value_of_its_document(path: Path) -> None:
    said = orjson.dumps(outcome(path)).decode()
    contracts_own = orjson.dumps(API).decode()
    values = {text for text in texts_of(orjson.loads(path.read_bytes())) if len(text) > 3}
    assert not {text for text in values if text in said and text not in contracts_own}


def texts_of(tree: Any) -> Iterator[str]:
    if isinstance(tree, str):
        yield tree
    for inner in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ():
        yield from texts_of(inner)


def test_the_plan_update_of_the_examples_is_what_the_mapping_writes() -> None:
    at = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    meeting = Element(
        id=UUID("7c9e6679-7425-50de-944b-e07fc1f90ae7"),
        kind=Kind.APPOINTMENT,
        category=Category.APPOINTMENTS,
        label=Sensitivity.IKKE_FORTROLIGE_DATA,
        status=Status.PLANNED,
        title="Opfølgningssamtale",
        text="",
        valid=Period(datetime(2026, 3, 10, 9, 30, tzinfo=UTC), datetime(2026, 3, 10, 10, 30, tzinfo=UTC)),
        codes=(Code("https://data.gov.dk/id/classification/KLE", "27.24.00"),),
        part_of=None,
        concerns=frozenset(),
        details={"place": "Familiehuset"},
        provenance=Provenance("children", "Sandbox Familie 1.0", "27.24.00-G01-8-26", "m", "children/v1"),
        order=OrderKey(4, at, "m"),
        registered_at=at,
    )
    update = PlanUpdate(
        plan=UUID("9b2d1f0e-1c3a-4f5b-8a7d-6e5c4b3a2f10"),
        recipient="social",
        person=Identifier(CPR, "0201609995"),
        sequence=3,
        correlation_id="c-20260302-1",
        made_at=datetime(2026, 3, 2, 9, 0, 2, tzinfo=UTC),
        disclosed=(Disclosed(meeting, "b64:mJ8f", "Borgeren har givet samtykke til, at aftaler deles."),),
        withdrawn=(UUID("1b4e28ba-2fa1-51d2-883f-0016d3cca427"),),
    )
    example = orjson.loads((FOLDER / "examples" / "plan-opdatering.json").read_bytes())
    assert SocialMapping().from_plan(update).content == example


# --- the OpenAPI document ---------------------------------------------------------------------------------------------


def schemas_within(schema: Any, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    yield path, schema
    for name, inner in schema.get("properties", {}).items():
        yield from schemas_within(inner, f"{path}.{name}")
    for keyword in ("items", "additionalProperties"):
        if isinstance(schema.get(keyword), dict):
            yield from schemas_within(schema[keyword], f"{path}.{keyword}")
    for number, inner in enumerate(schema.get("oneOf", ())):
        yield from schemas_within(inner, f"{path}.{number}")


ALL_SCHEMAS = [found for name, schema in SCHEMAS.items() for found in schemas_within(schema, name)]


def test_it_is_openapi_3_1() -> None:
    assert API["openapi"].startswith("3.1.")
    OpenAPI.model_validate(API)


@pytest.mark.parametrize("name", SCHEMAS)
def test_each_schema_is_valid_json_schema_2020_12(name: str) -> None:
    jsonschema_rs.meta.validate({"$schema": "https://json-schema.org/draft/2020-12/schema", **SCHEMAS[name]})


def test_every_reference_leads_somewhere() -> None:
    for pointer in re.findall(r'"\$ref":"#/([^"]+)"', orjson.dumps(API).decode()):
        target: Any = API
        for step in pointer.split("/"):
            target = target[step]


def test_every_field_is_described_by_itself_or_by_what_it_refers_to() -> None:
    assert not [path for path, schema in ALL_SCHEMAS if "description" not in schema and "$ref" not in schema
                and not path.rpartition(".")[2].isdigit()]  # fmt: skip


def test_every_object_says_whether_it_is_closed_and_only_two_are_open() -> None:
    objects = {path: schema for path, schema in ALL_SCHEMAS if schema.get("type") == "object"}
    assert all("additionalProperties" in schema for schema in objects.values())
    assert {path for path, schema in objects.items() if schema["additionalProperties"]} == {
        "Element.Oplysninger",
        "Fejl",
    }


def test_each_operation_has_its_own_id_and_declares_the_parameters_of_its_path() -> None:
    ids = []
    for path, item in API["paths"].items():
        for operation in (item[method] for method in ("get", "put", "post") if method in item):
            ids.append(operation["operationId"])
            declared = {one["name"] for one in operation.get("parameters", []) if one["in"] == "path"}
            assert declared == set(re.findall(r"{(\w+)}", path))
    assert len(ids) == len(set(ids))


# --- the words --------------------------------------------------------------------------------------------------------


def test_the_readme_has_every_word_of_the_tables() -> None:
    readme = (FOLDER / "README.md").read_text("utf-8")
    words = [*STATUS_OF, *TOPIC_OF, *RELATION_OF, *WORD_OF_KIND.values(), *WORD_OF_STATUS.values()]
    assert not [word for word in words if f"`{word}`" not in readme]


def test_the_contract_has_a_word_for_every_kind_status_and_label() -> None:
    element = SCHEMAS["Element"]["properties"]
    assert {WORD_OF_KIND[kind] for kind in Kind} == set(element["Art"]["enum"])
    assert {WORD_OF_STATUS[status] for status in Status} == set(element["Status"]["enum"])
    assert set(Sensitivity.__members__) == set(SCHEMAS["Foelsomhed"]["enum"])
