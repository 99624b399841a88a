"""Speak HTTP to an authority's system: bounded in time and size, no redirects, every outcome one of the hub's errors.

    sender = HttpSender("https://children.example", token, name="children")
    answer = sender.request("POST", "/plan-updates", content=body, headers={"Content-Type": "application/xml"})

An answer is always 2xx, or of a status the caller reads itself; everything else is raised, as the sender's
:class:`Outcomes` say (see :func:`_judged`).
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Container, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, stop_before_delay, wait_random_exponential

from hub.clock import monotonic, now
from hub.errors import NotFound, RecipientDown, RecipientFailed, RecipientRefused, Refused, SourceDown, Unavailable

_TRIES = 3  # only when no connection came about: then the other side cannot have seen anything
_LATER = frozenset({408, 429, 502, 503, 504})
_LONGEST_WAIT = 86_400.0  # seconds; whoever asks us to wait for longer is asked again after a day


ANSWER_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Limits:
    """How long and how much, in seconds and bytes. The defaults are DESIGN's: connect 3, read 10, total 15, 1 MB."""

    connect: float = 3.0
    read: float = 10.0
    total: float = 15.0
    answer_bytes: int = ANSWER_BYTES


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Which error says what: a delivery blames a recipient, a fetch or a poll blames a source."""

    #: The other side does not answer.
    down: type[Unavailable]
    #: It answered with an error of its own, or with something that is no answer.
    failed: type[Unavailable]
    #: It will not have this request (4xx).
    refused: type[Refused | Unavailable]
    #: It does not know the thing (404, 410).
    missing: type[Refused]


DELIVERING = Outcomes(RecipientDown, RecipientFailed, RecipientRefused, RecipientRefused)
#: A source that refuses a poll will be asked again: nobody else can mend it than its operator or ours.
FETCHING = Outcomes(SourceDown, SourceDown, SourceDown, NotFound)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer. ``headers`` have lower-case names."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


class HttpSender:
    """Send requests to one system. Safe to share between threads."""

    def __init__(
        self,
        base_url: str,
        token: str | None = None,
        *,
        name: str,
        limits: Limits | None = None,
        outcomes: Outcomes = DELIVERING,
        ca_file: Path | None = None,
    ) -> None:
        """Prepare a sender; nothing is connected yet.

        :param name: the authority's name, for the sentences of errors.
        :param ca_file: certificates to trust instead of the machine's.
        """
        self.name, self.outcomes = name, outcomes
        self._limits = limits or Limits()
        trust = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
        self._client = httpx.Client(
            base_url=base_url,
            # No compression: an answer is as big as it looks, so that the cap below is a cap.
            headers={"Accept-Encoding": "identity"} | ({"Authorization": f"Bearer {token}"} if token else {}),
            follow_redirects=False,
            trust_env=False,
            verify=trust,
            # A connection of its own for each request: a kept one may have died unseen, and then nobody could tell
            # whether the other side has read the request.
            limits=httpx.Limits(max_keepalive_connections=0),
        )

    def request(
        self,
        method: str,
        path: str,
        content: bytes = b"",
        headers: Mapping[str, str] | None = None,
        reads: Container[int] = (),
    ) -> Answer:
        """Send one request and return its answer.

        :param path: below the base URL; carries no personal data.
        :param reads: statuses beside 2xx whose answers the caller reads itself, such as 500 with a SOAP fault in it.
        :raises Unavailable: ``outcomes.down`` or ``outcomes.failed``.
        :raises Refused: ``outcomes.refused`` or ``outcomes.missing``.
        """
        deadline = _Deadline(self._limits.total)
        tries = Retrying(
            stop=stop_after_attempt(_TRIES) | stop_before_delay(self._limits.total - self._limits.connect),
            wait=wait_random_exponential(multiplier=0.05, max=1),
            retry=retry_if_exception_type((httpx.ConnectError, httpx.ConnectTimeout)),
            reraise=True,
        )
        try:
            with deadline.enforced():
                answer = tries(self._once, method, path, content, dict(headers or {}), deadline)
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            raise self._broken(error, deadline) from None  # the cause may hold the URL or bytes of an answer
        if deadline.has_passed:  # an answer without a length looks whole when its socket is shut
            raise self.outcomes.down(f"The system of {self.name} did not answer in time.")
        return answer if answer.status in reads else self._judged(answer)

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def _once(self, method: str, path: str, content: bytes, headers: dict[str, str], deadline: _Deadline) -> Answer:
        left = deadline.left()
        limits = self._limits
        patience = httpx.Timeout(min(limits.read, left), connect=min(limits.connect, left))
        with self._client.stream(
            method, path, content=content, headers=headers, timeout=patience, extensions={"trace": deadline.watch}
        ) as response:
            return Answer(response.status_code, dict(response.headers), self._body(response))

    def _body(self, response: httpx.Response) -> bytes:
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            raise self.outcomes.failed(f"The system of {self.name} compressed its answer unasked.")
        body = bytearray()
        for chunk in response.iter_raw():
            body += chunk
            if len(body) > self._limits.answer_bytes:
                raise self.outcomes.failed(
                    f"The system of {self.name} gave an answer over {self._limits.answer_bytes} bytes."
                )
        return bytes(body)

    def _broken(self, error: Exception, deadline: _Deadline) -> Unavailable:
        """Name what broke: silence is the system's state, a mangled answer is this message's failure."""
        name = self.name
        if deadline.has_passed or isinstance(error, httpx.TimeoutException):
            return self.outcomes.down(f"The system of {name} did not answer in time.")
        if isinstance(error, httpx.NetworkError) or "without sending a response" in str(error):
            return self.outcomes.down(f"The connection to the system of {name} did not come about or broke.")
        return self.outcomes.failed(f"The system of {name} gave an answer that is not HTTP.")

    def _judged(self, answer: Answer) -> Answer:
        """Return a 2xx answer; raise what any other status means. The body never becomes part of a sentence."""
        status, name, outcomes = answer.status, self.name, self.outcomes
        if 200 <= status < 300:
            return answer
        sentence = f"The system of {name} answered HTTP {status}."
        if status in _LATER:
            raise outcomes.down(sentence, retry_after=_retry_after(answer.headers.get("retry-after", "")))
        if status in (404, 410):
            raise outcomes.missing(sentence)
        if status in (401, 403):
            raise outcomes.refused(sentence, f"Check the token and the rights the hub has at the system of {name}.")
        if 400 <= status < 500:
            raise outcomes.refused(sentence)
        if 300 <= status < 400:
            raise outcomes.failed(sentence, f"Redirects are not followed. Set the final address of {name}'s system.")
        raise outcomes.failed(sentence)


class _Deadline:
    """Ends a request when its whole time is up, however the other side drips its bytes.

    httpx limits each read, not their sum, so a timer shuts the request's socket down; the blocked read then returns.
    """

    def __init__(self, seconds: float) -> None:
        self._end = monotonic() + seconds
        self._seconds = seconds
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()
        self.has_passed = False

    def left(self) -> float:
        """Return the seconds that are left, never below a millisecond."""
        return max(self._end - monotonic(), 0.001)

    def watch(self, event: str, about: Mapping[str, Any]) -> None:
        """Remember the request's socket; called by httpcore at each step of the request."""
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            with self._lock:
                self._socket = about["return_value"].get_extra_info("socket")
                late = self.has_passed
            if late:
                self._shut()

    @contextmanager
    def enforced(self) -> Iterator[None]:
        """Shut the socket down at the deadline, unless the block ends before it."""
        timer = threading.Timer(self._seconds, self._pass)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _pass(self) -> None:
        with self._lock:
            self.has_passed = True
        self._shut()

    def _shut(self) -> None:
        if self._socket is not None:
            with suppress(OSError):  # closed already
                # The plain socket's own method: the TLS one would wait for the other side's goodbye.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


def _retry_after(text: str) -> float | None:
    """Read a Retry-After header (RFC 9110 10.2.3): seconds, or a date."""
    text = text.strip()
    if text.isascii() and text.isdigit() and len(text) < 10:
        return min(float(text), _LONGEST_WAIT)
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    date = date if date.tzinfo else date.replace(tzinfo=UTC)
    return min(max((date - now()).total_seconds(), 0.0), _LONGEST_WAIT)


def checked_url(url: str, plain_http: bool = False) -> str:
    """Check the address of an authority's system, for settings models.

    :param plain_http: allow unencrypted HTTP beyond this machine (closed test networks only).
    :raises ValueError: no http(s) URL with a host, or one with a user, query or fragment, or unencrypted.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("is an address that begins with https:// (http:// on this machine) and names a host")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("is an address without user, password, query or fragment; the token has its own setting")
    if parts.scheme == "http" and not plain_http and not _is_loopback(parts.hostname):
        raise ValueError("begins with https:// unless the system is on this machine (or plain_http is set)")
    return url.rstrip("/")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
