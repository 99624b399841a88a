"""The load of a soak: what systems, coordinators and citizens do, one deed after the other at a steady rate.

Open-loop: a deed begins when its time has come, whether or not those before it have ended; a hub that is slow for a
while is not spared for it.
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any

import httpx

from bench.plan_page import signed_in
from bench.soak_families import COMES_AND_GOES, Family, told_of
from hub.cli.story import MIDDLE
from hub.cli.town import SYSTEMS, Town
from hub.clock import monotonic

#: Of a hundred deeds, how many of each; a change of a consent by turns gives it and withdraws it.
SHARES = {"message": 50, "plan": 30, "page": 17, "consent": 3}
DESKS = 8  # deeds under way at once
#: What the hub answers who is to come again, and how long a good client waits before each further try, seconds.
_LATER, _WAITS = (429, 503), (1.0, 3.0, 9.0)
#: A sandbox system closes a connection that has rested for five seconds, as uvicorn does, and who asks over it at that
#: very moment gets no answer. A good client closes it before.
_LIMITS = httpx.Limits(keepalive_expiry=2)
_COME_AGAIN = "told to come again, too often"


@dataclass
class Load:
    """What was done, and how it went. Safe to share between threads.

    :ivar doors: addresses of the hub, used by turns.
    :ivar done: deed → how often it went well. :ivar errors: what went wrong → how often.
    :ivar put_off: deed → how often it was told to come again, and did.
    :ivar seconds: from the time at which each deed should have begun to its answer.
    """

    town: Town
    families: Sequence[Family]
    doors: Sequence[str]
    done: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    put_off: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    _dice: random.Random = field(default_factory=lambda: random.Random(20261129))  # noqa: S311 - not secret
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._http = httpx.Client(timeout=20, trust_env=False, limits=_LIMITS)
        self._coordinator = signed_in(self.town)

    def close(self) -> None:
        """Hang up."""
        self._http.close()
        self._coordinator.close()

    def at_rate(self, deeds_a_second: float, seconds: float, is_over: threading.Event) -> None:
        """Do deeds at a steady rate for so many seconds, or until told that it is over; wait for the last answers."""
        begun = monotonic()
        with ThreadPoolExecutor(DESKS) as desks:
            for number in range(int(deeds_a_second * seconds)):
                due_at = begun + number / deeds_a_second
                if is_over.wait(max(0.0, due_at - monotonic())):
                    break
                desks.submit(self._do, *self._drawn(), due_at)

    def most_a_second(self, deeds: int, settled: Callable[[], object]) -> float:
        """Do so many deeds as fast as desks come free, and return how many a second are done, deliveries and all."""
        begun = monotonic()
        with ThreadPoolExecutor(DESKS) as desks:
            wait([desks.submit(self._do, *self._drawn(), begun) for _ in range(deeds)])
        settled()
        self.seconds.clear()
        return deeds / (monotonic() - begun)

    def _drawn(self) -> tuple[str, Family, str, str]:
        """Draw a deed, a family, a system and a door; one thread draws."""
        (deed,) = self._dice.choices(list(SHARES), list(SHARES.values()))
        return deed, self._dice.choice(self.families), self._dice.choice(SYSTEMS), self._dice.choice(self.doors)

    def _do(self, deed: str, family: Family, system: str, door: str, due_at: float) -> None:
        deeds = {"message": self._message, "plan": self._plan, "page": self._page, "consent": self._consent}
        trouble = _tried(lambda: deeds[deed](family, system, door))
        for wait_seconds in _WAITS:
            if trouble != _COME_AGAIN:
                break
            with self._lock:
                self.put_off[deed] += 1
            threading.Event().wait(wait_seconds)
            trouble = _tried(lambda: deeds[deed](family, system, door))
        with self._lock:
            self.seconds.append(monotonic() - due_at)
            if trouble:
                self.errors[f"{deed}: {trouble}"] += 1
            else:
                self.done[deed] += 1

    def _message(self, family: Family, system: str, _door: str) -> str:
        """Let an authority's staff change the case; their system tells the hub over its own wire."""
        with family.turn:
            number = family.said[system] + 1
            url = f"{self.town.url(system)}/sandbox/cases/{family.cases[system]}"
            answer = self._http.patch(url, json=told_of(family.number, system, number))
            told = answer.json()["hub"]["status"] if answer.is_success else answer.status_code
            if told not in (200, 201, 202):
                return _COME_AGAIN if told in _LATER else f"the hub or {system} answered {told}"
            family.said[system] = number
        return ""

    def _plan(self, family: Family, _system: str, door: str) -> str:
        answer = self._asked("GET", f"{door}/plans/{family.plan}")
        return "" if answer.is_success and len(answer.json()["elements"]) >= len(SYSTEMS) else _trouble(answer)

    def _page(self, family: Family, _system: str, _door: str) -> str:
        """Open the plan's page as a coordinator who is signed in."""
        answer = self._coordinator.get(f"/coordinator/plans/{family.plan}", headers={"Accept-Language": "da"})
        return "" if answer.is_success and f"Maal {family.number} " in answer.text else _trouble(answer)

    def _consent(self, family: Family, _system: str, door: str) -> str:
        """Give the consent that comes and goes, or withdraw it."""
        with family.turn:
            if family.consent:
                answer = self._asked("POST", f"{door}/consents/{family.consent}/withdraw")
                if answer.is_success:
                    family.consent = None
            else:
                answer = self._asked("POST", f"{door}/consents", _consent_of(family))
                if answer.is_success:
                    family.consent = answer.json()["consent"]
        return "" if answer.is_success else _trouble(answer)

    def _asked(self, method: str, url: str, content: Any = None) -> httpx.Response:
        token = {"Authorization": f"Bearer {self.town.tokens['coordinator']}"}
        return self._http.request(method, url, json=content, headers=token)


def _consent_of(family: Family) -> dict[str, Any]:
    source, recipient = COMES_AND_GOES
    wanted = {"kind": "sharing", "plan": family.plan, "sources": [source], "recipients": [recipient]}
    return {**wanted, "categories": ["appointments", "goals"], "label": MIDDLE, "channel": "meeting"}


def _tried(deed: Callable[[], str]) -> str:
    """Do a deed and say what was wrong with it; nothing when all is well."""
    try:
        return deed()
    except Exception as error:  # no answer, or not one that was expected; nobody else would hear of it
        return type(error).__name__


def _trouble(answer: httpx.Response) -> str:
    if answer.status_code in _LATER:
        return _COME_AGAIN
    return f"{answer.status_code}, or not what was asked for"
