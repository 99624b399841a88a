"""What holds for every authority that is reached over HTTP: its settings, the sender, and what a receipt must say."""

from __future__ import annotations

from collections.abc import Mapping
from ssl import SSLContext
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from hub.adapters._client_tokens import AccessTokens, Client, read_key
from hub.adapters._http import ANSWER_BYTES, DELIVERING, HttpSender, Limits, Outcomes
from hub.adapters._http_address import checked_url
from hub.adapters._tls import tls_context
from hub.adapters._tls_settings import ThereFile, TlsSettings
from hub.authority import DeliveryKey, Receipt, ReceiptStatus
from hub.errors import Fault, RecipientFailed, RecipientRefused, SettingsRefused

_REFUSED = "refused"


class WireSettings(TlsSettings):
    """Where an authority's system is and how it is spoken to; an adapter adds its own."""

    #: Allow http:// beyond this machine; closed test networks only.
    plain_http: bool = False
    #: Where their system is; without it nothing is delivered, fetched or polled.
    url: str | None = None
    #: The token their system has issued to the hub.
    token: SecretStr | None = None
    #: Instead of ``token``: where the hub asks for one, as which client, and the key it shows that with (RFC 7523).
    token_url: str | None = None
    client_id: str | None = Field(default=None, min_length=1, max_length=255)
    assertion_key_file: ThereFile | None = None
    #: What that token is for, as their operator says.
    scope: str = Field(default="", max_length=1_000)
    #: Seconds; DESIGN's limits unless set.
    connect_seconds: float = Field(default=3, gt=0, le=3)
    read_seconds: float = Field(default=10, gt=0, le=10)
    total_seconds: float = Field(default=15, gt=0, le=15)

    @field_validator("url", "token_url")
    @classmethod
    def _is_an_address(cls, url: str | None, others: ValidationInfo) -> str | None:
        return None if url is None else checked_url(url, others.data.get("plain_http", False))

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        asks = (self.token_url, self.client_id, self.assertion_key_file)
        if any(asks) != all(asks) or (self.scope and not any(asks)):
            raise ValueError("token_url, client_id, assertion_key_file (and scope): they go together")
        if self.token is not None and any(asks):
            raise ValueError("token and token_url: the hub has a token, or asks for one")
        if self.assertion_key_file is not None:
            try:
                read_key(self.assertion_key_file)
            except ValueError as error:
                raise ValueError(f"assertion_key_file: {error}") from None
        shows = (self.token, self.token_url, self.client_certificate_file)
        if (self.url is None) == any(shows):
            raise ValueError(
                "url and token: set both, or neither; instead of token also token_url, or client_certificate_file"
            )
        return self

    @model_validator(mode="after")
    def _speaks_tls(self) -> Self:
        if self.ca_file or self.client_certificate_file:
            self.tls()
        return self

    def tls(self) -> SSLContext:
        """Return what their system is spoken to with over TLS."""
        return tls_context(self.ca_file, self.client_certificate_file, self.client_key_file)

    def sender(self, name: str, outcomes: Outcomes = DELIVERING, answer_bytes: int = ANSWER_BYTES) -> HttpSender | None:
        """Return the way to their system; None when no address is set."""
        if self.url is None:
            return None
        limits = Limits(self.connect_seconds, self.read_seconds, self.total_seconds, answer_bytes)
        token = self.token.get_secret_value() if self.token else self._tokens(name)
        return HttpSender(self.url.rstrip("/"), token, name=name, limits=limits, outcomes=outcomes, tls=self.tls())

    def _tokens(self, name: str) -> AccessTokens | None:
        """Return where tokens come from; None where the certificate alone says who the hub is."""
        if self.token_url is None or self.client_id is None or self.assertion_key_file is None:
            return None
        limits = Limits(self.connect_seconds, self.read_seconds, self.total_seconds, 100_000)
        place = urlsplit(self.token_url)
        # An assertion is good for once: its request is never sent a second time over a connection that was kept.
        sender = HttpSender(
            f"{place.scheme}://{place.netloc}",
            name=f"{name} that issues tokens",
            limits=limits,
            tls=self.tls(),
            keeps=False,
        )
        return AccessTokens(
            Client(self.client_id, self.token_url, read_key(self.assertion_key_file), self.scope), sender
        )


_S = TypeVar("_S", bound=BaseModel)


def read_wire(kind: type[_S], name: str, settings: Mapping[str, Any], table: str = "") -> _S:
    """Read an authority's settings.

    :param table: where they stand; without it in the authority's own.
    :raises SettingsRefused: naming every one that is wrong, never a value.
    """
    try:
        return kind.model_validate(dict(settings))
    except ValidationError as error:
        faults = [
            Fault(".".join([table or f"authorities.{name}", *map(str, fault["loc"])]), f"{fault['msg']}.")
            for fault in error.errors(include_input=False, include_url=False, include_context=False)
        ]
        raise SettingsRefused(f"The settings of {name} cannot be used.", faults=faults) from None


def judged_receipt(name: str, key: DeliveryKey, status: str, held: int, reference: str, reason: str) -> Receipt:
    """Return the receipt of a delivery, as a system's valid answer tells it.

    :param status: a :class:`ReceiptStatus` that a contract has, or ``refused``.
    :param held: the sequence that the system holds now.
    :raises RecipientRefused: it will not take the update.
    :raises RecipientFailed: the answer is for another sequence.
    """
    if status == _REFUSED:
        raise RecipientRefused(f"The {name} system refuses the update; its reason stands in its own log.")
    told = ReceiptStatus(status)
    if held != key.sequence and not (told is ReceiptStatus.ALREADY_HELD and held > key.sequence):
        raise RecipientFailed(f"The {name} system gave a receipt for another sequence.")
    return Receipt(told, reference, reason)
