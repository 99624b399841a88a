"""A FHIR R4 ``Goal`` read as a goal of ours, or refused."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from hub.fhir.parts import Parts, span_of
from hub.fhir.words import CITIZENS_OWN
from hub.fhir.written_in import (
    Where,
    check_patient,
    check_reference,
    coded,
    end,
    identifiers_of,
    is_sensitive,
    note_of,
    root,
    server_says,
    status_of,
)
from hub.plan.element import Kind, Period, Status
from hub.plan.own import OwnWords

_KNOWN = frozenset(
    {"category", "lifecycleStatus", "description", "subject", "startDate", "target", "expressedBy", "note"}
)
_STATUSES = {
    "proposed": Status.PROPOSED,
    "planned": Status.PLANNED,
    "active": Status.ACTIVE,
    "on-hold": Status.ON_HOLD,
    "completed": Status.COMPLETED,
    "cancelled": Status.CANCELLED,
    "entered-in-error": Status.ENTERED_IN_ERROR,
}


def read_goal(resource: Mapping[str, Any], where: Where) -> OwnWords:
    """Read a resource as what somebody writes.

    Days are Danish days, and the due day is the last. Without a start it begins as it is written.

    :raises InvalidRequest: naming every element that cannot be represented, with the reason; no value is repeated.
    """
    parts = root(resource, where, _KNOWN)
    title, codes = coded(parts, "description")
    check_patient(parts, "subject", where)
    if where.author.startswith("Patient/"):
        check_reference(parts, "expressedBy", where.author)
        server_says(parts, {"category": CITIZENS_OWN}, "category")
    else:  # R4 lets people express a goal and no organisation
        server_says(parts, where.told, "category", "expressedBy")
    begins, until = _start(parts, where), _due(parts, where)
    if begins is not None and until is not None and until <= begins:
        parts.fault("target", "It is due before it begins.", "Correct one of the two.")
        until = None
    words = OwnWords(
        Kind.GOAL,
        title,
        note_of(parts),
        until=until,
        part_of=where.was.part_of if where.was else None,
        is_sensitive=is_sensitive(parts, where),
        valid=Period(begins, until) if begins is not None or where.was is not None else None,
        status=status_of(parts, "lifecycleStatus", _STATUSES, where),
        codes=codes,
        details=identifiers_of(parts, where),
    )
    end(parts, "Goal")
    return words


def _start(parts: Parts, where: Where) -> datetime | None:
    was = where.was.valid.start if where.was else None
    if "startDate" not in parts.value or parts.value["startDate"] == where.told.get("startDate"):
        return was
    return _day(parts, "startDate").start


def _due(parts: Parts, where: Where) -> datetime | None:
    """Return the first instant after the due day; the one from before where the day is as it was read."""
    targets = parts.children("target")
    if len(targets) > 1:
        parts.fault("target", "Only one can be kept.", "Write a goal for each.")
    if not targets:
        return None
    targets[0].knows(frozenset({"dueDate"}))
    if where.was is not None and parts.value.get("target") == where.told.get("target"):
        return where.was.valid.end
    return _day(targets[0], "dueDate").end


def _day(parts: Parts, name: str) -> Period:
    """Return a day; an empty period and a fault for anything else."""
    value = parts.value.get(name)
    if not isinstance(value, str) or "T" in value:
        parts.fault(name, "A day is needed.", "Write it as 2026-11-23.")
        return Period()
    span = span_of(parts, name)
    return Period(*span) if span else Period()
