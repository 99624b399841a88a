"""The reference pages of the contracts say what the contracts say, and the contracts say something of everything."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from hub.authority import contract_folder
from hub.testing.contract_compatibility import read_contract
from hub.testing.contract_pages import contracts, file_of, page_of, undocumented

pytestmark = pytest.mark.files

PAGES = Path(__file__).parents[2] / "docs" / "reference" / "contracts"
IN_FULL = ("children/v1", "employment/v1", "social/v1", "youth/v1", "partners/v1")


@pytest.mark.parametrize("contract", contracts())
def test_a_page_is_what_its_contract_says(contract: str) -> None:
    assert (PAGES / file_of(contract)).read_text("utf-8") == page_of(contract), "run: make docs"


def test_every_contract_has_a_page_and_no_page_is_left_over() -> None:
    assert sorted(path.name for path in PAGES.iterdir()) == sorted(map(file_of, contracts()))


@pytest.mark.parametrize("contract", contracts())
def test_something_is_said_of_every_element_and_property(contract: str) -> None:
    silent = {file: undocumented(agreed) for file, agreed in read_contract(contract_folder(contract)).items()}
    assert not any(silent.values()), silent


@pytest.mark.parametrize("contract", ["employment/v1", "social/v1", "youth/v1", "partners/v1"])
def test_an_operation_of_which_nothing_is_said_is_found(contract: str) -> None:
    for agreed in read_contract(contract_folder(contract)).values():
        assert agreed.operations
        for one in agreed.operations:
            others = tuple(other for other in agreed.operations if other is not one)
            assert undocumented(replace(agreed, operations=(replace(one, told=" "), *others))) == [one.name]


@pytest.mark.parametrize("contract", IN_FULL)
def test_a_contract_shows_documents_of_every_kind(contract: str) -> None:
    examples = contract_folder(contract) / "examples"
    shown = Counter(path.parent.name for path in examples.rglob("*") if path.is_file())
    assert shown["examples"] + shown["refused"] >= 12
    names = " ".join(path.stem for path in examples.iterdir())
    kinds = {"normal", "minimal", "maximal", "changed", "closed"}
    if contract != "partners/v1":  # it only receives, and what the hub sends is clean
        kinds |= {"dirty", "deleted"}
    assert {kind for kind in kinds if kind not in names} == set()
