"""The wire of Digital Post: MeMo letters, sent by SF1601 KombiPostAfsend, and PKO_PostStatus receipts (contracts/post).

What of it was verified, and what an agreement with KOMBIT must still confirm, stands in the contract's README.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from lxml import etree
from pydantic import BeforeValidator, Field, ValidationError

from hub.adapters._wire import WireSettings
from hub.adapters._xml import XmlContract, read_content_type, read_xml, to_bytes
from hub.authority import Letter, LetterFate, LetterReceipt, Parcel, contract_folder
from hub.clock import now
from hub.errors import ContractViolation, Fault, RecipientFailed, Refused, SettingsRefused

NAME, CONTRACT = "digital-post", "post/v1"
MEMO = "https://DigitalPost.dk/MeMo-1"
STATUS = "http://serviceplatformen.dk/xml/print/PKO_PostStatus/1/types"
_REQUEST, _RESPONSE, _STATUS = "kombi_request", "kombi_response", f"{{{STATUS}}}PKO_PostStatus"
_FATES = {
    "modtaget digital post": LetterFate.TAKEN_ON,
    "afleveret digital post": LetterFate.DELIVERED,
    "fejlet": LetterFate.RETURNED,
}
_XML_TYPES = ("application/xml", "text/xml")
_UNSAID = "unsaid"
# A code is what a code looks like: anything else may be words, and words may tell of a person.
_CODE = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")


class PostSettings(WireSettings):
    """What an operator can set for Digital Post. ``url`` ends in the service, before ``/kombi``."""

    #: The municipality's CVR number, as the sender.
    sender_cvr: Annotated[str, BeforeValidator(str), Field(pattern=r"^[0-9]{8}$")]
    #: What the citizen reads as the sender.
    sender_name: str = Field(min_length=1, max_length=256)


class DigitalPost:
    """Sends letters by SF1601."""

    name: ClassVar[str] = NAME

    def __init__(self, settings: Mapping[str, Any]) -> None:
        """Prepare the wire; nothing is connected yet.

        :raises SettingsRefused: naming every setting that is wrong.
        """
        chosen = _read(settings)
        sender = chosen.sender(NAME)
        if sender is None:
            raise _refused([Fault("post.url", "It is missing.", "Set it, or set nothing of post.")])
        self._sender, self._from = sender, (chosen.sender_cvr, chosen.sender_name)
        folder = contract_folder(CONTRACT)
        self._letters, self._receipts = XmlContract(folder / "kombi.xsd"), XmlContract(folder / "receipt.xsd")

    def send(self, letter: Letter) -> LetterReceipt:
        """Send one letter.

        :raises RecipientRefused: the post will not talk to the hub.
        :raises RecipientDown: it does not answer.
        :raises RecipientFailed: it failed, or gave an answer that is none of the contract.
        """
        request = kombi_request(letter, *self._from)
        self._letters.check(request)
        headers = {
            "Content-Type": "application/xml",
            "Accept": "application/xml",
            "x-TransaktionsId": str(letter.key),
            "x-TransaktionsTid": _instant(now()),
        }
        answer = self._sender.request("POST", "/kombi", to_bytes(request), headers)
        try:
            root = read_xml(answer.body)
            self._letters.check(root)
        except Refused:
            root = None
        if root is None or root.tag != _RESPONSE:
            raise RecipientFailed("The post gave an answer that is no kombi_response.")
        reference = root.findtext("TransmissionID") or ""
        if root.findtext("Result", "").strip() in ("true", "1"):
            return LetterReceipt(letter.key, LetterFate.TAKEN_ON, reference)
        return LetterReceipt(letter.key, LetterFate.RETURNED, reference, _code(root.findtext(".//FejlId")))

    def receipt(self, parcel: Parcel) -> LetterReceipt | None:
        """Read a PKO_PostStatus, bare or in a message of the Beskedfordeler.

        :raises ContractViolation: it is none.
        """
        if read_content_type(parcel.content_type)[0] not in _XML_TYPES:
            raise ContractViolation("The receipt does not say that it is XML.")
        root = _unwrapped(read_xml(parcel.body))
        if root.tag != _STATUS:
            raise ContractViolation("This is no receipt of a letter.", "Send a PKO_PostStatus (contracts/post/v1).")
        self._receipts.check(root)
        fate = _FATES.get(_text(root, "TransaktionsStatusKode").strip().lower())
        if fate is None:
            return None
        code = _code(root.findtext(f".//{{{STATUS}}}FejlKode")) if fate is LetterFate.RETURNED else ""
        return LetterReceipt(UUID(_text(root, "MessageUUID")), fate, _text(root, "TransmissionId"), code)


def kombi_request(letter: Letter, cvr: str, sender: str) -> etree._Element:
    """Write a letter in MeMo 1.1; a repeat of it has the same bytes."""
    # Serviceplatformen is reported to know its elements by the prefix "memo" alone, so it is always written.
    request = etree.Element(_REQUEST)
    etree.SubElement(request, "KombiValgKode").text = "Digital Post"
    message = etree.SubElement(request, _memo("Message"), nsmap={"memo": MEMO})
    message.set("memoVersion", "1.1")
    message.set("memoSchVersion", "1.1.0")
    header = etree.SubElement(message, _memo("MessageHeader"))
    _add(header, messageType="DIGITALPOST", messageUUID=str(letter.key), label=letter.subject)
    _add(header, mandatory="false", legalNotification="false")
    _add(etree.SubElement(header, _memo("Sender")), senderID=cvr, idType="CVR", label=sender)
    _add(etree.SubElement(header, _memo("Recipient")), recipientID=letter.to.value, idType="CPR")
    body = etree.SubElement(message, _memo("MessageBody"))
    _add(body, createdDateTime=_instant(letter.made_at))
    file = etree.SubElement(etree.SubElement(body, _memo("MainDocument")), _memo("File"))
    content = base64.b64encode(letter.text.encode()).decode()
    _add(file, encodingFormat="text/plain", filename="Besked.txt", language="da", content=content)
    return request


def _unwrapped(root: etree._Element) -> etree._Element:
    """Return what a message of the Beskedfordeler carries in ``Beskeddata/Base64``; any other document as it is."""
    found = list(root.iter("{*}Base64"))
    if not found:
        return root
    try:
        # The text stands in Base64 itself, or in its one child.
        inner = base64.b64decode("".join("".join(map(str, found[0].itertext())).split()), validate=True)
    except ValueError:
        raise ContractViolation("The message's Base64 is none.") from None
    return read_xml(inner)


def _read(settings: Mapping[str, Any]) -> PostSettings:
    try:
        return PostSettings.model_validate(dict(settings))
    except ValidationError as error:
        faults = [
            Fault(".".join(["post", *map(str, fault["loc"])]), f"{fault['msg']}.")
            for fault in error.errors(include_input=False, include_url=False, include_context=False)
        ]
        raise _refused(faults) from None


def _refused(faults: list[Fault]) -> SettingsRefused:
    return SettingsRefused("The settings of the post cannot be used.", faults=faults)


def _memo(name: str) -> str:
    return f"{{{MEMO}}}{name}"


def _add(parent: etree._Element, **children: str) -> None:
    for name, text in children.items():
        etree.SubElement(parent, _memo(name)).text = text


def _text(root: etree._Element, name: str) -> str:
    return root.findtext(f"{{{STATUS}}}{name}") or ""


def _code(text: str | None) -> str:
    """Return a code as it may be shown: at most 40 characters of a code's kind, and no ten digits in a row."""
    code = (text or "").strip()
    digits = sum(each.isdigit() for each in code)
    return code if 0 < len(code) <= 40 and set(code) <= _CODE and digits < 10 else _UNSAID


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
