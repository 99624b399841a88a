"""The page of one plan: what it shows, to whom, and what it never tells."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from hub.store.circuits import Direction
from hub.store.tables import plans
from hub.testing.clock import frozen
from tests.integration.api.served import Served, on_both
from tests.integration.silence import answers_again, falls_silent
from tests.integration.ui.visitor import Visitor, parts_of, words_of

pytestmark = pytest.mark.integration
CHILDREN = Path(__file__).parents[3] / "contracts" / "children" / "v1" / "examples" / "normal.xml"
AUTUMN = datetime(2026, 8, 31, 9, tzinfo=UTC)
LARS, MOTHER = "0505159995", "2911829996"
NOBODYS = "99999999-9999-4999-8999-999999999999"
GOAL = {"id": "g", "title": "Job i en butik"}
SECRET = {"id": "s", "title": "Hemmeligt", "kind": "note", "category": "health", "label": "VIP_SAGER"}
EVIL = "<script>alert('x')</script><img src=x onerror=y>\"'{{ 7 * 7 }}"


def a_plan(hub: Served, *sent: dict[str, Any]) -> str:
    cpr, opened = hub.opens_plan()
    hub.sends(cpr, *(sent or (GOAL,)))
    return f"/coordinator/plans/{opened['plan']}"


def of_lars(hub: Served) -> str:
    """Lars' plan, with what children and family services say of him."""
    mother = {"cpr": MOTHER, "name": "Lone Test Berggren", "capacity": "custody"}
    _, opened = hub.opens_plan(LARS, "Lars Test Berggren", given_by=[mother])
    sent = CHILDREN.read_bytes()
    assert hub.ask("children", "POST", "/in/children", sent, headers={"Content-Type": "application/xml"}).is_success
    return f"/coordinator/plans/{opened['plan']}"


@on_both
def test_a_coordinator_finds_a_plan_by_a_posted_number_and_reads_it(hub: Served, coordinator: Visitor) -> None:
    cpr, opened = hub.opens_plan(name="Bodil Test Bang")
    hub.sends(cpr, GOAL)
    answer = coordinator.finds(f"{cpr[:6]}-{cpr[6:]}")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/coordinator/plans/{opened['plan']}")
    page = coordinator.gets(answer.headers["location"])
    assert page.status_code == 200
    assert parts_of(page, "//h1/text()") == ["Bodil Test Bang"]
    assert "Job i en butik" in words_of(page)
    assert f"{cpr[:6]}-****" in words_of(page)
    for whole in (cpr, f"{cpr[:6]}-{cpr[6:]}"):  # not the last digits alone: a random token of a form may hold them
        assert whole not in page.text
    assert "Bodil" not in parts_of(page, "//title/text()")[0], "a browser writes titles into its history"


def test_a_source_that_cannot_be_asked_is_marked(hub: Served, coordinator: Visitor) -> None:
    path = a_plan(hub)
    assert "ikke kunnet spørge systemet" not in words_of(coordinator.gets(path))
    falls_silent(hub.store, "employment", Direction.SOURCE)
    assert "Hubben har ikke kunnet spørge systemet siden" in words_of(coordinator.gets(path))
    answers_again(hub.store, "employment", Direction.SOURCE)
    assert "ikke kunnet spørge systemet" not in words_of(coordinator.gets(path))


@on_both
def test_no_plan_and_not_yours_are_the_same_answer(hub: Served, visitor: Visitor) -> None:
    visitor.signs_in(hub.tokens["another-coordinator"])
    cpr, opened = hub.opens_plan()
    theirs, nobodys = visitor.finds(cpr), visitor.finds(hub.a_cpr())
    assert (theirs.status_code, theirs.content) == (nobodys.status_code, nobodys.content)
    assert theirs.status_code == 404
    assert "Vi fandt ingen plan, du kan åbne." in words_of(theirs)
    pages = [visitor.gets(f"/coordinator/plans/{plan}") for plan in (opened["plan"], NOBODYS)]
    assert pages[0].status_code == pages[1].status_code == 404
    assert pages[0].content == pages[1].content


