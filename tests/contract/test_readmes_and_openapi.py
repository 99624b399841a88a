"""The statuses that a REST contract's README lists are those that its OpenAPI document answers."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from hub.adapters._rest import openapi
from hub.authority import contract_folder

pytestmark = pytest.mark.files

CONTRACTS = ("social/v1", "youth/v1")
_REFUSAL = re.compile(r"^\| (\d{3}) \| `[a-z-]+`", re.M)
_ANSWER = re.compile(r"^\| ((?:\d{3})\b[^|]*) \| [^|]+ \|$", re.M)
_STATUS = re.compile(r"\b(\d{3}|4xx)\b")


def operations(contract: str) -> Iterator[tuple[str, set[str]]]:
    """Yield the path of each operation and the statuses of its answers."""
    for path, item in openapi(contract)["paths"].items():
        for method in item.keys() & {"get", "put", "post", "delete", "patch"}:
            yield path, set(item[method]["responses"])


def readme(contract: str) -> str:
    return (contract_folder(contract) / "README.md").read_text("utf-8")


@pytest.mark.parametrize("contract", CONTRACTS)
def test_what_the_hub_refuses_with_is_told_alike_in_both(contract: str) -> None:
    listed = set(_REFUSAL.findall(readme(contract)))
    doors = [statuses for path, statuses in operations(contract) if path.startswith("/in/")]
    assert doors
    assert {"401", "403"} <= listed
    for statuses in doors:
        assert {status for status in statuses if status >= "400"} == listed


@pytest.mark.parametrize("contract", CONTRACTS)
def test_of_every_status_that_a_system_may_answer_the_readme_says_what_the_hub_does(contract: str) -> None:
    listed = {status for row in _ANSWER.findall(readme(contract)) for status in _STATUS.findall(row)}
    asked = [statuses for path, statuses in operations(contract) if not path.startswith("/in/")]
    assert asked
    assert "4xx" in listed
    for statuses in asked:
        told = {status if status in listed or status[0] != "4" else "4xx" for status in statuses - {"304"}}
        assert told <= listed
