"""The Berggrens, made up: a mother and her son, a hub that knows them, and whoever may want to look at their plans."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import hub.clock
from hub.authority import load
from hub.cli.ports import free_ports
from hub.sandbox.provider_people import PEOPLE
from hub.testing.clock import FrozenClock, frozen
from tests.browser.gone_wrong import ask_by_right, goes_wrong
from tests.browser.told import KIRSTEN, LARS, have_plans, speak
from tests.integration.api.served import Served, served
from tests.integration.sandboxes import Sandbox, a_sandbox
from tests.integration.ui.provider import knows, registers, sign_in_settings, signs_in_as
from tests.integration.ui.visitor import Visitor

#: A Wednesday, half past nine in Denmark, the day after the authorities have written.
MORNING = datetime(2026, 9, 2, 7, 30, tzinfo=UTC)
#: Who may be chosen at the provider, by role: one person of each.
STAFF = {
    "coordinator": "karen", "caseworker": "casper", "operator": "olav", "auditor": "rikke",
    "administrator": "anders", "security-administrator": "sigrid",
}  # fmt: skip
ROLES = {**STAFF, "citizen": "kirsten"}
#: A citizen too, of eleven: some pages have other words for him.
CHILD = "lars"
_REAL_TIME = hub.clock.source


@dataclass
class Family:
    """A hub that knows them.

    :ivar addresses: what stands in the address of a page, such as ``plan``, by its name there.
    """

    hub: Served
    provider: Sandbox
    clock: FrozenClock | None
    addresses: dict[str, str] = field(default_factory=dict)
    _cookies: dict[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Where the hub is."""
        return self.hub.url

    def cookies_of(self, sub: str) -> Mapping[str, str]:
        """Return the cookies of somebody who has signed in through the provider; of nobody, none."""
        if sub and sub not in self._cookies:
            with _in_real_time(), Visitor(self.url) as somebody:
                signs_in_as(somebody, self.provider, sub)
                self._cookies[sub] = dict(somebody.client.cookies)
        return self._cookies.get(sub, {})

    def passes_a_minute(self) -> None:
        """Let a minute pass where the clock stands still."""
        if self.clock is not None:
            self.clock.advance(timedelta(minutes=1))

    def address(self, route: str) -> str:
        """Return an address of a route's page, such as that of Kirsten's plan."""
        return route.format_map(self.addresses)


@contextmanager
def a_family(folder: Path, *, at: datetime | None = None) -> Iterator[Family]:
    """Serve a hub that knows the family until the block ends.

    :param at: when it is, for as long as that lasts; the real time when left out.
    """
    with ExitStack() as stack:
        clock = stack.enter_context(frozen(at)) if at else None
        provider = stack.enter_context(a_sandbox("identity", folder / "identity", "--host", "localhost"))
        (port,) = free_ports(1)
        hub = stack.enter_context(
            served(
                f"sqlite:///{folder / 'hub.db'}",
                employment=load({"employment": {}})["employment"],
                port=port,
                sign_in=sign_in_settings(provider.url, called="prøvelogin"),
            )
        )
        registers(provider, hub)
        others = [{"sub": one.sub, "called": one.called, "claims": dict(one.claims)} for one in PEOPLE]
        knows(provider, *others, _citizen("kirsten", "Kirsten", KIRSTEN), _citizen(CHILD, "Lars", LARS))
        known = Family(hub, provider, clock)
        known.addresses |= have_plans(hub)
        known.addresses |= goes_wrong(hub)
        ask_by_right(hub, known.addresses)
        for sub in (*ROLES.values(), CHILD):  # all at once: whoever signs in lets sessions of another time end
            known.cookies_of(sub)
        karen, kirsten = known.cookies_of("karen"), known.cookies_of("kirsten")
        known.addresses |= speak(hub, known.addresses, karen, kirsten, known.passes_a_minute)
        yield known


def _citizen(sub: str, name: str, cpr: str) -> dict[str, Any]:
    called = f"{name} Test Berggren"
    return {"sub": sub, "called": f"{called}, citizen", "claims": {"acr": "Substantial", "cpr": cpr, "name": called}}


@contextmanager
def _in_real_time() -> Iterator[None]:
    """Let the clock go on for a while: what the provider signs is of now, whatever the hub takes the time to be."""
    standing, hub.clock.source = hub.clock.source, _REAL_TIME
    try:
        yield
    finally:
        hub.clock.source = standing
