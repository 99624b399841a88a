"""What serving hands to the pages to try an adapter: bounded, apart, and told nothing of the hub's own."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from hub.cli.contract_check import contract_check
from hub.testing.conformance import CHECKS
from hub.ui.authorities_page import check_page
from hub.ui.words import LANGUAGES

pytestmark = pytest.mark.integration
#: Stands where Python would: says the names of all that it finds in its environment.
_TELLS = """#!/bin/sh
printf '[{"check": "joins", "ok": true, "said": "'
env | cut -d= -f1 | tr '\\n' ' '
printf '", "next": ""}]'
"""


def test_a_recipient_of_another_name_is_tried_by_its_kind() -> None:
    found = contract_check("north", "partners")
    assert [one.check for one in found] == list(CHECKS)
    assert all(one.is_well for one in found)
    assert "north" in found[0].said


@pytest.mark.parametrize(("name", "seconds", "check"), [("nobody", 60, "joins"), ("youth", 0.2, "in-time")])
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_cannot_be_joined_or_does_not_end_is_told_with_what_to_do(
    name: str, seconds: float, check: str, language: str
) -> None:
    found = contract_check(name, name, seconds)
    assert [(one.check, one.is_well) for one in found] == [(check, False)]
    shown = check_page(name, f"{name}/v1", found, language)
    assert (shown.failed, f"hub adapters check {name}" in shown.rows[0].next_step) == (1, True)


def test_an_adapter_gets_none_of_the_hubs_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    teller = tmp_path / "teller"
    teller.write_text(_TELLS)
    teller.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(teller))
    monkeypatch.setenv("HUB_INDEX_KEY", "a secret")
    (found,) = contract_check("youth", "youth")
    assert "PATH" in found.said
    assert "HUB_" not in found.said
