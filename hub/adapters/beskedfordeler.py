"""The wire of a distributor of events: thin events by AMQP, in the Beskedfordeler's envelope, out and in.

Out: several recipients use this adapter, each under a name and a CVR number of its own; each gets its own events alone.
In: an event that waits for us names a case of an authority, and the hub fetches it there.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, ClassVar, Self, cast
from urllib.parse import urlsplit
from uuid import UUID

from lxml import etree
from pydantic import Field, SecretStr, ValidationInfo, field_validator, model_validator

from hub.adapters._amqp import AmqpLine, Credentials
from hub.adapters._http_address import has_a_port
from hub.adapters._tls_settings import TlsSettings
from hub.adapters._wire import read_wire
from hub.adapters._xml import read_xml, to_bytes
from hub.authority import Announcement, DeliveryKey, Document, Parcel, Receipt, ReceiptStatus
from hub.errors import ContractViolation, Fault, RecipientRefused, SourceDown

NAME, CONTRACT = "beskedfordeler", "beskedfordeler/v1"
NAMESPACE = "urn:oio:besked:kuvert:1.0"
#: The kind of event: a plan has changed for its recipient.
PLAN_CHANGED = "5b7d6c1e-2f60-4d0f-9d55-0f6d1d8a7e21"
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class BeskedfordelerSettings(TlsSettings):
    """What an operator can set for one recipient."""

    #: Allow amqp:// beyond this machine; closed test networks only.
    plain_amqp: bool = False
    #: The broker: ``amqps://host[:port][/vhost]``; without it nothing is sent.
    url: str | None = None
    user: str = ""
    password: SecretStr = SecretStr("")
    #: Where events for the recipient are published; without it none are.
    exchange: str = Field(default="", max_length=255)
    #: Where events for the hub wait (a Dueslag), and the authority whose cases they name.
    queue: str = Field(default="", max_length=255)
    announces: str = Field(default="", max_length=64)
    #: CVR number of the recipient, and of the municipality that runs the hub.
    recipient_cvr: str = Field(default="", pattern=r"^([0-9]{8})?$")
    municipality_cvr: str = Field(default="", pattern=r"^([0-9]{8})?$")

    @field_validator("url")
    @classmethod
    def _is_a_broker(cls, url: str | None, others: ValidationInfo) -> str | None:
        if url is None:
            return None
        parts = urlsplit(url)
        is_a_broker = parts.scheme in ("amqp", "amqps") and parts.hostname and has_a_port(parts)
        if not is_a_broker or parts.username or parts.password:
            raise ValueError("is an address that begins with amqps:// and names a host, without user and password")
        if parts.scheme == "amqp" and parts.hostname not in _LOOPBACK and not others.data.get("plain_amqp"):
            raise ValueError("begins with amqps:// unless the broker is on this machine (or plain_amqp is set)")
        return url

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if bool(self.exchange) != bool(self.recipient_cvr):
            raise ValueError("exchange and recipient_cvr: set both, or neither")
        if bool(self.queue) != bool(self.announces):
            raise ValueError("queue and announces: set both, or neither")
        if (self.url is None) == bool(self.exchange or self.queue):
            raise ValueError("url: goes with exchange, queue or both")
        if self.url is not None and not self.municipality_cvr:
            raise ValueError("municipality_cvr: goes with url")
        return self

    def line(self, name: str) -> AmqpLine | None:
        """Return the way to the broker; None when no address is set."""
        if self.url is None:
            return None
        who = Credentials(
            self.user,
            self.password.get_secret_value(),
            self.ca_file,
            self.client_certificate_file,
            self.client_key_file,
        )
        return AmqpLine(self.url, who, name=name)


class BeskedfordelerAdapter:
    """Publishes thin events to one recipient."""

    contract: ClassVar[str] = CONTRACT
    channel: ClassVar[str] = "feed"

    def __init__(self, settings: Mapping[str, Any], name: str = NAME) -> None:
        """Prepare the wire; nothing is connected yet.

        :raises SettingsRefused: naming every setting that is wrong.
        """
        self.name = name
        self._chosen = read_wire(BeskedfordelerSettings, name, settings)
        self._line = self._chosen.line(name) if self._chosen.exchange else None
        self._ear = self._chosen.line(name) if self._chosen.queue else None
        self.announces = self._chosen.announces

    @classmethod
    def named(cls, name: str, settings: Mapping[str, Any]) -> Self:
        """Make one under a recipient's own name. :raises SettingsRefused: naming every setting that is wrong."""
        return cls(settings, name)

    @property
    def delivers(self) -> bool:
        """Tell whether it is set where events are published."""
        return self._line is not None

    def receive(self, parcel: Parcel) -> Document:
        """Refuse: by this contract no case comes in. :raises ContractViolation: always."""
        raise ContractViolation(
            "By this contract nothing comes in.",
            "Ask the hub for the plan: GET /plans/{ObjektId}.",
            [Fault("(document)", f"is nothing that the contract {CONTRACT} lets in.")],
        )

    def announcement(self, parcel: Parcel) -> Announcement:
        """Read an event that names a case to fetch.

        :raises ContractViolation: it is none, is not for us, or names not exactly one thing by a UUID.
        """
        root = read_xml(parcel.body)
        if root.tag != _named("Haendelsesbesked"):
            raise _broken("/*", "is no Haendelsesbesked of the Beskedfordeler.")
        allowed = [(one.text or "").strip() for one in root.iter(_named("TilladtModtager"))]
        if allowed and f"urn:oio:cvr-nr:{self._chosen.municipality_cvr}" not in allowed:
            raise _broken("//TilladtModtager", "does not name this municipality.")
        return Announcement(_uuid_in(root, "BeskedId"), _uuid_in(root, "ObjektId"), self.announces)

    @contextmanager
    def hear(self, seconds: float) -> Iterator[Parcel | None]:
        """Take the next event of the queue; waits before it says that there is none.

        :raises SourceDown: the broker does not answer, or no queue is set.
        """
        if self._ear is None:
            raise SourceDown("No queue of this authority is set.", "Set queue and announces of its settings.")
        with self._ear.taken(self._chosen.queue) as body:
            if body is not None:
                yield Parcel(self.name, body, "application/xml")
                return
        threading.Event().wait(seconds)
        yield None

    def send(self, document: Document, key: DeliveryKey) -> Receipt:
        """Publish an event to the recipient's queue.

        :raises RecipientRefused: no queue takes it, or no address is set.
        :raises RecipientDown: the broker does not answer.
        :raises RecipientFailed: it did not take the event.
        """
        if self._line is None:
            raise RecipientRefused("No broker of this recipient is set.", "Set url of its settings.")
        event, chosen = document.content, self._chosen
        body = to_bytes(envelope(event, chosen.recipient_cvr, chosen.municipality_cvr))
        self._line.publish(
            body,
            exchange=chosen.exchange,
            routing_key=chosen.recipient_cvr,
            message_id=event["BeskedId"],
            headers=key.traced,
        )
        return Receipt(ReceiptStatus.TOLD, event["BeskedId"])


