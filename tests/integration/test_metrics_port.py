"""Each process gives its numbers at a port of its own, and says there whether it is well."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from rich.console import Console

from hub.authority.feeding import Feed
from hub.cli.assembly import Rooms
from hub.cli.metrics_port import metrics_port
from hub.cli.ports import free_ports
from hub.cli.story_one_plan import OnePlan
from hub.cli.town import Town
from hub.clock import monotonic, now
from hub.errors import BrokerDown, SettingsRefused
from hub.metrics.instruments import ALL, FEED_OLDEST, SPANS
from hub.settings import read_settings
from hub.store.circuits import Direction, HoldReason
from hub.store.transaction import Store
from hub.testing.memory_adapter import MemoryAdapter
from tests.integration.databases import EMBEDDED, MUNICIPALITY, OPERATED, a_keyring
from tests.integration.reading_metrics import Series, address_in, scraped
from tests.integration.set_up import SetUp, authorities_of
from tests.patience import wait_for
from tests.town_set_ups import a_set_up, both_set_ups

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]
on_both = pytest.mark.parametrize("set_up", [EMBEDDED, OPERATED], indirect=True)
WELL: dict[str, Any] = {"hub-relay": {"last_turn_at": "2026-11-29T06:00:00+00:00", "trouble": ""}}
TROUBLED: dict[str, Any] = {"hub-relay": {"last_turn_at": None, "trouble": "broker-down"}}


@contextmanager
def a_port(set_up: SetUp, health: dict[str, Any] | None = None, error: Exception | None = None) -> Iterator[str]:
    """Serve a process's numbers; give the address without the path."""

    def broker_answers() -> None:
        if error is not None:
            raise error

    settings = set_up.settings.model_copy(update={"metrics_port": 0})
    rooms = Rooms(settings, set_up.store, authorities_of(MemoryAdapter("children"), MemoryAdapter("social")))
    set_up.store.counts.know(rooms.authorities)
    with metrics_port(rooms, broker_answers, lambda: WELL if health is None else health) as said:
        yield said["metrics"].removesuffix("/metrics")


def test_without_a_port_there_is_none(set_up: SetUp) -> None:
    threads = threading.active_count()
    with metrics_port(Rooms(set_up.settings, set_up.store, {}), lambda: None, dict) as said:
        assert said == {}
        assert threading.active_count() == threads


def test_a_port_that_another_process_has_is_refused_in_words(set_up: SetUp) -> None:
    with socket.create_server(("127.0.0.1", 0)) as another:
        settings = set_up.settings.model_copy(update={"metrics_port": another.getsockname()[1]})
        rooms = Rooms(settings, set_up.store, {})
        with pytest.raises(SettingsRefused, match="HUB_METRICS_PORT"), metrics_port(rooms, lambda: None, dict):
            pass


def test_by_default_nobody_elsewhere_reaches_it() -> None:
    keys = {"keys": {1: "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="}}
    settings = read_settings(**keys, index_key="AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=")
    assert (settings.metrics_host, settings.metrics_port) == ("127.0.0.1", None)


@on_both
def test_the_state_of_things_is_read_when_it_is_asked_for(set_up: SetUp) -> None:
    authorities = authorities_of(MemoryAdapter("children"), MemoryAdapter("social"))
    set_up.opens_plan(authorities, "1503879996")
    set_up.opens_plan(authorities, "0101701230")
    with set_up.store.begin() as unit:
        unit.breakers.hold("social", Direction.RECIPIENT, HoldReason.AGREED, "operator", now())
    with a_port(set_up) as url:
        told = scraped(f"{url}/metrics")
    assert told["hub_state_up"] == 1
    assert told['hub_queue_depth{recipient="social"}'] == told['hub_queue_depth{recipient="children"}'] == 2
    assert told['hub_queue_oldest_seconds{recipient="social"}'] > 0
    assert told["hub_relay_lag_seconds"] > 0, "nobody has rung yet"
    assert told['hub_circuit_state{authority="social",direction="recipient",state="held"}'] == 1
    assert told['hub_circuit_state{authority="social",direction="recipient",state="closed"}'] == 0
    assert told['hub_circuit_state{authority="children",direction="recipient",state="closed"}'] == 1
    assert told['hub_dead_letters{cause="auth"}'] == 0
    assert told["hub_audit_oldest_unsealed_seconds"] > 0, "nobody has sealed yet"
    assert told["hub_audit_entries_without_checkpoint"] == 0
    assert told["process_open_fds"] > 0


@on_both
def test_what_a_recipient_is_to_fetch_is_told_apart_from_what_the_hub_is_to_send(set_up: SetUp) -> None:
    fetches = MemoryAdapter("social")
    fetches.feed = Feed()
    set_up.opens_plan(authorities_of(MemoryAdapter("children"), fetches), "1503879996")
    with a_port(set_up) as url:
        told = scraped(f"{url}/metrics")
    assert told['hub_feed_oldest_seconds{recipient="social"}'] > 0
    assert told['hub_queue_oldest_seconds{recipient="children"}'] > 0
    assert 'hub_queue_oldest_seconds{recipient="social"}' not in told


