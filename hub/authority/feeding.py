"""What the port asks of a recipient that fetches what is due to it, because its system cannot receive.

It reads thin events from its feed, which say that something is due and nothing of what or about whom, and fetches the
document that each names. A subscriber is told of them besides, at its own address.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, runtime_checkable

from hub.authority.documents import DeliveryKey, Document

#: What the channel of a feed is called, and so the queue of its rings.
CHANNEL = "feed"


class Topic(StrEnum):
    """What a thin event says."""

    CHANGED = "plan.changed"  # there is something to take in
    WITHDRAWN = "plan.withdrawn"  # there is something to delete, and perhaps something to take in


@dataclass(frozen=True, slots=True)
class Written:
    """A document as bytes, in its recipient's own words."""

    content_type: str
    body: bytes = field(repr=False)


class Subscriber(Protocol):
    """Where a recipient is told of what comes into its feed."""

    #: What it is told of.
    topics: frozenset[Topic]

    def push(self, event_id: str, body: bytes) -> None:
        """Tell of one event; a repeat has the same id.

        :raises RecipientDown: it does not answer.
        :raises RecipientFailed: it failed.
        :raises RecipientRefused: it will not have it.
        """
        ...


@dataclass(frozen=True, slots=True)
class Feed:
    """That a recipient fetches, and where it is told, if anywhere."""

    subscriber: Subscriber | None = None


@runtime_checkable
class Fed(Protocol):
    """An adapter whose recipient may fetch instead of being sent."""

    #: None: it is sent what is due to it.
    feed: Feed | None

    def written(self, document: Document, key: DeliveryKey) -> Written:
        """Write a document of the mapping as ``send`` would, for its recipient to fetch."""
        ...
