"""Signing in and out of the pages, and what is refused on the way."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from hub.api.app import create_app
from hub.cli.contract_check import contract_check
from hub.identity.access import Access
from hub.identity.sessions import IDLE, LONGEST
from hub.identity.tokens import Identity
from hub.store.session_tables import sessions
from hub.testing.clock import frozen
from hub.ui.pages import add_pages
from tests.integration.api.served import Served, on_both, served
from tests.integration.databases import a_store
from tests.integration.ui.visitor import Visitor, words_of
from tests.integration.world import some_settings

pytestmark = pytest.mark.integration
MORNING = datetime(2026, 11, 23, 8, tzinfo=UTC)
NOBODYS = "99999999-9999-4999-8999-999999999999"


def cookie_of(answer: httpx.Response) -> tuple[str, dict[str, object]]:
    """Return the name of the one cookie of an answer, and its attributes that are set."""
    (header,) = answer.headers.get_list("set-cookie")
    ((name, morsel),) = SimpleCookie(header).items()
    return name, {key: value for key, value in morsel.items() if value}


@on_both
def test_a_coordinator_signs_in_and_goes_on_to_the_wanted_page(hub: Served, visitor: Visitor) -> None:
    wanted = f"/coordinator/plans/{hub.plan}"
    sent = visitor.gets(wanted)
    assert (sent.status_code, sent.headers["location"]) == (303, f"/sign-in?next=%2Fcoordinator%2Fplans%2F{hub.plan}")
    form = visitor.gets(sent.headers["location"])
    assert form.status_code == 200
    assert f'value="{wanted}"' in form.text
    answer = visitor.signs_in(hub.tokens["coordinator"], wanted)
    assert (answer.status_code, answer.headers["location"]) == (303, wanted)
    assert visitor.gets(wanted).status_code == 200


def test_the_cookie_is_for_this_hub_alone_and_no_script(hub: Served, visitor: Visitor) -> None:
    answer = visitor.signs_in(hub.tokens["coordinator"])
    assert cookie_of(answer) == ("hub-session", {"path": "/", "httponly": True, "samesite": "strict"})
    assert hub.tokens["coordinator"] not in str(answer.headers)


def test_behind_https_the_cookie_is_sent_over_https_alone_and_set_by_no_other_host(tmp_path: Path) -> None:
    with served(f"sqlite:///{tmp_path / 'hub.db'}", public_url="https://hub.example") as hub, Visitor(hub.url) as one:
        answer = one.signs_in(hub.tokens["coordinator"])
        name, attributes = cookie_of(answer)
        assert name == "__Host-hub-session"
        assert attributes == {"path": "/", "httponly": True, "samesite": "strict", "secure": True}
        secret = SimpleCookie(answer.headers["set-cookie"])[name].value
        page = one.gets("/coordinator", Cookie=f"{name}={secret}")
        assert page.status_code == 200, "the proxy passes the cookie on"
        own = one.posts("/sign-in", site=None, origin="https://hub.example", token=hub.tokens["coordinator"])
        assert own.status_code == 303
        assert one.posts("/sign-in", site=None, origin=hub.url, token="x").status_code == 403


@on_both
def test_the_store_keeps_no_secret(hub: Served, coordinator: Visitor) -> None:
    secret = coordinator.client.cookies["hub-session"]
    with hub.store.begin(read_only=True) as unit:
        rows = [row._mapping for row in unit.connection.execute(sa.select(sessions))]
    assert hashlib.sha256(secret.encode()).digest() in [bytes(row["secret_digest"]) for row in rows]
    assert secret not in repr([dict(row) for row in rows])


@pytest.mark.parametrize("name", ["children", "caseworker", "partner", "anna"])
def test_a_token_of_another_role_opens_no_page(hub: Served, visitor: Visitor, name: str) -> None:
    answer = visitor.signs_in(hub.tokens[name])
    assert answer.status_code == 403
    assert "Brug en nøgle for en koordinator" in words_of(answer)
    assert "set-cookie" not in answer.headers
    assert hub.audited("refused")[-1]["actor"] == name


def test_a_token_nobody_has_is_refused_and_stands_nowhere(hub: Served, visitor: Visitor) -> None:
    answer = visitor.signs_in("a-token-of-nobody")
    assert answer.status_code == 401
    assert "Vi kender ikke den adgangsnøgle" in words_of(answer)
    assert "a-token-of-nobody" not in answer.text
    row = hub.audited("refused")[-1]
    assert (row["actor"], row["details"]) == ("-", {"asked": "sign-in", "code": "not-authenticated"})
    assert "a-token-of-nobody" not in repr(hub.audited("refused"))


def test_a_bearer_token_opens_no_page(hub: Served, visitor: Visitor) -> None:
    answer = visitor.gets("/coordinator", Authorization=f"Bearer {hub.tokens['coordinator']}")
    assert answer.status_code == 303


def test_a_session_opens_no_route_of_the_api(hub: Served, coordinator: Visitor) -> None:
    assert coordinator.gets(f"/plans/{hub.plan}").status_code == 401


@on_both
def test_signing_out_ends_the_session_and_clears_the_cookie(hub: Served, coordinator: Visitor) -> None:
    secret = coordinator.client.cookies["hub-session"]
    answer = coordinator.posts("/sign-out", form=coordinator.form_token())
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?left=yes")
    assert "Max-Age=0" in answer.headers["set-cookie"]
    assert "Du er logget ud." in words_of(coordinator.gets("/sign-in?left=yes"))
    assert coordinator.gets("/coordinator", Cookie=f"hub-session={secret}").status_code == 303
    assert hub.audited("signed-out")[-1]["actor"] == "coordinator"


def test_a_session_ends_when_it_is_left_alone_and_at_the_end_of_the_day(hub: Served) -> None:
    with frozen(MORNING) as clock, Visitor(hub.url) as visitor:
        visitor.signs_in(hub.tokens["coordinator"])
        clock.advance(IDLE)
        sent = visitor.gets("/coordinator")
        assert sent.status_code == 303
        assert "Du er ikke længere logget ind." in words_of(visitor.gets(sent.headers["location"]))
        visitor.signs_in(hub.tokens["coordinator"])
        until = clock() + LONGEST
        while clock() < until:
            assert visitor.gets("/coordinator").status_code == 200
            clock.advance(IDLE - timedelta(seconds=1))
        assert visitor.gets("/coordinator").status_code == 303


def test_whoever_is_signed_in_need_not_sign_in(hub: Served, coordinator: Visitor) -> None:
    answer = coordinator.gets("/sign-in?next=/coordinator/plans/x")
    assert (answer.status_code, answer.headers["location"]) == (303, "/coordinator/plans/x")


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil.example", "evil.example",
        "/coordinator//evil.example", "/coordinator?x=//evil", "javascript:alert(1)", "/%2F/evil.example",
        "/\tevil", "/coordinator\r\nSet-Cookie: x=y", "", "/@evil.example", "/.evil", "/coordinator#x",
    ],
)  # fmt: skip
def test_nobody_is_sent_to_another_host(hub: Served, visitor: Visitor, wanted: str) -> None:
    form = visitor.client.get("/sign-in", params={"next": wanted})
    assert 'value="/coordinator"' in form.text
    answer = visitor.signs_in(hub.tokens["coordinator"], wanted)
    assert (answer.status_code, answer.headers["location"]) == (303, "/coordinator")


# --- forms from elsewhere ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("site", "origin"),
    [
        ("cross-site", ""), ("same-site", ""), ("none", ""), ("", ""), (None, ""), (None, "null"),
        (None, "https://evil.example"), ("cross-site", "own"),
    ],
)  # fmt: skip
def test_a_form_from_elsewhere_is_refused(hub: Served, visitor: Visitor, site: str | None, origin: str) -> None:
    sent_from = hub.url if origin == "own" else origin
    headers = ({} if site is None else {"Sec-Fetch-Site": site}) | ({"Origin": sent_from} if origin else {})
    answer = visitor.client.post("/sign-in", data={"token": hub.tokens["coordinator"]}, headers=headers)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers
    assert "Åbn siden igen" in words_of(answer)


def test_an_older_browser_says_where_a_form_comes_from_by_its_origin(hub: Served, visitor: Visitor) -> None:
    assert visitor.posts("/sign-in", site=None, origin=hub.url, token=hub.tokens["coordinator"]).status_code == 303


@pytest.mark.parametrize("path", ["/coordinator", "/sign-out"])
def test_a_form_without_the_sessions_own_token_is_refused_and_written_down(
    hub: Served, coordinator: Visitor, path: str
) -> None:
    for fields in ({}, {"form": "0" * 64}, {"form": ""}):
        answer = coordinator.posts(path, cpr="0101700001", **fields)
        assert answer.status_code == 403
        row = hub.audited("refused")[-1]
        assert (row["actor"], row["details"]) == ("coordinator", {"code": "not-allowed"})
    assert coordinator.gets("/coordinator").status_code == 200, "still signed in"


@pytest.mark.parametrize("path", ["/coordinator", "/sign-out"])
def test_a_form_of_nobody_leads_to_sign_in(hub: Served, visitor: Visitor, path: str) -> None:
    answer = visitor.posts(path, form="x")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=%2Fcoordinator")


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"token=" + b"x" * 10_000, 413), (b"&".join(b"a%d=1" % one for one in range(41)), 400), (b"token=\xff", 400)],
)
def test_a_form_that_cannot_be_one_of_ours_is_refused(hub: Served, visitor: Visitor, body: bytes, status: int) -> None:
    headers = {"Sec-Fetch-Site": "same-origin", "Content-Type": "application/x-www-form-urlencoded"}
    answer = visitor.client.post("/sign-in", content=body, headers=headers)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


def test_a_form_sent_in_parts_is_bounded_too(hub: Served, visitor: Visitor) -> None:
    def parts() -> Iterator[bytes]:
        yield from [b"token="] + [b"x" * 1_000] * 30

    answer = visitor.client.post("/sign-in", content=parts(), headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 413


# --- errors are pages --------------------------------------------------------------------------------------------


def test_a_database_that_does_not_answer_is_a_page_that_says_when_to_come_again() -> None:
    store, settings = a_store("postgresql://postgres@127.0.0.1:1/hub"), some_settings()
    api = create_app(store, {}, settings, Access(store, Identity({}), settings.address), broker_answers=lambda: None)
    add_pages(api, store, Identity({}), settings, {}, contract_check)
    with TestClient(api, cookies={"hub-session": "x"}) as client:
        answer = client.get("/coordinator", headers={"X-Correlation-Id": "to-tell"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "Prøv igen om lidt" in words_of(answer)
    assert "to-tell" in words_of(answer)


@pytest.mark.parametrize("path", ["/coordinator/nothing", "/coordinator/", "/coordinator/plans/no-id/x"])
def test_an_address_of_no_page_is_a_page(hub: Served, visitor: Visitor, path: str) -> None:
    answer = visitor.gets(path)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "Her er ikke noget, du kan se" in words_of(answer)


def test_an_address_with_a_number_in_it_reaches_no_page(hub: Served, coordinator: Visitor) -> None:
    assert coordinator.gets("/coordinator?cpr=0201609995").status_code == 400
    assert coordinator.gets("/coordinator/plans/0201609995").status_code == 400


@pytest.mark.parametrize(
    "path", ["/coordinator?lang=en", "/coordinator", f"/coordinator/plans/{NOBODYS}", "/coordinator/x"]
)
def test_every_page_has_the_headers_of_pages(hub: Served, coordinator: Visitor, path: str) -> None:
    answer = coordinator.gets(path)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-correlation-id"] == "same"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["content-security-policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    )


# --- languages ---------------------------------------------------------------------------------------------------


def test_a_reader_gets_the_language_asked_for_or_chosen(hub: Served) -> None:
    def language(visitor: Visitor, path: str = "/sign-in") -> str:
        return visitor.gets(path).text.partition('<html lang="')[2][:2]

    with Visitor(hub.url, **{"Accept-Language": "de"}) as visitor:
        assert language(visitor) == "da"
    with Visitor(hub.url, **{"Accept-Language": "en-GB,en;q=0.9"}) as visitor:
        assert language(visitor) == "en"
        assert language(visitor, "/sign-in?lang=da") == "da"
        assert language(visitor) == "da", "the choice is remembered"
        assert language(visitor, "/sign-in?lang=xx") == "da"


def test_choosing_a_language_keeps_where_a_reader_was_going(hub: Served, visitor: Visitor) -> None:
    page = visitor.gets("/sign-in?next=/coordinator/plans/x").text
    assert 'href="?next=%2Fcoordinator%2Fplans%2Fx&amp;lang=en"' in page
