"""Partners on real sockets: signed updates, receipts, withdrawals, and a contract that cannot carry more."""

from __future__ import annotations

import re
import shutil
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import given, settings

from hub.adapters._rest import JsonContract, openapi
from hub.adapters.partners import PartnersAdapter
from hub.authority import Authorities, DeliveryKey, PlanUpdate, Receipt, ReceiptStatus, contract_folder, load
from hub.clock import now
from hub.errors import RecipientDown
from hub.mappings.partners import WORD_OF_STATUS, PartnersMapping
from hub.plan.element import Kind, Period, Status
from hub.store.migrations import upgrade
from hub.testing.builders import a_consent, a_contribution, an_id
from hub.testing.clock import frozen
from hub.testing.conformance import check_all, kit_of
from hub.testing.conformance_out import an_update
from tests.any_update import stored_updates
from tests.integration.databases import a_store
from tests.integration.policy import publish_policy
from tests.integration.sandboxes import Sandbox, a_sandbox
from tests.integration.world import SOMEBODY, World

pytestmark = pytest.mark.integration

SECRET = "whsec_dGhlIHNjaG9vbCdzIHNlY3JldCBvZiAzMiBieXRl"
OTHER = "whsec_YW5vdGhlciBzZWNyZXQgdGhhdCBpcyBub3QgdGhlIG9uZQ=="
FOLDER = contract_folder("partners/v1")
CONTRACT = JsonContract("partners/v1")
MEETING = an_id("children", "m1")


@pytest.fixture
def system(tmp_path: Path) -> Iterator[Sandbox]:
    with a_sandbox("partner", tmp_path / "school", token=SECRET) as running:
        yield running


def a_way_to(system: Sandbox, **more: str) -> dict[str, Any]:
    return {"url": f"{system.url}/hooks/plan", "secret": SECRET, **more}


def send(system: Sandbox, update: PlanUpdate, **more: str) -> Receipt:
    adapter = PartnersAdapter(a_way_to(system, **more), "school")
    key = DeliveryKey(update.recipient, update.plan, update.sequence)
    return adapter.send(PartnersMapping().from_plan(update), key)


UPDATE = an_update("school")


def test_a_signed_update_is_taken_in_once(system: Sandbox) -> None:
    assert send(system, UPDATE).status is ReceiptStatus.TAKEN_IN
    assert send(system, UPDATE).status is ReceiptStatus.ALREADY_HELD
    held = system.ask("GET", "/sandbox/plans")[str(UPDATE.plan)]["elements"]
    assert {one["kind"] for one in held.values()} == {"appointment", "activity", "contact-person"}


def test_an_update_signed_by_another_secret_is_refused_and_both_are_shown_while_one_is_replaced(
    system: Sandbox,
) -> None:
    with pytest.raises(RecipientDown, match="401"):
        send(system, UPDATE, secret=OTHER)
    assert send(system, UPDATE, secret=OTHER, old_secret=SECRET).status is ReceiptStatus.TAKEN_IN


def test_an_old_signature_is_refused(system: Sandbox) -> None:
    with frozen(now() - timedelta(minutes=6)), pytest.raises(RecipientDown, match="401"):
        send(system, UPDATE)


def test_a_partner_that_keeps_what_is_withdrawn_says_why(system: Sandbox) -> None:
    system.ask("PUT", "/sandbox/behaviour", {"legal_hold": "Bogføringsloven"})
    receipt = send(system, UPDATE)
    assert (receipt.status, receipt.reason) == (ReceiptStatus.LEGAL_HOLD, "Bogføringsloven")


def test_a_partner_that_is_down_is_tried_later(system: Sandbox) -> None:
    system.ask("PUT", "/sandbox/behaviour", {"broken": "down"})
    with pytest.raises(RecipientDown):
        send(system, UPDATE)


def test_the_conformance_kit_passes_it_under_a_partners_own_name() -> None:
    findings = list(check_all(kit_of("school", {"kind": "partners"})))
    assert not [one for one in findings if not one.is_well]


# --- what the contract can carry --------------------------------------------------------------------------------------

