"""What is red at the operators': a withdrawal that cannot be told, or was not for as long as Prometheus' rule says."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from hub.flow.alarms import WITHDRAWALS_WAIT, Owing, alarm_of
from hub.store.circuits import Circuit, Direction
from hub.testing.clock import THEN

pytestmark = pytest.mark.files

CLOSED = Circuit("social", Direction.RECIPIENT)
SILENT = Circuit("social", Direction.RECIPIENT, since=THEN, open_until=THEN + timedelta(days=1))
SOURCE = Circuit("social", Direction.SOURCE)


def rule_says() -> timedelta:
    rules = (Path(__file__).parents[3] / "deploy" / "prometheus" / "alerts.yaml").read_text("utf-8")
    [seconds] = re.findall(r"\(hub_withdrawals_oldest_seconds\) > (\d+)", rules)
    return timedelta(seconds=int(seconds))


@pytest.mark.parametrize(
    ("circuit", "waited", "alarm"),
    [
        (CLOSED, rule_says(), ""),
        (CLOSED, rule_says() + timedelta(seconds=1), WITHDRAWALS_WAIT),
        (SILENT, timedelta(seconds=1), WITHDRAWALS_WAIT),
        (SILENT, None, ""),
        (SOURCE, timedelta(days=1), ""),
    ],
)
def test_a_withdrawal_that_waits_is_red(circuit: Circuit, waited: timedelta | None, alarm: str) -> None:
    since = None if waited is None else THEN - waited
    told = alarm_of(circuit, Owing(withdrawals_waiting=int(waited is not None), withdrawals_since=since), THEN)
    assert told["alarm"] == alarm
