"""A FHIR R4 ``Subscription`` in the shape of the Subscriptions R5 Backport, read or refused: nothing is lost silently.

Source: http://hl7.org/fhir/uv/subscriptions-backport (1.1.0), the profile backport-subscription.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from hub.authority.feeding import Topic
from hub.errors import InvalidRequest
from hub.fhir.parts import Parts
from hub.flow.notification import GUIDE, canonical
from hub.store.subscriptions import Status, Terms

ID_ONLY, REST_HOOK, PAYLOAD = "id-only", "rest-hook", "application/fhir+json"
CONTENT, HEARTBEAT, MAX_COUNT = (
    GUIDE + name for name in ("backport-payload-content", "backport-heartbeat-period", "backport-max-count")
)
#: Events in one notification, where nothing else is asked; and at most.
USUAL_COUNT, MOST_COUNT = 20, 50
_ROOT = frozenset({"resourceType", "id", "meta", "text", "status", "error", "reason", "criteria", "channel"})
_CHANNEL = frozenset({"type", "endpoint", "payload", "_payload", "header", "extension"})
_TOPICS = {canonical(topic): topic for topic in Topic}
_DAY = 86_400
_LONG = 2_000
_HEADER = re.compile(r"(?P<name>[!#$%&'*+.^_`|~A-Za-z0-9-]{1,64}): *(?P<value>[!-~](?:[ -~]{0,998}[!-~])?)")
_MOST_HEADERS = 5
#: What the hub's own wire says, and a subscriber may not.
_OURS = frozenset(
    (
        *("accept", "accept-encoding", "connection", "content-encoding", "content-length", "content-type", "expect"),
        *("host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "user-agent"),
    )
)


def read_subscription(resource: Mapping[str, Any]) -> tuple[Status, Terms]:
    """Read what a subscriber asks for, and which status it wants.

    :raises InvalidRequest: naming every element that cannot be had, with the reason; no value is repeated.
    """
    parts = Parts(resource, "Subscription")
    if parts.value.get("resourceType") != "Subscription":
        parts.fault("resourceType", "It is not Subscription.", "Send one Subscription.")
    parts.knows(_ROOT)
    channel = parts.child("channel")
    channel.knows(_CHANNEL)
    if channel.value.get("type") != REST_HOOK:
        channel.fault("type", "The hub tells by rest-hook alone.", f"Use {REST_HOOK}.")
    _check_payload(channel)
    heartbeat, most = _number(channel, HEARTBEAT, "valueUnsignedInt", _DAY), _most(channel)
    status, topic = _status(parts), _topic(parts)
    endpoint, reason, headers = _endpoint(channel), parts.text("reason"), _headers(channel)
    if parts.faults or topic is None:
        raise InvalidRequest("The subscription cannot be had as it is.", faults=parts.faults)
    return status, Terms(topic, endpoint, reason, headers, heartbeat or None, most)


def _status(parts: Parts) -> Status:
    said: Any = parts.value.get("status")
    try:
        return Status(said)
    except ValueError:
        parts.fault("status", "R4 has no such status.", "Use requested to subscribe, and off to end it.")
        return Status.REQUESTED


def _topic(parts: Parts) -> Topic | None:
    said = parts.value.get("criteria")
    topic = _TOPICS.get(said) if isinstance(said, str) else None
    if topic is None:
        parts.fault("criteria", "The hub has no such topic.", f"Use one of {', '.join(_TOPICS)}.")
    return topic


def _endpoint(channel: Parts) -> str:
    said = channel.value.get("endpoint")
    if not isinstance(said, str) or len(said) > _LONG:
        channel.fault("endpoint", "An address is needed.", "Use one that the hub's operator has allowed you.")
        return ""
    return said


def _check_payload(channel: Parts) -> None:
    """Only ids are told: what a plan says is read, and decided then."""
    if channel.value.get("payload") != PAYLOAD:
        channel.fault("payload", "Notifications are FHIR in JSON.", f"Use {PAYLOAD}.")
    beside = channel.child("_payload")
    beside.knows(frozenset({"extension"}))
    beside.knows_extensions((CONTENT,))
    said = [one.value.get("valueCode") for one in beside.children("extension") if one.value.get("url") == CONTENT]
    if said != [ID_ONLY]:
        step = f"Use {ID_ONLY}, and read the plan that a notification names."
        beside.fault("extension", "A notification carries ids alone, never what a plan says.", step)


def _most(channel: Parts) -> int:
    channel.knows_extensions((HEARTBEAT, MAX_COUNT))
    return min(_number(channel, MAX_COUNT, "valuePositiveInt", 2**31 - 1) or USUAL_COUNT, MOST_COUNT)


def _number(channel: Parts, url: str, name: str, most: int) -> int:
    """Return the number of an extension; 0 where it is not there."""
    found = [one for one in channel.children("extension") if one.value.get("url") == url]
    if not found:
        return 0
    said = found[0].value.get(name)
    if len(found) > 1 or not isinstance(said, int) or isinstance(said, bool) or not 1 <= said <= most:
        found[0].fault(name, f"One whole number from 1 to {most} is needed.")
        return 0
    return said


def _headers(channel: Parts) -> tuple[str, ...]:
    """Return lines of HTTP to send along; they may be secrets, and no fault repeats one."""
    lines = channel.value.get("header", [])
    if not isinstance(lines, list) or len(lines) > _MOST_HEADERS:
        channel.fault("header", f"A list of at most {_MOST_HEADERS} lines is needed.")
        return ()
    read = [_HEADER.fullmatch(line) if isinstance(line, str) else None for line in lines]
    names = [found["name"].lower() if found else "" for found in read]
    for place, name in enumerate(names):
        if not name or name in _OURS or names.count(name) > 1:
            sentence = "It is no line of HTTP that may be sent along, or is there twice."
            channel.fault(f"header[{place}]", sentence, "Write it as Authorization: Bearer …; wire headers are ours.")
    return tuple(lines)
