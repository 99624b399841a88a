"""The adapter of a register of people against a real server: the contract, and that a number stands in bodies alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import orjson
import pytest
from structlog.testing import capture_logs

from hub.adapters._rest import JsonContract, openapi
from hub.adapters.register import RegisterAdapter
from hub.authority import Changes, Register, contract_folder, load_register
from hub.errors import ContractViolation, HubError, SettingsRefused, SourceDown
from hub.plan.element import Period
from hub.plan.identifier import cpr_identifier
from tests.integration.registers import People, a_register
from tests.integration.sandboxes import TOKEN, a_server

pytestmark = pytest.mark.integration

CPR, NEW = "0201609995", "0201609996"
NUMBER = cpr_identifier(CPR, "hub")
SUBSCRIPTION = UUID("5e8d7b52-07b0-4a44-8f0b-0c6a4f6c9f01")
CONTRACT, EXAMPLES = JsonContract("register/v1"), contract_folder("register/v1") / "examples"
SHORT: dict[str, Any] = {"connect_seconds": 0.5, "read_seconds": 0.6, "total_seconds": 1.2}
ALIVE: dict[str, Any] = {
    "Version": 1, "Personnummer": CPR, "TidligerePersonnumre": [], "Status": "01", "Beskyttelser": [],
}  # fmt: skip
TEN_DIGITS = re.compile(r"[0-9]{6}-?[0-9]{4}")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[People]:
    with a_register(tmp_path_factory.mktemp("register"), page_size=2) as people:
        yield people


@pytest.fixture
def people(running: People) -> People:
    running.begins_anew()
    return running


def asking(url: str, **settings: Any) -> Register:
    return RegisterAdapter({"url": url, "token": TOKEN, **SHORT, **settings})


def answering(body: Any, status: int = 200, **headers: str) -> Any:
    return a_server(status, body if isinstance(body, bytes) else orjson.dumps(body), **headers)


# --- what the register says -------------------------------------------------------------------------------------------


def test_subscribed_twice_is_subscribed_once(people: People) -> None:
    assert people.register.subscribe(SUBSCRIPTION, NUMBER)
    assert people.register.subscribe(SUBSCRIPTION, NUMBER)
    assert people.subscriptions() == {str(SUBSCRIPTION): CPR}


def test_unsubscribed_twice_is_unsubscribed(people: People) -> None:
    people.register.subscribe(SUBSCRIPTION, NUMBER)
    people.register.unsubscribe(SUBSCRIPTION)
    people.register.unsubscribe(SUBSCRIPTION)
    assert people.subscriptions() == {}


def test_nobody_is_subscribed_to_by_a_number_that_nobody_has(people: People) -> None:
    people.knows_nobody_by(CPR)
    assert not people.register.subscribe(SUBSCRIPTION, NUMBER)
    assert people.register.facts(NUMBER) is None


def test_facts_tell_of_life_number_and_protection(people: People) -> None:
    people.register.subscribe(SUBSCRIPTION, NUMBER)
    people.lets(CPR, new_cpr=NEW, died="2026-11-20", protections=[{"since": "2026-01-01", "until": "2026-12-31"}])
    facts = people.register.facts(NUMBER)
    assert facts is not None
    assert [number.value for number in facts.numbers] == [NEW, CPR]
    assert (facts.version, facts.died) == (2, date(2026, 11, 20))
    midnights = datetime(2025, 12, 31, 23, tzinfo=UTC), datetime(2026, 12, 31, 23, tzinfo=UTC)
    assert facts.protections == (Period(*midnights),), "up to the end of the last day, in Denmark"


def test_the_page_goes_on_where_it_stopped_and_names_each_once(people: People) -> None:
    people.register.subscribe(SUBSCRIPTION, NUMBER)
    for died in ("2026-11-01", "2026-11-02", "2026-11-03"):
        people.lets(CPR, died=died)
    cursor, pages = "", list[Changes]()
    while not pages or pages[-1].has_more:
        pages.append(people.register.changes(cursor))
        cursor = pages[-1].cursor
    assert [page.subscriptions for page in pages] == [(SUBSCRIPTION,)] * 3, "marriages are not asked about"
    assert people.register.changes(cursor).subscriptions == ()


def test_a_marriage_or_a_move_is_no_reason_to_look_anybody_up(people: People) -> None:
    people.register.subscribe(SUBSCRIPTION, NUMBER)
    for kind in ("Civilstand", "CprAdresse", "UdrejseIndrejse", "forsvinding"):
        people.tells_again(CPR, kind)
    first = people.register.changes("")
    assert first.subscriptions == people.register.changes(first.cursor).subscriptions == ()
    people.tells_again(CPR, "SomethingNew")
    found = people.register.changes(people.register.changes(first.cursor).cursor)
    assert found.subscriptions == (SUBSCRIPTION,), "a kind that is new may matter"


def test_a_page_that_has_not_changed_does_not_cross_the_wire_again() -> None:
    page = {"Haendelser": [], "Naeste": "7", "Flere": False}
    with answering(page, ETag='"e1"') as (url, asked):
        register = asking(url)
        assert register.changes("7") == register.changes("7")
    assert "if-none-match" not in asked[0][2]
    assert asked[1][2]["if-none-match"] == '"e1"'


# --- a number stands in bodies alone ----------------------------------------------------------------------------------


def test_no_number_stands_in_a_url_a_header_a_log_or_an_error() -> None:
    with capture_logs() as logs, answering({**ALIVE, "Version": "x"}) as (url, asked):
        register = asking(url)
        register.subscribe(SUBSCRIPTION, NUMBER)
        with pytest.raises(SourceDown) as caught:
            register.facts(NUMBER)
        with pytest.raises(SourceDown):
            register.changes("3")
        register.unsubscribe(SUBSCRIPTION)
    assert len(asked) == 4
    for method, path, headers, _body in asked:
        assert not TEN_DIGITS.search(path.replace(str(SUBSCRIPTION), "")), method
        assert CPR not in str(headers)
    assert [CPR.encode() in body for *_, body in asked] == [True, True, False, False]
    assert not TEN_DIGITS.search(f"{logs} {caught.value} {caught.value.diagnostics()} {caught.value!r}")


def test_what_is_asked_is_valid_against_the_contract() -> None:
    with answering(ALIVE) as (url, asked):
        asking(url).facts(NUMBER)
    ((method, path, headers, body),) = asked
    assert (method, path) == ("POST", "/api/personopslag")
    assert headers["authorization"] == f"Bearer {TOKEN}"
    assert CONTRACT.read("Personopslag", body) == {"Personnummer": CPR}


def test_a_replacement_number_is_never_asked_about() -> None:
    with answering(ALIVE) as (url, asked), pytest.raises(ValueError, match="replacement"):
        asking(url).facts(cpr_identifier("6201609995", "children"))
    assert asked == []


def test_nothing_that_is_shown_of_facts_shows_whose_they_are() -> None:
    with answering({**ALIVE, "Status": "90", "Doedsdato": "2026-11-20"}) as (url, _):
        facts = asking(url).facts(NUMBER)
    assert CPR not in repr(facts)
    assert "2026" not in repr(facts)


# --- the contract -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("example", sorted(EXAMPLES.glob("personoplysninger*.json")), ids=lambda path: path.stem)
def test_an_example_of_the_contract_is_understood(example: Path) -> None:
    with answering(example.read_bytes()) as (url, _):
        assert asking(url).facts(NUMBER) is not None


@pytest.mark.parametrize("example", sorted((EXAMPLES / "refused").glob("*.json")), ids=lambda path: path.stem)
def test_what_breaks_the_contract_is_not_used_and_not_repeated(example: Path) -> None:
    with answering(example.read_bytes()) as (url, _), pytest.raises(SourceDown) as caught:
        asking(url).facts(NUMBER)
    assert not TEN_DIGITS.search(caught.value.sentence)
    assert "Einer" not in caught.value.sentence


def test_the_other_examples_are_valid() -> None:
    for name, schema in (("personopslag", "Personopslag"), ("haendelser", "Haendelser")):
        assert CONTRACT.read(schema, (EXAMPLES / f"{name}.json").read_bytes())


@pytest.mark.parametrize("cursor", ["0201609995 ", "a/b", "x" * 201, "æ"])
def test_a_cursor_is_what_the_contract_says(cursor: str) -> None:
    with pytest.raises(ContractViolation):
        CONTRACT.read("Haendelser", orjson.dumps({"Haendelser": [], "Naeste": cursor, "Flere": False}))


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ({"Haendelser": [], "Naeste": "3", "Flere": True}, "cursor does not move"),
        ({"Haendelser": [], "Naeste": "", "Flere": False}, "back to the beginning"),
        ({"Haendelser": []}, "against the contract"),
    ],
)
def test_a_cursor_that_leads_nowhere_is_the_registers_trouble(page: dict[str, Any], said: str) -> None:
    with answering(page) as (url, _), pytest.raises(SourceDown, match=said):
        asking(url).changes("3")


@pytest.mark.parametrize("status", [400, 401, 403, 429, 500, 503])
def test_whatever_is_refused_is_asked_again_later(status: int) -> None:
    with answering({}, status, Retry_After="7") as (url, _):
        register = asking(url)
        for ask in (
            lambda: register.subscribe(SUBSCRIPTION, NUMBER),
            lambda: register.unsubscribe(SUBSCRIPTION),
            lambda: register.changes(""),
            lambda: register.facts(NUMBER),
        ):
            with pytest.raises(SourceDown) as caught:
                ask()
            assert CPR not in caught.value.sentence
            assert caught.value.retry_after == (7 if status in (429, 503) else None)


def test_no_list_of_changes_at_all_is_a_wrong_address() -> None:
    with answering({}, 404) as (url, _), pytest.raises(SourceDown) as caught:
        asking(url).changes("")
    assert "person_register" in caught.value.next_step


def test_a_register_that_is_not_there_is_down() -> None:
    with pytest.raises(SourceDown):
        asking("http://127.0.0.1:9").facts(NUMBER)


# --- the sandbox keeps the contract -----------------------------------------------------------------------------------


def test_the_sandbox_answers_every_operation_as_the_contract_says(people: People) -> None:
    url, headers = people.sandbox.url, {"Authorization": f"Bearer {TOKEN}"}
    seen: set[tuple[str, str]] = set()
    paths = openapi("register/v1")["paths"]

    def ask(method: str, path: str, told: str, **sent: Any) -> httpx.Response:
        answer = httpx.request(method, url + path, **{"headers": headers, **sent})
        assert str(answer.status_code) in paths[told][method.lower()]["responses"], (method, path)
        seen.add((told, method.lower()))
        return answer

    one, asks = f"/api/abonnementer/{SUBSCRIPTION}", {"Personnummer": CPR}
    ask("PUT", one, "/api/abonnementer/{AbonnementId}", json=asks)
    people.lets(CPR, died="2026-11-20", new_cpr=NEW)
    people.protects(NEW, until=date(2027, 1, 1))
    page = ask("GET", "/api/haendelser?efter=&antal=1", "/api/haendelser")
    assert CONTRACT.read("Haendelser", page.content)["Flere"]
    tag = {**headers, "If-None-Match": page.headers["etag"]}
    assert ask("GET", "/api/haendelser?efter=&antal=1", "/api/haendelser", headers=tag).status_code == 304
    found = ask("POST", "/api/personopslag", "/api/personopslag", json=asks)
    assert CONTRACT.read("Personoplysninger", found.content)["Personnummer"] == NEW
    ask("DELETE", one, "/api/abonnementer/{AbonnementId}")
    assert ask("DELETE", one, "/api/abonnementer/{AbonnementId}").status_code == 404
    for method, path in (("GET", "/api/haendelser"), ("POST", "/api/personopslag")):
        assert ask(method, path, path, headers={}).status_code == 401
    assert seen == {(path, method) for path, item in paths.items() for method in item}


def test_on_the_page_somebody_dies_is_renumbered_and_protected(people: People) -> None:
    url = people.sandbox.url

    def fill_in(form: str, **fields: str) -> httpx.Response:
        return httpx.post(f"{url}/sandbox/page/{form}", data=fields, follow_redirects=True)

    assert CPR in fill_in("add", cpr=CPR).text
    assert "Died" in fill_in("die", cpr=CPR).text
    assert "Died" not in fill_in("live", cpr=CPR).text
    assert f"before: {CPR}" in fill_in("renumber", cpr=CPR, new_cpr=NEW).text
    assert "protected from" in fill_in("protect", cpr=NEW).text
    assert "protected from" not in fill_in("unprotect", cpr=NEW).text
    fill_in("add", cpr="2509479989")
    taken = fill_in("renumber", cpr="2509479989", new_cpr=NEW)
    assert (taken.status_code, "another has this number" in taken.text) == (409, True)


def test_a_page_of_another_site_changes_nobody(people: People) -> None:
    answer = httpx.post(
        f"{people.sandbox.url}/sandbox/page/add", data={"cpr": CPR}, headers={"Origin": "http://elsewhere.example"}
    )
    assert answer.status_code == 403


# --- settings ---------------------------------------------------------------------------------------------------------


def test_a_register_is_off_unless_it_is_set() -> None:
    assert load_register({}) is None


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"token": "secret-token"}, "person_register"),
        ({"url": "https://r.example"}, "person_register"),
        ({"url": "http://r.example", "token": "secret-token"}, "person_register.url"),
        ({"url": "https://r.example", "token": "secret-token", "ask_every": 0}, "person_register.ask_every"),
        ({"url": "https://r.example", "token": "secret-token", "no_such": 1}, "person_register.no_such"),
        ({"kind": "no-such", "url": "https://r.example"}, "person_register.kind"),
        ({"ask_every": 60}, "person_register.url"),
    ],
)
def test_wrong_settings_are_named_and_not_repeated(settings: dict[str, Any], field: str) -> None:
    with pytest.raises(SettingsRefused) as caught:
        load_register(settings)
    error: HubError = caught.value
    assert field in [fault.field for fault in caught.value.faults]
    assert "secret-token" not in error.diagnostics()


def test_the_register_is_found_by_its_entry_point() -> None:
    made = load_register({"kind": "cpr", "url": "https://register.example", "token": "t"})
    assert isinstance(made, RegisterAdapter)
