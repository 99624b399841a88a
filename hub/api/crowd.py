"""How many requests are under way: past a limit the next is told to come again at once, instead of waiting unseen.

A request needs one of the threads that all share, so whoever waits for one waits behind all others. Two limits keep
that wait short: one for each caller, so that one who floods is held up alone, and one for all who wait for a thread.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from anyio.to_thread import current_default_thread_limiter
from starlette.datastructures import Headers
from starlette.requests import cookie_parser

from hub.errors import Unavailable
from hub.identity.sessions import COOKIE

#: Waits for a thread at once, of all requests; with forty threads about a second's work.
_WAITING = 80
_RETRY_SECONDS = 1.0
_ALWAYS = frozenset({"/healthz", "/readyz"})


class Crowd:
    """Who is under way. For one event loop."""

    def __init__(self, each: Callable[[], int]) -> None:
        """Begin with nobody. :param each: requests that one caller may have under way."""
        self._each = each
        self._under_way: Counter[int] = Counter()

    @contextmanager
    def joined(self, path: str, headers: Headers) -> Iterator[Unavailable | None]:
        """Count a request in until the block ends; give why it must come again, None: it need not."""
        callers = _callers(headers)
        refused = None if path in _ALWAYS else self._refused(callers)
        if refused is not None:
            yield refused
            return
        self._under_way.update(callers)
        try:
            yield None
        finally:
            self._under_way.subtract(callers)
            for caller in callers:
                if not self._under_way[caller]:
                    del self._under_way[caller]

    def _refused(self, callers: frozenset[int]) -> Unavailable | None:
        each = self._each()
        if any(self._under_way[caller] >= each for caller in callers):
            sentence = f"This caller has {each} requests under way, which is as many as it may have."
            step = "Send fewer side by side, and this one again after the time in Retry-After."
        elif current_default_thread_limiter().statistics().tasks_waiting >= _WAITING:
            sentence, step = "The hub has more requests than it can take on.", "Send it again after Retry-After."
        else:
            return None
        return Unavailable(sentence, step, retry_after=_RETRY_SECONDS)


def _callers(headers: Headers) -> frozenset[int]:
    """Return whom a request counts for: its token and its session, however they are spelled; who has neither, nobody.

    The interface reads the one and the pages the other, so that something made up beside it hides nobody.
    """
    token = headers.get("authorization", "").partition(" ")[2].strip()
    cookies = map(cookie_parser, headers.getlist("cookie"))
    sessions = (each.get(name, "") for each in cookies for name in (COOKIE, f"__Host-{COOKIE}"))
    return frozenset(hash(secret) for secret in (token, *sessions) if secret)
