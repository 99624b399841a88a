"""The page of what collides: accept with a reason, undo, and nothing of what is withheld."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from hub.consent.reader import Reader
from hub.flow.findings import accept_finding
from hub.plan.person import Role
from hub.testing.clock import FrozenClock, frozen
from tests.integration.api.served import Served, on_both
from tests.integration.colliding import (
    AT_HALF_PAST,
    AT_NOON,
    BEFORE,
    OURS,
    THEIRS,
    a_collision,
    employment_sends,
)
from tests.integration.ui.test_plan_page import NOBODYS
from tests.integration.ui.visitor import Visitor, parts_of, words_of

pytestmark = pytest.mark.integration
WHY = "Familiehuset holder mødet sammen med jobcentret."
HIDDEN = {
    "id": "h", "kind": "appointment", "category": "health", "label": "VIP_SAGER", "title": "Ambulatoriet",
    "status": "planned", "hours": AT_HALF_PAST,
}  # fmt: skip


@pytest.fixture
def clock() -> Iterator[FrozenClock]:
    with frozen(BEFORE) as running:
        yield running


@pytest.fixture
def coordinator(hub: Served, clock: FrozenClock, visitor: Visitor) -> Visitor:
    """A coordinator who has signed in on the day before the meetings."""
    assert visitor.signs_in(hub.tokens["coordinator"]).status_code == 303
    return visitor


def page_of(plan: str) -> str:
    return f"/coordinator/plans/{plan}/findings"


def answers(visitor: Visitor, plan: str, how: str = "accept", **fields: str) -> Any:
    """Press the first button of the page that does it."""
    (first, *_) = parts_of(visitor.gets(page_of(plan)), f"//form[contains(@action, '/{how}')]/@action")
    return visitor.posts(first, form=visitor.form_token(), **fields)


def titles(answer: Any, within: str) -> list[str]:
    return parts_of(answer, f"{within}//article//li/a/text()")


@on_both
def test_a_collision_is_accepted_remembered_beneath_a_fold_and_opened_again(hub: Served, coordinator: Visitor) -> None:
    _, plan = a_collision(hub)
    page = coordinator.gets(page_of(plan))
    said = words_of(page, "//section[@aria-labelledby='open']")
    assert "Haster To myndigheder beder om borgerens tid på samme tid." in said
    assert f"{THEIRS} (Børn og familie): tirsdag den 8. september 2026 kl. 09.00–10.00" in said
    assert f"{OURS} (Beskæftigelse)" in said
    assert "Reglen: To myndigheders aftaler må ikke ligge oven i hinanden." in said
    answer = answers(coordinator, plan, reason=WHY)
    assert (answer.status_code, answer.headers["location"]) == (303, page_of(plan))
    page = coordinator.gets(page_of(plan))
    assert titles(page, "//section[@aria-labelledby='open']") == []
    folded = words_of(page, "//details[contains(@class, 'past')]")
    assert folded.startswith("Accepteret (1)")
    assert f"Accepteret af dig , 7. september 2026 kl. 10.00 {WHY}" in folded
    assert answers(coordinator, plan, "reopen").status_code == 303
    assert titles(coordinator.gets(page_of(plan)), "//section[@aria-labelledby='open']") == [THEIRS, OURS]


def test_the_day_and_the_plan_and_the_family_no_longer_count_what_is_accepted(
    hub: Served, coordinator: Visitor
) -> None:
    _, plan = a_collision(hub)
    collides = "To myndigheder beder om borgerens tid på samme tid."
    pages = ("/coordinator", f"/coordinator/plans/{plan}", f"/coordinator/families/{plan}")
    here = f"//article[.//a[@href='/coordinator/plans/{plan}']]"

    def told() -> list[bool]:
        return [collides in words_of(coordinator.gets(one), here if one == pages[0] else "//main") for one in pages]

    assert told() == [True] * 3
    answers(coordinator, plan, reason=WHY)
    assert told() == [False] * 3
    assert "Accepteret: 1" in words_of(coordinator.gets(pages[1]))
    assert parts_of(coordinator.gets(pages[1]), "//section[@aria-labelledby='findings']//p/a/@href") == [page_of(plan)]


def test_a_reason_that_says_too_little_is_asked_for_again_and_stands_as_typed(
    hub: Served, coordinator: Visitor
) -> None:
    _, plan = a_collision(hub)
    for typed in ("ok <b>", "x" * 3_000):
        answer = answers(coordinator, plan, reason=typed)
        assert answer.status_code == 422
        assert "Skriv mindst en kort sætning" in words_of(answer)
        assert parts_of(answer, "//textarea/text()") == [typed]
        assert parts_of(answer, "//details[@open]//textarea/@aria-invalid") == ["true"]
        assert parts_of(answer, "//title/text()")[0].startswith("Fejl:")


def test_what_has_moved_meanwhile_is_said_to_be_gone_and_nothing_is_accepted(hub: Served, coordinator: Visitor) -> None:
    cpr, plan = a_collision(hub)
    (action, *_) = parts_of(coordinator.gets(page_of(plan)), "//form[contains(@action, '/accept')]/@action")
    employment_sends(hub, cpr, AT_NOON, version=2)
    answer = coordinator.posts(action, form=coordinator.form_token(), reason=WHY)
    assert answer.status_code == 404
    assert "En aftale er måske flyttet." in words_of(answer)
    assert not parts_of(answer, "//details[contains(@class, 'past')]")


def test_pressed_twice_it_is_accepted_once_and_another_form_is_refused(hub: Served, coordinator: Visitor) -> None:
    _, plan = a_collision(hub)
    (action, *_) = parts_of(coordinator.gets(page_of(plan)), "//form[contains(@action, '/accept')]/@action")
    token = coordinator.form_token()
    assert coordinator.posts(action, form="0" * 64, reason=WHY).status_code == 403
    assert coordinator.posts(action, form=token, reason=WHY, site="cross-site").status_code == 403
    assert {coordinator.posts(action, form=token, reason=WHY).status_code for _ in range(2)} == {303}
    assert words_of(coordinator.gets(page_of(plan)), "//details[contains(@class, 'past')]/summary") == "Accepteret (1)"


def test_a_colleague_reads_by_whom_and_another_organisation_nothing(hub: Served, coordinator: Visitor) -> None:
    _, plan = a_collision(hub)
    one = hub.ask("coordinator", "GET", f"/plans/{plan}/findings").json()["findings"][0]["finding"]
    whose = UUID(plan), UUID(one), WHY, Reader("coordination", Role.COORDINATOR), hub.store, timedelta(minutes=30)
    accept_finding(*whose, actor="p.kollega", correlation_id="c")
    said = words_of(coordinator.gets(page_of(plan)), "//details[contains(@class, 'past')]")
    assert "Accepteret af p.kollega, Koordinationen" in said
    with Visitor(hub.url) as elsewhere:
        elsewhere.signs_in(hub.tokens["another-coordinator"])
        assert elsewhere.gets(page_of(plan)).content == elsewhere.gets(page_of(NOBODYS)).content
        refused = elsewhere.posts(f"{page_of(plan)}/{one}/reopen", form=elsewhere.form_token())
        assert refused.status_code == 404
    assert words_of(coordinator.gets(page_of(plan)), "//details[contains(@class, 'past')]/summary") == "Accepteret (1)"


@pytest.mark.parametrize("language", ["da", "en"])
def test_withheld_content_changes_not_one_byte_before_and_after_it_is_accepted(
    hub: Served, clock: FrozenClock, language: str
) -> None:
    with Visitor(hub.url, **{"Accept-Language": language}) as visitor:
        cpr, plan = a_collision(hub)
        visitor.signs_in(hub.tokens["coordinator"])
        pages = (page_of(plan), f"/coordinator/plans/{plan}")
        before: list[bytes] = []
        for version in (2, 3):
            before = [visitor.gets(one).content for one in pages]
            at = clock()
            clock.move_to(at - timedelta(minutes=30))
            employment_sends(hub, cpr, AT_HALF_PAST, {**HIDDEN, "title": f"Nr. {version}"}, version=version)
            clock.move_to(at)
            assert OURS.encode() in before[0]
            assert [visitor.gets(one).content for one in pages] == before
            if version == 2:
                answers(visitor, plan, reason=WHY)
        assert WHY.encode() in before[0]
