"""What operators and administrators find in the browser's hub: what died, a replay, rules drafted, and requests."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from hub.authority import Authority
from hub.consent.policy_written import write_policy
from hub.consent.reader import Reader
from hub.flow import erase
from hub.flow.policies import Editor, draft_policy, show_policy
from hub.flow.replays import Asker, Choice, Manner, freeze
from hub.flow.revise import open_plan
from hub.plan.contribution import PersonFacts
from hub.plan.identifier import cpr_identifier
from hub.plan.person import Role
from hub.testing.builders import a_consent_to_one_plan
from tests.integration.api.served import PlainAdapter, PlainMapping, Served

_WHY = "Modtageren har rettet fejlen hos sig selv"


def goes_wrong(hub: Served) -> dict[str, str]:
    """Let a delivery die and be chosen for a replay, and somebody draft other rules.

    :return: what stands in the addresses of pages, by its name there.
    """
    letter = a_delivery_dies(hub)
    frozen = freeze(Choice(ids=(letter,)), Manner(), _WHY, hub.store, Asker("olav", "replay"))
    rules = {**write_policy(show_policy(hub.store))}
    rules["ages"] = {**rules["ages"], "of_age": 19}
    drafted = draft_policy(rules, hub.store, Editor("astrid", "astrid"), correlation_id="rules")
    return {"letter": str(letter), "replay": str(frozen.replay.id), "draft": str(drafted.id)}


def ask_by_right(hub: Served, addresses: Mapping[str, str]) -> None:
    """Let it be said that Kirsten's interview is wrong, and that a family whom others coordinate be forgotten."""
    claim = {"element": addresses["element"], "claim": "Mødet er flyttet til om torsdagen"}
    assert hub.ask("coordinator", "POST", f"/plans/{addresses['plan']}/corrections", claim).is_success
    plan = _somebodys_plan(hub, "youth")
    erase.ask(plan, Reader("youth", Role.COORDINATOR), hub.store, actor="else", correlation_id="request")


def a_delivery_dies(hub: Served) -> UUID:
    """Let a delivery of a family that others coordinate die, always of the same; return its row."""
    return hub.buries(_somebodys_plan(hub))


def _somebodys_plan(hub: Served, coordinator: str = "elsewhere") -> UUID:
    opened = open_plan(
        PersonFacts((cpr_identifier(hub.a_cpr(), "hub"),), "Test Testesen"),
        a_consent_to_one_plan(UUID(int=0)).build(),
        ("employment",),
        Reader(coordinator, Role.COORDINATOR),
        hub.store,
        {"employment": Authority("employment", PlainAdapter("employment"), PlainMapping())},
        coordinator=coordinator,
        actor="test",
        correlation_id="morning",
    )
    return opened.plan
