"""How much one client may ask for, by which name, and with what headers an answer leaves."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from hub.errors import TooManyLookups
from hub.flow.lookups import count_lookup
from hub.flow.refusal import MOST as MOST_ROWS
from hub.plan.identifier import CPR, cpr_identifier
from tests.integration.api.served import ANNA_CPR, Served, served
from tests.integration.databases import EMBEDDED, OPERATED, a_database_for_a_hub, a_store
from tests.integration.ui.visitor import Visitor

pytestmark = pytest.mark.integration
MOST = 20
SHARING = {"kind": "sharing", "sources": ["children"], "recipients": ["employment"], "categories": ["goals"]}
HOST, INSIDE = "hub.example", "hub.internal:8080"


@pytest.fixture(scope="module", params=[EMBEDDED, OPERATED])
def hub(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    how: dict[str, Any] = {"lookups_per_minute": MOST, "lookups_per_minute_of": {"employment": 2}}
    with a_database_for_a_hub(request.param, tmp_path_factory.mktemp("limits")) as url, served(url, **how) as running:
        yield running


def answers_though_it_rests(line: HTTPConnection, seconds: float) -> None:
    """Ask, rest, and ask again over one and the same connection."""
    seen = []
    for rest in (seconds, 0):
        line.request("GET", "/healthz")
        answer = line.getresponse()
        assert answer.read()
        assert line.sock is not None, "the answer says that the connection is closed"
        seen.append((answer.status, line.sock.getsockname()))
        threading.Event().wait(rest)
    line.close()
    assert seen == [(200, seen[0][1])] * 2, "over one and the same connection"


def test_a_connection_that_has_rested_for_longer_than_clients_rest_theirs_still_answers(hub: Served) -> None:
    # httpx, and servers that are told nothing, close after five seconds.
    answers_though_it_rests(HTTPConnection(urlsplit(hub.url).netloc, timeout=20), 6)


def looks_up(hub: Served, caller: str, cpr: str) -> int:
    return hub.ask(caller, "POST", "/plans/search", {"cpr": cpr}).status_code


def some_numbers(first: int, count: int) -> list[str]:
    return [f"020270{first + one:04d}" for one in range(count)]


def test_the_twenty_first_person_within_a_minute_is_refused_known_or_not_and_operators_see_it(hub: Served) -> None:
    unknown = some_numbers(1_000, MOST - 1)
    assert [looks_up(hub, "coordinator", ANNA_CPR)] + [looks_up(hub, "coordinator", cpr) for cpr in unknown] == [
        200, *[404] * (MOST - 1)
    ]  # fmt: skip
    known, _ = hub.opens_plan()
    refused = [hub.ask("coordinator", "POST", "/plans/search", {"cpr": cpr}) for cpr in (known, "0303709999")]
    for answer in refused:
        assert (answer.status_code, answer.json()["code"]) == (429, "too-many-lookups")
        assert 0 < int(answer.headers["Retry-After"]) <= 60
    told = [{**answer.json(), "correlation_id": ""} for answer in refused]
    assert told[0] == told[1], "being stopped tells nothing of whom the hub knows"
    assert looks_up(hub, "coordinator", ANNA_CPR) == 200, "the same person again is nobody new"
    assert looks_up(hub, "caseworker", ANNA_CPR) == 200, "another client is not held up"
    (alarm,) = hub.ask("operator", "GET", "/ops/lookups").json()["stopped"]
    assert (alarm["client"], alarm["refused"], alarm["is_red"]) == ("coordinator", 2, True)
    written = [row for row in hub.audited("refused") if row["details"]["code"] == "too-many-lookups"]
    assert [row["actor"] for row in written] == ["coordinator"], "a flood of refusals is one row a minute"


def test_who_is_searched_for_by_fhir_counts_too(hub: Served) -> None:
    def look_up(cpr: str) -> int:
        form = urlencode({"identifier": f"{CPR}|{cpr}"}).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return hub.ask("caseworker", "POST", "/fhir/Patient/_search", form, headers=headers).status_code

    answers = [look_up(cpr) for cpr in some_numbers(4_000, MOST + 1)]
    assert (answers[0], answers[-1]) == (200, 429)


def test_trying_out_a_consent_counts_whose_number_it_names_known_or_not(hub: Served) -> None:
    def tries(cpr: str) -> int:
        asked = {"kind": "one-plan", "person": {"cpr": cpr, "name": "Test"}, "authorities": ["children"]}
        return hub.ask("anna", "POST", "/consents/simulate", {"give": asked}).status_code

    unknown = some_numbers(5_000, MOST - 1)
    assert [tries(cpr) for cpr in (ANNA_CPR, *unknown)] == [200, *[404] * (MOST - 1)]
    known, _ = hub.opens_plan()
    assert [tries(known), tries("0303709999")] == [429, 429]
    assert tries(ANNA_CPR) == 200, "the same person again is nobody new"


def test_trying_out_a_consent_counts_who_is_said_to_give_it_too(hub: Served) -> None:
    def tries(cpr: str) -> int:
        said = {"given_by": [{"capacity": "custody", "cpr": cpr, "name": "Test"}], "plan": str(hub.plan)}
        body = {"give": {**SHARING, **said}}
        return hub.ask("coordinator-of-children", "POST", "/consents/simulate", body).status_code

    answers = [tries(cpr) for cpr in some_numbers(6_000, MOST)]
    assert (set(answers), tries(ANNA_CPR)) == ({404}, 429)


def test_the_coordinators_page_keeps_the_number_that_is_set(tmp_path: Path) -> None:
    with (
        served(f"sqlite:///{tmp_path / 'hub.db'}", lookups_per_minute_of={"coordinator": 1}) as alone,
        Visitor(alone.url) as karen,
    ):
        karen.signs_in(alone.tokens["coordinator"])
        assert karen.finds(ANNA_CPR).status_code == 303
        stopped = karen.finds(some_numbers(7_000, 1)[0])
        assert (stopped.status_code, 50 < int(stopped.headers["Retry-After"]) <= 60) == (503, True)


def test_every_process_counts_and_a_client_may_have_a_number_of_its_own(hub: Served) -> None:
    url = hub.store.engine.url
    name = url.set(drivername=url.get_backend_name()).render_as_string(hide_password=False)
    another = a_store(name)
    for cpr in some_numbers(2_000, 2):
        count_lookup([cpr_identifier(cpr, "employment")], 2, another, actor="employment", correlation_id="c")
    another.close()
    assert looks_up(hub, "employment", ANNA_CPR) == 429


def test_of_the_numbers_nothing_is_kept_but_keyed_digests(hub: Served) -> None:
    cpr = some_numbers(3_000, 1)[0]
    looks_up(hub, "social", cpr)
    with hub.store.begin(read_only=True) as unit:
        rows = unit.connection.exec_driver_sql("SELECT subject FROM lookups").scalars().all()
    assert rows
    assert all(len(bytes(row)) == 32 and cpr.encode() not in bytes(row) for row in rows)


def test_a_look_up_in_fhir_counts_too(hub: Served) -> None:
    for cpr in some_numbers(4_000, MOST):
        count_lookup([cpr_identifier(cpr, "x")], MOST, hub.store, actor="another-coordinator", correlation_id="c")
    with pytest.raises(TooManyLookups):
        count_lookup(
            [cpr_identifier("0101705555", "x")], MOST, hub.store, actor="another-coordinator", correlation_id="c"
        )
    said = hub.ask("coordinator", "POST", "/consents", {**SHARING, "plan": str(hub.plan)}).json()["consent"]
    told = hub.ask("coordinator", "GET", f"/fhir/Consent/{said}").json()
    told["patient"] = {"identifier": {"system": CPR, "value": "0404701234"}}
    assert hub.ask("another-coordinator", "POST", "/fhir/Consent", told).status_code == 429


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    url = f"sqlite:///{tmp_path_factory.mktemp('named') / 'hub.db'}"
    with served(url, public_url=f"https://{HOST}", hosts=[INSIDE]) as running:
        yield running


@pytest.mark.parametrize("host", [HOST, HOST.upper(), f"{HOST}:443", INSIDE])
def test_the_hub_answers_by_its_own_names(named: Served, host: str) -> None:
    assert named.ask(None, "GET", "/proof-keys", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", f"{HOST}.evil.example", f"evil.example:{HOST}", "127.0.0.1", "hub.internal"]
)
def test_it_answers_by_no_other(named: Served, host: str) -> None:
    answer = named.ask("coordinator", "GET", "/proof-keys", headers={"Host": host})
    assert answer.status_code == 400
    assert host not in answer.text
    assert named.ask(None, "GET", "/readyz", headers={"Host": host}).status_code == 200, "a balancer asks by an address"


@pytest.mark.parametrize("path", ["/proof-keys", "/sign-in", "/nowhere", "/plans/x"])
def test_every_answer_carries_the_headers_that_keep_it_to_itself(named: Served, path: str) -> None:
    headers = named.ask(None, "GET", path, headers={"Host": HOST, "Origin": "https://evil.example"}).headers
    assert headers["Strict-Transport-Security"] == "max-age=63072000; includeSubDomains"
    assert headers["Cross-Origin-Opener-Policy"] == headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] in ("no-referrer", "same-origin")
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert not [name for name in headers if name.lower().startswith("access-control-")]


def test_without_tls_nothing_is_said_of_it(hub: Served) -> None:
    assert "Strict-Transport-Security" not in hub.ask(None, "GET", "/proof-keys").headers


def test_a_preflight_of_another_origin_is_let_into_nothing(hub: Served) -> None:
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    answer = hub.ask(None, "OPTIONS", "/plans/search", headers=asked)
    assert answer.status_code == 405
    assert not [name for name in answer.headers if name.lower().startswith("access-control-")]


@pytest.mark.parametrize("headers", [{"X-Long": "x" * 32_001}, {f"X-{one}": "y" * 60 for one in range(600)}])
def test_headers_beyond_the_limit_are_refused(hub: Served, headers: dict[str, str]) -> None:
    assert hub.ask(None, "GET", "/proof-keys", headers=headers).status_code == 400


def test_a_flood_of_assertions_by_nobody_is_refused_and_does_not_fill_the_audit(hub: Served) -> None:
    form = b"grant_type=client_credentials&client_assertion=x"
    form += b"&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    before = len(hub.audited("refused"))
    answers = {
        hub.ask(None, "POST", "/oauth/token", form, headers=headers).status_code for _ in range(2 * MOST_ROWS + 30)
    }
    assert answers <= {400, 401}
    assert 0 < len(hub.audited("refused")) - before <= 2 * MOST_ROWS
