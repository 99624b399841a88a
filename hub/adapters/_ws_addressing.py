"""WS-Addressing 1.0 (W3C, 2005/08) in SOAP: which message this is, what it asks for, and which one it answers.

    addressing = read_addressing(envelope.headers)          # None where the caller does not use it
    check_addressing(addressing, action, message_id)        # on the side that is called
    Addressing(action, message_id, to).headers()            # elements to write

A message id is a ``urn:uuid:``. Answers go back over the connection that asked, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from lxml import etree

from hub.errors import ContractViolation, Fault

WSA: Final = "http://www.w3.org/2005/08/addressing"
ANONYMOUS, NONE = f"{WSA}/anonymous", f"{WSA}/none"
#: What an answer relates to when the message it answers told no id.
UNSPECIFIED = f"{WSA}/unspecified"
#: The Action of a fault about addressing.
ADDRESSING_FAULT = f"{WSA}/fault"
TO, ACTION, MESSAGE_ID, RELATES_TO = (f"{{{WSA}}}{name}" for name in ("To", "Action", "MessageID", "RelatesTo"))
UNDERSTOOD = frozenset(
    {TO, ACTION, MESSAGE_ID, RELATES_TO, *(f"{{{WSA}}}{name}" for name in ("ReplyTo", "FaultTo", "From"))}
)
_PREFIX = "urn:uuid:"
_ADDRESS = f"{{{WSA}}}Address"

_NOT_TEXT = Fault("/Envelope/Header/*", "A header of WS-Addressing holds no address or id.", "Write it as text.")
_MISSING = Fault(
    "/Envelope/Header", "WS-Addressing is used without Action or MessageID.", "Send Action, MessageID and To together."
)
_NO_UUID = Fault(
    "/Envelope/Header/MessageID", "This is no urn:uuid.", "Send urn:uuid: and a UUID of the message's own."
)
_OTHER_ID = Fault(
    "/Envelope/Header/MessageID",
    "It names another message than MessageIdentifier.",
    "Send urn:uuid: and the MessageIdentifier of the Body, or leave WS-Addressing out.",
)
_OTHER_ACTION = Fault(
    "/Envelope/Header/Action", "It names another operation than the Body.", "Name the operation of the Body."
)
_ELSEWHERE = {
    name: Fault(
        f"/Envelope/Header/{name}",
        "Answers and faults are given on the connection of the call alone.",
        f"Leave ReplyTo and FaultTo out, or send {ANONYMOUS}.",
    )
    for name in ("ReplyTo", "FaultTo")
}
_OTHER_PLACE = Fault("/Envelope/Header/To", "The message is for another service.", "Send the address of this service.")
#: A fault → the name WS-Addressing gives it.
SUBCODES = {
    _NOT_TEXT: "InvalidAddressingHeader",
    _MISSING: "MessageAddressingHeaderRequired",
    _NO_UUID: "InvalidAddressingHeader",
    _OTHER_ID: "InvalidAddressingHeader",
    _OTHER_ACTION: "ActionMismatch",
    **dict.fromkeys(_ELSEWHERE.values(), "OnlyAnonymousAddressSupported"),
    _OTHER_PLACE: "DestinationUnreachable",
}


@dataclass(frozen=True, slots=True)
class Addressing:
    """What the headers say; empty where one is not there.

    :ivar message_id: the UUID alone, in lower case.
    :ivar relates_to: the UUID of the message that this one answers, or UNSPECIFIED.
    """

    action: str
    message_id: str
    to: str = ANONYMOUS
    relates_to: str = ""

    def headers(self) -> list[etree._Element]:
        """Return the headers as elements."""
        told = {TO: self.to, ACTION: self.action, MESSAGE_ID: _PREFIX + self.message_id}
        if self.relates_to:
            told[RELATES_TO] = self.relates_to if self.relates_to == UNSPECIFIED else _PREFIX + self.relates_to
        return [_element(name, text) for name, text in told.items()]


def read_addressing(headers: Sequence[etree._Element], is_answer: bool = False) -> Addressing | None:
    """Read the headers of a message; None when none is of WS-Addressing.

    :param is_answer: what counts is what it answers; an id of its own is optional, and nobody answers it.
    :raises ContractViolation: some are missing, none that can be read, or ask for an answer elsewhere.
    """
    told = {str(header.tag): header for header in headers if str(header.tag) in UNDERSTOOD}
    if not told:
        return None
    if ACTION not in told or (MESSAGE_ID not in told and not is_answer):
        raise _refused(_MISSING)
    for name, fault in () if is_answer else _ELSEWHERE.items():
        there = told.get(f"{{{WSA}}}{name}")
        if there is not None and _text(there.find(_ADDRESS)) not in (ANONYMOUS, NONE):
            raise _refused(fault)
    related = _text(told[RELATES_TO]) if RELATES_TO in told else ""
    return Addressing(
        action=_text(told[ACTION]),
        message_id="" if is_answer else _uuid(_text(told[MESSAGE_ID])),
        to=_text(told[TO]) if TO in told else ANONYMOUS,
        relates_to=related if related in ("", UNSPECIFIED) else _uuid(related),
    )


def glimpsed_id(headers: Sequence[etree._Element]) -> str | None:
    """Return the message id that an answer relates to, of a message that may be wrong in every way.

    None: it uses no WS-Addressing. What is no UUID is never repeated: UNSPECIFIED stands for it.
    """
    if not any(header.tag in UNDERSTOOD for header in headers):
        return None
    for header in headers:
        if header.tag == MESSAGE_ID:
            try:
                return _uuid(_text(header))
            except ContractViolation:
                break
    return UNSPECIFIED


def check_addressing(addressing: Addressing, action: str, message_id: str, own_address: str | None = None) -> None:
    """Check that a call says the same in its headers as in its Body.

    :param message_id: what the Body tells, in lower case; "" where it tells none.
    :param own_address: what To must be; None takes any.
    :raises ContractViolation: it does not.
    """
    if addressing.action != action:
        raise _refused(_OTHER_ACTION)
    if message_id not in ("", addressing.message_id):
        raise _refused(_OTHER_ID)
    if own_address is not None and addressing.to != own_address:
        raise _refused(_OTHER_PLACE)


def _element(name: str, text: str) -> etree._Element:
    made = etree.Element(name, nsmap={"wsa": WSA})
    made.text = text
    return made


def _text(header: etree._Element | None) -> str:
    if header is None or len(header) or not (header.text or "").strip():
        raise _refused(_NOT_TEXT)
    return (header.text or "").strip()


def _uuid(text: str) -> str:
    rest = text[len(_PREFIX) :].lower()
    try:
        if text[: len(_PREFIX)].lower() != _PREFIX or str(UUID(rest)) != rest:
            raise ValueError
    except ValueError:
        raise _refused(_NO_UUID) from None
    return rest


def _refused(fault: Fault) -> ContractViolation:
    return ContractViolation("The message's addressing is refused.", faults=[fault])
