"""The feed over HTTP: who reads it, long-polls, documents in the recipient's own words, and receipts."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any

import httpx
import jsonschema_rs
import orjson
import pytest
import sqlalchemy as sa

from hub.adapters._xml import XmlContract, read_xml
from hub.authority import Authorities, contract_folder, load
from hub.clock import new_id, now
from hub.flow.deliver import deliver
from hub.identity.tokens import new_token
from hub.settings import Client, Settings
from hub.store.tables import outbox
from tests.integration.api.served import Served, on_the_command_line, served
from tests.integration.databases import a_migrated_postgresql

pytestmark = pytest.mark.integration

WIRES = {"children": {"delivery": "feed"}}
EVENT = jsonschema_rs.validator_for(
    orjson.loads((contract_folder("bus/v1") / "feed-event.schema.json").read_bytes()), validate_formats=True
)
GENEROUS = 10.0  # seconds; the machine may be busy


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
def hub(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    token, limited = limited_to("27")
    how: dict[str, Any] = {"wires": WIRES, "feed_wait_seconds": 20, "feed_waiting_callers": 3}
    how["clients"] = {"children-27": limited}
    if request.param == "sqlite":
        with served(f"sqlite:///{tmp_path_factory.mktemp('feed') / 'hub.db'}", **how) as running:
            running.tokens = {**running.tokens, "children-27": token}
            yield running
    else:
        with a_migrated_postgresql() as url, served(url, **how) as running:
            running.tokens = {**running.tokens, "children-27": token}
            yield running


def limited_to(kle: str) -> tuple[str, Client]:
    """Return a further client of the children system, whose work is limited by subject, and its token."""
    token, digest = new_token()
    given = {"token_sha256": digest, "organisation": "children", "role": "authority-system", "kle": [kle]}
    return token, Client.model_validate(given)


def test_a_client_that_may_read_less_does_not_fetch_what_is_due_to_its_organisation(hub: Served) -> None:
    assert hub.ask("children", "GET", "/feed").status_code == 200
    for method, path in (("GET", "/feed"), ("GET", f"/feed/documents/{new_id()}")):
        answer = hub.ask("children-27", method, path)
        assert (answer.status_code, "not limited" in answer.text) == (403, True)


def authorities() -> Authorities:
    return load(WIRES)


def settings() -> Settings:
    given: dict[str, Any] = {"keys": {1: b"\x01" * 32}, "index_key": b"\x02" * 32}
    return Settings(**given)


def tells(hub: Served) -> None:
    """Do what relay and worker do: tell the children system of what is due to it and wants ringing."""
    with hub.store.begin(read_only=True) as unit:
        query = sa.select(outbox.c.id).where(outbox.c.recipient == "children", outbox.c.ring_after <= now())
        due = list(unit.connection.execute(query).scalars())
    for row in due:
        deliver(row, hub.store, authorities(), settings())


def shares(hub: Served, *goals: str) -> tuple[str, str]:
    """Let a person share the goals of the employment authority with children; return the number and the consent."""
    cpr, opened = hub.opens_plan()
    sharing = {
        "kind": "sharing", "plan": opened["plan"], "sources": ["employment"], "recipients": ["children"],
        "categories": ["goals"],
    }  # fmt: skip
    said = hub.ask("coordinator", "POST", "/consents", sharing)
    assert said.status_code == 201, said.text
    hub.sends(cpr, *({"id": goal} for goal in goals or ("g1",)))
    return cpr, said.json()["consent"]


def reads(hub: Served, **query: Any) -> list[dict[str, Any]]:
    answer = hub.ask("children", "GET", "/feed", params=query)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/cloudevents-batch+json"
    return list(answer.json())


def catches_up(hub: Served) -> int:
    """Acknowledge all there is; return the last position."""
    last = int(hub.ask("children", "GET", "/feed").headers["feed-last"])
    if last:
        hub.ask("children", "POST", "/feed/ack", {"position": last})
    return last


def one_event(hub: Served) -> dict[str, Any]:
    """Share something and return the event of it."""
    catches_up(hub)
    shares(hub)
    tells(hub)
    (event,) = [one for one in reads(hub) if one["type"].endswith("changed")]
    return event


def test_a_document_is_told_of_fetched_taken_in_and_acknowledged(hub: Served) -> None:
    event = one_event(hub)
    EVENT.validate(event)
    document = hub.ask("children", "GET", event["dataref"])
    assert document.headers["content-type"] == "application/xml; charset=utf-8"
    root = read_xml(document.content, "utf-8")
    XmlContract(contract_folder("children/v1") / "children.xsd").check(root)
    assert document.headers["feed-sequence"] == root.findtext("{*}Sekvens")
    assert document.headers["traceparent"].startswith("00-")
    given = {"receipt": document.headers["feed-receipt"], "status": "taken-in"}
    receipt = hub.ask("children", "POST", "/feed/receipts", given)
    assert (receipt.status_code, receipt.json()["delivery"]) == (200, "settled")
    acknowledged = hub.ask("children", "POST", "/feed/ack", {"position": event["position"]})
    assert acknowledged.json()["acknowledged"] == event["position"]
    assert not reads(hub)
    assert hub.ask("children", "GET", event["dataref"]).status_code == 204


def test_an_event_holds_nothing_of_a_person(hub: Served) -> None:
    catches_up(hub)
    cpr, _ = shares(hub)
    tells(hub)
    batch = hub.ask("children", "GET", "/feed")
    (event,) = batch.json()
    assert not {"data", "data_base64"} & event.keys()
    for secret in (cpr, "Testesen", "Et mål"):
        assert secret not in batch.text


def test_a_revocation_between_event_and_fetch_leaves_nothing_to_fetch(hub: Served) -> None:
    catches_up(hub)
    _, consent = shares(hub)
    tells(hub)
    (event,) = reads(hub)
    hub.ask("coordinator", "POST", f"/consents/{consent}/withdraw")
    answer = hub.ask("children", "GET", event["dataref"])
    assert (answer.status_code, answer.content) == (204, b"")


def test_a_revocation_between_fetch_and_receipt_is_told_as_urgent(hub: Served) -> None:
    catches_up(hub)
    _, consent = shares(hub)
    tells(hub)
    (event,) = reads(hub)
    fetched = hub.ask("children", "GET", event["dataref"])
    hub.ask("coordinator", "POST", f"/consents/{consent}/withdraw")
    tells(hub)
    urgent = [one for one in reads(hub, topic="plan.withdrawn") if one["subject"] == event["subject"]]
    assert [one["urgent"] for one in urgent] == [True]
    late = {"receipt": fetched.headers["feed-receipt"], "status": "taken-in"}
    assert hub.ask("children", "POST", "/feed/receipts", late).status_code == 200
    withdrawn = hub.ask("children", "GET", urgent[0]["dataref"])
    assert withdrawn.status_code == 200
    kept = {"receipt": withdrawn.headers["feed-receipt"], "status": "legal-hold", "reason": "Arkivloven"}
    assert hub.ask("children", "POST", "/feed/receipts", kept).json()["delivery"] == "settled"


def test_a_receipt_with_another_word_is_a_conflict_and_the_same_again_is_not(hub: Served) -> None:
    document = hub.ask("children", "GET", one_event(hub)["dataref"])
    given = {"receipt": document.headers["feed-receipt"], "status": "refused", "reason": "Ukendt borger"}
    answers = [hub.ask("children", "POST", "/feed/receipts", given) for _ in range(2)]
    assert [one.json()["delivery"] for one in answers] == ["refused", "refused"]
    assert hub.ask("children", "POST", "/feed/receipts", {**given, "status": "taken-in"}).status_code == 409


@pytest.mark.parametrize("path", ["/feed/documents/{}", "/feed/receipts"])
def test_what_is_not_its_own_is_as_if_it_did_not_exist(hub: Served, path: str) -> None:
    if "{}" in path:
        with hub.store.begin(read_only=True) as unit:
            query = sa.select(outbox.c.id).where(outbox.c.recipient == "employment").limit(1)
            another = unit.connection.execute(query).scalar_one()
        wanted = [hub.ask("children", "GET", path.format(one)) for one in (another, new_id())]
    else:
        wanted = [hub.ask("children", "POST", path, {"receipt": str(new_id()), "status": "taken-in"})]
    assert {one.status_code for one in wanted} == {404}
    assert len({one.json()["detail"] for one in wanted}) == 1


@pytest.mark.parametrize("caller", ["caseworker", "employment", "social", "coordinator", "operator", "partner", "anna"])
def test_nobody_else_reads_a_feed(hub: Served, caller: str) -> None:
    answer = hub.ask(caller, "GET", "/feed")
    assert (answer.status_code, answer.json()["code"]) == (403, "not-allowed")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/feed?after=-1", None),
        ("GET", "/feed?after=2147483647", None),
        ("GET", "/feed?most=0", None),
        ("GET", "/feed?topic=plan.secret", None),
        ("POST", "/feed/ack", {"position": 2147483647}),
        ("POST", "/feed/ack", {"position": 1, "more": 1}),
        ("POST", "/feed/receipts", {"receipt": "1", "status": "taken-in"}),
        ("POST", "/feed/receipts", {"receipt": "99999999-9999-4999-8999-999999999999", "status": "deleted"}),
    ],
)
def test_what_makes_no_sense_is_named(hub: Served, method: str, path: str, body: Any) -> None:
    answer = hub.ask("children", method, path, body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid-request")
    assert answer.json()["faults"]


# --- waiting ------------------------------------------------------------------------------------------------------


def test_a_reader_that_waits_is_woken_by_what_comes(hub: Served) -> None:
    last = catches_up(hub)
    shares(hub)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(_waits, hub, last, 15)
        time.sleep(0.5)
        assert not waiting.done()
        tells(hub)
        told_at = time.monotonic()
        assert len(waiting.result(timeout=GENEROUS)) == 1
    assert time.monotonic() - told_at < GENEROUS / 2


def _waits(hub: Served, after: int, seconds: float) -> list[Any]:
    with httpx.Client(timeout=30) as client:
        headers = {"Authorization": f"Bearer {hub.tokens['children']}"}
        answer = client.get(f"{hub.url}/feed", params={"after": after, "wait": seconds}, headers=headers)
    return list(answer.json()) if answer.status_code == 200 else [answer.status_code]


def test_a_reader_that_waits_in_vain_is_answered_with_nothing(hub: Served) -> None:
    last = catches_up(hub)
    began = time.monotonic()
    assert _waits(hub, last, 0.6) == []
    assert time.monotonic() - began >= 0.6


def test_no_more_readers_wait_than_the_settings_allow_and_others_are_served_meanwhile(hub: Served) -> None:
    last = catches_up(hub)
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(_waits, hub, last, 10) for _ in range(4)]
        refused = next(as_completed(asked))
        assert refused.result() == [503], "one too many is told to come back, and at once"
        assert hub.ask(None, "GET", "/healthz").status_code == 200
        assert reads(hub) == [], "who does not wait is answered"
        assert [one.result() for one in asked if one is not refused] == [[], [], []]
    assert _waits(hub, last, 0.1) == [], "their places are free again"


def test_a_reader_that_goes_away_gives_its_place_back(hub: Served) -> None:
    last = catches_up(hub)
    headers = {"Authorization": f"Bearer {hub.tokens['children']}"}
    for _ in range(3):
        with httpx.Client(timeout=0.5) as client, pytest.raises(httpx.ReadTimeout):
            client.get(f"{hub.url}/feed", params={"after": last, "wait": 20}, headers=headers)
    until = time.monotonic() + GENEROUS
    while (answer := _waits(hub, last, 0.1)) == [503] and time.monotonic() < until:
        threading.Event().wait(0.1)
    assert answer == []


# --- operators ----------------------------------------------------------------------------------------------------


def test_operators_see_how_feeds_stand(hub: Served) -> None:
    event = one_event(hub)
    hub.ask("children", "GET", event["dataref"])
    (standing,) = hub.ask("operator", "GET", "/ops/feeds").json()["feeds"]
    assert (standing["recipient"], standing["is_configured"], standing["webhook"]) == ("children", True, None)
    assert standing["last_position"] >= event["position"] > standing["acknowledged"]
    assert standing["unacknowledged"] >= 1
    assert standing["without_receipt"] >= 1
    assert standing["oldest_unacknowledged_at"]
    assert standing["read_at"]


def test_the_command_line_says_the_same(hub: Served) -> None:
    one_event(hub)
    with_a_feed = {"HUB_AUTHORITIES__CHILDREN__DELIVERY": "feed"}
    said = on_the_command_line(hub, "feeds", "--json", **with_a_feed)
    assert said.returncode == 0, said.stderr
    assert orjson.loads(said.stdout) == hub.ask("operator", "GET", "/ops/feeds").json()
    assert "children" in on_the_command_line(hub, "feeds", **with_a_feed).stdout
