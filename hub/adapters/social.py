"""The wire of social services: thin events in, cases fetched and polled, plan updates PUT; REST and JSON.

It speaks to one configured address only: a reference that is no UUID never becomes part of a URL.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self
from urllib.parse import urlencode
from uuid import UUID

import orjson
from pydantic import Field, model_validator

from hub.adapters._feed import FeedSettings
from hub.adapters._http import FETCHING, Answer
from hub.adapters._json import MAX_BYTES
from hub.adapters._kept_answers import KeptAnswers
from hub.adapters._rest import JsonContract
from hub.adapters._webhook import WebhookSecret, bytes_of, verify
from hub.adapters._wire import WireSettings, judged_receipt, read_wire
from hub.authority import Announcement, DeliveryKey, Document, Page, Parcel, Receipt
from hub.authority.feeding import Written
from hub.errors import (
    ContractViolation,
    Fault,
    RecipientFailed,
    RecipientRefused,
    Refused,
    SourceDown,
)

NAME, CONTRACT = "social", "social/v1"
#: Set by ``fetch``: the case asked for, so that ``receive`` can tell when another one came.
ASKED_FOR = "x-hub-asked-for"
_JSON = "application/json"
_SET_ADDRESS = "Set url and token of HUB_AUTHORITIES__SOCIAL."


class SocialSettings(WireSettings, FeedSettings):
    """What an operator can set for social services."""

    #: Seconds between two polls for changes; 0 relies on thin events alone.
    poll_every: float = Field(default=60, ge=0, le=86_400)
    #: Changes asked for in one poll.
    page_size: int = Field(default=100, ge=1, le=500)
    #: What their events are signed with; with one set, an event that is not signed is refused.
    event_secret: WebhookSecret | None = None
    #: Taken as well, while the secret is being replaced.
    old_event_secret: WebhookSecret | None = None

    @model_validator(mode="after")
    def _replaces_a_secret(self) -> Self:
        if self.old_event_secret is not None and self.event_secret is None:
            raise ValueError("old_event_secret: goes with event_secret")
        return self


class SocialAdapter:
    """Is told of changes, fetches and polls cases (Sag), and sends PlanOpdatering."""

    name: ClassVar[str] = NAME
    contract: ClassVar[str] = CONTRACT
    channel: ClassVar[str] = "rest"

    def __init__(self, settings: Mapping[str, Any]) -> None:
        """Prepare the wire; nothing is connected yet.

        :raises SettingsRefused: naming every setting that is wrong.
        """
        chosen = read_wire(SocialSettings, NAME, settings)
        self._contract = JsonContract(CONTRACT)
        self._sender = chosen.sender(NAME)
        self.feed = chosen.fed(NAME)
        self.endpoints = chosen.notified(NAME)
        self._source = chosen.sender(NAME, FETCHING, MAX_BYTES)
        self._cases = KeptAnswers(self._source) if self._source else None
        self._event_secrets = bytes_of(chosen.event_secret, chosen.old_event_secret)
        self._page_size = chosen.page_size
        #: Seconds between two polls; 0 without an address.
        self.poll_every = chosen.poll_every if self._source else 0.0

    @property
    def delivers(self) -> bool:
        """Tell whether their system's address is set, or it fetches."""
        return self._sender is not None or self.feed is not None

    def receive(self, parcel: Parcel) -> Document:
        """Read a case. Its message id is ``<SagIdentity>:<SagVersion>``: a fetched document has none of its own.

        :raises ContractViolation: naming each field, never a value; or it is another case than was asked for.
        :raises TooLarge: the body is over 10 MB or 500 000 values.
        """
        try:
            return self._document(parcel)
        except Refused:
            if self._cases is not None and ASKED_FOR in parcel.headers:
                self._cases.forget(_path_of(parcel.headers[ASKED_FOR]))
            raise

    def _document(self, parcel: Parcel) -> Document:
        sag = self._contract.read("Sag", parcel.body, parcel.content_type)
        case = str(UUID(sag["SagIdentity"]))
        if parcel.headers.get(ASKED_FOR, case) != case:
            raise ContractViolation(
                "The social system answered with another case than was asked for.",
                faults=[
                    Fault("SagIdentity", "is not the case that was asked for.", "Answer with the case in the URL.")
                ],
            )
        return Document(NAME, CONTRACT, "Sag", f"{case}:{int(sag['SagVersion'])}", sag)

    def announcement(self, parcel: Parcel) -> Announcement:
        """Read a thin event.

        :raises NotAuthenticated: events are signed here, and this one is not, or at another time than now.
        :raises ContractViolation: naming each field.
        """
        if self._event_secrets:
            verify(self._event_secrets, parcel.headers, parcel.body)
        event = self._contract.read("SagsHaendelse", parcel.body, parcel.content_type)
        return Announcement(str(UUID(event["EventId"])), str(UUID(event["SagId"])))

    def fetch(self, reference: str) -> Parcel:
        """Fetch a case by its UUID.

        :raises ContractViolation: the reference is no UUID.
        :raises SourceDown: try later, or no address is set.
        :raises NotFound: their system does not know the case.
        """
        case = _uuid(reference)
        if self._cases is None:
            raise SourceDown("No address of the social system is set.", _SET_ADDRESS)
        answer = self._cases.get(_path_of(case), {"Accept": _JSON})
        headers = {**answer.headers, ASKED_FOR: case}
        return Parcel(NAME, answer.body, answer.headers.get("content-type", ""), headers)

    def poll(self, cursor: str) -> Page:
        """Ask for cases that changed since the cursor, oldest change first, each named once.

        :raises SourceDown: try later; also when the answer breaks the contract, for only their system can mend that.
        """
        answer = self._asked("/api/sager/aendringer?" + urlencode({"efter": cursor, "antal": self._page_size}))
        page = self._read_page(answer)
        if page["Flere"] and page["Naeste"] == cursor:
            raise SourceDown("The social system says that more changes wait but its cursor does not move.")
        if cursor and not page["Naeste"]:
            raise SourceDown("The social system's cursor leads back to the beginning.")
        cases = (str(UUID(change["SagIdentity"])) for change in page["Aendringer"])
        return Page(tuple(dict.fromkeys(cases)), page["Naeste"], page["Flere"])

    def send(self, document: Document, key: DeliveryKey) -> Receipt:
        """PUT a PlanOpdatering to their system and read its Kvittering.

        :raises RecipientRefused: it will not take this update, or no address is set.
        :raises RecipientDown: it does not answer.
        :raises RecipientFailed: it failed, or its answer is no Kvittering for this sequence.
        """
        if self._sender is None:
            raise RecipientRefused("No address of the social system is set.", _SET_ADDRESS)
        answer = self._sender.request(
            "PUT",
            f"/api/planer/{key.plan}",
            content=orjson.dumps(document.content),
            headers={"Content-Type": _JSON, "Idempotency-Key": str(key), **key.traced},
        )
        return self._receipt(answer, key)

    def written(self, document: Document, key: DeliveryKey) -> Written:
        """Write a PlanOpdatering for their system to fetch."""
        return Written(_JSON, orjson.dumps(document.content))

    def _asked(self, path: str) -> Answer:
        if self._source is None:
            raise SourceDown("No address of the social system is set.", _SET_ADDRESS)
        return self._source.request("GET", path, headers={"Accept": _JSON})

    def _read_page(self, answer: Answer) -> dict[str, Any]:
        try:
            page: dict[str, Any] = self._contract.read(
                "Aendringer", answer.body, answer.headers.get("content-type", "")
            )
        except Refused as error:
            fields = ", ".join(fault.field for fault in error.faults)
            raise SourceDown(f"The social system answered a poll against the contract ({fields}).") from None
        return page

    def _receipt(self, answer: Answer, key: DeliveryKey) -> Receipt:
        try:
            receipt = self._contract.read("Kvittering", answer.body, answer.headers.get("content-type", ""))
        except Refused:
            raise RecipientFailed("The social system gave an answer that is no valid Kvittering.") from None
        reference, reason = receipt.get("Reference", ""), receipt.get("Begrundelse", "")
        return judged_receipt(NAME, key, receipt["Status"], receipt["Sekvens"], reference, reason)


def _path_of(case: str) -> str:
    return f"/api/sager/{case}"


def _uuid(reference: str) -> str:
    try:
        return str(UUID(reference))
    except ValueError:
        raise ContractViolation(
            "A case is fetched by its UUID.", faults=[Fault("SagId", "is no UUID.", "Send the case's SagIdentity.")]
        ) from None
