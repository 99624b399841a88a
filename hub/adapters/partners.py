"""The wire of partners (a school, a housing masterplan, volunteers): a signed webhook out, and nothing in.

Several partners use this adapter, each under a name, with an address and a secret of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self
from urllib.parse import urlsplit

import orjson
from pydantic import model_validator

from hub.adapters._feed import FeedSettings
from hub.adapters._http import HttpSender, Limits
from hub.adapters._receipt import json_receipt
from hub.adapters._rest import JsonContract
from hub.adapters._webhook import WebhookSecret, bytes_of, signed
from hub.adapters._wire import WireSettings, read_wire
from hub.authority import DeliveryKey, Document, Parcel, Receipt
from hub.authority.feeding import Written
from hub.clock import now
from hub.errors import ContractViolation, Fault, RecipientRefused
from hub.plan.person import Role

NAME, CONTRACT = "partners", "partners/v1"
_JSON = "application/json"


class PartnerSettings(WireSettings, FeedSettings):
    """What an operator can set for one partner. ``url`` is the address that updates are posted to, path and all."""

    #: What updates are signed with.
    secret: WebhookSecret | None = None
    #: Signed with as well, while the secret is being replaced.
    old_secret: WebhookSecret | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if (self.url is None) != (self.secret is None):
            raise ValueError("url and secret: set both, or neither")
        if self.token or self.token_url or (self.secret is None and self.old_secret is not None):
            raise ValueError(
                "token, token_url, old_secret: a partner knows the hub by the signature; old_secret goes with secret"
            )
        return self

    def secrets(self) -> list[bytes]:
        """Return what an update is signed with."""
        return bytes_of(self.secret, self.old_secret)


class PartnersAdapter:
    """Posts signed updates to one partner."""

    contract: ClassVar[str] = CONTRACT
    channel: ClassVar[str] = "webhook"
    role: ClassVar[Role] = Role.PARTNER

    def __init__(self, settings: Mapping[str, Any], name: str = NAME) -> None:
        """Prepare the wire; nothing is connected yet.

        :raises SettingsRefused: naming every setting that is wrong.
        """
        chosen = read_wire(PartnerSettings, name, settings)
        self.name = name
        self._contract = JsonContract(CONTRACT)
        self._secrets = chosen.secrets()
        self.feed = chosen.fed(name)
        self.endpoints = chosen.notified(name)
        place = urlsplit(chosen.url or "")
        self._path = place.path or "/"
        limits = Limits(chosen.connect_seconds, chosen.read_seconds, chosen.total_seconds)
        base = f"{place.scheme}://{place.netloc}"
        self._sender = HttpSender(base, name=name, limits=limits, tls=chosen.tls()) if chosen.url else None

    @classmethod
    def named(cls, name: str, settings: Mapping[str, Any]) -> Self:
        """Make one under a partner's own name. :raises SettingsRefused: naming every setting that is wrong."""
        return cls(settings, name)

    @property
    def delivers(self) -> bool:
        """Tell whether the partner's address is set, or the partner fetches."""
        return self._sender is not None or self.feed is not None

    def receive(self, parcel: Parcel) -> Document:
        """Refuse: a partner sends no cases. :raises ContractViolation: always."""
        raise ContractViolation(
            "A partner sends no cases.",
            "Talk to the plan's coordinator.",
            [Fault("(document)", "is nothing that the contract partners/v1 lets in.")],
        )

    def send(self, document: Document, key: DeliveryKey) -> Receipt:
        """Post a signed update and read the partner's Kvittering.

        :raises RecipientRefused: it will not take this update, or no address is set.
        :raises RecipientDown: it does not answer.
        :raises RecipientFailed: it failed, or its answer is no Kvittering for this sequence.
        """
        if self._sender is None:
            raise RecipientRefused("No address of this partner is set.", "Set url and secret of its settings.")
        body = orjson.dumps(document.content)
        headers = {"Content-Type": _JSON, **signed(self._secrets, str(key), body, now()), **key.traced}
        return json_receipt(self._contract, self.name, self._sender.request("POST", self._path, body, headers), key)

    def written(self, document: Document, key: DeliveryKey) -> Written:
        """Write an update for the partner to fetch."""
        return Written(_JSON, orjson.dumps(document.content))
