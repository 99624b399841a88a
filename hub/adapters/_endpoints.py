"""The settings of a recipient whose client may subscribe over FHIR, and the posting of what its subscriptions are told.

    self.endpoints = chosen.notified(NAME)        # None: the settings name no address

The addresses stand in the settings, each whole; a subscription names one of them, letter for letter. They are bounded
as a webhook is: https (http on this machine), no redirects, no address of the link or the cloud, and whatever the
answer holds, only that it is 2xx counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from pydantic import Field, ValidationInfo, field_validator

from hub.adapters._hook_settings import HookSettings
from hub.adapters._http import DELIVERING, HttpSender
from hub.adapters._http_address import checked_url
from hub.errors import RecipientDenied

_FHIR = "application/fhir+json"
#: What the subscriber itself has given is what an address does not take: that is a refusal, and nothing to wait for.
_NOTIFYING = replace(DELIVERING, locked=RecipientDenied)


class EndpointSettings(HookSettings):
    """Where the subscriptions of a recipient may be told."""

    #: The addresses that a subscription may name, path and all.
    urls: frozenset[str] = Field(min_length=1, max_length=20)

    @field_validator("urls")
    @classmethod
    def _are_addresses(cls, urls: frozenset[str], others: ValidationInfo) -> frozenset[str]:
        return frozenset(checked_url(url, others.data.get("plain_http", False)) for url in urls)


class HookEndpoints:
    """Posts notifications to the addresses of one recipient. Safe to share between threads."""

    def __init__(self, name: str, chosen: EndpointSettings) -> None:
        self.allowed = chosen.urls
        self._name = name
        self._senders = {
            url: HttpSender(_base(url), name=name, limits=chosen.limits(), tls=chosen.tls(), outcomes=_NOTIFYING)
            for url in chosen.urls
        }

    def notify(self, endpoint: str, body: bytes, headers: Mapping[str, str]) -> None:
        """Post one notification; a repeat has the same event numbers.

        :raises RecipientDown: it does not answer.
        :raises RecipientFailed: it failed, or leads elsewhere: redirects are not followed.
        :raises RecipientRefused: it answers 4xx, or the settings do not name the address any more.
        """
        sender = self._senders.get(endpoint)
        if sender is None:
            raise RecipientDenied(f"The settings of {self._name} do not name this address any more.")
        sender.request("POST", urlsplit(endpoint).path or "/", body, {**headers, "Content-Type": _FHIR})


def _base(url: str) -> str:
    place = urlsplit(url)
    return f"{place.scheme}://{place.netloc}"
