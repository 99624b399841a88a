"""What the port asks of a recipient whose own client subscribes over FHIR: at which addresses it lets itself be told.

The client names an address and the settings say which it may name; so nobody can point the hub anywhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable


class Endpoints(Protocol):
    """Where the subscriptions of a recipient may be told."""

    #: Every address that a subscription may name, letter for letter.
    allowed: frozenset[str]

    def notify(self, endpoint: str, body: bytes, headers: Mapping[str, str]) -> None:
        """Post a notification, a FHIR Bundle, to one of these addresses.

        :param headers: beside those of the wire.
        :raises RecipientDown: it does not answer.
        :raises RecipientFailed: it failed, or leads elsewhere.
        :raises RecipientRefused: it will not have it, or the address is none of these any more.
        """
        ...


@runtime_checkable
class Notified(Protocol):
    """An adapter whose recipient may subscribe."""

    #: None: the settings name no address.
    endpoints: Endpoints | None
