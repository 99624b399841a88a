"""Two authorities' systems that ask for one person's time, over their own wires: children's XML, and the plain one."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hub.clock import new_id
from tests.integration.api.served import Served

CHILDREN = Path(__file__).parents[2] / "contracts" / "children" / "v1" / "examples" / "normal.xml"
DAY = "2026-09-08"
#: A day before the meeting that children and family services have in the example: 8 September, 9 to 10 o'clock.
BEFORE = datetime(2026, 9, 7, 8, tzinfo=UTC)
THEIRS, OURS = "Første møde med familiebehandler", "Samtale om praktik"
AT_NINE = ("2026-09-08T09:00:00+02:00", "2026-09-08T10:00:00+02:00")
AT_HALF_PAST = ("2026-09-08T09:30:00+02:00", "2026-09-08T10:30:00+02:00")
AT_NOON = ("2026-09-08T12:00:00+02:00", "2026-09-08T13:00:00+02:00")


def children_send(hub: Served, cpr: str, day: str = DAY) -> None:
    """Let children and family services send a case of a person, with one meeting in it."""
    sent = CHILDREN.read_text("utf-8").replace(DAY, day)
    for made, own in (("0505159995", cpr), ("27.24.00-G01-12-26", f"27.24.00-G01-{int(cpr[-4:]) + 100}-26")):
        sent = sent.replace(made, own)
    sent = sent.replace("6a1f0c0e-3b52-4a86-9c7e-0d8f5b1a2c01", str(new_id()))
    answer = hub.ask("children", "POST", "/in/children", sent.encode(), headers={"Content-Type": "application/xml"})
    assert answer.is_success, answer.text


def employment_sends(hub: Served, cpr: str, hours: tuple[str, str], *also: dict[str, Any], version: int = 1) -> None:
    """Let employment send its case with one meeting, and whatever else is in it."""
    meeting = {
        "id": "m", "kind": "appointment", "category": "appointments", "title": OURS, "status": "planned",
        "hours": hours,
    }  # fmt: skip
    hub.sends(cpr, meeting, *also, version=version)


def a_collision(hub: Served, cpr: str = "", plan: str = "", day: str = DAY) -> tuple[str, str]:
    """Have a plan in which two meetings overlap; return whose number it is, and the plan."""
    if not cpr:
        cpr, opened = hub.opens_plan(name="Bodil Test Bang")
        plan = str(opened["plan"])
    children_send(hub, cpr, day)
    start, end = (at.replace(DAY, day) for at in AT_HALF_PAST)
    employment_sends(hub, cpr, (start, end))
    return cpr, plan
