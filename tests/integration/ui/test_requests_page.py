"""What citizens have asked for by right, as an administrator sees it: kinds, times and ids; nothing of whose it is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from hub.clock import now
from hub.plan.danish_time import day_of, months_later
from hub.testing.clock import frozen
from hub.ui.times import calendar_day
from tests.integration.api.served import ANNA_CPR, Served, on_both, on_the_command_line, served
from tests.integration.ui.visitor import Visitor, parts_of, words_of

pytestmark = pytest.mark.integration
HOME, PAGE = "/administration", "/administration/requests"
CLAIM = "Jeg går ikke til svømning"


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Served]:
    """A hub of its own, for pages that show all there is."""
    with served(f"sqlite:///{tmp_path / 'hub.db'}") as running:
        yield running


def signed_in(hub: Served, name: str = "administrator") -> Visitor:
    visitor = Visitor(hub.url)
    visitor.signs_in(hub.tokens[name], HOME)
    return visitor


def says(hub: Served, title: str, version: int = 1) -> str:
    """Let the employment authority send a goal of Anna's; return its element's id."""
    hub.sends(ANNA_CPR, {"id": "asked", "title": title}, version=version, case="requests", id=f"{title}-{version}")
    elements = hub.ask("anna", "GET", f"/plans/{hub.plan}").json()["elements"]
    return next(str(one["id"]) for one in elements if one["title"] == title)


def claims(hub: Served, element: str) -> str:
    asked = hub.ask("anna", "POST", f"/plans/{hub.plan}/corrections", {"element": element, "claim": CLAIM})
    assert asked.status_code == 201, asked.text
    return str(asked.json()["correction"])


def card_of(page: object, request: str) -> str:
    return words_of(page, f"//article[.//dd[text()='{request}']]")  # type: ignore[arg-type]


@on_both
def test_an_open_request_is_listed_with_its_last_day_and_nothing_of_whose_it_is(hub: Served) -> None:
    title = f"Svømning {now().timestamp()}"
    element = says(hub, title)
    before = day_of(now())
    correction = claims(hub, element)
    days = {before, day_of(now())}  # midnight may pass
    _, opened = hub.opens_plan()
    erasure = hub.ask("coordinator", "POST", f"/plans/{opened['plan']}/erasure").json()
    with signed_in(hub) as administrator:
        page = administrator.gets(PAGE)
        said = card_of(page, correction)
        assert "Rettelse: Beskæftigelse" in said
        assert "Venter på svar" in said
        last_days = [f"Svar senest {calendar_day(months_later(day, 1), 'da')}" for day in days]
        assert any(one in said.replace(":", "") for one in last_days)
        assert "Sletning: Koordinationen" in card_of(page, erasure["erasure"])
        for secret in (str(hub.plan), opened["plan"], element, title, CLAIM, "Anna"):
            assert secret not in page.text
        assert correction not in administrator.gets(f"{PAGE}?right=erasure").text
    assert hub.audited("requests-listed")
    says(hub, f"{title} og dans", version=2)
    with signed_in(hub) as administrator:
        assert correction not in administrator.gets(PAGE).text
        assert "Rettet" in card_of(administrator.gets(f"{PAGE}?show=all"), correction)


def test_what_is_not_answered_within_a_month_stands_out(alone: Served) -> None:
    correction = claims(alone, says(alone, "Svømning"))
    with frozen(now() + timedelta(days=33)), signed_in(alone) as administrator:
        page = administrator.gets(PAGE)
        assert "1 åbne, 1 af dem over fristen." in words_of(page)
        assert "fristen er overskredet" in card_of(page, correction)
    answer = {"reason": "Det står i aftalen, som den er"}
    assert alone.ask("employment", "POST", f"/corrections/{correction}/refuse", answer).status_code == 200
    with signed_in(alone) as administrator:
        assert "Ingen åbne anmodninger." in words_of(administrator.gets(PAGE))
        refused = administrator.gets(f"{PAGE}?show=all")
        assert "Afvist med en begrundelse" in card_of(refused, correction)
        assert answer["reason"] not in refused.text


def test_an_erasure_says_whom_it_waits_for_until_it_is_done(alone: Served) -> None:
    plan = alone.opens_plan()[1]["plan"]
    erasure = alone.ask("coordinator", "POST", f"/plans/{plan}/erasure").json()["erasure"]
    held = {"code": "case", "reason": "Sagen er anket"}
    hold = alone.ask("caseworker", "POST", f"/plans/{plan}/legal-holds", held).json()["legal_hold"]
    with signed_in(alone) as administrator:
        assert "En lov kræver, at planen gemmes" in card_of(administrator.gets(PAGE), erasure)
        alone.ask("caseworker", "POST", f"/legal-holds/{hold}/lift")
        assert alone.ask("caseworker", "POST", f"/plans/{plan}/erasure/approve").status_code == 200
        assert "Modtagerne er ved at slette" in card_of(administrator.gets(PAGE), erasure)
        assert on_the_command_line(alone, "erasures", "--finish", plan).returncode == 0
        assert erasure not in administrator.gets(PAGE).text
        page = administrator.gets(f"{PAGE}?show=all")
        assert "Slettet" in card_of(page, erasure)
        restrictions = administrator.gets(f"{PAGE}?show=all&right=restriction")
        assert "Ingen har bedt om noget endnu." in words_of(restrictions), "that of an erased plan is nobody's request"


def test_what_is_done_at_once_is_never_open_and_an_empty_list_says_why(alone: Served) -> None:
    element = says(alone, "Svømning")
    why = {"element": element, "reason": "Det er forkert, siger jeg"}
    restriction = alone.ask("anna", "POST", f"/plans/{alone.plan}/restrictions", why).json()["restriction"]
    assert alone.ask("anna", "GET", f"/plans/{alone.plan}/report").status_code == 200
    with signed_in(alone) as administrator:
        assert "Ingen åbne anmodninger." in words_of(administrator.gets(PAGE))
        assert "gælder med det samme" in words_of(administrator.gets(f"{PAGE}?right=restriction"))
        assert "gives med det samme" in words_of(administrator.gets(f"{PAGE}?right=report"))
        page = administrator.gets(f"{PAGE}?show=all")
        assert "Gælder" in card_of(page, restriction)
        assert "Udskrift: Borgeren" in words_of(page)
        assert why["reason"] not in page.text
        chosen = parts_of(administrator.gets(f"{PAGE}?right=report"), "//main//a[@aria-current]/@href")
        assert chosen == [f"{PAGE}?show=open&right=report", f"{PAGE}?show=open&right=report"]


def test_the_list_is_an_administrators_alone(alone: Served) -> None:
    for name, status in (("auditor", 403), ("security", 403), ("operator", 403), ("coordinator", 403)):
        with signed_in(alone, name) as somebody:
            assert somebody.gets(PAGE).status_code == status, name
    with signed_in(alone) as administrator:
        assert administrator.gets(f"{PAGE}?show=nothing").status_code == 404
