"""Every event that the hub tells or hears stands on the page of events, and no other does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from hub.authority import contract_folder
from hub.authority.feeding import Topic
from hub.flow.notification import Kind, canonical
from hub.mappings.beskedfordeler import EVENT
from hub.ui import bell

pytestmark = pytest.mark.files
DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "reference" / "events.md").read_text("utf-8")


def contract(of: str, name: str) -> Any:
    return yaml.safe_load((contract_folder(of) / name).read_text("utf-8"))  # JSON is YAML


def column(heading: str) -> list[str]:
    section = PAGE.partition(f"## {heading}")[2].partition("\n## ")[0]
    return re.findall(r"^\| `([^`]+)` \|", section, flags=re.MULTILINE)


def told() -> set[str]:
    bus = contract("bus/v1", "asyncapi.yaml")
    feed: list[str] = contract("bus/v1", "feed-event.schema.json")["properties"]["type"]["enum"]
    rings = {name for channel in bus["channels"].values() for name in channel["messages"]}
    pages = set(re.findall(r"^event: (\w+)$", bell._RING.decode(), flags=re.MULTILINE))
    topics = {canonical(topic) for topic in Topic}
    return {*feed, *rings, *pages, *topics, *Kind, EVENT}


def test_every_event_that_is_told_is_explained_and_no_other() -> None:
    assert sorted(column("Told by the hub")) == sorted(told())


def test_every_event_that_is_heard_is_explained_and_no_other() -> None:
    kinds: list[str] = contract("social/v1", "openapi.yaml")["components"]["schemas"]["SagsHaendelse"]["properties"][
        "Haendelse"
    ]["enum"]
    assert sorted(column("Heard by the hub")) == sorted([*kinds, EVENT])
