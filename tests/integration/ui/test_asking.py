"""The coordinator asks for a consent on a page, the citizen answers on another, and each sees what the other said."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.integration.api.served import ANNA_CPR, Served
from tests.integration.databases import EMBEDDED, OPERATED
from tests.integration.sandboxes import Sandbox
from tests.integration.ui.consenting import confirms, form_with, forms_of, said, sends
from tests.integration.ui.test_by_provider import a_hub_of
from tests.integration.ui.visitor import Visitor, parts_of, words_of

pytestmark = pytest.mark.integration
#: For what the database has a say in.
on_both = pytest.mark.parametrize("hub", [EMBEDDED, pytest.param(OPERATED, marks=pytest.mark.servers)], indirect=True)
WHY = "Så jeres aftaler ikke falder samtidig"


@pytest.fixture
def hub(request: pytest.FixtureRequest, tmp_path: Path, provider: Sandbox) -> Iterator[Served]:
    yield from a_hub_of(getattr(request, "param", EMBEDDED), tmp_path, provider)


def asks(hub: Served, karen: Visitor, category: str = "appointments", why: str = WHY) -> httpx.Response:
    form = form_with(karen.gets(f"/coordinator/plans/{hub.plan}/ask"), "/ask")
    return sends(karen, form, recipient="children", category=category, purpose=why)


def answers(anna: Visitor, answer: str) -> httpx.Response:
    (form,) = (one for one in forms_of(anna.gets("/citizen/consents")) if "/requests/" in one.action)
    return sends(anna, form, answer=answer)


@on_both
def test_a_question_is_new_for_the_citizen_and_yes_goes_through_the_check(
    hub: Served, karen: Visitor, anna: Visitor
) -> None:
    assert "Ny for dig" not in words_of(anna.gets("/citizen"))
    assert asks(hub, karen).status_code == 303
    assert "Ny for dig Din koordinator spørger om et samtykke." in words_of(anna.gets("/citizen"))
    cards = anna.gets("/citizen/consents")
    assert "Må Børn og familie se oplysninger om aftaler i din plan?" in words_of(cards)
    assert WHY in words_of(cards)
    before = said(hub.store, hub.anna)
    select = answers(anna, "yes")
    assert parts_of(select, "//input[@type='checkbox']/@name") == ["sensitive"], "what of is what was asked"
    check = sends(anna, form_with(select, "/check"), months="3")
    assert said(hub.store, hub.anna) == before
    assert confirms(anna, check).status_code == 303
    (new,) = (one for one in said(hub.store, hub.anna) if one not in before)
    assert new[4:6] == (["children"], ["appointments"])
    assert "Ny for dig" not in words_of(anna.gets("/citizen"))
    assert "Borgeren sagde ja" in words_of(karen.gets(f"/coordinator/plans/{hub.plan}"))
    assert "Borgeren sagde ja" in words_of(karen.gets("/coordinator"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("answer", "told", "state"),
    [
        ("no", "Dit nej er gemt", "Borgeren sagde nej"),
        ("not-now", "Spørgsmålet bliver her", "Borgeren sagde ikke nu"),
    ],
)
def test_no_and_not_now_share_nothing_and_are_told(
    hub: Served, karen: Visitor, anna: Visitor, answer: str, told: str, state: str
) -> None:
    asks(hub, karen)
    before = said(hub.store, hub.anna)
    page = anna.gets(answers(anna, answer).headers["location"])
    assert told in words_of(page)
    assert said(hub.store, hub.anna) == before
    assert state in words_of(karen.gets("/coordinator"))
    assert (WHY in words_of(page)) == (answer == "not-now"), "not now leaves the question"


@pytest.mark.parametrize("answer", ["", "everything", "taken-back", "YES"])
def test_an_answer_that_is_none_is_not_kept(hub: Served, karen: Visitor, anna: Visitor, answer: str) -> None:
    asks(hub, karen)
    assert answers(anna, answer).status_code == 422
    assert "Borgeren har ikke svaret." in words_of(karen.gets("/coordinator"))


@on_both
def test_a_question_that_was_taken_back_meanwhile_cannot_be_answered(
    hub: Served, karen: Visitor, anna: Visitor
) -> None:
    asks(hub, karen)
    check = sends(anna, form_with(answers(anna, "yes"), "/check"), months="3")
    back = form_with(karen.gets(f"/coordinator/plans/{hub.plan}/ask"), "/take-back")
    before = said(hub.store, hub.anna)
    assert sends(karen, back).status_code == 303
    assert confirms(anna, check).status_code == 409
    assert said(hub.store, hub.anna) == before
    assert "Spørgsmålet blev taget tilbage" in words_of(karen.gets(f"/coordinator/plans/{hub.plan}/ask"))


def test_a_cell_of_who_knows_what_fills_in_the_form(hub: Served, karen: Visitor) -> None:
    page = karen.gets(f"/coordinator/plans/{hub.plan}/who-can-see")
    form = form_with(page, "/ask", recipient="children", category="health")
    filled = sends(karen, form)
    assert filled.status_code == 200
    assert parts_of(filled, "//option[@selected]/@value") == ["children", "health"]
    assert not [
        one for one in forms_of(page) if one.fields == {**one.fields, "recipient": "employment", "category": "health"}
    ]


@pytest.mark.parametrize(
    ("category", "why", "status"),
    [("appointments", "kort", 422), ("appointments", "x" * 2_001, 422), ("", WHY, 422), ("economy", WHY, 409)],
)
def test_a_question_that_cannot_be_asked_is_not_sent(
    hub: Served, karen: Visitor, category: str, why: str, status: int
) -> None:
    page = asks(hub, karen, category, why)
    assert page.status_code == status
    assert "Du har ikke spurgt borgeren om noget." in words_of(page)
    assert parts_of(page, "//textarea/text()")[0].strip() == why, "what was written is still there"


def test_asking_twice_says_so(hub: Served, karen: Visitor) -> None:
    asks(hub, karen)
    assert asks(hub, karen).status_code == 409


def test_another_coordinator_finds_no_plan(hub: Served, karen: Visitor) -> None:
    _, opened = hub.opens_plan()
    with Visitor(hub.url) as other:
        assert other.signs_in(hub.tokens["another-coordinator"]).status_code == 303
        assert other.gets(f"/coordinator/plans/{opened['plan']}/ask").status_code == 404
    assert karen.gets(f"/coordinator/plans/{opened['plan']}/ask").status_code == 200
    assert ANNA_CPR not in karen.gets(f"/coordinator/plans/{opened['plan']}/ask").text
