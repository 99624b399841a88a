"""The examples of the children contracts come out as their expected files say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
from lxml import etree

from hub.adapters.children import ChildrenAdapter
from hub.authority import Parcel, contract_folder
from hub.errors import Refused
from hub.mappings.children import ChildrenMapping
from tests.rendering import plain_contribution, plain_error

pytestmark = pytest.mark.files

FOLDERS = [contract_folder(f"children/{version}") for version in ("v1", "l201-v1", "l231-v1")]
EXPECTED = [path for folder in FOLDERS for path in sorted((folder / "expected").rglob("*.json"))]
INCOMING = [
    path
    for folder in FOLDERS
    for path in sorted((folder / "examples").rglob("*.xml"))
    if path.name not in ("plan-update.xml", "receipt.xml") and path.parent.name != "errors"
]


def outcome(example: Path) -> Any:
    parcel = Parcel("children", example.read_bytes(), "application/xml")
    try:
        document = ChildrenAdapter({}).receive(parcel)
        return [plain_contribution(contribution) for contribution in ChildrenMapping().to_plan(document)]
    except Refused as error:
        return plain_error(error)


def expected_of(example: Path) -> Path:
    folder = next(folder for folder in FOLDERS if folder in example.parents)
    return folder / "expected" / example.relative_to(folder / "examples").with_suffix(".json")


@pytest.mark.parametrize("example", INCOMING, ids=lambda path: f"{path.parts[-4]}-{path.stem}")
def test_an_example_comes_out_as_expected(example: Path) -> None:
    assert outcome(example) == orjson.loads(expected_of(example).read_bytes())


def test_no_expected_outcome_is_without_its_example() -> None:
    assert set(EXPECTED) == {expected_of(example) for example in INCOMING}


@pytest.mark.parametrize("name", ["plan-update.xml", "receipt.xml"])
def test_what_goes_out_and_what_answers_it_is_valid(name: str) -> None:
    folder = contract_folder("children/v1")
    schema = etree.XMLSchema(file=folder / "children.xsd")
    schema.assertValid(etree.parse(folder / "examples" / name))


@pytest.mark.parametrize(
    "path", [path for path in INCOMING if path.parent.name == "refused"], ids=lambda path: path.stem
)
def test_an_error_repeats_no_value_of_its_document(path: Path) -> None:
    said = orjson.dumps(outcome(path)).decode()
    parser = etree.XMLParser(recover=True, resolve_entities=False)
    values = {
        str(text).strip()
        for text in etree.fromstring(path.read_bytes(), parser).itertext()
        if len(str(text).strip()) > 3
    }
    agreed = {"L201", "L231", "false", "2026M10", "0000000000"}  # words of the contract itself
    assert not {value for value in values - agreed if value in said}
