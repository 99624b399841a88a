"""Rules and panels ask for numbers that the hub gives, and each rule says what to do when it rings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml

from hub.metrics.instruments import ALL, Kind

pytestmark = pytest.mark.files

ROOT = Path(__file__).parents[2]
PROMETHEUS, GRAFANA = ROOT / "deploy" / "prometheus", ROOT / "deploy" / "grafana"
RULES = [
    rule
    for group in yaml.safe_load((PROMETHEUS / "alerts.yaml").read_text("utf-8"))["groups"]
    for rule in group["rules"]
]
TESTS = yaml.safe_load((PROMETHEUS / "tests.yaml").read_text("utf-8"))["tests"]
RUNBOOK = "docs/how-to/answer-an-alert.md"
SECTIONS = re.split(r"^## ", (ROOT / RUNBOOK).read_text("utf-8"), flags=re.MULTILINE)[1:]
DASHBOARDS = sorted(GRAFANA.glob("*.json"))
#: Prometheus' own, and of every process.
_OTHERS = {
    "up": {"job", "instance"},
    **{
        f"process_{name}": {"job", "instance"}
        for name in ("resident_memory_bytes", "cpu_seconds_total", "open_fds", "max_fds", "start_time_seconds")
    },
}
_PARTS = ("_bucket", "_count", "_sum")


def metrics() -> dict[str, set[str]]:
    """Return every series that there is to ask for, and its labels."""
    known = dict(_OTHERS)
    for one in ALL:
        labels = {*one.labels, "job", "instance"}
        if one.kind is Kind.HISTOGRAM:
            known |= {one.name + part: labels | ({"le"} if part == "_bucket" else set()) for part in _PARTS}
        else:
            known[one.name] = labels
    return known


METRICS = metrics()


def panels(dashboard: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = orjson.loads(dashboard.read_bytes())["panels"]
    return found


def asked() -> Iterator[tuple[str, str]]:
    """Yield every expression, and whose it is."""
    yield from ((rule["alert"], rule["expr"]) for rule in RULES)
    for dashboard in DASHBOARDS:
        for panel in panels(dashboard):
            yield from ((f"{dashboard.stem}: {panel['title']}", target["expr"]) for target in panel.get("targets", ()))


@pytest.mark.parametrize(("whose", "expression"), list(asked()), ids=lambda value: value[:40])
def test_an_expression_asks_for_what_there_is(whose: str, expression: str) -> None:
    plain = re.sub(r'"[^"]*"', '""', expression)
    names = set(re.findall(r"\b(?:hub|process)_\w+|\bup\b", plain))
    assert names, f"{whose} asks for nothing of ours"
    assert names <= METRICS.keys(), f"{whose}: {names - METRICS.keys()}"
    labels = set().union(*(METRICS[name] for name in names)) | {"recipient"}  # made by label_replace
    used = {label for found in re.findall(r"\{([^}]*)\}", plain) for label in re.findall(r"(\w+)\s*[!=]", found)}
    used |= {label for found in re.findall(r"\b(?:by|on) \(([^)]*)\)", plain) for label in re.findall(r"\w+", found)}
    assert used <= labels, f"{whose}: {used - labels}"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule["alert"]))
def test_a_rule_says_whom_it_wakes_and_where_it_is_answered(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in ("page", "ticket")
    assert rule["for"], "what comes and goes by itself wakes nobody"
    assert rule["annotations"]["runbook_url"].endswith(f"{RUNBOOK}#{rule['alert'].lower()}")
    assert rule["annotations"]["summary"]


def test_prometheus_asks_at_the_ports_that_the_page_and_the_units_give() -> None:
    [job] = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text("utf-8"))["scrape_configs"]
    asked_at = [target.rpartition(":")[2] for one in job["static_configs"] for target in one["targets"]]
    page = (ROOT / "docs" / "how-to" / "watch-the-hub.md").read_text("utf-8")
    started = re.findall(r"^\$ HUB_METRICS_PORT=(\d+) hub (\w+)$", page, re.MULTILINE)
    assert started == list(zip(asked_at[:2], ("serve", "worker"), strict=True))
    assert all(f"at {port}" in page for port in asked_at[2:]), "what the page starts not, it says to take away"
    units = (ROOT / "deploy" / "systemd").glob("hub-*.service")
    own = re.findall(r"^Environment=HUB_METRICS_PORT=(\S+)$", "\n".join(map(Path.read_text, units)), re.MULTILINE)
    assert set(asked_at) <= {one.replace("%i", str(number)) for one in own for number in range(1, 10)}


def test_every_rule_has_its_section_and_no_other_has() -> None:
    assert sorted(section.partition("\n")[0] for section in SECTIONS) == sorted(rule["alert"] for rule in RULES)


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.partition("\n")[0])
def test_a_section_says_what_it_means_what_to_look_at_what_to_do_and_whom_to_wake(section: str) -> None:
    assert re.findall(r"^\*\*([\w ]+)\*\*:", section, flags=re.MULTILINE) == ["Means", "Look at", "Do", "Wake"]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule["alert"]))
def test_a_rule_is_seen_to_ring_and_to_stay_quiet(rule: dict[str, Any]) -> None:
    seen = [
        bool(one["exp_alerts"])
        for test in TESTS
        for one in test["alert_rule_test"]
        if one["alertname"] == rule["alert"]
    ]
    assert set(seen) == {True, False}


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda path: path.stem)
def test_a_dashboard_can_be_imported(dashboard: Path) -> None:
    content = orjson.loads(dashboard.read_bytes())
    assert content["uid"], "else each import makes another"
    assert content["title"]
    assert "id" not in content, "an id is of the Grafana that it was made in"
    assert [one["name"] for one in content["templating"]["list"] if one["type"] == "datasource"] == ["source"]
    ids = [panel["id"] for panel in content["panels"]]
    assert len(set(ids)) == len(ids)
    for panel in content["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        if panel["type"] != "row":
            assert panel["targets"], panel["title"]
            assert all(one["datasource"] == panel["datasource"] for one in panel["targets"])
            assert panel["datasource"] == {"type": "prometheus", "uid": "${source}"}
            assert len({one["refId"] for one in panel["targets"]}) == len(panel["targets"])


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda path: path.stem)
def test_no_panel_lies_over_another(dashboard: Path) -> None:
    for one, other in combinations([panel["gridPos"] for panel in panels(dashboard)], 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        below = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or below, (one, other)


def test_every_number_that_is_told_is_shown_or_watched() -> None:
    everything = " ".join(expression for _, expression in asked())
    assert [one.name for one in ALL if one.name not in everything] == []
