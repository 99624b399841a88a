"""Generated documents go the whole way: into an open plan, and from there to each other authority by its contract."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson
import pytest
from lxml import etree

from hub.adapters._rest import JsonContract
from hub.adapters._xml import read_xml, to_bytes
from hub.authority import (
    Adapter,
    Authorities,
    Authority,
    DeliveryKey,
    Document,
    Parcel,
    Receipt,
    ReceiptStatus,
    contract_folder,
    load,
)
from hub.errors import Conflict, Refused
from hub.flow.accept import accept
from hub.flow.link import link_numbers
from hub.plan.element import Element
from hub.plan.identifier import NotAnIdentifier
from hub.plan.person import Person
from hub.store.inbox import Receipt as Taken
from tests.generation import children, employment, social, youth
from tests.generation.contract import Sort
from tests.generation.sample import Fate, Sample
from tests.generation.seed import SEED
from tests.generation.senders import Sender, Way
from tests.integration.databases import EMBEDDED
from tests.integration.policy import a_generous_policy, publish_policy
from tests.integration.world import World

pytestmark = pytest.mark.integration

CLEAN, DIRTY = 5, 12
SENDERS: tuple[Callable[[], Sender], ...] = (
    children.a_case,
    children.a_delivery,
    social.a_case,
    employment.a_case,
    youth.a_course,
)
NAMES = sorted({make().name for make in SENDERS})


def checked_xml(contract: str, schema: str) -> Callable[[etree._Element], bytes]:
    validator = etree.XMLSchema(file=contract_folder(contract) / schema)

    def check(root: etree._Element) -> bytes:
        body = to_bytes(root)
        validator.assertValid(read_xml(body))
        return body

    return check


def checked_json(contract: str) -> Callable[[dict[str, Any]], bytes]:
    validator = JsonContract(contract)

    def check(content: dict[str, Any]) -> bytes:
        body = orjson.dumps(content)
        validator.read("PlanOpdatering", body)
        return body

    return check


#: Checks what an authority's system would be sent, by its own contract, and returns it as bytes.
CHECKS: dict[str, Callable[[Any], bytes]] = {
    "children": checked_xml("children/v1", "children.xsd"),
    "employment": checked_xml("employment/v1", "employment.xsd"),
    "social": checked_json("social/v1"),
    "youth": checked_json("youth/v1"),
}


@dataclass
class Post:
    """An authority's own adapter, but for the network: what it would send is checked against the contract and kept."""

    own: Adapter
    sent: list[bytes] = field(default_factory=list)
    delivers: bool = True

    def __post_init__(self) -> None:
        self.name, self.contract, self.channel = self.own.name, self.own.contract, self.own.channel

    def receive(self, parcel: Parcel) -> Document:
        return self.own.receive(parcel)

    def send(self, document: Document, key: DeliveryKey) -> Receipt:
        self.sent.append(CHECKS[self.name](document.content))
        return Receipt(ReceiptStatus.TAKEN_IN)


@dataclass
class Circle(World):
    """A world in which every authority speaks its own language."""

    posts: dict[str, Post] = field(default_factory=dict)

    def __post_init__(self) -> None:
        joined = load({name: {} for name in NAMES})
        self.posts = {name: Post(authority.adapter) for name, authority in joined.items()}
        self._joined = {name: Authority(name, self.posts[name], joined[name].mapping) for name in joined}

    @property
    def authorities(self) -> Authorities:
        return self._joined

    def finds(self, plan: UUID) -> tuple[list[Element], Person]:
        """Return what stands in a plan, and whose it is."""
        with self.store.begin(read_only=True) as unit:
            stored = unit.plans.get(plan)
            assert stored is not None
            return list(stored.plan.elements.values()), unit.people.get(stored.plan.person)


def everything_by_law() -> dict[str, Any]:
    """Return rules by which nobody need be asked: what is proved here is the way, not the choice."""
    policy = a_generous_policy()
    policy["rule"] = [{**rule, "effect": "permit"} for rule in policy["rule"]]
    return policy


@pytest.fixture
def circle(world: World) -> Circle:
    circle = Circle(world.store)
    publish_policy(everything_by_law(), circle.store, actor="test", correlation_id="c")
    return circle


@pytest.mark.parametrize("url", [EMBEDDED], indirect=True)
@pytest.mark.parametrize("make", SENDERS, ids=lambda make: f"{make.__module__.rpartition('.')[2]}-{make.__name__}")
def test_each_goes_in_and_out_again_by_contract_or_is_refused(circle: Circle, make: Callable[[], Sender]) -> None:
    sender = make()
    taken = [sample for sample in sender.samples(SEED, CLEAN, DIRTY) if is_taken(circle, sender, sample)]
    assert len(taken) >= CLEAN


def opened_for(circle: Circle, sender: Sender, sample: Sample) -> UUID | None:
    """Open the plan that a sample is about; None where it does not say so in a way that one could."""
    number = next((way[-1].text for way in sample.root.leaves() if is_the_citizens(sender, way)), "")
    try:
        return circle.opens_plan(number, circle=NAMES, issuer=sender.name).plan
    except NotAnIdentifier:
        return None


def accepted(circle: Circle, parcel: Parcel) -> Taken:
    """Send a parcel in; where it names someone by numbers of two birthdays, again once an operator has linked them."""
    try:
        return accept(parcel, circle.store, circle.authorities)
    except Conflict:
        authority = circle.authorities[parcel.authority]
        for contribution in authority.mapping.to_plan(authority.adapter.receive(parcel)):
            for facts in (contribution.person, *contribution.others):
                if len(facts.identifiers) > 1:
                    link_numbers(facts.identifiers, circle.store, actor="operator", correlation_id="c")
        return accept(parcel, circle.store, circle.authorities)


def is_the_citizens(sender: Sender, way: Way) -> bool:
    leaf, value = way[-1].field, way[-1].field.value
    return way[-2].field.name == sender.citizen and leaf.least > 0 and value is not None and value.sort is Sort.NUMBER


def is_taken(circle: Circle, sender: Sender, sample: Sample) -> bool:
    """Send one sample in; tell whether it was taken, and see that all others are then told of it."""
    plan = opened_for(circle, sender, sample)
    said = f"seed {SEED}, {sender.contract}, {sample.dirt or 'clean'}"
    try:
        receipt = accepted(circle, sender.parcel(sample))
    except Refused:
        assert sample.fate is not Fate.TAKEN, said
        return False
    assert sample.fate is not Fate.REFUSED, said
    assert plan, said
    assert receipt.outcome["taken_in"], said
    circle.drains()
    elements, person = circle.finds(plan)
    for name in set(NAMES) - {sender.name}:
        # Of this plan: an earlier sample may have had a case of the same number, of another child.
        told = b"".join(body for body in circle.posts[name].sent if str(plan).encode() in body)
        # Nobody is told by a number that is the sender's own, nor of what nobody has put under a topic.
        tellable = [each.id for each in elements if each.category and person.identifier_for(name)]
        assert [each.id for each in elements if str(each.id).encode() in told] == tellable, f"{said}, to {name}"
    return True
