"""The wire of the municipal youth services: courses POSTed to the hub, plan updates PUT to their system; JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

import orjson

from hub.adapters._feed import FeedSettings
from hub.adapters._receipt import json_receipt
from hub.adapters._rest import JsonContract
from hub.adapters._wire import WireSettings, read_wire
from hub.authority import DeliveryKey, Document, Parcel, Receipt
from hub.authority.feeding import Written
from hub.errors import RecipientRefused

NAME, CONTRACT = "youth", "youth/v1"
_COURSE = "UngeForloeb"
_JSON = "application/json"


class YouthSettings(WireSettings, FeedSettings):
    """What an operator can set for the youth services."""


class YouthAdapter:
    """Is told of courses, and sends PlanOpdatering."""

    name: ClassVar[str] = NAME
    contract: ClassVar[str] = CONTRACT
    channel: ClassVar[str] = "rest"

    def __init__(self, settings: Mapping[str, Any]) -> None:
        """Prepare the wire; nothing is connected yet.

        :raises SettingsRefused: naming every setting that is wrong.
        """
        self._contract = JsonContract(CONTRACT)
        chosen = read_wire(YouthSettings, NAME, settings)
        self._sender = chosen.sender(NAME)
        self.feed = chosen.fed(NAME)
        self.endpoints = chosen.notified(NAME)

    @property
    def delivers(self) -> bool:
        """Tell whether their system's address is set, or it fetches."""
        return self._sender is not None or self.feed is not None

    def receive(self, parcel: Parcel) -> Document:
        """Read a course.

        :raises ContractViolation: naming each field, never a value.
        :raises TooLarge: the body is over 10 MB or 500 000 values.
        """
        course = self._contract.read(_COURSE, parcel.body, parcel.content_type)
        return Document(NAME, CONTRACT, _COURSE, str(UUID(course["MeddelelseId"])), course)

    def send(self, document: Document, key: DeliveryKey) -> Receipt:
        """PUT a PlanOpdatering to their system and read its Kvittering.

        :raises RecipientRefused: it will not take this update, or no address is set.
        :raises RecipientDown: it does not answer.
        :raises RecipientFailed: it failed, or its answer is no Kvittering for this sequence.
        """
        if self._sender is None:
            raise RecipientRefused("No address of the youth system is set.", "Set url and token of its settings.")
        headers = {"Content-Type": _JSON, "Idempotency-Key": str(key), **key.traced}
        path, body = f"/plan-opdateringer/{key.plan}", orjson.dumps(document.content)
        return json_receipt(self._contract, NAME, self._sender.request("PUT", path, body, headers), key)

    def written(self, document: Document, key: DeliveryKey) -> Written:
        """Write a PlanOpdatering for their system to fetch."""
        return Written(_JSON, orjson.dumps(document.content))
