"""Lines of the log: one JSON object each, of fields that are in a list (docs/reference/log.md).

A field that is in no list is left out, whatever it holds, and counted. Of what a library says the words of its own code
are told and never what it put into them: that may be a body, an address or a number.

A line that cannot be written, for want of room or of a reader, is lost: the work that it tells of goes on.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import orjson
import structlog

from hub.metrics.counts import Counts
from hub.metrics.instruments import LOG_FIELDS_DROPPED

#: What a line may say. Ids are random, names are those of the settings or the code, sentences are the hub's own.
FIELDS = frozenset({
    "timestamp", "level", "event", "left_out",
    "correlation_id", "trace_id", "span_id", "delivery", "outbox", "job", "replay",
    "error", "code", "where", "status", "sentence", "next_step", "settled",
    "authority", "recipient", "subscriber", "direction", "kind", "loop", "listener", "queue", "rings", "kept",
    "logger", "said",
})  # fmt: skip
#: Libraries that would print bodies, addresses or numbers when they talk much.
_QUIET = (
    "alembic", "zeep", "httpx", "httpcore", "amqp", "kombu", "uvicorn", "uvicorn.error", "uvicorn.access", "sqlalchemy",
)  # fmt: skip
_MOST_CHARACTERS = 200


class OnlyListed:
    """Leaves out of a line what is in no list (a processor of structlog)."""

    def __init__(self) -> None:
        self._counts = Counts()

    def count_in(self, counts: Counts) -> None:
        """Count what is left out among what the process counts."""
        self._counts = counts

    def __call__(self, _logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        """Return the line with the fields of the list alone, and how many others it had."""
        listed = {name: value for name, value in line.items() if name in FIELDS}
        left_out = len(line) - len(listed)
        if left_out:
            self._counts.add(LOG_FIELDS_DROPPED, by=left_out)
            listed["left_out"] = left_out
        return listed


class _OfLibraries(logging.Formatter):
    """Writes what a library says, in its own words alone."""

    def format(self, record: logging.LogRecord) -> str:
        """Return a line, without words that were put together before they came here: they may hold anything."""
        line: dict[str, Any] = {
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat().replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "event": "library-says",
            "logger": record.name,
            "where": f"{record.pathname}:{record.lineno}",
        }
        if record.args:
            line["said"] = str(record.msg)[:_MOST_CHARACTERS]
        if record.exc_info and record.exc_info[0] is not None:
            line["error"] = record.exc_info[0].__name__
        return orjson.dumps(line, option=orjson.OPT_SORT_KEYS).decode()


class _Ours(structlog.WriteLogger):
    """Writes a line of our own, or loses it."""

    def msg(self, message: str) -> None:
        """Write a line; raise nothing where the disk is full (OSError) or the stream closed (ValueError)."""
        with suppress(OSError, ValueError):
            super().msg(message)

    debug = info = warning = error = critical = msg


def log_as_json() -> OnlyListed:
    """Write our own log as one JSON object a line, to standard error; keep talkative libraries at warnings.

    :return: what leaves out fields, so that it can be told where to count them.
    """
    libraries = logging.StreamHandler()
    libraries.setFormatter(_OfLibraries())
    logging.basicConfig(handlers=[libraries], level=logging.INFO)
    logging.raiseExceptions = False  # of a line that it cannot write it would say all that was put into it
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    listed = OnlyListed()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            listed,
            structlog.processors.JSONRenderer(sort_keys=True),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=lambda *_: _Ours(sys.stderr),
        cache_logger_on_first_use=True,
    )
    return listed
