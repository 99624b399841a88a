"""What operators and administrators find in the browser's hub: a delivery that died, a replay and rules drafted."""

from __future__ import annotations

from uuid import UUID

from hub.authority import Authority
from hub.consent.policy_written import write_policy
from hub.consent.reader import Reader
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


def a_delivery_dies(hub: Served) -> UUID:
    """Let a delivery of a family that others coordinate die, always of the same; return its row."""
    opened = open_plan(
        PersonFacts((cpr_identifier(hub.a_cpr(), "hub"),), "Test Testesen"),
        a_consent_to_one_plan(UUID(int=0)).build(),
        ("employment",),
        Reader("elsewhere", Role.COORDINATOR),
        hub.store,
        {"employment": Authority("employment", PlainAdapter("employment"), PlainMapping())},
        coordinator="elsewhere",
        actor="test",
        correlation_id="morning",
    )
    return hub.buries(opened.plan)
