"""Speak HTTP to an authority's system: bounded in time and size, no redirects, every outcome one of the hub's errors.

    sender = HttpSender("https://children.example", token, name="children")
    answer = sender.request("POST", "/plan-updates", content=body, headers={"Content-Type": "application/xml"})

An answer is always 2xx, or of a status the caller reads itself; everything else is raised, as the sender's
:class:`Outcomes` say (see :func:`_judged`).
"""

from __future__ import annotations

import ssl
from collections.abc import Container, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Protocol

import httpx
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, stop_before_delay, wait_random_exponential

from hub.adapters._deadline import Deadline
from hub.adapters._http_address import ForbiddenPeer
from hub.adapters._http_line import Line, Lines
from hub.adapters._tls import tls_context, tls_trouble
from hub.clock import now
from hub.errors import (
    HubError,
    NotFound,
    NotLetIn,
    RecipientDenied,
    RecipientDown,
    RecipientFailed,
    RecipientRefused,
    Refused,
    SourceDown,
    Unavailable,
)

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
    #: It does not take the hub's token or certificate (401).
    locked: type[Refused | Unavailable]
    #: It does not let the hub do this (403).
    denied: type[Refused | Unavailable]


DELIVERING = Outcomes(RecipientDown, RecipientFailed, RecipientRefused, RecipientRefused, NotLetIn, RecipientDenied)
#: A source that refuses a poll will be asked again: nobody else can mend it than its operator or ours.
FETCHING = Outcomes(SourceDown, SourceDown, SourceDown, NotFound, SourceDown, SourceDown)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer. ``headers`` have lower-case names."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request before it is sent."""

    method: str
    url: str
    content: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)

    def by(self, token: str) -> _Asked:
        """Return it with a bearer token."""
        return replace(self, headers={**self.headers, "Authorization": f"Bearer {token}"})

    def over_http(self, patience: httpx.Timeout) -> httpx.Request:
        """Return it as it goes over a line."""
        # No compression: an answer is as big as it looks, so that the cap on it is a cap.
        headers = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": "one-plan-hub", **self.headers}
        extensions = {"timeout": patience.as_dict()}
        return httpx.Request(self.method, self.url, headers=headers, content=self.content, extensions=extensions)


class _Stale(Exception):
    """The other side had closed a kept connection: this says nothing of the request, nor of the system."""


class Tokens(Protocol):
    """Where a sender's bearer token comes from, when it does not stay the same."""

    def token(self, within: float) -> str:
        """Return a token that is good now. :raises HubError: there is none, for the reason it says."""
        ...

    def refused(self, token: str) -> None:
        """The system does not take this token any more: the next one asked for is another."""
        ...


