"""The settings of a recipient that fetches, and the signed webhook that tells it of what has come into its feed.

    class SomeSettings(WireSettings, FeedSettings): ...
    self.feed = chosen.fed(NAME)                  # None: it is sent what is due to it
    self.endpoints = chosen.notified(NAME)        # None: it may not subscribe over FHIR

A webhook is one thin event as a CloudEvent, signed as Standard Webhooks says; whatever the answer holds, only that it
is 2xx counts. The address stands in the settings and nowhere else.
"""

from __future__ import annotations

from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, ValidationInfo, field_validator, model_validator

from hub.adapters._endpoints import EndpointSettings, HookEndpoints
from hub.adapters._hook_settings import HookSettings
from hub.adapters._http import HttpSender
from hub.adapters._http_address import checked_url
from hub.adapters._webhook import WebhookSecret, bytes_of, signed
from hub.authority.feeding import Feed, Topic
from hub.clock import now

#: CloudEvents 1.0, HTTP binding, structured mode.
EVENT_TYPE = "application/cloudevents+json; charset=utf-8"


class WebhookSettings(HookSettings):
    """Where a subscriber is told of what comes into its feed."""

    #: The address that events are posted to, path and all.
    url: str
    #: What events are signed with.
    secret: WebhookSecret
    #: Signed with as well, while the secret is being replaced.
    old_secret: WebhookSecret | None = None
    #: What it is told of.
    topics: frozenset[Topic] = Field(default=frozenset(Topic), min_length=1)

    @field_validator("url")
    @classmethod
    def _is_an_address(cls, url: str, others: ValidationInfo) -> str:
        return checked_url(url, others.data.get("plain_http", False))


class FeedSettings(BaseModel):
    """What an operator can set; an adapter's own settings take these in."""

    #: How what is due gets to their system: the hub sends it, or their system fetches it from its feed.
    delivery: Literal["send", "feed"] = "send"
    #: Where their system is told of what comes into its feed; without it their system asks.
    webhook: WebhookSettings | None = None
    #: Where FHIR subscriptions of its own client may be told, whichever way documents get to it.
    subscriptions: EndpointSettings | None = None

    @model_validator(mode="after")
    def _tells_who_fetches(self) -> Self:
        if self.webhook is not None and self.delivery != "feed":
            raise ValueError('webhook: tells of what comes into a feed; it goes with delivery = "feed"')
        return self

    def fed(self, name: str) -> Feed | None:
        """Return the feed of a recipient that fetches; None for one that is sent what is due to it.

        :param name: the recipient's, for the sentences of errors.
        """
        if self.delivery == "send":
            return None
        return Feed(Webhook(name, self.webhook) if self.webhook else None)

    def notified(self, name: str) -> HookEndpoints | None:
        """Return where subscriptions of a recipient may be told; None: the settings name no address.

        :param name: the recipient's, for the sentences of errors.
        """
        return HookEndpoints(name, self.subscriptions) if self.subscriptions else None


class Webhook:
    """Tells a subscriber of thin events. Safe to share between threads."""

    def __init__(self, name: str, chosen: WebhookSettings) -> None:
        self.topics = chosen.topics
        self._secrets = bytes_of(chosen.secret, chosen.old_secret)
        place = urlsplit(chosen.url)
        self._path = place.path or "/"
        base = f"{place.scheme}://{place.netloc}"
        self._sender = HttpSender(base, name=name, limits=chosen.limits(), tls=chosen.tls())

    def push(self, event_id: str, body: bytes) -> None:
        """Post one signed event; a repeat has the same id.

        :raises RecipientDown: it does not answer.
        :raises RecipientFailed: it failed, or leads elsewhere: redirects are not followed.
        :raises RecipientRefused: it answers 4xx.
        """
        headers = {"Content-Type": EVENT_TYPE, **signed(self._secrets, event_id, body, now())}
        self._sender.request("POST", self._path, body, headers)
