"""The wire of employment services: SOAP both ways. Their system calls the hub; the hub polls, fetches and delivers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any, ClassVar, Literal
from uuid import NAMESPACE_URL, UUID, uuid5

from lxml import etree
from pydantic import Field

from hub.adapters._employment_poll import ChangedCases
from hub.adapters._employment_service import CONTRACT, NAMESPACE, SUBMIT, acknowledged, described, element, refused
from hub.adapters._feed import FeedSettings
from hub.adapters._http import FETCHING, HttpSender
from hub.adapters._soap import SOAP11, Envelope, check_action
from hub.adapters._soap_caller import SoapCaller
from hub.adapters._wire import WireSettings, judged_receipt, read_wire
from hub.adapters._ws_addressing import Addressing, check_addressing
from hub.adapters._ws_security import read_message, write_message
from hub.adapters._ws_settings import WsSecuritySettings
from hub.adapters._xml import XmlContract, refuse_notification
from hub.authority import (
    Acknowledgement,
    DeliveryKey,
    Document,
    Page,
    Parcel,
    Receipt,
    Refusal,
    Reply,
    contract_folder,
)
from hub.authority.feeding import Written
from hub.clock import new_id
from hub.errors import ContractViolation, Fault, RecipientFailed, RecipientRefused, SourceDown

NAME = "employment"
#: Set by ``fetch``: the case asked for. Without it a parcel is a call of theirs, and an answer to us is none.
ASKED_FOR = "x-hub-asked-for"
_SERVICE, _UPDATE = "/soap", f"{NAMESPACE}/UpdatePlan"
_CASE_BYTES = 10_000_000
_HEADERS = frozenset({f"{{{NAMESPACE}}}ActiveOrganisationHeader", f"{{{NAMESPACE}}}RequestUserMetadata"})
_PUSHED, _FETCHED = "SubmitPersonCaseRequest", "GetPersonCaseResponse"
_SYSTEM_USER = 3  # RequestUserTypeIdentifier: a system, and no person
_SET_ADDRESS = "Set url and token of HUB_AUTHORITIES__EMPLOYMENT."


class EmploymentSettings(WireSettings, WsSecuritySettings, FeedSettings):
    """What an operator can set for employment services; their service is at ``<url>/soap``."""

    #: Seconds between two polls for changes; 0 relies on calls of theirs alone.
    poll_every: float = Field(default=60, ge=0, le=86_400)
    #: Changes asked for in one poll.
    page_size: int = Field(default=100, ge=1, le=500)
    #: Who the hub says it acts for, as DFDG numbers organisations; a municipality's code has no leading zero there.
    organisation_code: str = Field(default="376", pattern=r"^[0-9]{1,8}$")
    #: 4 AndenAktoer, 7 Kommune, 8 Jobcenter, 24 Virksomhed.
    organisation_type: Literal[4, 7, 8, 24] = 7
    #: The user id the hub has at their system.
    user_identifier: str = Field(default="one-plan-hub", pattern=r"^[A-Za-z0-9._:@-]{1,120}$")


class EmploymentAdapter:
    """Takes in cases (SubmitPersonCase), polls and fetches them, and sends UpdatePlan."""

    name: ClassVar[str] = NAME
    contract: ClassVar[str] = CONTRACT
    channel: ClassVar[str] = "soap"

    def __init__(self, settings: Mapping[str, Any]) -> None:
        """Prepare the wire; nothing is connected yet.

        :raises SettingsRefused: naming every setting that is wrong.
        """
        self._chosen = read_wire(EmploymentSettings, NAME, settings)
        folder = contract_folder(CONTRACT)
        self._contract = XmlContract(folder / "employment.xsd")
        self._security = self._chosen.security(NAME)
        sender, source = self._chosen.sender(NAME), self._chosen.sender(NAME, FETCHING, _CASE_BYTES)
        self._recipient = self._caller(sender) if sender else None
        self._source = self._caller(source) if source else None
        self._changed = ChangedCases(self._source, folder / "employment.wsdl", self._contract) if self._source else None
        self.feed = self._chosen.fed(NAME)
        self.endpoints = self._chosen.notified(NAME)
        #: Seconds between two polls; 0 without an address.
        self.poll_every = self._chosen.poll_every if self._source else 0.0

    @property
    def delivers(self) -> bool:
        """Tell whether their system's address is set, or it fetches."""
        return self._recipient is not None or self.feed is not None

    def receive(self, parcel: Parcel) -> Document:
        """Read the envelope of a SubmitPersonCaseRequest, or of the GetPersonCaseResponse that was asked for.

        Its message id is the message's own (MessageIdentifier, and MessageID where the call is addressed: they agree);
        of a fetched case, which has none, ``<CaseIdentifier>:<version>``.

        :raises ContractViolation: naming each field, never a value; or it is another case than was asked for.
        :raises TooLarge: the body is over 10 MB.
        """
        asked_for = parcel.headers.get(ASKED_FOR)
        is_answer = asked_for is not None
        message = read_message(parcel.body, parcel.content_type, _HEADERS, self._security, is_answer)
        envelope = message.envelope
        for part in (*envelope.headers, envelope.content):
            refuse_notification(part)
        kind = _PUSHED if asked_for is None else _FETCHED
        self._check(envelope, kind)
        if asked_for is None:
            check_action(parcel, SUBMIT)
            message_id = _word(envelope.content, "MessageIdentifier").lower()
            if message.addressing is not None:
                check_addressing(message.addressing, SUBMIT, message_id, self._chosen.service_address)
        else:
            case = _word(envelope.content, "PersonCase", "CaseIdentifier").lower()
            _check_case(case, asked_for)
            message_id = f"{case}:{int(_word(envelope.content, 'PersonCase', 'CaseVersionIdentifier'))}"
        # The id of a fetched case is its version, and what their system writes around the case may differ each time.
        essence = message.essence or (etree.tostring(envelope.content, method="c14n") if is_answer else b"")
        return Document(NAME, CONTRACT, kind, message_id, envelope.content, essence, _on_behalf_of(envelope.headers))

    def poll(self, cursor: str) -> Page:
        """Ask for cases that changed since the cursor, oldest change first, each named once.

        :raises SourceDown: try later; also when the answer breaks the contract, for only their system can mend that.
        """
        if self._changed is None:
            raise SourceDown("No address of the employment system is set.", _SET_ADDRESS)
        return self._changed.after(cursor, self._chosen.page_size, self._headers())

    def fetch(self, reference: str) -> Parcel:
        """Fetch a case by its CaseIdentifier, a UUID.

        :raises ContractViolation: the reference is no UUID.
        :raises SourceDown: try later, or no address is set.
        :raises NotFound: their system does not know the case.
        """
        case = _uuid(reference)
        if self._source is None:
            raise SourceDown("No address of the employment system is set.", _SET_ADDRESS)
        request = element("GetPersonCaseRequest", CaseIdentifier=case)
        answer, _ = self._source.call(f"{NAMESPACE}/GetPersonCase", request, self._headers(), str(new_id()))
        return Parcel(NAME, answer.body, answer.headers.get("content-type", ""), {ASKED_FOR: case})

    def send(self, document: Document, key: DeliveryKey) -> Receipt:
        """Call UpdatePlan of their system and read its receipt.

        :raises RecipientRefused: it will not take this update, or no address is set.
        :raises RecipientDown: it does not answer.
        :raises RecipientFailed: it failed, or its answer is no receipt for this sequence.
        """
        if self._recipient is None:
            raise RecipientRefused("No address of the employment system is set.", _SET_ADDRESS)
        content, headers = deepcopy(document.content), self._headers()
        _, envelope = self._recipient.call(_UPDATE, content, headers, _message_id(key), key.traced)
        try:
            self._check(envelope, "UpdatePlanResponse")
        except ContractViolation:
            raise RecipientFailed("The employment system gave an answer that is no valid receipt.") from None
        words = {name: _word(envelope.content, name) for name in _RECEIPT_WORDS}
        held = int(words["SequenceIdentifier"])
        return judged_receipt(NAME, key, words["ReceiptStatusCode"], held, words["ReferenceText"], words["ReasonText"])

    def written(self, document: Document, key: DeliveryKey) -> Written:
        """Write UpdatePlan's message for their system to fetch: addressed, and signed where messages are."""
        addressing = Addressing(_UPDATE, _message_id(key))
        body = write_message(SOAP11, deepcopy(document.content), self._headers(), addressing, self._security)
        return Written(SOAP11.content_type, body)

    def acknowledge(self, parcel: Parcel, acknowledgement: Acknowledgement) -> Reply:
        """Answer a SubmitPersonCase that the hub has safe."""
        return acknowledged(parcel, acknowledgement, self._security)

    def refuse(self, parcel: Parcel, refusal: Refusal) -> Reply:
        """Answer a call by a fault, in the caller's version of SOAP."""
        return refused(parcel, refusal, self._security)

    def describe(self, which: str, address: str) -> Reply:
        """Return ``hub.wsdl`` or its XSD. :raises NotFound: it is neither."""
        return described(which, address)

    def _caller(self, sender: HttpSender) -> SoapCaller:
        return SoapCaller(sender, (self._chosen.url or "").rstrip("/"), _SERVICE, self._security)

    def _check(self, envelope: Envelope, kind: str) -> None:
        """Check that an envelope carries a document of one kind. :raises ContractViolation: naming each field."""
        if envelope.content.tag != f"{{{NAMESPACE}}}{kind}":
            raise ContractViolation(
                f"The Body holds no {kind}.",
                f"Send a {kind} in the namespace {NAMESPACE}.",
                [Fault("/Envelope/Body/*", "The element, or its namespace, is none that is expected here.")],
            )
        for header in envelope.headers:
            if header.tag in _HEADERS:
                self._contract.check(header)
        self._contract.check(envelope.content)

    def _headers(self) -> list[etree._Element]:
        """Say on whose behalf, and as which user, the hub calls."""
        chosen = self._chosen
        organisation = element(
            "ActiveOrganisationHeader",
            OrganisationTypeIdentifier=chosen.organisation_type,
            OrganisationCode=chosen.organisation_code,
        )
        metadata = element("RequestUserMetadata")
        metadata.append(
            element(
                "RequestUserStructure",
                UserFullName="One Plan Hub",
                RequestUserTypeIdentifier=_SYSTEM_USER,
                UserIdentifier=chosen.user_identifier,
            )
        )
        return [organisation, metadata]