class HttpSender:
    """Send requests to one system. Safe to share between threads."""

    def __init__(
        self,
        base_url: str,
        token: str | Tokens | None = None,
        *,
        name: str,
        limits: Limits | None = None,
        outcomes: Outcomes = DELIVERING,
        tls: ssl.SSLContext | None = None,
        link_local: bool = False,
        keeps: bool = True,
    ) -> None:
        """Prepare a sender; nothing is connected yet.

        :param name: the authority's name, for the sentences of errors.
        :param tls: whom to trust and what to show (``tls_context``).
        :param link_local: let the name in the URL lead to addresses of the link itself.
        :param keeps: use a connection for more than one request. What is sent over a kept one may be sent twice, so
            each request must be safe to repeat: a GET, or one with an id or a sequence by which a repeat is known.
        """
        self.name, self.outcomes = name, outcomes
        self._limits = limits or Limits()
        self._base, self._token = base_url.rstrip("/"), token
        trust = tls or tls_context()
        self._lines = Lines(lambda: Line(trust, link_local=link_local), *(() if keeps else (0,)))
        self._tries = Retrying(
            stop=stop_after_attempt(_TRIES) | stop_before_delay(self._limits.total - self._limits.connect),
            wait=wait_random_exponential(multiplier=0.05, max=1),
            retry=retry_if_exception_type((httpx.ConnectError, httpx.ConnectTimeout)),
            reraise=True,
        )

    def request(
        self,
        method: str,
        path: str,
        content: bytes = b"",
        headers: Mapping[str, str] | None = None,
        reads: Container[int] = (),
        within: float | None = None,
    ) -> Answer:
        """Send one request and return its answer.

        :param path: below the base URL, beginning with ``/``; carries no personal data.
        :param reads: statuses beside 2xx whose answers the caller reads itself, such as 500 with a SOAP fault in it.
        :param within: seconds, where there are fewer than the limits allow.
        :raises Unavailable: ``outcomes.down`` or ``outcomes.failed``.
        :raises Refused: ``outcomes.refused`` or ``outcomes.missing``.
        """
        if not path.startswith("/"):
            raise ValueError("A path begins with a slash: nothing else may become a host.")
        deadline = Deadline(min(self._limits.total, within or self._limits.total))
        asked = _Asked(method, self._base + path, content, dict(headers or {}))
        with deadline.enforced():
            answer = self._with_token(asked, deadline)
        return answer if answer.status in reads else self._judged(answer)

    def close(self) -> None:
        """Let go of the connections."""
        self._lines.close()

    def _with_token(self, asked: _Asked, deadline: Deadline) -> Answer:
        """Ask with the token, and once more with another where the first is not taken: nothing has been done then."""
        if not isinstance(self._token, str | None):
            token = self._fresh_token(self._token, deadline)
            answer = self._tried(asked.by(token), deadline)
            if answer.status != 401:
                return answer
            self._token.refused(token)
            return self._tried(asked.by(self._fresh_token(self._token, deadline)), deadline)
        return self._tried(asked.by(self._token) if self._token else asked, deadline)

    def _fresh_token(self, tokens: Tokens, deadline: Deadline) -> str:
        try:
            return tokens.token(deadline.left())
        except HubError as error:
            kind = self.outcomes.locked if isinstance(error, NotLetIn) else self.outcomes.down
            raise kind(error.sentence, error.next_step, retry_after=error.retry_after) from None

    def _tried(self, asked: _Asked, deadline: Deadline) -> Answer:
        """Ask, up to three times when no connection comes about."""
        try:
            return self._tries(self._once, asked, deadline)
        except ForbiddenPeer:
            raise self.outcomes.down(
                f"The name of the system of {self.name} leads to an address of the link itself, or of the cloud.",
                "Mend the name at the DNS, or set link_local if the system really is there.",
            ) from None
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            raise self._broken(error, deadline) from None  # the cause may hold the URL or bytes of an answer

    def _once(self, asked: _Asked, deadline: Deadline) -> Answer:
        while True:
            try:
                return self._over_a_line(asked, deadline)
            except _Stale:
                # The others that wait have been left alone as long. One that comes back meanwhile may be met, and ends.
                self._lines.drop()

    def _over_a_line(self, asked: _Asked, deadline: Deadline) -> Answer:
        """Ask over one line. :raises _Stale: it was a kept one, which the other side has closed."""
        limits, left = self._limits, deadline.left()
        patience = httpx.Timeout(min(limits.read, left), connect=min(limits.connect, left))
        request = asked.over_http(patience)
        with self._lines.one() as line, deadline.over(line):
            try:
                with closing(line.send(request)) as response:
                    answer = Answer(response.status_code, dict(response.headers), self._body(response))
            except (httpx.NetworkError, httpx.RemoteProtocolError) as error:
                if line.is_kept and not line.is_heard and not deadline.has_passed:
                    raise _Stale from None
                if trouble := tls_trouble(error):
                    raise self.outcomes.down(f"The system of {self.name} {trouble[0]}", trouble[1]) from None
                raise
            if deadline.has_passed:  # an answer without a length looks whole when its socket is shut
                raise self.outcomes.down(f"The system of {self.name} did not answer in time.")
            return answer

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

    def _broken(self, error: Exception, deadline: Deadline) -> Unavailable:
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
        if status == 401:
            raise outcomes.locked(sentence, f"Mend the token or certificate that the hub shows to {name}.")
        if status == 403:
            raise outcomes.denied(sentence, f"Check the token and the rights the hub has at the system of {name}.")
        if 400 <= status < 500:
            raise outcomes.refused(sentence)
        if 300 <= status < 400:
            raise outcomes.failed(sentence, f"Redirects are not followed. Set the final address of {name}'s system.")
        raise outcomes.failed(sentence)


def _retry_after(text: str) -> float | None:
    """Read a Retry-After header (RFC 9110 10.2.3): seconds, or a date."""
    text = text.strip()
    if text.isascii() and text.isdigit() and len(text) < 10:
        return min(float(text), _LONGEST_WAIT)
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError):  # the latter of a year, or a zone, past all calendars
        return None
    date = date if date.tzinfo else date.replace(tzinfo=UTC)
    return min(max((date - now()).total_seconds(), 0.0), _LONGEST_WAIT)
