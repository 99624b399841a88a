"""People sign in through the sandbox's identity provider, over real HTTP, on both databases."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
import sqlalchemy as sa

from hub.clock import now
from hub.identity.in_flight import Offered
from hub.identity.offers import People
from hub.identity.sessions import IDLE, LONGEST, Session, Sessions
from hub.identity.signing_in import SignIns, Stopped
from hub.identity.tokens import Identity
from hub.sandbox.provider_people import PEOPLE, WITH_A_PLAN
from hub.settings import Client
from hub.store.access_tables import used_assertions
from hub.store.session_tables import sessions
from hub.store.tables import audit
from hub.testing.clock import frozen
from tests.integration.api.served import ANNA_CPR, Served, served
from tests.integration.databases import EMBEDDED, OPERATED, a_database_for_a_hub
from tests.integration.sandboxes import Sandbox
from tests.integration.ui.provider import (
    a_hub_with,
    comes_back,
    is_sent_back,
    knows,
    refusals,
    registers,
    sign_in_settings,
    signs_in_as,
    starts,
)
from tests.integration.ui.visitor import Visitor, parts_of, words_of

pytestmark = pytest.mark.integration
assert WITH_A_PLAN == ANNA_CPR


def a_hub_of(kind: str, folder: Path, provider: Sandbox) -> Iterator[Served]:
    with a_database_for_a_hub(kind, folder) as url, a_hub_with(url, provider.url) as running:
        registers(provider, running)
        yield running


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory, provider: Sandbox) -> Iterator[Served]:
    yield from a_hub_of(EMBEDDED, tmp_path_factory.mktemp("hub"), provider)


@pytest.fixture(params=[EMBEDDED, pytest.param(OPERATED, marks=pytest.mark.servers)])
def hub(request: pytest.FixtureRequest, tmp_path: Path, provider: Sandbox) -> Iterator[Served]:
    yield from a_hub_of(request.param, tmp_path, provider)


@pytest.fixture
def one(embedded: Served, provider: Sandbox) -> Iterator[Visitor]:
    registers(provider, embedded)
    with Visitor(embedded.url) as somebody:
        yield somebody


def test_a_coordinator_signs_in_reads_a_plan_and_signs_out_everywhere(hub: Served, provider: Sandbox) -> None:
    with Visitor(hub.url) as visitor:
        wanted = f"/coordinator/plans/{hub.plan}"
        form = visitor.gets(visitor.gets(wanted).headers["location"])
        assert "Log ind med Prøvelogin" in words_of(form)
        signed_in = signs_in_as(visitor, provider, "karen", wanted)
        assert signed_in.status_code == 200
        assert parts_of(signed_in, "//meta[@http-equiv='refresh']/@content") == [f"0; url={wanted}"]
        assert "Anna Test Andersen" in words_of(visitor.gets(wanted))
        assert visitor.finds(ANNA_CPR).headers["location"] == wanted
        out = visitor.posts("/sign-out", form=visitor.form_token())
        assert out.headers["location"] == "/sign-in/leaving"
        assert visitor.gets(wanted).status_code == 303
        (to_provider,) = parts_of(visitor.gets("/sign-in/leaving"), "//main//a/@href")
        there = visitor.client.get(to_provider)
        assert there.headers["location"] == f"{hub.url}/sign-in/left"
        assert visitor.gets("/sign-in/left").headers["location"] == "/sign-in?left=yes"


def test_the_audit_knows_somebody_by_a_pseudonym_that_stays(hub: Served, provider: Sandbox) -> None:
    for _ in range(2):
        with Visitor(hub.url) as visitor:
            signs_in_as(visitor, provider, "karen")
            visitor.gets(f"/coordinator/plans/{hub.plan}")
    first, second = hub.audited("signed-in")
    assert first["actor"] == second["actor"] == hub.audited("read")[-1]["actor"]
    assert first["actor"].startswith("person.")
    assert first["details"] == {"role": "coordinator", "organisation": "coordination"}


def test_nothing_of_who_somebody_is_is_kept(hub: Served, provider: Sandbox) -> None:
    with Visitor(hub.url) as visitor:
        assert signs_in_as(visitor, provider, "mette").status_code == 200
        secret = visitor.client.cookies["hub-session"]
    with hub.store.begin(read_only=True) as unit:
        kept = repr(
            [row for table in (sessions, used_assertions, audit) for row in unit.connection.execute(sa.select(table))]
        )
    assert not [one for one in ("mette", "Mette", "Holm", WITH_A_PLAN, secret) if one in kept]


def test_a_citizen_is_found_by_number_and_reads_as_nobody_else(hub: Served, provider: Sandbox) -> None:
    with Visitor(hub.url) as visitor:
        signed_in = signs_in_as(visitor, provider, "mette", f"/coordinator/plans/{hub.plan}")
        assert parts_of(signed_in, "//meta[@http-equiv='refresh']/@content") == ["0; url=/citizen"]
        assert parts_of(visitor.gets("/citizen"), "//h1/text()") == ["Min plan"]
        assert visitor.gets("/welcome").headers["location"] == "/citizen"
        assert visitor.gets("/coordinator").status_code == 403
        assert visitor.gets(f"/coordinator/plans/{hub.plan}").status_code == 403
    with hub.store.begin(read_only=True) as unit:
        (row,) = unit.connection.execute(sa.select(sessions)).all()
    assert (row.role, row.organisation, row.person_id) == ("citizen", "citizen", hub.anna)
    assert hub.audited("refused")[-1]["actor"] == row.client


def test_a_citizen_without_a_plan_is_told_so_and_kept_nowhere(hub: Served, provider: Sandbox) -> None:
    with Visitor(hub.url) as visitor:
        answer = signs_in_as(visitor, provider, "nina")
        assert answer.status_code == 403
        assert "Vi har ingen plan til dig" in words_of(answer)
        assert "hub-session" not in visitor.client.cookies
    assert [why for _, why in refusals(hub)] == ["no-plan"]


@pytest.mark.parametrize(
    ("sub", "said"),
    [("casper", "sagsbehandler")],
)
def test_a_role_without_pages_is_told_so_and_may_sign_out(
    embedded: Served, one: Visitor, provider: Sandbox, sub: str, said: str
) -> None:
    signs_in_as(one, provider, sub)
    page = one.gets("/welcome")
    assert f"Du er logget ind som {said}." in words_of(page)
    assert one.gets("/coordinator").status_code == 403
    assert one.gets("/sign-in").headers["location"] == "/welcome"
    (form,) = parts_of(page, "//form[@action='/sign-out']/input[@name='form']/@value")
    assert one.posts("/sign-out", form=form).status_code == 303


def test_who_has_several_roles_chooses_one_and_is_nothing_else(hub: Served, provider: Sandbox) -> None:
    with Visitor(hub.url) as visitor:
        page = signs_in_as(visitor, provider, "ditte")
        assert "Hvad vil du arbejde som?" in words_of(page)
        assert "hub-session" not in visitor.client.cookies, "nobody is signed in before the choice"
        offers = parts_of(page, "//button[@name='offer']/text()")
        assert offers == ["sagsbehandler, Børn og familie", "koordinator, Koordinationen"]
        assert visitor.posts("/sign-in/role", site="cross-site", offer="1").status_code == 403
        chosen = visitor.client.cookies["hub-role"]
        assert visitor.posts("/sign-in/role", offer="0").status_code == 200
        assert visitor.gets("/coordinator").status_code == 403
        visitor.client.cookies.set("hub-role", chosen)
        again = visitor.posts("/sign-in/role", offer="1")
        assert "Log ind blev afbrudt" in words_of(again), "what was offered counts once"
    assert [row["details"]["role"] for row in hub.audited("signed-in")] == ["caseworker"]


@pytest.mark.parametrize("offer", ["", "2", "-1", "x", "\N{ARABIC-INDIC DIGIT ONE}", "1e0"])
def test_nobody_chooses_what_was_not_offered(one: Visitor, provider: Sandbox, offer: str) -> None:
    signs_in_as(one, provider, "ditte")
    assert one.posts("/sign-in/role", offer=offer).status_code == 401
    assert "hub-session" not in one.client.cookies


@pytest.mark.parametrize(
    ("sub", "why", "said"),
    [
        ("uffe", "no-role", "Du har ikke adgang her"),
        ("lone", "weak", "Du skal logge ind på en sikrere måde"),
        ("", "denied", "Du blev ikke logget ind"),
    ],
)
def test_who_may_not_is_told_calmly_and_it_is_written_down(
    embedded: Served, one: Visitor, provider: Sandbox, sub: str, why: str, said: str
) -> None:
    answer = signs_in_as(one, provider, sub)
    assert answer.status_code == 403
    assert said in words_of(answer)
    assert "hub-session" not in one.client.cookies
    assert refusals(embedded)[-1][1] == why


def test_roles_that_must_not_meet_let_nobody_in(embedded: Served, one: Visitor, provider: Sandbox) -> None:
    roles = ["https://one-plan-hub.example/roles/usersystemrole/operator/1"]
    roles += [one.replace("operator", "auditor") for one in roles]
    both = {"sub": "both", "called": "Both", "claims": {"acr": "High", "cvr": "29188599", "privileges": roles}}
    knows(provider, both, {"sub": "karen", "called": "Karen", "claims": {}})
    try:
        answer = signs_in_as(one, provider, "both")
    finally:
        knows(provider, *({"sub": p.sub, "called": p.called, "claims": dict(p.claims)} for p in PEOPLE))
    assert "Dine roller må ikke være samlet hos én person" in words_of(answer)
    assert refusals(embedded)[-1][1] == "forbidden"


def a_client_of(person: str, role: str) -> Client:
    token = hashlib.sha256(role.encode()).hexdigest()
    return Client.model_validate({"token_sha256": token, "organisation": "o", "role": role, "holder": person})


@pytest.mark.parametrize(
    ("sub", "role", "stops"),
    [("karen", "operator", True), ("karen", "caseworker", False), ("mette", "administrator", True)],
)
def test_who_signs_in_and_has_a_client_is_one_person(
    embedded: Served, one: Visitor, provider: Sandbox, sub: str, role: str, stops: bool
) -> None:
    signs_in_as(one, provider, sub)
    person = embedded.audited("signed-in")[-1]["actor"]
    settings = sign_in_settings(provider.url)
    people, identity = People(settings), Identity({"another": a_client_of(person, role)})
    known = Sessions(embedded.store, identity, people)
    sign_ins = SignIns(settings, people, known, embedded.store, embedded.url)
    address, carried = sign_ins.leave("/", before="")
    told = is_sent_back(provider.url, dict(parse_qsl(urlsplit(address).query)), sub)
    came_back = sign_ins.back(carried, told, correlation_id="c")
    if stops:
        assert came_back == Stopped("forbidden")
        return
    assert isinstance(came_back, Offered)
    session = sign_ins.go_on(came_back, came_back.offers[0], correlation_id="c")
    assert isinstance(session, Session)
    assert known.person_of(session) == identity.person_of("another") == person


def test_the_same_answer_of_the_provider_lets_in_once(hub: Served, provider: Sandbox) -> None:
    with Visitor(hub.url) as visitor:
        asked = starts(visitor)
        carried = visitor.client.cookies["hub-sign-in"]
        told = is_sent_back(provider.url, asked, "karen")
        assert comes_back(visitor, **told).status_code == 200
        assert "hub-sign-in" not in visitor.client.cookies
        visitor.client.cookies.set("hub-sign-in", carried)
        assert "Vi kunne ikke bekræfte" in words_of(comes_back(visitor, **told))
    assert len(hub.audited("signed-in")) == 1


def test_signing_in_ends_the_session_that_was_there_before(hub: Served, provider: Sandbox) -> None:
    with Visitor(hub.url) as visitor:
        signs_in_as(visitor, provider, "karen")
        before = visitor.client.cookies["hub-session"]
        signs_in_as(visitor, provider, "olav")
        assert visitor.gets("/coordinator", Cookie=f"hub-session={before}").status_code == 303
    with hub.store.begin(read_only=True) as unit:
        assert [row.role for row in unit.connection.execute(sa.select(sessions))] == ["operator"]


def test_other_settings_of_who_is_what_end_the_sessions(hub: Served, provider: Sandbox) -> None:
    with Visitor(hub.url) as visitor:
        signs_in_as(visitor, provider, "karen")
        assert visitor.gets("/coordinator").status_code == 200
        secret = visitor.client.cookies["hub-session"]
    same, other = sign_in_settings(provider.url), sign_in_settings(provider.url, least_level="high")
    known = Sessions(hub.store, Identity({}), People(same)).find(secret)
    assert known.caller.reader.organisation == "coordination"
    assert known.authenticated_at is not None
    assert now() - known.authenticated_at < timedelta(minutes=5)
    for people in (People(other), None):
        with pytest.raises(Exception, match="Nobody is signed in"):
            Sessions(hub.store, Identity({}), people).find(secret)


def test_a_session_of_a_person_ends_left_alone_and_at_the_end_of_the_day(one: Visitor, provider: Sandbox) -> None:
    with frozen(now()) as clock:
        begun = clock()
        signs_in_as(one, provider, "karen")
        clock.advance(IDLE)
        assert one.gets("/coordinator").status_code == 303
        clock.move_to(begun)
        signs_in_as(one, provider, "karen")
        while clock() < begun + LONGEST:
            assert one.gets("/coordinator").status_code == 200
            clock.advance(IDLE - timedelta(seconds=1))
        assert one.gets("/coordinator").status_code == 303


def test_a_way_that_took_too_long_ends_nowhere(embedded: Served, one: Visitor, provider: Sandbox) -> None:
    with frozen(now()) as clock:
        told = is_sent_back(provider.url, starts(one), "karen")
        clock.advance(timedelta(minutes=10))
        assert comes_back(one, **told).status_code == 401
    assert refusals(embedded)[-1] == ("-", "interrupted")


def test_somebody_may_be_asked_anew_who_they_are(one: Visitor, provider: Sandbox) -> None:
    asked = starts(one, anew="yes")
    assert (asked["max_age"], asked["prompt"]) == ("0", "login")
    assert comes_back(one, **is_sent_back(provider.url, asked, "karen")).status_code == 200
    assert "prompt" not in starts(one)


def test_the_cookie_of_the_way_is_for_the_way_alone(one: Visitor) -> None:
    answer = one.client.get("/sign-in/start")
    ((name, morsel),) = SimpleCookie(answer.headers["set-cookie"]).items()
    set_to = {key: value for key, value in morsel.items() if value}
    assert name == "hub-sign-in"
    assert set_to == {"path": "/", "httponly": True, "samesite": "lax", "max-age": "600"}


@pytest.mark.parametrize("wanted", ["https://evil.example/", "//evil.example", "/\\evil.example", "/coordinatorx"])
def test_nobody_is_sent_on_to_another_host(one: Visitor, provider: Sandbox, wanted: str) -> None:
    page = signs_in_as(one, provider, "karen", wanted)
    assert parts_of(page, "//meta[@http-equiv='refresh']/@content") == ["0; url=/coordinator"]


def test_a_code_that_looks_like_a_number_of_a_person_is_none(one: Visitor) -> None:
    answer = comes_back(one, code="x-0201609995-x", state="0101701234")
    assert answer.status_code == 401
    assert "Log ind blev afbrudt" in words_of(answer)


@pytest.mark.parametrize("broken", ["down", "garbage", "refuse"])
def test_a_provider_that_does_not_answer_is_said_in_the_readers_language(
    embedded: Served, one: Visitor, provider: Sandbox, broken: str
) -> None:
    asked = starts(one)
    told = is_sent_back(provider.url, asked, "karen")
    provider.ask("PUT", "/sandbox/behaviour", {"broken": broken})
    try:
        answers = [comes_back(one, **told), comes_back(one, **told, lang="en")]
    finally:
        provider.ask("PUT", "/sandbox/behaviour", {})
    assert [(answer.status_code, answer.headers["retry-after"]) for answer in answers] == [(503, "5")] * 2
    assert "Du kan ikke logge ind lige nu" in words_of(answers[0])
    assert "You cannot sign in right now" in words_of(answers[1])
    assert "hub-session" not in one.client.cookies


def test_a_provider_that_was_never_there_stops_nothing_else(tmp_path: Path) -> None:
    with a_hub_with(f"sqlite:///{tmp_path / 'hub.db'}", "http://127.0.0.1:1") as hub, Visitor(hub.url) as visitor:
        for _ in range(2):
            answer = visitor.client.get("/sign-in/start")
            assert (answer.status_code, "set-cookie" in answer.headers) == (503, False)
        assert visitor.signs_in(hub.tokens["coordinator"]).status_code == 303, "a client's token goes on to work"


def test_behind_https_every_cookie_is_bound_to_the_host(tmp_path: Path, provider: Sandbox) -> None:
    url = f"sqlite:///{tmp_path / 'hub.db'}"
    settings = sign_in_settings(provider.url)
    with served(url, public_url="https://hub.example", sign_in=settings) as hub, Visitor(hub.url) as visitor:
        answer = visitor.client.get("/sign-in/start")
        ((name, morsel),) = SimpleCookie(answer.headers["set-cookie"]).items()
        assert (name, morsel["secure"], morsel["domain"]) == ("__Host-hub-sign-in", True, "")
        assert "redirect_uri=https%3A%2F%2Fhub.example%2Fsign-in%2Fback" in answer.headers["location"]


def test_without_a_provider_there_is_no_such_way(tmp_path: Path) -> None:
    with served(f"sqlite:///{tmp_path / 'hub.db'}") as hub, Visitor(hub.url) as visitor:
        assert [visitor.gets(path).status_code for path in ("/sign-in/start", "/sign-in/back")] == [404, 404]
        assert "/sign-in/start" not in visitor.gets("/sign-in").text


def test_where_no_client_has_pages_nobody_is_asked_for_a_token(embedded: Served, provider: Sandbox) -> None:
    settings = sign_in_settings(provider.url)
    known = Sessions(embedded.store, Identity({}), People(settings))
    assert not known.takes_tokens
    assert SignIns(settings, People(settings), known, embedded.store, embedded.url).called == "Prøvelogin"
