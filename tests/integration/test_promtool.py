"""Prometheus' own program reads our rules, plays their tests, and understands every expression of a panel."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import orjson
import pytest
import yaml

pytestmark = [pytest.mark.integration, pytest.mark.promtool]
DEPLOY = Path(__file__).parents[2] / "deploy"


@pytest.fixture(autouse=True)
def is_there() -> None:
    """Skip where there is no promtool, or fail where it is required."""
    if shutil.which("promtool") is None:
        why = "there is no promtool (apt install prometheus)"
        assert os.environ.get("HUB_TEST_REQUIRE_PROMTOOL") != "1", f"HUB_TEST_REQUIRE_PROMTOOL=1, and {why}"
        pytest.skip(f"{why}; HUB_TEST_REQUIRE_PROMTOOL=1 insists")


def promtool(*arguments: str) -> str:
    done = subprocess.run(["promtool", *arguments], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_settings_and_the_rules_are_understood() -> None:
    assert "SUCCESS" in promtool("check", "config", str(DEPLOY / "prometheus" / "prometheus.yml"))


def test_each_rule_rings_when_it_should_and_stays_quiet_otherwise() -> None:
    assert "SUCCESS" in promtool("test", "rules", str(DEPLOY / "prometheus" / "tests.yaml"))


def test_a_rule_that_does_not_ring_fails_its_test(tmp_path: Path) -> None:
    for name in ("alerts.yaml", "tests.yaml"):
        text = (DEPLOY / "prometheus" / name).read_text("utf-8")
        (tmp_path / name).write_text(
            text.replace("max(hub_relay_lag_seconds) > 60", "max(hub_relay_lag_seconds) > 600")
        )
    with pytest.raises(AssertionError, match="HubRelayLate"):
        promtool("test", "rules", str(tmp_path / "tests.yaml"))


def test_every_expression_of_a_panel_is_understood(tmp_path: Path) -> None:
    asked = [
        target["expr"]
        for dashboard in (DEPLOY / "grafana").glob("*.json")
        for panel in orjson.loads(dashboard.read_bytes())["panels"]
        for target in panel.get("targets", ())
    ]
    rules = [{"record": f"panel:{n}", "expr": expression} for n, expression in enumerate(asked)]
    (tmp_path / "panels.yaml").write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    assert f"{len(asked)} rules found" in promtool("check", "rules", str(tmp_path / "panels.yaml"))
