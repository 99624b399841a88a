"""The documents stay true: what the code offers, they name."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.settings import Client, Settings

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_is_documented(name: str) -> None:
    assert f"| `HUB_{name.upper()}` |" in (DOCS / "reference" / "settings.md").read_text("utf-8")


@pytest.mark.parametrize("name", sorted(Client.model_fields))
def test_every_field_of_a_client_is_documented(name: str) -> None:
    assert f"| `{name}` |" in (DOCS / "reference" / "settings.md").read_text("utf-8")


def test_no_setting_is_documented_that_is_not_there() -> None:
    page = (DOCS / "reference" / "settings.md").read_text("utf-8")
    documented = {line.split("`")[1] for line in page.splitlines() if line.startswith("| `HUB_")}
    assert documented == {f"HUB_{name.upper()}" for name in Settings.model_fields}
