"""Who knows what of a plan, and a family's plans side by side: to whom they are shown, and what they never tell."""

from __future__ import annotations

from typing import Any

import pytest

from hub.testing.clock import frozen
from tests.integration.api.served import Served, on_both
from tests.integration.ui.test_plan_page import AUTUMN, GOAL, LARS, NOBODYS, SECRET, of_lars
from tests.integration.ui.visitor import Visitor, parts_of, words_of

pytestmark = pytest.mark.integration
PAGES = ("plans/{plan}/who-can-see", "families/{plan}")


def a_plan(hub: Served, *sent: dict[str, Any]) -> tuple[str, str]:
    cpr, opened = hub.opens_plan()
    hub.sends(cpr, *(sent or (GOAL,)))
    return cpr, opened["plan"]


@on_both
def test_a_coordinator_reads_who_knows_what_and_why(hub: Served, coordinator: Visitor) -> None:
    _, plan = a_plan(hub)
    page = coordinator.gets(f"/coordinator/plans/{plan}/who-can-see")
    assert page.status_code == 200
    assert {"Beskæftigelse", "Børn og familie"} <= set(parts_of(page, "//thead//th/text()"))
    assert {"mål", "helbred"} <= set(parts_of(page, "//tbody//th/text()"))
    assert "Job i en butik" not in page.text, "a table of permissions holds no content"
    assert all(words_of(page, f"(//tbody//details)[{number}]/p") for number in (1, 2, 3))
    (row,) = [row for row in hub.audited("who-can-see-read") if row["plan_id"] and str(row["plan_id"]) == plan]
    assert row["details"]["role"] == "coordinator"


@on_both
def test_a_family_stands_side_by_side_with_what_is_asked_of_it_together(hub: Served, coordinator: Visitor) -> None:
    with frozen(AUTUMN):
        path = of_lars(hub)
        coordinator.signs_in(hub.tokens["coordinator"])
        plan = path.rpartition("/")[2]
        page = coordinator.gets(f"/coordinator/families/{plan}")
        own = coordinator.gets(path)
    assert "Lars Test Berggren" in parts_of(page, "//h2/a/text()")
    assert "tirsdag den 8. september 2026 kl. 09.00–10.00: Første møde med familiebehandler" in words_of(page)
    assert words_of(page, "//tbody/tr[2]/td[1]") == "Mindst 1 kontakt"
    links = parts_of(own, "//nav[@class='ways']//a/@href")
    assert links[:2] == [f"/coordinator/plans/{plan}/who-can-see", f"/coordinator/families/{plan}"]
    assert LARS not in page.text


@on_both
@pytest.mark.parametrize("path", PAGES)
def test_no_plan_and_not_yours_are_the_same_answer(hub: Served, visitor: Visitor, path: str) -> None:
    visitor.signs_in(hub.tokens["another-coordinator"])
    _, plan = a_plan(hub)
    pages = [visitor.gets(f"/coordinator/{path.format(plan=one)}") for one in (plan, NOBODYS)]
    assert pages[0].status_code == pages[1].status_code == 404
    assert pages[0].content == pages[1].content


@pytest.mark.parametrize("path", PAGES)
def test_withheld_content_changes_not_one_byte(hub: Served, path: str) -> None:
    with frozen(AUTUMN), Visitor(hub.url) as visitor:
        cpr, plan = a_plan(hub)
        visitor.signs_in(hub.tokens["coordinator"])
        before = visitor.gets(f"/coordinator/{path.format(plan=plan)}")
        hub.sends(cpr, GOAL, SECRET, {**SECRET, "id": "m", "kind": "appointment"}, version=2)
        after = visitor.gets(f"/coordinator/{path.format(plan=plan)}")
    assert before.status_code == 200
    assert after.content == before.content