def _message_id(key: DeliveryKey) -> str:
    """Return an id that is stable by the key, so that a repeat is known again by its envelope alone."""
    return str(uuid5(NAMESPACE_URL, f"{_UPDATE}/{key}"))


_RECEIPT_WORDS = ("ReceiptStatusCode", "SequenceIdentifier", "ReferenceText", "ReasonText")


def _word(parent: etree._Element, *path: str) -> str:
    return (parent.findtext("/".join(f"{{{NAMESPACE}}}{name}" for name in path)) or "").strip()


def _on_behalf_of(headers: Sequence[etree._Element]) -> str:
    """Return the organisation that a call is made for, as ``<type>:<code>`` in DFDG's numbers."""
    for header in headers:
        if header.tag == f"{{{NAMESPACE}}}ActiveOrganisationHeader":
            return f"{_word(header, 'OrganisationTypeIdentifier')}:{_word(header, 'OrganisationCode')}"
    return ""


def _check_case(case: str, asked_for: str) -> None:
    if case != asked_for:
        raise ContractViolation(
            "The employment system answered with another case than was asked for.",
            faults=[
                Fault(
                    "/GetPersonCaseResponse/PersonCase/CaseIdentifier",
                    "This is not the case that was asked for.",
                    "Answer with the case of the request.",
                )
            ],
        )


def _uuid(reference: str) -> str:
    try:
        return str(UUID(reference))
    except ValueError:
        raise ContractViolation(
            "A case is fetched by its UUID.",
            faults=[Fault("CaseIdentifier", "This is no UUID.", "Send the case's CaseIdentifier.")],
        ) from None
