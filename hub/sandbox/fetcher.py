"""An agent inside an authority's closed network: it asks the hub what is due, and passes it on to the case system.

    python -m hub.sandbox.fetcher --hub-url https://hub.example --hub-token-file hub-token \
        --system-url http://127.0.0.1:8101 --token-file token --door "POST /plan-updates"

The case system opens no port to the world. The agent reads its authority's feed, fetches each document, hands it to the
system's own door as the hub would, and gives the system's receipt to the hub. It remembers nothing: what it has not
acknowledged when it dies comes again, and the system drops a sequence that it has.
"""

from __future__ import annotations

import argparse
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any

import orjson

from hub.sandbox.nodes import parsed

_WAIT_SECONDS = 20  # of a long-poll; the hub may say sooner that there is nothing
_PAUSE_SECONDS = 1.0  # before the hub or the system is asked again that did not answer
_PATIENCE = _WAIT_SECONDS + 20
_JSON = "application/json"
#: What a receipt is made of, in the contracts of the hub; a wrong word is the hub's to refuse.
_STATUS, _REASON = "Status", "Begrundelse"
#: A system has read the document and will not have it; anything else is a system that does not answer.
_REFUSES = range(400, 500)


class NotNow(Exception):
    """The hub or the system does not answer as it should: nothing is acknowledged, and it is tried again."""


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer over HTTP. ``headers`` have lower-case names."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Side:
    """The hub, or the system: where it is, and the token that it wants to see."""

    url: str
    token: str = field(repr=False)

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answered:
        """Ask, and return the answer whatever its status. :raises NotNow: there is none."""
        told = {"Authorization": f"Bearer {self.token}", **(headers or {})}
        request = urllib.request.Request(self.url + path, data=body, headers=told, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=_PATIENCE) as response:
                return Answered(response.status, _lower(response.headers), response.read())
        except urllib.error.HTTPError as error:
            with error:
                return Answered(error.code, _lower(error.headers), error.read())
        except OSError:
            raise NotNow from None


class Fetcher:
    """Brings what is due from the hub to the system."""

    def __init__(self, hub: Side, system: Side, door: str) -> None:
        """Know both sides.

        :param door: method and path of the system's door for updates; ``{plan}`` in it is the document's plan.
        """
        self._hub, self._system = hub, system
        self._method, _, self._path = door.partition(" ")

    def turn(self, wait: float = _WAIT_SECONDS) -> int:
        """Bring what the feed tells of, or wait for it; return how many events there were.

        :raises NotNow: one of the two did not answer; what was not acknowledged comes again.
        """
        answer = self._hub.ask("GET", f"/feed?wait={wait}")
        if answer.status != 200:
            raise NotNow
        events: list[dict[str, Any]] = orjson.loads(answer.body)
        for event in events:
            self._bring(event["dataref"])
            self._tell("/feed/ack", {"position": event["position"]})
        return len(events)

    def _bring(self, reference: str) -> None:
        document = self._hub.ask("GET", reference)
        if document.status == 204:  # nothing is to be said any more
            return
        if document.status != 200:
            raise NotNow
        receipt = {"receipt": document.headers["feed-receipt"], **self._passed_on(document)}
        self._tell("/feed/receipts", receipt)

    def _passed_on(self, document: Answered) -> dict[str, str]:
        """Hand a document to the system, and return what it says."""
        content_type = document.headers["content-type"]
        plan = _word(document.body, content_type, "PlanId")
        key = _word(document.body, content_type, "Noegle") or document.headers["feed-receipt"]
        path = self._path.format(plan=plan)
        answer = self._system.ask(
            self._method, path, document.body, {"Content-Type": content_type, "Idempotency-Key": key}
        )
        if answer.status in _REFUSES:
            return {"status": "refused", "reason": f"HTTP {answer.status}"}
        status = _word(answer.body, answer.headers.get("content-type", ""), _STATUS)
        if answer.status != 200 or not status:
            raise NotNow
        return {"status": status, "reason": _word(answer.body, answer.headers["content-type"], _REASON)}

    def _tell(self, path: str, said: Mapping[str, Any]) -> None:
        answer = self._hub.ask("POST", path, orjson.dumps(said), {"Content-Type": _JSON})
        if answer.status not in (200, 409):  # 409: a receipt was given before, and stands
            raise NotNow


def _word(body: bytes, content_type: str, name: str) -> str:
    """Return a field of a document or receipt, by its name in the contracts; empty where there is none."""
    if content_type.startswith(_JSON):
        return str(orjson.loads(body).get(name) or "")
    root = parsed(body)
    return ((root.findtext(f".//{{*}}{name}") if root is not None else "") or "").strip()


def _lower(headers: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def run(fetcher: Fetcher, stopped: Event, wait: float = _WAIT_SECONDS) -> None:
    """Bring what is due until told to stop."""
    while not stopped.is_set():
        try:
            fetcher.turn(wait)
        except NotNow:
            stopped.wait(_PAUSE_SECONDS)


def main(arguments: Sequence[str]) -> None:
    """Read the arguments and go on for good."""
    parser = argparse.ArgumentParser(prog="hub.sandbox.fetcher", description=(__doc__ or "").partition("\n")[0])
    for name in ("--hub-url", "--system-url", "--door"):
        parser.add_argument(name, required=True)
    for name in ("--hub-token-file", "--token-file"):
        parser.add_argument(name, required=True, type=Path)
    chosen = parser.parse_args(arguments)
    hub = Side(chosen.hub_url.rstrip("/"), chosen.hub_token_file.read_text().strip())
    system = Side(chosen.system_url.rstrip("/"), chosen.token_file.read_text().strip())
    run(Fetcher(hub, system, chosen.door), Event())


if __name__ == "__main__":
    main(sys.argv[1:])