@pytest.mark.parametrize("typed", ["", "12", "9999999999", "not a number", "0201609995123"])
def test_what_is_no_number_is_said_and_never_repeated(hub: Served, coordinator: Visitor, typed: str) -> None:
    answer = coordinator.finds(typed)
    assert answer.status_code == 422
    assert "Det er ikke et CPR-nummer." in words_of(answer)
    # Without the form's token and the addresses of stylesheets, which may well hold a 12.
    page = answer.text.partition("<main")[2].replace(coordinator.form_token(), "")
    assert not typed or typed not in page


@on_both
def test_reading_a_page_is_written_down_as_reading_the_api_is(hub: Served, coordinator: Visitor) -> None:
    path = a_plan(hub)
    coordinator.gets(path, **{"X-Correlation-Id": "page-1"})
    hub.ask("coordinator", "GET", path.removeprefix("/coordinator"), headers={"X-Correlation-Id": "api-1"})
    rows = {row["correlation_id"]: row for row in hub.audited("read")}
    page, api = rows["page-1"], rows["api-1"]
    assert (page["actor"], page["plan_id"], page["details"]) == (api["actor"], api["plan_id"], api["details"])
    coordinator.gets(f"/coordinator/plans/{NOBODYS}", **{"X-Correlation-Id": "page-2"})
    (refused,) = [row for row in hub.audited("refused") if row["correlation_id"] == "page-2"]
    assert refused["details"] == {"asked": NOBODYS, "code": "not-found"}


@pytest.mark.parametrize("language", ["da", "en"])
def test_withheld_content_changes_not_one_byte_of_the_page(hub: Served, language: str) -> None:
    with frozen(AUTUMN) as clock, Visitor(hub.url, **{"Accept-Language": language}) as visitor:
        cpr, opened = hub.opens_plan()
        hub.sends(cpr, GOAL)
        clock.advance(timedelta(hours=1))
        at = clock()
        visitor.signs_in(hub.tokens["coordinator"])

        def asked() -> tuple[int, bytes, dict[str, str]]:
            answer = visitor.gets(f"/coordinator/plans/{opened['plan']}")
            headers = {name: value for name, value in answer.headers.items() if name != "date"}
            return answer.status_code, answer.content, headers

        before = asked()
        clock.move_to(at - timedelta(minutes=30))
        hub.sends(cpr, GOAL, SECRET, {**SECRET, "id": "m", "kind": "appointment"}, version=2)
        clock.move_to(at)
        assert before[0] == 200
        assert b"Job i en butik" in before[1]
        assert asked() == before


def test_what_an_authority_wrote_is_text_and_nothing_else(hub: Served, coordinator: Visitor) -> None:
    cpr, opened = hub.opens_plan(name=EVIL)
    hub.sends(
        cpr, *({"id": kind, "kind": kind, "category": "goals", "title": EVIL} for kind in ("goal", "appointment"))
    )
    page = coordinator.gets(f"/coordinator/plans/{opened['plan']}")
    assert page.status_code == 200
    assert not re.search(r"<(script(?! src=\"/static/vendor/htmx)|img)", page.text)
    assert parts_of(page, "//h3/text()") == [EVIL] * 2
    assert parts_of(page, "//h1/text()") == [EVIL]
    assert not parts_of(page, "//@style | //style | //script[not(@src)] | //@*[starts-with(name(), 'on')]")


def test_the_page_says_whose_an_element_is_where_from_and_why_it_is_seen(hub: Served, coordinator: Visitor) -> None:
    with frozen(AUTUMN) as clock:
        path = a_plan(hub)
        clock.advance(timedelta(hours=2, minutes=59))
        coordinator.signs_in(hub.tokens["coordinator"])
        page = coordinator.gets(path)
    said = words_of(page, "//article")
    assert said.startswith("Job i en butik Beskæftigelse Mål I gang plain · sag case-of-")
    assert "modtaget for 2 timer siden" in said
    why = words_of(page, "//article/details")
    assert "Du kan se det. Borgeren har sagt ja til én plan, og du koordinerer den." in why
    assert "Kommunens regler, i rækkefølge LAW-O-COORDINATOR Udgave af reglerne 1" in why
    assert re.search(r"Hviler på samtykke [0-9a-f-]{36}, udgave 1 Gælder til", why)
    source = words_of(page, "//ul[contains(@class, 'sources')]")
    assert source == "Beskæftigelse Nyeste oplysning for 2 timer siden 31. august 2026 kl. 11.00 Fra systemet plain"
    assert "Du kan muligvis ikke se alle oplysninger i planen." in words_of(page)


