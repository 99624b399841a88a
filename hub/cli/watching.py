"""What happens at the hub, told line by line as it happens: who did what, in ids and counts, as an operator sees it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

import httpx
from rich.console import Console
from rich.markup import escape

from hub.clock import now
from hub.plan.danish_time import LOCAL

#: How a deed is told; one that is not here is told by its name, and one without a sentence not at all.
_SENTENCES: Mapping[str, str] = {
    "accepted": "{actor} sent a case: taken in",
    "announced": "{actor} says that a case has changed; the hub fetches it",
    "delivery-started": "",
    "delivered": "delivered to {recipient}, sequence {sequence}: {shown} shown, {withdrawn} withdrawn ({receipt})",
    "not-delivered": "sequence {sequence} did not reach {recipient} ({code}); it waits",
    "dead-letter": "a delivery to {recipient} is a dead letter ({cause})",
    "plan-opened": "{actor} opened a plan",
    "consent-given": "{actor} wrote down a consent",
    "consent-withdrawn": "{actor} withdrew a consent",
    "read": "{actor} read a plan ({shown} shown)",
    "refused": "{actor} was refused ({code})",
    "breaker-opened": "{authority} does not answer as {direction} ({code}): it is left alone for a while",
    "breaker-closed": "{authority} answers again as {direction}",
    "emergency-opened": "{actor} opened emergency access to a plan: a second person must judge it",
    "emergency-approved": "{actor} approved somebody's emergency access",
    "emergency-rejected": "{actor} rejected somebody's emergency access: it has ended",
    "held": "{actor} holds {authority} as {direction} ({reason}): no call goes through",
    "released": "{actor} released {authority} as {direction}",
    "letter-sent": "a letter to a citizen was handed to the post",
    "letter-delivered": "a letter lies in a citizen's box",
    "letter-by-hand": "a letter could not reach a citizen ({code}): the coordinator tells them",
    "letter-dead": "a letter failed too often ({code}): hub notices list",
    "letter-told": "{actor} told a citizen what no letter could",
    "cleared": "{actor} cleared what was kept for long enough: {rows} of {cleared}",
}


class Watching:
    """Looks on by an operator's eyes.

    :param ask: asks the hub for a path as an operator.
    """

    def __init__(self, ask: Callable[[str], httpx.Response], console: Console) -> None:
        self._ask, self._console = ask, console
        self._waiting: dict[str, str] = {}
        latest = self._read("/ops/activity")["activity"]
        self._last = latest[-1]["row"] if latest else 0

    def watch(self, seconds: float = 1.0) -> None:
        """Look on for good; a hub that is away for a while is waited for."""
        nothing = threading.Event()
        while not nothing.wait(seconds):
            try:
                self.look()
            except httpx.HTTPError:
                self._tell(now(), "the hub does not answer")

    def look(self) -> None:
        """Tell what is new since the last look."""
        for deed in self._read(f"/ops/activity?after={self._last}")["activity"]:
            self._last = deed["row"]
            sentence = _SENTENCES.get(deed["action"], "{actor}: {action}").format_map(deed)
            if sentence:
                self._tell(datetime.fromisoformat(deed["at"]), sentence)
        waiting = dict(_waiting(self._read("/ops/queues")))
        for recipient, sentence in waiting.items():
            if self._waiting.get(recipient) != sentence:
                self._tell(now(), sentence)
        self._waiting = waiting

    def _read(self, path: str) -> Any:
        answer = self._ask(path)
        answer.raise_for_status()
        return answer.json()

    def _tell(self, at: datetime, sentence: str) -> None:
        self._console.print(f"  [dim]{at.astimezone(LOCAL):%H:%M:%S}[/] {escape(sentence)}")


def _waiting(queues: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Say of each recipient to whom something is due how much it is, and whether it is paused."""
    paused = {one["recipient"] for one in queues["breakers"] if one["open_until"]}
    for one in queues["deliveries"]:
        if one["due"]:
            why = "; it does not answer, and is asked again by itself" if one["recipient"] in paused else ""
            yield one["recipient"], f"due to {one['recipient']}: {one['due']}{why}"
