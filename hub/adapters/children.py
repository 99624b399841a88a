"""The wire of children and family services: XML posted or dropped into a folder, XML delivered by POST."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID

from lxml import etree
from pydantic import Field

from hub.adapters._digests import uuid_of
from hub.adapters._feed import FeedSettings
from hub.adapters._folder import DETACHED, FolderIntake
from hub.adapters._http import Answer
from hub.adapters._signed_document import Signers
from hub.adapters._trust_settings import TrustSettings
from hub.adapters._wire import WireSettings, judged_receipt, read_wire
from hub.adapters._xml import XmlContract, read_content_type, read_xml, refuse_notification, to_bytes
from hub.authority import ClaimedFile, DeliveryKey, Document, Parcel, Receipt, contract_folder
from hub.authority.feeding import Written
from hub.errors import ContractViolation, Fault, RecipientFailed, RecipientRefused

NAME, CONTRACT, L201_CONTRACT, L231_CONTRACT = "children", "children/v1", "children/l201-v1", "children/l231-v1"
NAMESPACE = "urn:one-plan-hub:children:1"
_CASE = f"{{{NAMESPACE}}}SagOpdatering"
_RECEIPT = f"{{{NAMESPACE}}}Kvittering"
_STATISTICS = "{http://rep.oio.dk/dst.dk/xml/schemas/2010/04/16/}"
_L201 = f"{_STATISTICS}UdsatteBoernOgUngeLeveranceL201U1Struktur"
_L231 = f"{_STATISTICS}BoernMedHandicapLeveranceL231Struktur"
_XML_TYPES = ("application/xml", "text/xml")
_SENT_TYPE = "application/xml; charset=utf-8"
_UPDATES = "/plan-updates"


class ChildrenSettings(WireSettings, TrustSettings, FeedSettings):
    """What an operator can set for children and family services."""

    #: The folder their system drops files into; without it none is watched.
    folder: Path | None = None
    #: Seconds a dropped file must have been left alone.
    settle_seconds: float = Field(default=1, ge=0, le=600)
    #: Minutes after which another machine's claim of a file counts as lost.
    claim_minutes: float = Field(default=15, gt=0)
    #: Days after which the receipt of a dropped file is deleted.
    receipt_days: float = Field(default=30, gt=0, le=3_650)
    #: Days after which a refused file, sealed, and its report are deleted.
    refused_days: float = Field(default=90, gt=0, le=3_650)


class ChildrenAdapter:
    """Receives SagOpdatering, L201 and L231 deliveries; sends PlanOpdatering."""

    name: ClassVar[str] = NAME
    contract: ClassVar[str] = CONTRACT
    channel: ClassVar[str] = "xml"

    def __init__(self, settings: Mapping[str, Any]) -> None:
        """Prepare the wire; nothing is connected and no folder made yet.

        :raises SettingsRefused: naming every setting that is wrong.
        """
        chosen = read_wire(ChildrenSettings, NAME, settings)
        self._contracts = {
            _CASE: (CONTRACT, XmlContract(contract_folder(CONTRACT) / "children.xsd")),
            _L201: (L201_CONTRACT, XmlContract(contract_folder(L201_CONTRACT) / "l201.xsd")),
            _L231: (L231_CONTRACT, XmlContract(contract_folder(L231_CONTRACT) / "l231.xsd")),
        }
        trust = chosen.trust(NAME)
        self._signers = Signers(trust, chosen.require_signature) if trust else None
        self._sender = chosen.sender(NAME)
        self.feed = chosen.fed(NAME)
        self.endpoints = chosen.notified(NAME)
        self.folder = chosen.folder
        self._intake = chosen.folder and FolderIntake(
            chosen.folder,
            NAME,
            _XML_TYPES[0],
            settle=chosen.settle_seconds,
            lost_after=chosen.claim_minutes * 60,
            keep_receipts=timedelta(days=chosen.receipt_days),
            keep_refused=timedelta(days=chosen.refused_days),
        )

    @property
    def delivers(self) -> bool:
        """Tell whether their system's address is set, or it fetches."""
        return self._sender is not None or self.feed is not None

    def receive(self, parcel: Parcel) -> Document:
        """Read a SagOpdatering, or an L201 or L231 delivery.

        :raises ContractViolation: naming each field, never a value; or signatures count, and its own does not.
        :raises TooLarge: the body is over 10 MB.
        """
        root, signed = read_xml(parcel.body, _charset(parcel.content_type)), b""
        if self._signers is not None:
            root, signed = self._signers.check(parcel.body, root, parcel.headers.get(DETACHED))
        contract, schema = self._contract_of(root)
        try:
            schema.check(root)
        except ContractViolation:
            refuse_notification(root)  # no contract knows one; this says more than that it is not expected
            raise
        own_id = root.findtext(f".//{{{NAMESPACE}}}MeddelelseId")
        message_id = own_id.strip().lower() if own_id else str(_fingerprint(root))
        return Document(NAME, contract, etree.QName(root).localname, message_id, root, signed)

    def _contract_of(self, root: etree._Element) -> tuple[str, XmlContract]:
        if root.tag in self._contracts:
            return self._contracts[str(root.tag)]
        refuse_notification(root)
        raise ContractViolation(
            "The document is neither a SagOpdatering nor an L201 or L231 delivery.",
            f"Send a SagOpdatering in the namespace {NAMESPACE}, or a delivery.",
            [Fault("/*", "The root element, or its namespace, is none of the agreed ones.")],
        )

    def send(self, document: Document, key: DeliveryKey) -> Receipt:
        """POST a PlanOpdatering to their system and read its Kvittering.

        :raises RecipientRefused: it will not take this update, or no address is set.
        :raises RecipientDown: it does not answer.
        :raises RecipientFailed: it failed, or its answer is no Kvittering for this sequence.
        """
        if self._sender is None:
            raise RecipientRefused(
                "No address of the children system is set.", "Set url and token of HUB_AUTHORITIES__CHILDREN."
            )
        answer = self._sender.request(
            "POST",
            _UPDATES,
            content=to_bytes(document.content),
            headers={"Content-Type": _SENT_TYPE, "Idempotency-Key": str(key), **key.traced},
        )
        return self._receipt(answer, key)

    def written(self, document: Document, key: DeliveryKey) -> Written:
        """Write a PlanOpdatering for their system to fetch."""
        return Written(_SENT_TYPE, to_bytes(document.content))

    def claim(self) -> AbstractContextManager[ClaimedFile | None]:
        """Claim the oldest dropped file; None when there is none, or no folder is set.

        :raises SourceDown: the folder cannot be used.
        """
        return self._intake.claim() if self._intake else nullcontext()

    def waiting(self) -> int:
        """Count the dropped files that wait. :raises SourceDown: the folder cannot be read."""
        return self._intake.waiting() if self._intake else 0

    def _receipt(self, answer: Answer, key: DeliveryKey) -> Receipt:
        try:
            root = read_xml(answer.body, _charset(answer.headers.get("content-type", "")))
            self._contracts[_CASE][1].check(root)
        except ContractViolation:
            raise RecipientFailed("The children system gave an answer that is no valid Kvittering.") from None
        words = {name: (root.findtext(f"{{{NAMESPACE}}}{name}") or "").strip() for name in _RECEIPT_WORDS}
        if root.tag != _RECEIPT:
            raise RecipientFailed("The children system gave an answer that is no valid Kvittering.")
        held = int(words["Sekvens"])
        return judged_receipt(NAME, key, words["Status"], held, words["Reference"], words["Begrundelse"])


_RECEIPT_WORDS = ("Status", "Sekvens", "Reference", "Begrundelse")


def _charset(content_type: str) -> str | None:
    """Return the charset of a Content-Type that says XML.

    :raises ContractViolation: it says something else.
    """
    kind, parameters = read_content_type(content_type)
    if kind not in _XML_TYPES:
        raise ContractViolation("The document is not sent as XML.", "Send it with 'Content-Type: application/xml'.")
    return parameters.get("charset")


def _fingerprint(root: etree._Element) -> UUID:
    """Make a message id of a document that has none: the same content always has the same (uuid of version 8)."""
    return uuid_of(hashlib.sha256(etree.tostring(root, method="c14n")).digest())