@on_both
def test_a_name_that_no_setting_has_is_told_as_other(set_up: SetUp) -> None:
    set_up.opens_plan(authorities_of(MemoryAdapter("children"), MemoryAdapter("kanariefugl")), "1503879996")
    with a_port(set_up) as url:
        told = scraped(f"{url}/metrics")
    assert told['hub_queue_depth{recipient="other"}'] == 1
    assert not [series for series in told if "kanariefugl" in series]


def test_a_process_says_whether_it_is_well(set_up: SetUp) -> None:
    with a_port(set_up) as url:
        assert httpx.get(f"{url}/healthz").json() == {"status": "ok"}
        assert httpx.get(f"{url}/readyz").json()["status"] == "ready"
        nothing = httpx.get(f"{url}/plans/0201609995")
        assert nothing.status_code == 404
        assert "0201609995" not in nothing.text
        assert httpx.post(f"{url}/metrics").status_code == 501


def test_a_loop_in_trouble_or_a_silent_broker_makes_it_degraded_and_not_dead(set_up: SetUp) -> None:
    with a_port(set_up, TROUBLED) as url:
        answer = httpx.get(f"{url}/readyz")
        assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
        told = scraped(f"{url}/metrics")
    assert told['hub_loop_troubled{code="broker-down",loop="hub-relay"}'] == 1
    assert not [series for series in told if series.startswith("hub_loop_last_turn")]


def test_a_silent_broker_makes_it_degraded(set_up: SetUp) -> None:
    with a_port(set_up, error=BrokerDown("It does not answer.")) as url:
        assert httpx.get(f"{url}/readyz").json()["broker"] == "does not answer"


def test_a_process_whose_database_is_away_is_not_ready_and_still_tells_what_it_counted(set_up: SetUp) -> None:
    (nobody,) = free_ports(1)
    away = Store(f"postgresql://hub@127.0.0.1:{nobody}/hub", a_keyring(), MUNICIPALITY)
    with a_port(SetUp(set_up.settings, away, set_up.broker)) as url:
        ready = httpx.get(f"{url}/readyz")
        assert (ready.status_code, ready.json()["code"]) == (503, "store-busy")
        assert httpx.get(f"{url}/healthz").status_code == 200
        told = scraped(f"{url}/metrics")
    assert told["hub_state_up"] == 0
    assert "hub_audit_entries_total" in told
    assert not [series for series in told if series.startswith("hub_queue")]
    away.close()


def test_whoever_connects_and_says_nothing_keeps_nobody_else_waiting(set_up: SetUp) -> None:
    with a_port(set_up) as url:
        port = int(url.rsplit(":", 1)[1])
        silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(20)]
        began = monotonic()
        assert scraped(f"{url}/metrics")["hub_state_up"] == 1
        assert monotonic() - began < 4
        for one in silent:
            one.close()


@pytest.mark.slow
@both_set_ups
def test_a_plan_that_flows_through_is_counted_and_each_process_tells_the_same(set_up_name: str, tmp_path: Path) -> None:
    with a_set_up(set_up_name) as given:
        numbered = replace(given, settings={**given.settings, "metrics_port": 0})
        with Town(tmp_path, numbered) as town:
            story = OnePlan(town, Console(quiet=True))
            story.play()
            assert [proof for proof in story.proofs if not proof.holds] == []
            where = [address_in(tmp_path / f"{name}.log") for name in ("hub", "worker") if name in town.programs]
            told = [wait_for(lambda a=address: scraped(a), settled, 30) for address in where]
            ready = [httpx.get(address.replace("/metrics", "/readyz")).json()["status"] for address in where]
    assert ready == ["ready"] * len(where)
    for name in ("employment", "children", "social"):
        assert summed(told, f'hub_messages_received_total{{authority="{name}",outcome="accepted"}}') > 0
        assert all(one[f'hub_last_success_timestamp_seconds{{authority="{name}",direction="source"}}'] for one in told)
        assert summed(told, f'hub_deliveries_total{{outcome="delivered",recipient="{name}"}}') > 0
        assert summed(told, f'hub_delivery_duration_seconds_count{{recipient="{name}"}}') > 0
    assert summed(told, 'hub_consent_decisions_total{occasion="delivery",result="permitted"}') > 0
    assert summed(told, "hub_audit_entries_total") > 0
    state = [{series: value for series, value in one.items() if series.startswith("hub_circuit_state")} for one in told]
    assert all(one == state[0] for one in state)
    families = {series.partition("{")[0] for one in told for series in one}
    untold = {one.name for one in ALL if not any(name.startswith(one.name) for name in families)}
    assert untold == {SPANS.name, FEED_OLDEST.name}, "spans are counted where a collector takes them; nobody fetches"


def settled(told: Series) -> bool:
    return told["hub_state_up"] == 1 and not any(
        value for series, value in told.items() if series.startswith("hub_queue_depth")
    )


def summed(told: list[Series], series: str) -> float:
    return sum(one.get(series, 0) for one in told)
