"""Where the time of the hot path goes: taking in, delivering and reading under a profiler, by the room that spends it.

``python -m bench.hot_path`` prints a table of each set-up. A profiler makes Python's calls dearer than what is
written in C, so shares point to a room; what a change is worth is told by ``make bench``.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from cProfile import Profile
from pstats import Stats

from bench.hub_deliveries import recipients_in
from bench.set_ups import SetUp, embedded, find_servers, operated
from bench.town import Town, filled
from hub.cli.log_lines import log_as_json

_TIMES = 5
#: What is done for each piece of work; what comes before it is not profiled.
_DEEDS: dict[str, tuple[Callable[[Town], None], Callable[[Town], None]]] = {
    "deliver": (Town.takes_in, Town.delivers),
    "read": (lambda _: None, Town.reads),
    "take in": (lambda _: None, Town.takes_in),
}
#: A part of a function's file or name → the room that its time is told of; the first that fits.
_ROOMS = {
    r"/hub/(\w+)[/.]": "hub.{}",
    r"/site-packages/(sqlalchemy|psycopg|pydantic|httpx|httpcore|h11|structlog|cryptography|lxml)": "{}",
    r"(sqlite3|psycopg|pydantic|orjson|lxml|AESGCM|hashlib)": "{}",
    r"(_socket|socket|select|epoll|ssl)": "waiting for the network",
}
_SHOWN = 10


def shares(town: Town, deed: str) -> Counter[str]:
    """Return the seconds that each room spends on a deed, its callees left out."""
    before, work = _DEEDS[deed]
    profile, spent = Profile(), Counter[str]()
    for _ in range(_TIMES):
        before(town)
        profile.runcall(work, town)
    for (file, _line, name), (_calls, _all, own, *_) in Stats(profile).stats.items():  # type: ignore[attr-defined]
        spent[_room(file, name)] += own
    return spent


def _room(file: str, name: str) -> str:
    for pattern, room in _ROOMS.items():
        found = re.search(pattern, file if file != "~" else name)
        if found:
            return room.format(*found.groups())
    return "Python and the rest"


def table(name: str, told: dict[str, Counter[str]]) -> Iterator[str]:
    """Give a table in Markdown: a room's share of each deed, in percent, most of all deeds first."""
    yield f"| {name} | " + " | ".join(told) + " |"
    yield "|---|" + "--:|" * len(told)
    everywhere: Counter[str] = sum((_percent(spent) for spent in told.values()), Counter())
    for room, _ in everywhere.most_common(_SHOWN):
        yield f"| {room} | " + " | ".join(f"{_percent(spent)[room]:.0f} %" for spent in told.values()) + " |"


def _percent(spent: Counter[str]) -> Counter[str]:
    whole = sum(spent.values())
    return Counter({room: seconds * 100 / whole for room, seconds in spent.items()})


def _profiled(set_up: SetUp, urls: Sequence[str]) -> str:
    with filled(set_up, urls, 0, lambda _: None) as town:
        return "\n".join(table(set_up.name, {deed: shares(town, deed) for deed in _DEEDS}))


def main() -> None:
    """Profile on SQLite, and on PostgreSQL where it answers."""
    log_as_json()
    with ExitStack() as stack:
        urls = recipients_in(stack)
        set_ups = [stack.enter_context(embedded())]
        servers = find_servers()
        if servers:
            set_ups.append(stack.enter_context(operated(servers)))
        sys.stdout.write("\n\n".join(_profiled(set_up, urls) for set_up in set_ups) + "\n")


if __name__ == "__main__":  # its programs import it anew
    main()
