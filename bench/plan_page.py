"""How long coordinators wait for a plan's page, on the demo: its town, its first story, and ten people who read."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory

import httpx
from rich.console import Console

from bench.measure import Aim, Better, Row
from hub.cli.story_one_plan import OnePlan
from hub.cli.town import Town
from hub.clock import monotonic

USERS, AIM = 10, Aim(Better.LOWER, 150, "ms")
_ROUNDS, _PAGES = 3, 12  # pages that each user opens in a round
_READ_SECONDS = 1.0  # before the next page; nobody reads a plan faster
_SEEN = ("Sønnen kommer i skole hver dag", "Overblik over hverdagen", "Et job på 20 timer")


def rows() -> Iterator[Row]:
    """Measure with a pause between two pages of a user, as people read, and without, as fast as pages come."""
    with TemporaryDirectory(prefix="hub-bench-") as folder, Town(Path(folder)) as town:
        story = OnePlan(town, Console(quiet=True))
        story.play()
        (plan,) = story.plans.values()
        users = [signed_in(town) for _ in range(USERS)]
        try:
            for said, pause in (("a page a second each", _READ_SECONDS), ("as fast as they come", 0.0)):
                _read(users, plan, pause)  # warms up
                rounds = [_read(users, plan, pause) for _ in range(_ROUNDS)]
                yield Row(
                    f"a plan's page, {USERS} users, {said}: p95",
                    "its p50",
                    "ms",
                    [_cut(times, 95) for times in rounds],
                    [_cut(times, 50) for times in rounds],
                    AIM if pause else None,
                )
        finally:
            for user in users:
                user.close()


def signed_in(town: Town) -> httpx.Client:
    """Sign a coordinator in, in a session of their own."""
    user = httpx.Client(base_url=town.url("hub"), timeout=20, trust_env=False)
    form = {"token": town.tokens["coordinator"], "next": "/coordinator"}
    answer = user.post("/sign-in", data=form, headers={"Sec-Fetch-Site": "same-origin"})
    if not answer.is_redirect:
        raise AssertionError(f"The demo let no coordinator in: {answer.status_code}.")
    return user


def _read(users: Sequence[httpx.Client], plan: str, pause: float) -> list[float]:
    """Let every user read the page again and again; return the milliseconds of each page."""
    with ThreadPoolExecutor(len(users)) as desks:
        each = desks.map(lambda place: _read_often(users[place], plan, pause, place), range(len(users)))
        return [waited for times in each for waited in times]


def _read_often(user: httpx.Client, plan: str, pause: float, place: int) -> list[float]:
    found: list[float] = []
    start = monotonic() + pause * place / USERS  # people do not all press at once
    for page in range(_PAGES):
        time.sleep(max(0.0, start + page * pause - monotonic()))
        asked = monotonic()
        answer = user.get(f"/coordinator/plans/{plan}", headers={"Accept-Language": "da"})
        found.append((monotonic() - asked) * 1000)
        if answer.status_code != httpx.codes.OK or not all(title in answer.text for title in _SEEN):
            raise AssertionError(f"The demo answered {answer.status_code}, or another plan.")
    return found


def _cut(times: Sequence[float], percent: int) -> float:
    return quantiles(times, n=100)[percent - 1]
