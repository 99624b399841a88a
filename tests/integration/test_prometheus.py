"""Prometheus itself asks a process for its numbers, with our settings and rules, and answers about them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

from hub.cli.assembly import Rooms
from hub.cli.metrics_port import metrics_port
from hub.cli.ports import free_ports
from hub.testing.memory_adapter import MemoryAdapter
from tests.integration.set_up import SetUp, authorities_of
from tests.patience import wait_for

pytestmark = [pytest.mark.integration, pytest.mark.promtool]
DEPLOY = Path(__file__).parents[2] / "deploy" / "prometheus"


@pytest.fixture
def program() -> str:
    """Return Prometheus; skip where there is none, or fail where it is required."""
    found = shutil.which("prometheus")
    if found is None:
        why = "there is no prometheus (apt install prometheus)"
        assert os.environ.get("HUB_TEST_REQUIRE_PROMTOOL") != "1", f"HUB_TEST_REQUIRE_PROMTOOL=1, and {why}"
        pytest.skip(f"{why}; HUB_TEST_REQUIRE_PROMTOOL=1 insists")
    return found


def settings_for(address: str, folder: Path) -> Path:
    """Write our settings with the one process that there is, asked every second."""
    ours = (DEPLOY / "prometheus.yml").read_text("utf-8")
    asked = re.sub(r"targets: \[.*\]", f'targets: ["{address}"]', ours).replace("15s", "1s")
    assert address in asked
    (folder / "alerts.yaml").write_bytes((DEPLOY / "alerts.yaml").read_bytes())
    (folder / "prometheus.yml").write_text(asked)
    return folder / "prometheus.yml"


def test_prometheus_reads_what_a_process_tells(set_up: SetUp, program: str, tmp_path: Path) -> None:
    authorities = authorities_of(MemoryAdapter("children"), MemoryAdapter("social"))
    set_up.opens_plan(authorities, "1503879996")
    set_up.store.counts.know(authorities)
    rooms = Rooms(set_up.settings.model_copy(update={"metrics_port": 0}), set_up.store, authorities)
    (port,) = free_ports(1)

    def asked(question: str) -> list[dict[str, Any]]:
        answer = httpx.get(f"http://127.0.0.1:{port}/api/v1/query", params={"query": question})
        found: list[dict[str, Any]] = answer.json()["data"]["result"] if answer.status_code == 200 else []
        return found

    with metrics_port(rooms, lambda: None, dict) as said:
        settings = settings_for(said["metrics"].removeprefix("http://").removesuffix("/metrics"), tmp_path)
        command = [
            program, f"--config.file={settings}", f"--storage.tsdb.path={tmp_path / 'tsdb'}",
            f"--web.listen-address=127.0.0.1:{port}", "--log.level=error",
        ]  # fmt: skip
        with subprocess.Popen(command, stderr=subprocess.PIPE) as prometheus:
            try:
                depths = wait_for(lambda: asked("hub_queue_depth"), lambda found: len(found) == 2, 60)
                rules = httpx.get(f"http://127.0.0.1:{port}/api/v1/rules").json()["data"]["groups"]
            finally:
                prometheus.terminate()
    assert {one["metric"]["recipient"]: one["value"][1] for one in depths} == {"children": "1", "social": "1"}
    assert all(rule["lastError"] == "" for group in rules for rule in group["rules"] if "lastError" in rule)
    assert sum(len(group["rules"]) for group in rules) > 20
