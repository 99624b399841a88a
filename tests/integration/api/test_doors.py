"""The doors of authorities: one acceptance, any number of repeats, and nobody else's documents."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from hub.adapters._webhook import signed
from hub.authority import contract_folder
from hub.clock import new_id, now
from tests.integration.api.served import LIMIT, Served, on_both, served

pytestmark = pytest.mark.integration


def an_xml_case(hub: Served, message_id: str) -> tuple[str, bytes]:
    """Return a number and a document of children and family about its holder, who has a plan."""
    cpr, _ = hub.opens_plan()
    example = next(path for path in sorted((contract_folder("children/v1") / "examples").glob("*.xml")))
    text = example.read_text("utf-8")
    text = re.sub(r"(<(?:\w+:)?MeddelelseId>)[^<]+", rf"\g<1>{message_id}", text)
    number = re.search(r"<(?:\w+:)?Barn>.*?<(?:\w+:)?CPR>([^<]+)<", text, re.DOTALL)
    assert number
    return cpr, text.replace(number[1], cpr).encode()


@on_both
def test_a_document_is_taken_in_and_its_repeat_gets_the_same_bytes(hub: Served) -> None:
    cpr, _ = hub.opens_plan()
    letter = {"id": f"first-{cpr}", "cpr": cpr, "case": cpr[-4:], "version": 1, "elements": [{"id": "g"}]}
    first = hub.ask("employment", "POST", "/in/employment", letter, headers={"X-Correlation-Id": "mine-1"})
    again = hub.ask("employment", "POST", "/in/employment", letter)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.content == again.content
    receipt = first.json()
    assert receipt.keys() == {"receipt", "received_at", "correlation_id", "outcome"}
    assert receipt["outcome"] == {"taken_in": 1, "skipped": []}
    assert receipt["correlation_id"] == first.headers["x-correlation-id"] == "mine-1"


def test_an_adapter_gets_the_bytes_and_headers_but_not_the_token(hub: Served) -> None:
    headers = {"X-Source": "K", "Content-Type": "application/json; charset=utf-8", "X-Correlation-Id": "parcel-1"}
    hub.ask("employment", "POST", "/in/employment", b"as it came", headers=headers)
    parcel = hub.parcels[-1]
    assert (parcel.body, parcel.content_type) == (b"as it came", "application/json; charset=utf-8")
    assert (parcel.authority, parcel.correlation_id, parcel.headers["x-source"]) == ("employment", "parcel-1", "K")
    assert hub.tokens["employment"] not in str(parcel.headers)


@on_both
def test_many_at_once_have_one_effect_and_one_answer(hub: Served) -> None:
    cpr, opened = hub.opens_plan()
    letter = {"id": f"many-{cpr}", "cpr": cpr, "case": cpr[-4:], "version": 1, "elements": [{"id": "g"}]}
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: hub.ask("employment", "POST", "/in/employment", letter), range(12)))
    assert sorted(answer.status_code for answer in answers) == [200] * 11 + [201]
    assert len({answer.content for answer in answers}) == 1
    assert len(hub.ask("coordinator", "GET", f"/plans/{opened['plan']}").json()["elements"]) == 1


@on_both
def test_an_id_that_comes_again_with_another_body_is_refused_and_changes_nothing(hub: Served) -> None:
    cpr, opened = hub.opens_plan()
    hub.sends(cpr, {"id": "g", "title": "Det første"}, id=f"reused-{cpr}")
    other = {"id": f"reused-{cpr}", "cpr": cpr, "case": "c", "version": 2, "elements": [{"id": "g", "title": "Andet"}]}
    answer = hub.ask("employment", "POST", "/in/employment", other)
    assert (answer.status_code, answer.json()["code"]) == (409, "id-reused")
    plan = hub.ask("coordinator", "GET", f"/plans/{opened['plan']}").json()
    assert [one["title"] for one in plan["elements"]] == ["Det første"]


@on_both
def test_xml_is_answered_in_xml_and_its_repeat_with_the_same_bytes(hub: Served) -> None:
    _, document = an_xml_case(hub, "7d9e3c52-0f5b-4b35-9a0c-3a2f0e9b7a01")
    xml = {"Content-Type": "application/xml; charset=utf-8"}
    first = hub.ask("children", "POST", "/in/children", document, headers=xml)
    again = hub.ask("children", "POST", "/in/children", document, headers=xml)
    assert (first.status_code, again.status_code) == (201, 200), first.text
    assert first.headers["content-type"] == "application/xml"
    assert first.content == again.content
    assert b'<Kvittering xmlns="urn:one-plan-hub:receipt:1"><KvitteringId>' in first.content
    assert b"<Optaget>1</Optaget></Kvittering>" in first.content


def test_a_broken_document_in_xml_is_refused_in_xml(hub: Served) -> None:
    answer = hub.ask("children", "POST", "/in/children", b"<Sag>", headers={"Content-Type": "text/xml"})
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+xml"
    assert b'<problem xmlns="urn:ietf:rfc:7807">' in answer.content
    assert b"<type>urn:one-plan-hub:problem:contract-violation</type>" in answer.content


def test_a_doctype_is_refused(hub: Served) -> None:
    bomb = b'<!DOCTYPE a [<!ENTITY b "0201609995">]><a>&b;</a>'
    answer = hub.ask("children", "POST", "/in/children", bomb, headers={"Content-Type": "application/xml"})
    assert answer.status_code == 400
    assert b"0201609995" not in answer.content


@on_both
def test_a_person_without_a_plan_is_unknown_and_nothing_is_kept(hub: Served) -> None:
    cpr = hub.a_cpr()
    letter = {"id": f"unknown-{cpr}", "cpr": cpr, "case": "c", "version": 1, "elements": []}
    answer = hub.ask("employment", "POST", "/in/employment", letter)
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown-person")
    assert "POST /consents" in answer.json()["next_step"]
    hub.opens_plan(cpr)
    assert hub.ask("employment", "POST", "/in/employment", letter).status_code == 201


@pytest.mark.parametrize("caller", ["children", "coordinator", "caseworker", "operator", "anna"])
@pytest.mark.parametrize("door", ["/in/employment", "/in/employment/events", "/in/nobody"])
def test_only_the_authoritys_own_system_comes_in_by_its_door(hub: Served, caller: str, door: str) -> None:
    before = len(hub.audited("refused"))
    answer = hub.ask(caller, "POST", door, {"id": "1"})
    assert (answer.status_code, answer.json()["code"]) == (403, "wrong-sender")
    refused = hub.audited("refused")[before:]
    assert [(row["actor"], row["details"]["code"]) for row in refused] == [(caller, "wrong-sender")]


@on_both
def test_an_event_is_promised_before_it_is_acknowledged(hub: Served) -> None:
    event = {"id": "event-1", "reference": "case-77"}
    answer = hub.ask("employment", "POST", "/in/employment/events", event, headers={"X-Correlation-Id": "ev-1"})
    assert (answer.status_code, answer.json()) == (202, {"event": "event-1", "correlation_id": "ev-1"})
    with hub.store.begin(read_only=True) as unit:
        jobs = [job for job in unit.jobs.all() if job["authority"] == "employment"]
    assert [(job["reference"], job["correlation_id"]) for job in jobs] == [("case-77", "ev-1")]


def test_an_authority_without_events_says_so(hub: Served) -> None:
    answer = hub.ask("children", "POST", "/in/children/events", {"id": "1"})
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


def test_a_body_over_the_limit_is_refused_when_its_length_is_told(hub: Served) -> None:
    answer = hub.ask("employment", "POST", "/in/employment", b"x" * (LIMIT + 1))
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")
    assert answer.headers["connection"] == "close"


def test_a_body_over_the_limit_is_refused_when_no_length_is_told(hub: Served) -> None:
    def parts() -> Iterator[bytes]:
        for _ in range(LIMIT // 1000 + 2):
            yield b"x" * 1000

    answer = httpx.post(
        f"{hub.url}/in/employment", content=parts(), headers={"Authorization": f"Bearer {hub.tokens['employment']}"}
    )
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")


def test_a_body_at_the_limit_is_read_whole(hub: Served) -> None:
    answer = hub.ask("employment", "POST", "/in/employment", b"x" * LIMIT)
    assert answer.json()["code"] == "contract-violation"


@pytest.mark.parametrize("offered", ["", "with space", "x" * 65, "æ", "0201609995", "a;b", "020160-9995"])
def test_a_correlation_id_that_is_not_harmless_is_replaced(hub: Served, offered: str) -> None:
    answer = hub.ask(None, "GET", "/healthz", headers={"X-Correlation-Id": offered.encode("latin-1")})
    assert re.fullmatch(r"[0-9a-f-]{36}", answer.headers["x-correlation-id"])


def test_where_events_are_signed_an_unsigned_one_is_refused_and_a_repeat_is_the_same_event(tmp_path: Path) -> None:
    secret = "whsec_" + base64.b64encode(b"k" * 32).decode()
    body = (contract_folder("social/v1") / "examples" / "sags-haendelse.json").read_bytes()
    json = {"Content-Type": "application/json"}
    with served(f"sqlite:///{tmp_path / 'hub.db'}", wires={"social": {"event_secret": secret}}) as hub:

        def tells(headers: dict[str, str]) -> httpx.Response:
            return hub.ask("social", "POST", "/in/social/events", body, headers={**json, **headers})

        refused = tells({})
        assert (refused.status_code, refused.json()["code"]) == (401, "not-authenticated")
        assert "Standard Webhooks" in refused.json()["next_step"]
        assert tells(signed([b"x" * 32], "e1", body, now())).status_code == 401
        assert tells(signed([b"k" * 32], "e1", body, now() - timedelta(minutes=6))).status_code == 401
        assert hub.audited("announced") == []
        for _ in range(2):
            assert tells(signed([b"k" * 32], "e1", body, now())).status_code == 202


def test_a_protected_address_is_told_from_the_case_to_whoever_reads_the_plan(hub: Served) -> None:
    cpr, body = an_xml_case(hub, str(new_id()))
    plan = hub.ask("coordinator", "POST", "/plans/search", {"cpr": cpr}).json()["plan"]
    body = re.sub(rb"(<SagVersion>)\d+", rb"\g<1>50", body)  # other tests have sent this case too
    protected = body.replace(b"<AdresseBeskyttet>false", b"<AdresseBeskyttet>true", 1)
    assert protected != body
    xml = {"Content-Type": "application/xml"}
    assert hub.ask("children", "POST", "/in/children", protected, headers=xml).status_code == 201

    def is_protected(caller: str) -> Any:
        return hub.ask(caller, "GET", f"/plans/{plan}").json()["person"]["has_protected_address"]

    assert is_protected("coordinator") is True
    assert is_protected("children") is True
    hub.sends(cpr, {"id": "e"}, case="of-employment")  # says nothing of an address
    assert is_protected("coordinator") is True, "one authority is enough"
    later = re.sub(rb"(<SagVersion>)\d+", rb"\g<1>99", body)
    later = re.sub(rb"(<MeddelelseId>)[^<]+", rb"\g<1>" + str(new_id()).encode(), later)
    assert hub.ask("children", "POST", "/in/children", later, headers=xml).status_code == 201
    assert is_protected("coordinator") is False, "the newest word of the one who said it counts"
