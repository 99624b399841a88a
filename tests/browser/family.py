"""The Berggrens, made up: a mother and her son, three authorities, and whoever may want to look at their plans.

What the authorities know of them are the examples of their contracts, so that a mother of one and the person of another
are the same; the two call her to the same hour.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson

import hub.clock
from hub.authority import contract_folder, load
from hub.sandbox.provider_people import PEOPLE
from hub.testing.clock import FrozenClock, frozen
from tests.integration.api.served import Served, served
from tests.integration.sandboxes import Sandbox, a_sandbox
from tests.integration.ui.provider import knows, registers, sign_in_settings, signs_in_as
from tests.integration.ui.visitor import Visitor
from tests.ports import free_ports

#: A Wednesday, half past nine in Denmark, the day after the authorities have written.
MORNING = datetime(2026, 9, 2, 7, 30, tzinfo=UTC)
KIRSTEN, LARS = "2911829996", "0505159995"
#: Who may be chosen at the provider, by role: one person of each.
STAFF = {
    "coordinator": "karen", "caseworker": "casper", "operator": "olav", "auditor": "rikke",
    "administrator": "anders", "security-administrator": "sigrid",
}  # fmt: skip
ROLES = {**STAFF, "citizen": "kirsten"}
_REAL_TIME = hub.clock.source
_XML, _SOAP = {"Content-Type": "application/xml"}, {"Content-Type": "text/xml"}
_SHARED = (
    (["employment"], ["social"], ["goals", "appointments"]),
    (["social"], ["employment", "children"], ["goals"]),
)


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

    def social_services_write(self, version: int, *health: str) -> None:
        """Let social services send Kirsten's case; what they write of her health the coordinator may not see."""
        body, headers = _of_social(version, health), {"Content-Type": "application/json"}
        _sends(self.hub, "social", "/in/social", body, headers)

    def employment_moves(self, version: int, start: str, end: str) -> None:
        """Let employment services move their interview with Kirsten to other hours of the same day, such as 10:30."""
        body = _example("employment", "submit-normal.xml")
        for before, after in (
            (b"7b2f0c0e-3b52-4a86-9c7e-0d8f5b1a2c01", str(UUID(int=version)).encode()),
            (b"<e:CaseVersionIdentifier>1<", f"<e:CaseVersionIdentifier>{version}<".encode()),
            (b"T09:30:00", f"T{start}:00".encode()),
            (b"T10:15:00+02:00</e:InterviewEnd", f"T{end}:00+02:00</e:InterviewEnd".encode()),
        ):
            assert before in body, before
            body = body.replace(before, after)
        _sends(self.hub, "employment", "/soap/employment", body, _SOAP)

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
        citizen = {"acr": "Substantial", "cpr": KIRSTEN, "name": "Kirsten Test Berggren"}
        others = [{"sub": one.sub, "called": one.called, "claims": dict(one.claims)} for one in PEOPLE]
        knows(provider, *others, {"sub": "kirsten", "called": "Kirsten Test Berggren, citizen", "claims": citizen})
        known = Family(hub, provider, clock)
        _moves_in(known)
        yield known


def _moves_in(family: Family) -> None:
    """Open both plans, let the authorities write, and let Kirsten say who may see what."""
    hub, told = family.hub, {"authorities": ["children", "employment", "social"]}
    mother = {"cpr": KIRSTEN, "name": "Kirsten Test Berggren", "capacity": "custody"}
    _, hers = hub.opens_plan(KIRSTEN, "Kirsten Test Berggren", **told)
    _, sons = hub.opens_plan(LARS, "Lars Test Berggren", given_by=[mother], authorities=["children"])
    _sends(hub, "children", "/in/children", _example("children", "normal.xml"), _XML)
    family.employment_moves(1, "08:30", "09:15")
    family.employment_moves(2, "09:30", "10:15")
    family.social_services_write(7, "Angst")
    consents = [
        hub.ask(
            "coordinator",
            "POST",
            "/consents",
            {"kind": "sharing", "plan": hers["plan"], "sources": sources, "recipients": to, "categories": about},
        ).json()["consent"]
        for sources, to, about in _SHARED
    ]
    assert hub.ask("coordinator", "POST", f"/consents/{consents[1]}/withdraw").is_success
    read = hub.ask("coordinator", "GET", f"/plans/{hers['plan']}").json()["elements"]
    (interview,) = [one["id"] for one in read if one["title"] == "Opfølgningssamtale"]
    family.addresses |= {"element": interview}
    family.addresses |= {"plan": hers["plan"], "sons_plan": sons["plan"], "consent": consents[1], "rest": "nothing"}
    for sub in ROLES.values():  # all at once: whoever signs in lets sessions of another time end
        family.cookies_of(sub)


def _example(authority: str, name: str) -> bytes:
    return (contract_folder(f"{authority}/v1") / "examples" / name).read_bytes()


def _of_social(version: int, health: Sequence[str]) -> bytes:
    """Return what social services write of Kirsten."""
    case: dict[str, Any] = orjson.loads(_example("social", "sag-normal.json"))
    case |= {"SagVersion": version, "Aendret": "2026-08-31T14:20:00+02:00", "SagsTitel": "Støtte i hverdagen"}
    case["Helbred"] = [{"Id": f"helbred-{place}", "Titel": title} for place, title in enumerate(health)]
    case["PrimaryPart"] |= {"CPRnummer": f"{KIRSTEN[:6]}-{KIRSTEN[6:]}", "Navn": "Kirsten Test Berggren"}
    case["Indsatser"][0] |= {"Start": "2026-08-31", "Slut": "2027-02-28"}
    case["Aftaler"][0] |= {"Start": "2026-09-08T10:00:00+02:00", "Slut": "2026-09-08T11:00:00+02:00"}
    return orjson.dumps(case)


def _sends(hub: Served, authority: str, path: str, body: bytes, headers: Mapping[str, str]) -> None:
    answer = hub.ask(authority, "POST", path, body, headers=headers)
    assert answer.is_success, answer.text


@contextmanager
def _in_real_time() -> Iterator[None]:
    """Let the clock go on for a while: what the provider signs is of now, whatever the hub takes the time to be."""
    standing, hub.clock.source = hub.clock.source, _REAL_TIME
    try:
        yield
    finally:
        hub.clock.source = standing
