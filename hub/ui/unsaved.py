"""A form that was not saved: nothing has changed, what was typed is kept, and the page says what to do next."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from hub.errors import Conflict, HubError, InvalidRequest, NotFound, Unavailable, told

#: What a page with a form answers itself; anything else is a page of its own.
FAILURES = (InvalidRequest, Conflict, NotFound, Unavailable)
_CONFLICT, _UNFIT, _MISSING, _LATER = 409, 422, 404, 503
_log = structlog.get_logger("hub.ui")


@dataclass(frozen=True, slots=True)
class Unsaved:
    """Why a form was not saved.

    :ivar reason: the key of the sentence that says what to do next.
    :ivar fields: what is wrong, by its name in the form.
    """

    status: int
    reason: str
    fields: frozenset[str] = frozenset()


def unsaved(error: HubError, correlation_id: str) -> Unsaved:
    """Return why a form was not saved."""
    if isinstance(error, InvalidRequest):
        return Unsaved(_UNFIT, "unsaved.unfit", frozenset(fault.field for fault in error.faults))
    if isinstance(error, Conflict):
        return Unsaved(_CONFLICT, "unsaved.changed")
    if isinstance(error, NotFound):
        return Unsaved(_MISSING, "unsaved.gone")
    _log.error("failed", status=_LATER, correlation_id=correlation_id, **told(error))
    return Unsaved(_LATER, "unsaved.later")
