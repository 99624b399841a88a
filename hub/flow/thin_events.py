"""Write a thin event as a CloudEvent (CloudEvents 1.0, JSON): what ``contracts/bus/v1/feed-event.schema.json`` says.

There is no ``data``: an event that held any would be a second way past the consent check.
"""

from __future__ import annotations

from typing import Any

from hub.store.feeds import ThinEvent

_TYPE = "one-plan-hub."
_DOCUMENTS = "/feed/documents/"


def cloud_event(event: ThinEvent, municipality: str) -> dict[str, Any]:
    """Return an event as its recipient reads it, in the feed and in a webhook alike."""
    return {
        "specversion": "1.0",
        "id": str(event.id),
        "source": f"urn:one-plan-hub:{municipality}",
        "type": _TYPE + event.topic,
        "subject": str(event.delivery),
        "time": event.at.isoformat(),
        # Extension attributes: names of lower-case letters only, numbers of 32 bits.
        "dataref": f"{_DOCUMENTS}{event.delivery}",
        "position": event.position,
        "urgent": event.is_urgent,
    }
