"""The sandbox's post box as a real server, the adapter that sends to it, and what has come."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hub.authority import Posts, load_post
from tests.integration.sandboxes import TOKEN, Sandbox, a_sandbox

CVR, SENDER = "29188599", "Guldborgsund Kommune"


@dataclass(frozen=True)
class Box:
    """A running post box, and the post as the hub has it."""

    sandbox: Sandbox
    post: Posts

    @property
    def url(self) -> str:
        return self.sandbox.url

    def letters(self, cpr: str = "") -> list[dict[str, Any]]:
        """Return what has come, for one citizen or for all."""
        found: list[dict[str, Any]] = self.sandbox.ask("GET", "/sandbox/letters")
        return [one for one in found if cpr in ("", one["cpr"])]

    def knows(self, *not_registered: str, **how: Any) -> None:
        """Say who is not registered, and how that is told."""
        self.sandbox.ask("PUT", "/sandbox/register", {"not_registered": list(not_registered), **how})

    def behaves(self, **how: Any) -> None:
        """Break the post, or mend it."""
        self.sandbox.ask("PUT", "/sandbox/behaviour", how)


@contextmanager
def a_post_box(place: Path, **how: Any) -> Iterator[Box]:
    """Run a post box until the block ends."""
    with a_sandbox("post", place, **how) as sandbox:
        yield Box(sandbox, the_post(sandbox.url))


def the_post(url: str, **changed: Any) -> Posts:
    """Return the post that is configured for an address."""
    post = load_post({"url": url, "token": TOKEN, "sender_cvr": CVR, "sender_name": SENDER, **changed})
    assert post is not None
    return post