#: The names of all that may ever leave for a partner.
CARRIED = {
    "Plan", "Sekvens", "Dannet", "Aftaler", "Aktiviteter", "Kontakter", "Slettes",
    "Id", "Titel", "Status", "Fra", "Til", "Navn", "Rolle", "Telefon", "Email",
}  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(stored_updates)
def test_an_update_is_valid_and_carries_titles_times_and_contacts_alone(update: PlanUpdate) -> None:
    content = PartnersMapping().from_plan(update).content
    assert CONTRACT.is_valid("Opdatering", content)
    names = {name for name in content} | {
        name for items in content.values() if isinstance(items, list) for one in items if isinstance(one, dict)
        for name in one
    }  # fmt: skip
    assert names <= CARRIED
    carried = {one["Id"] for name in ("Aftaler", "Aktiviteter", "Kontakter") for one in content[name]}
    assert carried == {
        str(one.element.id)
        for one in update.disclosed
        if one.element.kind in (Kind.APPOINTMENT, Kind.ACTIVITY, Kind.CONTACT_PERSON)
    }


def test_neither_number_text_code_place_nor_author_leaves() -> None:
    body = orjson.dumps(PartnersMapping().from_plan(UPDATE).content).decode()
    assert not re.search(r"[0-9]{6}-?[0-9]{4}(?![0-9-])", re.sub(r'"[0-9a-f-]{36}"', "", body))
    assert not [word for word in ("0201609995", "27.24.00", "another", "place") if word in body]


def test_every_field_is_described_and_every_object_closed_and_every_status_has_a_word() -> None:
    schemas = openapi("partners/v1")["components"]["schemas"]
    objects = [one for one in schemas.values() if one["type"] == "object"]
    assert all(one["additionalProperties"] is False for one in objects)
    assert {name for one in objects[:-1] for name in one["properties"]} == CARRIED
    assert all("description" in field for one in objects for field in one["properties"].values())
    assert set(schemas["Begivenhed"]["properties"]["Status"]["enum"]) == set(WORD_OF_STATUS.values())
    assert WORD_OF_STATUS.keys() == set(Status)


def test_the_examples_are_documents_of_the_contract() -> None:
    found = sorted((FOLDER / "examples").glob("*.json"))
    assert len([*found, *(FOLDER / "examples" / "refused").glob("*.json")]) >= 12
    for path in found:
        schema = {"opdatering": "Opdatering", "kvittering": "Kvittering"}[path.stem.partition("-")[0]]
        CONTRACT.read(schema, path.read_bytes())


# --- through the hub --------------------------------------------------------------------------------------------------


@dataclass
class Town(World):
    """A world in which some recipients are reached over their real wires."""

    wired: Authorities = field(default_factory=dict)

    @property
    def authorities(self) -> Authorities:
        return {**super().authorities, **self.wired}


def test_each_partner_is_sent_what_the_citizen_said_yes_to_and_a_withdrawal_is_receipted(tmp_path: Path) -> None:
    store = a_store(f"sqlite:///{tmp_path / 'hub.db'}")
    upgrade(store)
    with (
        a_sandbox("partner", tmp_path / "s", token=SECRET) as school,
        a_sandbox("partner", tmp_path / "v", token=OTHER) as volunteers,
    ):
        ways = {
            "school": {"kind": "partners", **a_way_to(school)},
            "volunteers": {"kind": "partners", **a_way_to(volunteers), "secret": OTHER},
        }
        world = Town(store, wired=load(ways)).begins()
        rules = (files("hub.consent") / "danish_rules.toml").read_text("utf-8")
        publish_policy(tomllib.loads(rules), store, actor="test", correlation_id="c")
        (plan,) = world.opens_plan(circle=("children", "school", "volunteers")).plans
        yes = world.says(a_consent(SOMEBODY).to("school").build(), plan)
        meeting = {"valid": Period(now(), now()), "text": "kept", "title": "Samtale"}
        world.accepts(a_contribution("children").with_draft("m1", Kind.APPOINTMENT, **meeting).with_draft("g1").build())
        world.drains()
        assert {one["title"] for one in _held(school, plan).values()} == {"Samtale"}
        assert _held(volunteers, plan) == {}
        world.takes_back(yes.id)
        world.drains()
        assert _held(school, plan) == {}
        assert world.open_attempts() == 0, "the receipt of the withdrawal is in"
        assert not world.held(plan, "school")
    store.close()
    shutil.rmtree(tmp_path, ignore_errors=True)


def _held(system: Sandbox, plan: UUID) -> dict[str, Any]:
    found: dict[str, Any] = system.ask("GET", "/sandbox/plans").get(str(plan), {"elements": {}})["elements"]
    return found
