"""The citizen's pages: the own plan in plain words, who has seen it and who may see what; of nobody else, no script."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from hub.clock import now
from hub.store.circuits import Direction
from tests.integration.api.served import ANNA_CPR, Served
from tests.integration.colliding import a_collision
from tests.integration.databases import EMBEDDED, OPERATED
from tests.integration.sandboxes import Sandbox
from tests.integration.silence import falls_silent
from tests.integration.ui.provider import signs_in_as
from tests.integration.ui.test_by_provider import a_hub_of
from tests.integration.ui.test_plan_page import GOAL, SECRET
from tests.integration.ui.visitor import Visitor, parts_of, words_of

pytestmark = pytest.mark.integration
PAGES = ("/citizen", "/citizen/seen", "/citizen/who-can-see")
MEETING = {"id": "m", "kind": "appointment", "category": "appointments", "title": "Samtale om praktik"}


@pytest.fixture(params=[EMBEDDED, pytest.param(OPERATED, marks=pytest.mark.servers)])
def hub(request: pytest.FixtureRequest, tmp_path: Path, provider: Sandbox) -> Iterator[Served]:
    yield from a_hub_of(request.param, tmp_path, provider)


def test_the_next_appointment_stands_first_then_the_goals_and_no_case_number(hub: Served, anna: Visitor) -> None:
    hub.sends(ANNA_CPR, GOAL, MEETING)
    page = anna.gets("/citizen")
    assert page.status_code == 200
    assert parts_of(page, "//h2/text()")[:2] == ["Næste aftaler", "Mine mål"]
    assert "Samtale om praktik" in words_of(page, "//section[@aria-labelledby='appointments']")
    assert "Job i en butik" in words_of(page, "//section[@aria-labelledby='goals']")
    assert "case-of" not in page.text
    assert "LAW-" not in page.text
    assert ANNA_CPR not in page.text
    assert not parts_of(page, "//script")
    assert parts_of(page, "//header//a[contains(@class, 'leave')]/@href") == ["https://www.dmi.dk/"]


def test_what_the_coordinator_may_not_see_is_the_citizens_own_to_see(hub: Served, anna: Visitor) -> None:
    hub.sends(ANNA_CPR, SECRET)
    assert "Hemmeligt" in words_of(anna.gets("/citizen"))


def test_who_has_read_is_told_with_its_authority_and_role_and_no_name(hub: Served, anna: Visitor) -> None:
    hub.sends(ANNA_CPR, GOAL)
    before = words_of(anna.gets("/citizen/seen"))
    assert hub.ask("coordinator", "GET", f"/plans/{hub.plan}").status_code == 200
    page = anna.gets("/citizen/seen")
    told = parts_of(page, "//ol/li[1]/p[2]/text()")[0]
    assert "oordinat" in told
    assert told not in before
    assert "coordinator" not in words_of(page), "no client's name"
    assert parts_of(page, "//ol/li[1]//summary/text()")[0] == "Hvorfor måtte de det?"


def test_who_may_see_what_is_the_same_table_as_the_coordinators(hub: Served, anna: Visitor) -> None:
    page = anna.gets("/citizen/who-can-see")
    assert {"mål", "helbred"} <= set(parts_of(page, "//tbody//th/text()"))
    assert parts_of(page, "//a[@class='back-link']/@href") == ["/citizen"]


def test_what_the_coordinator_has_found_all_right_is_told_with_its_time_and_no_name(hub: Served, anna: Visitor) -> None:
    a_collision(hub, ANNA_CPR, str(hub.plan), day=f"{now() + timedelta(days=7):%Y-%m-%d}")
    assert "Det har din koordinator set på" not in words_of(anna.gets("/citizen"))
    found = hub.ask("coordinator", "GET", f"/plans/{hub.plan}/findings").json()["findings"][0]
    path = f"/plans/{hub.plan}/findings/{found['finding']}"
    assert hub.ask("coordinator", "POST", f"{path}/accept", {"reason": "De holder mødet sammen."}).is_success
    page = anna.gets("/citizen")
    told = words_of(page, "//section[@aria-labelledby='accepted']")
    assert "To myndigheder har bedt om din tid på samme tid. Din koordinator har sagt, at det er i orden," in told
    assert "coordinator" not in words_of(page), "no client's name"
    assert hub.ask("coordinator", "POST", f"{path}/reopen").is_success
    assert "Det har din koordinator set på" not in words_of(anna.gets("/citizen"))


def test_a_system_that_cannot_be_asked_is_told_where_something_of_it_is_shown(hub: Served, anna: Visitor) -> None:
    falls_silent(hub.store, "employment", Direction.SOURCE)
    assert "Vi kan ikke hente nyt fra" not in words_of(anna.gets("/citizen"))
    hub.sends(ANNA_CPR, GOAL)
    assert "Vi kan ikke hente nyt fra Beskæftigelse lige nu." in words_of(anna.gets("/citizen"))


@pytest.mark.parametrize("path", PAGES)
def test_these_pages_are_the_citizens_alone(hub: Served, provider: Sandbox, path: str) -> None:
    with Visitor(hub.url) as nobody:
        assert nobody.gets(path).status_code == 303
        signs_in_as(nobody, provider, "karen")
        assert nobody.gets(path).status_code == 403


def test_nothing_of_another_citizen_is_there(hub: Served, anna: Visitor) -> None:
    cpr, opened = hub.opens_plan(name="Bo Test Bang")
    hub.sends(cpr, {**GOAL, "title": "Bos eget mål"})
    assert not [path for path in PAGES if "Bos eget" in anna.gets(path).text or "Bo Test" in anna.gets(path).text]
    assert anna.gets(f"/citizen/{opened['plan']}").status_code == 404


def test_both_languages_say_the_same(hub: Served, anna: Visitor) -> None:
    assert [parts_of(anna.gets(f"{path}?lang=en"), "//h1/text()")[0] for path in PAGES] == [
        "My plan", "Who has seen my plan", "Who knows what",
    ]  # fmt: skip
