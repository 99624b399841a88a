"""A FHIR R4 ``Communication`` read as a citizen's own words, or refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hub.fhir.parts import Parts
from hub.fhir.words import KIND
from hub.fhir.written_in import (
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
    status_of,
)
from hub.plan.element import Kind, Status
from hub.plan.own import OwnWords

_KNOWN = frozenset({"status", "category", "topic", "subject", "sent", "sender", "payload"})
_STATUSES = {
    "completed": Status.ACTIVE,
    "not-done": Status.CANCELLED,
    "entered-in-error": Status.ENTERED_IN_ERROR,
}
_CATEGORY = [{"coding": [{"system": KIND, "code": Kind.STATEMENT.value}]}]


def read_communication(resource: Mapping[str, Any], where: Where) -> OwnWords:
    """Read a resource as what a citizen says: ``topic`` is its title, one ``payload`` its text.

    :raises InvalidRequest: naming every element that cannot be represented, with the reason; no value is repeated.
    """
    parts = root(resource, where, _KNOWN)
    title, codes = coded(parts, "topic")
    check_patient(parts, "subject", where)
    check_reference(parts, "sender", where.author)
    server_says(parts, where.told, "sent")
    if parts.value.get("category", _CATEGORY) != _CATEGORY:
        parts.fault("category", "A citizen's own words have one category.", f"Use {Kind.STATEMENT} of {KIND}.")
    words = OwnWords(
        Kind.STATEMENT,
        title,
        _said(parts),
        part_of=where.was.part_of if where.was else None,
        is_sensitive=is_sensitive(parts, where),
        valid=where.was.valid if where.was else None,
        status=status_of(parts, "status", _STATUSES, where),
        codes=codes,
        details=identifiers_of(parts, where),
    )
    end(parts, "Communication")
    return words


def _said(parts: Parts) -> str:
    payload = parts.children("payload")
    if len(payload) > 1:
        parts.fault("payload", "Only one can be kept.", "Put them together.")
    if not payload:
        return ""
    payload[0].knows(frozenset({"contentString"}))
    return long_text(payload[0], "contentString")