def envelope(event: Mapping[str, Any], recipient_cvr: str, municipality_cvr: str) -> etree._Element:
    """Write an event into the envelope of its one recipient."""
    root = etree.Element(_named("Haendelsesbesked"), nsmap=cast("dict[str, str]", {None: NAMESPACE}))
    _add(root, "BeskedId", event["BeskedId"])
    _add(root, "BeskedVersion", "1.0")
    kuvert = _add(root, "Beskedkuvert")
    chosen_by = _add(kuvert, "Filtreringsdata")
    _add(chosen_by, "Beskedtype", PLAN_CHANGED)
    _add(chosen_by, "BeskedAnsvarligAktoer", f"urn:oio:cvr-nr:{municipality_cvr}")
    _add(chosen_by, "TilladtModtager", f"urn:oio:cvr-nr:{recipient_cvr}")
    about = _add(chosen_by, "RelateretObjekt")
    _add(about, "ObjektId", event["Plan"])
    _add(about, "ObjektType", "urn:one-plan-hub:plan")
    _add(about, "ObjektRolle", "opdateret")
    _add(chosen_by, "TvaergaaendeProces", event["Plan"])
    made = _add(kuvert, "Leveranceinformation")
    _add(made, "Dannelsestidspunkt", event["Dannelsestidspunkt"])
    _add(made, "TransaktionsId", event["TransaktionsId"])
    _add(made, "Kildesystem", "one-plan-hub")
    _add(made, "Sikkerhedsklassificering", "FORTROLIGE_PERSONOPLYSNINGER")
    return root


def _uuid_in(root: etree._Element, name: str) -> str:
    """Return the one UUID of a name, which may stand there several times."""
    found = {(one.text or "").strip().lower().removeprefix("urn:uuid:") for one in root.iter(_named(name))}
    with suppress(ValueError):
        if len(found) == 1:
            return str(UUID(found.pop()))
    raise _broken(f"//{name}", "is not there once, as a UUID.")


def _named(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


def _broken(field: str, sentence: str) -> ContractViolation:
    fault = Fault(field, sentence, f"See the README of {CONTRACT}.")
    return ContractViolation(f"The event breaks the contract {CONTRACT}.", faults=[fault])


def _add(parent: etree._Element, name: str, text: str | None = None) -> etree._Element:
    child = etree.SubElement(parent, _named(name))
    child.text = text
    return child
