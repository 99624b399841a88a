"""A FHIR R4 ``Task`` read as what is asked of an authority, or refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from hub.fhir.parts import Parts, period_of
from hub.fhir.words import TASK_OUTPUT
from hub.fhir.written_in import (
    REFERENCE,
    Where,
    check_patient,
    check_reference,
    coded,
    end,
    identifiers_of,
    is_sensitive,
    long_text,
    root,
    server_says,
)
from hub.plan.element import Kind, Period
from hub.plan.own import OwnWords
from hub.plan.task import STATUS_OF, Asked, TaskState

_KNOWN = frozenset(
    (
        *("status", "statusReason", "intent", "code", "description", "focus", "for", "authoredOn", "lastModified"),
        *("requester", "owner", "restriction", "output"),
    )
)
_NOTE = {"coding": [{"system": TASK_OUTPUT, "code": "note"}]}


def read_task(resource: Mapping[str, Any], where: Where) -> OwnWords:
    """Read a resource as what is asked of an authority: ``code`` is its title, ``description`` its text.

    :raises InvalidRequest: naming every element that cannot be represented, with the reason; no value is repeated.
    """
    parts = root(resource, where, _KNOWN)
    title, codes = coded(parts, "code")
    check_patient(parts, "for", where)
    server_says(parts, where.told, "authoredOn", "lastModified")
    if where.was is None:
        check_reference(parts, "requester", where.author)
    else:
        server_says(parts, where.told, "requester")
    if parts.value.get("intent") != "order":
        parts.fault("intent", "What is asked of an authority is an order.", "Use order.")
    asked = Asked(_owner(parts, where), _state(parts), _reason(parts), _output(parts))
    words = OwnWords(
        Kind.ACTIVITY,
        title,
        long_text(parts, "description") if "description" in parts.value else "",
        part_of=_focus(parts, where),
        is_sensitive=is_sensitive(parts, where),
        valid=_period(parts),
        status=STATUS_OF[asked.state],
        codes=codes,
        details={**asked.details, **identifiers_of(parts, where)},
    )
    end(parts, "Task")
    return words


def _state(parts: Parts) -> TaskState:
    given = parts.value.get("status")
    if given not in set(TaskState):
        parts.fault("status", "A Task here never stands so.", f"Use one of {', '.join(TaskState)}.")
        return TaskState.REQUESTED
    return TaskState(given)


def _owner(parts: Parts, where: Where) -> str:
    owner = parts.child("owner")
    owner.knows(REFERENCE)
    kind, _, name = str(owner.value.get("reference", "")).rpartition("/")
    if kind != "Organization" or name not in where.owners:
        step = "Write Organization/ and the name of an authority at this hub."
        owner.fault("reference", "It names no authority of which something can be asked here.", step)
    return name


def _focus(parts: Parts, where: Where) -> UUID | None:
    if "focus" not in parts.value:
        return None
    focus = parts.child("focus")
    focus.knows(REFERENCE)
    named = where.known.get(str(focus.value.get("reference", "")))
    if named is None or (where.was is not None and named == where.was.id):
        step = "Name what you read in the same plan, or what the same request creates."
        focus.fault("reference", "There is nothing of this name that it could be about.", step)
    return named


def _period(parts: Parts) -> Period:
    if "restriction" not in parts.value:
        return Period()
    restriction = parts.child("restriction")
    restriction.knows(frozenset({"period"}))
    return period_of(restriction, "period")


def _reason(parts: Parts) -> str:
    if "statusReason" not in parts.value:
        return ""
    reason = parts.child("statusReason")
    reason.knows(frozenset({"text"}))
    return long_text(reason, "text")


def _output(parts: Parts) -> str:
    outputs = parts.children("output")
    if len(outputs) > 1:
        parts.fault("output", "Only one can be kept.", "Put them together.")
    if not outputs:
        return ""
    outputs[0].knows(frozenset({"type", "valueString"}))
    if outputs[0].value.get("type") != _NOTE:
        outputs[0].fault("type", "What comes of a Task is kept as a note.", f"Use the code note of {TASK_OUTPUT}.")
    return long_text(outputs[0], "valueString")
