"""Senders that post real documents at the hub's real door, try again as a good client does, and write both down."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

import httpx

from hub.authority import contract_folder
from hub.clock import monotonic, new_id

SENDER = "children"
_EXAMPLE = (contract_folder("children/v1") / "examples" / "normal.xml").read_text()
_PAUSE = threading.Event()
_AGAIN_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Case:
    """A child's case at the sender, and its plan at the hub.

    :ivar consent: the consent by which its goals are shared.
    """

    number: int
    cpr: str
    plan: UUID
    consent: UUID


@dataclass(frozen=True, slots=True)
class Message:
    """A version of a case, in the words of children and family services."""

    id: str
    case: Case
    version: int

    @property
    def title(self) -> str:
        """Return the title of the goal that it brings: by it a recipient's holdings tell which version they are."""
        return title_of(self.case, self.version)

    @property
    def body(self) -> bytes:
        """Return it as XML that is valid against the contract."""
        text = re.sub("(<Maal>.*?<Titel>)[^<]*", rf"\g<1>{self.title}", _EXAMPLE, count=1, flags=re.DOTALL)
        for name, value in {
            "MeddelelseId": self.id,
            "SagId": f"27.24.00-G01-{self.case.number + 1}-26",
            "SagVersion": str(self.version),
            "CPR": self.case.cpr,
        }.items():
            text = re.sub(f"<{name}>[^<]*<", f"<{name}>{value}<", text, count=1)
        return text.encode()


def title_of(case: Case, version: int) -> str:
    """Return the title of a case's goal in a version."""
    return f"Maal {case.number} v{version}"


def version_in(title: str) -> int:
    """Return the version of a title; 0 for one that no message brings."""
    found = re.fullmatch(r"Maal \d+ v(\d+)", title)
    return int(found[1]) if found else 0


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer to one request.

    :ivar seconds: how long it took.
    """

    message: Message
    status: int
    body: bytes
    seconds: float
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Journal:
    """What the senders know: what they attempted, and what was acknowledged. Safe to share between threads."""

    attempted: dict[str, Message] = field(default_factory=dict)
    acknowledged: dict[str, Message] = field(default_factory=dict)
    #: Every answer, those that say no included, in the order in which they came.
    answers: list[Answered] = field(default_factory=list)
    #: Requests that broke without an answer.
    broken: int = 0
    _versions: dict[int, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def next_message(self, case: Case) -> Message:
        """Make the next version of a case; nothing is sent."""
        with self._lock:
            version = self._versions[case.number] = self._versions.get(case.number, 0) + 1
        return Message(str(new_id()), case, version)

    def attempts(self, message: Message) -> None:
        """A message is about to be sent."""
        with self._lock:
            self.attempted[message.id] = message

    def hears(self, answered: Answered) -> None:
        """A request was answered."""
        with self._lock:
            self.answers.append(answered)
            if answered.status in (200, 201):
                self.acknowledged[answered.message.id] = answered.message

    def breaks(self) -> None:
        """A request got no answer."""
        with self._lock:
            self.broken += 1

    def newest_acknowledged(self, case: Case) -> int:
        """Return the newest version of a case that was acknowledged; 0: none was."""
        with self._lock:
            return max((one.version for one in self.acknowledged.values() if one.case == case), default=0)

    def newest_attempted(self, case: Case) -> int:
        """Return the newest version of a case that was sent; 0: none was."""
        with self._lock:
            return max((one.version for one in self.attempted.values() if one.case == case), default=0)


class Sender:
    """A system of children and family services. One thread at a time."""

    def __init__(self, journal: Journal, url: Callable[[], str], token: str, timeout: float = 15) -> None:
        """Prepare; nothing is connected yet.

        :param url: where the hub is now.
        """
        self._journal, self._url, self._token, self._timeout = journal, url, token, timeout
        self._client = httpx.Client(timeout=timeout)

    def once(self, message: Message) -> Answered | None:
        """Send a message once; None when no whole answer came."""
        self._journal.attempts(message)
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/xml"}
        begun = monotonic()
        try:
            got = self._client.post(f"{self._url()}/in/{SENDER}", content=message.body, headers=headers)
        except httpx.TransportError:
            self._journal.breaks()
            return None
        answered = Answered(message, got.status_code, got.content, monotonic() - begun, dict(got.headers))
        self._journal.hears(answered)
        return answered

    def send(self, message: Message, patience: float = 30) -> Answered | None:
        """Send a message until it is acknowledged or refused for good; None when patience, in seconds, ends before."""
        until = monotonic() + patience
        while True:
            answered = self.once(message)
            if answered is not None and not (answered.status >= 500 or answered.status in (408, 429)):
                return answered
            if monotonic() > until:
                return None
            asked = float(answered.headers.get("retry-after", 0)) if answered else 0.0
            _PAUSE.wait(min(1.0, asked) or _AGAIN_SECONDS)

    def close(self) -> None:
        """Hang up."""
        self._client.close()
