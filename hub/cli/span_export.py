"""Where spans go: to the collector of the settings, by OTLP over HTTP.

Without a collector nothing here loads anything, starts anything or costs anything.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import islice

import httpx

from hub import __version__
from hub.cli.assembly import Rooms
from hub.cli.span_box import NotTaken, Send, SpanBox
from hub.clock import new_id
from hub.errors import SettingsRefused
from hub.flow.standing import called
from hub.flow.traced import origins
from hub.settings import Settings
from hub.spans.recording import Recording
from hub.spans.telling import Told

_TIMEOUT = httpx.Timeout(5.0, connect=2.0)
#: Answers after which the same may be sent once more (OTLP, Failures); any other is final.
_COMES_AGAIN = frozenset({429, 502, 503, 504})
_LONGEST_ANSWER = 64  # KB


@contextmanager
def spans_sent(rooms: Rooms) -> Iterator[None]:
    """Tell a collector of this process's work while the block lasts; nothing where none is set.

    :raises SettingsRefused: what writes spans is not installed; or its certificate file is none.
    """
    settings, store = rooms.settings, rooms.store
    if not settings.otlp_endpoint:
        yield
        return
    with _sending(settings) as send:
        names = frozenset(called(rooms.authorities, settings))
        box = SpanBox(send, partial(origins, store=store), names, store.counts, settings.trace_sample_ratio)
        store.tells(Recording(box.take))
        box.start()
        try:
            yield
        finally:
            box.close()


@contextmanager
def _sending(settings: Settings) -> Iterator[Send]:
    try:
        from hub.spans import otlp  # the extra otel; without a collector nothing of it is loaded
    except ModuleNotFoundError:
        raise SettingsRefused(
            "HUB_OTLP_ENDPOINT is set, and opentelemetry-proto is not installed.",
            "Run: pip install 'one-plan-hub[otel]'",
        ) from None
    process = {"service.name": "one-plan-hub", "service.version": __version__, "service.instance.id": str(new_id())}
    url = settings.otlp_endpoint.rstrip("/") + otlp.PATH
    with _client(settings) as client:

        def send(spans: Sequence[Told]) -> int:
            content = otlp.written(spans, process)
            try:
                with client.stream("POST", url, content=content, headers={"Content-Type": otlp.MEDIA_TYPE}) as answer:
                    said = b"".join(islice(answer.iter_raw(1024), _LONGEST_ANSWER))
            except httpx.HTTPError:
                raise NotTaken(is_final=False) from None
            if not answer.is_success:
                raise NotTaken(is_final=answer.status_code not in _COMES_AGAIN)
            return otlp.refused_of(said)

        yield send


def _client(settings: Settings) -> httpx.Client:
    try:
        trusted = ssl.create_default_context(cafile=settings.otlp_ca_file)
    except OSError:  # ssl.SSLError is one
        raise SettingsRefused("HUB_OTLP_CA_FILE is no file of certificates.", "Name a PEM file.") from None
    headers = {name: value.get_secret_value() for name, value in settings.otlp_headers.items()}
    return httpx.Client(
        headers={"Accept-Encoding": "identity", "User-Agent": f"one-plan-hub/{__version__}", **headers},
        timeout=_TIMEOUT,
        follow_redirects=False,
        trust_env=False,
        verify=trusted,
    )