def test_two_authorities_stand_side_by_side_and_the_next_appointment_first(hub: Served, coordinator: Visitor) -> None:
    with frozen(AUTUMN):
        path = of_lars(hub)
        hub.sends(LARS, {"id": "job", "title": "Job i en butik"})
        coordinator.signs_in(hub.tokens["coordinator"])
        page = coordinator.gets(path)
        english = coordinator.gets(f"{path}?lang=en")
    headings = ["Kilder", "Har de andre fået det?", "Næste aftaler", "Tidslinje", "Mål"]
    assert parts_of(page, "//h2/text()")[: len(headings)] == headings
    first = words_of(page, "//section[@aria-labelledby='appointments']")
    assert first.startswith(
        "Næste aftaler tirsdag den 8. september 2026 kl. 09.00–10.00 Første møde med familiebehandler"
    )
    assert "Sted Familiehuset" in first
    assert "Tuesday 8 September 2026, 09:00–10:00" in words_of(english)
    authorities = parts_of(page, "//section[@aria-labelledby='goals']//strong[contains(@class, 'authority')]/text()")
    assert {"Børn og familie", "Beskæftigelse"} <= set(authorities)


def test_what_serves_a_goal_stands_beneath_it(hub: Served, coordinator: Visitor) -> None:
    path = a_plan(
        hub,
        {"id": "a-goal", "title": "Mål"},
        {"id": "b", "kind": "sub-goal", "title": "Delmål", "part_of": "a-goal"},
        {"id": "c", "kind": "activity", "category": "activities", "title": "Indsats", "part_of": "b"},
        {"id": "d", "kind": "activity", "category": "activities", "title": "Løs indsats"},
        {"id": "x", "title": "Kreds 1", "part_of": "y"},
        {"id": "y", "title": "Kreds 2", "part_of": "x"},
    )
    page = coordinator.gets(path)
    groups = [
        parts_of(page, f"(//section[@aria-labelledby='goals']/div[@class='group'])[{number}]//article/*[1]/text()")
        for number in (1, 2)
    ]
    assert groups == [["Mål", "Delmål", "Indsats"], ["Kreds 1", "Kreds 2"]]
    assert parts_of(page, "//section[@aria-labelledby='activities']//h3/text()") == ["Løs indsats"]


def test_a_plan_whose_consent_has_ended_says_so(hub: Served, coordinator: Visitor) -> None:
    _, opened = hub.opens_plan()
    hub.ask("coordinator", "POST", f"/consents/{opened['consent']}/withdraw")
    said = words_of(coordinator.gets(f"/coordinator/plans/{opened['plan']}"))
    assert "Planen er opløst: borgeren har ikke et samtykke til én plan, der gælder nu" in said
    assert "Der er intet i planen, som du kan se." in said


@on_both
def test_a_row_that_was_tampered_with_is_a_page_that_tells_nothing(hub: Served, coordinator: Visitor) -> None:
    path = a_plan(hub)
    with hub.store.begin() as unit:
        this = plans.c.id == UUID(path.rpartition("/")[2])
        unit.connection.execute(plans.update().where(this).values(content=b"x" * 99))
    answer = coordinator.gets(path)
    assert answer.status_code == 500
    assert words_of(answer) == (
        "Noget gik galt hos os Intet blev gemt halvt. Giv nummeret herunder til den, der driver systemet. "
        "Nummer: same Find en plan"
    )


def test_a_page_has_what_a_screen_reader_needs(hub: Served, coordinator: Visitor) -> None:
    for path in (a_plan(hub), "/coordinator", f"/coordinator/plans/{NOBODYS}"):
        page = coordinator.gets(path)
        assert parts_of(page, "/html/@lang") == ["da"]
        assert len(parts_of(page, "//h1")) == 1
        assert len(parts_of(page, "//main[@id='content']")) == 1
        assert parts_of(page, "/html/body/*[1]/@href") == ["#content"]
        levels = [int(level) for level in re.findall(r"<h([1-6])", page.text)]
        assert all(lower <= upper + 1 for upper, lower in pairwise(levels)), "no level of heading is left out"
        fields = parts_of(page, "//main//input[not(@type='hidden')]/@id")
        assert parts_of(page, "//label/@for") == fields
        ids = parts_of(page, "//@id")
        assert len(ids) == len(set(ids))
