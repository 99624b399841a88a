"""Other times that the hub's coordinator proposes for the system's appointments, and a yes to one: it is moved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from fastapi import HTTPException

from hub.sandbox.desk import Desk
from hub.sandbox.forms import LOCAL, moved
from hub.sandbox.shelf import Case, Shelf
from hub.sandbox.system import HubAnswer

#: How a proposal is kept, in the order in which the contracts tell it after its own id and case.
_KEPT = ("element", "stands_from", "stands_to", "proposed_from", "proposed_to")


def kept(proposal: str, case: str, told: Iterable[str]) -> dict[str, str]:
    """Return a proposal in neutral form. :param told: what its contract says of it, in order."""
    return {"id": proposal, "case": case, **dict(zip(_KEPT, told, strict=True))}


def say_yes(proposal: str, desk: Desk, shelf: Shelf) -> tuple[Case, HubAnswer]:
    """Move the meeting that a proposal is about, and tell the hub of the case as ever.

    :raises HTTPException: 404, there is no such proposal, or the meeting is not where it was.
    """
    wanted = next((one for one in shelf.proposals() if one["id"] == proposal), None)
    if wanted is None:
        raise HTTPException(404, "no such proposal")
    case = desk.case(wanted["case"])
    meeting = _meeting(case.content, wanted["stands_from"])
    if meeting is None:
        raise HTTPException(404, "the appointment is not at that time any more")
    start = datetime.fromisoformat(wanted["proposed_from"]).astimezone(LOCAL).replace(tzinfo=None)
    told = desk.change(case.id, moved(case, meeting, start))
    shelf.drop_proposal(proposal)  # its staff has done it; the hub names it no more from its next update on
    return told


def _meeting(told: Mapping[str, Any], start: str) -> str | None:
    begins = datetime.fromisoformat(start)
    found = (one for one in told["appointments"] if datetime.fromisoformat(one["start"]) == begins)
    return next((str(one["id"]) for one in found), None)
