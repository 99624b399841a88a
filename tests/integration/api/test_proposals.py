"""Another time is proposed over HTTP: who may, what it tells, and what the coordinator's page makes of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from hub.testing.clock import frozen
from tests.integration.api.served import Served, on_both
from tests.integration.colliding import BEFORE, OURS, THEIRS, a_collision
from tests.integration.ui.visitor import Visitor, parts_of, words_of

pytestmark = pytest.mark.integration
NOON = "2026-09-08T12:00:00+02:00"
WHY = "Der er ingen ledige tider den dag."


@pytest.fixture(autouse=True)
def _before_the_meetings() -> Iterator[None]:
    with frozen(BEFORE):
        yield


def meetings(hub: Served, plan: str) -> dict[str, str]:
    """Return the ids of the two meetings, by whose they are."""
    (found,) = [
        one
        for one in hub.ask("coordinator", "GET", f"/plans/{plan}/findings").json()["findings"]
        if one["kind"] == "overlapping-demands"
    ]
    return dict(zip(found["authorities"], found["elements"], strict=True))


def proposes(hub: Served, plan: str, element: str, start: str = NOON, caller: str = "coordinator") -> Any:
    return hub.ask(caller, "POST", f"/plans/{plan}/proposals", {"element": element, "start": start})


@on_both
def test_the_owner_finds_it_on_its_list_and_says_no_with_a_reason(hub: Served) -> None:
    _, plan = a_collision(hub)
    made = proposes(hub, plan, meetings(hub, plan)["employment"])
    assert made.status_code == 201, made.text
    one = made.json()
    assert (one["state"], one["authority"], one["proposed"]["to"]) == (
        "requested", "employment", "2026-09-08T13:00:00+02:00",
    )  # fmt: skip
    assert proposes(hub, plan, one["element"]).status_code == 409
    listed = hub.ask("employment", "GET", "/proposals").json()["proposals"]
    assert one["proposal"] in {each["proposal"] for each in listed}
    assert THEIRS not in str(listed)
    assert hub.ask("caseworker", "GET", "/proposals").json() == {"proposals": []}, "another authority's"
    answer = hub.ask("employment", "POST", f"/proposals/{one['proposal']}/reject", {"reason": WHY})
    assert (answer.status_code, answer.json()["state"], answer.json()["answer"]) == (200, "rejected", WHY)
    assert hub.audited("proposal-answered")[-1]["details"]["state"] == "rejected"
    assert WHY not in str(hub.audited("proposal-answered")[-1])
    (told,) = hub.ask("coordinator", "GET", f"/plans/{plan}/report").json()["proposals"]
    assert (told["authority"], told["answer"]) == ("employment", WHY)
    assert WHY in hub.ask("coordinator", "GET", f"/plans/{plan}/report?as=html").text


def test_an_owner_says_yes_and_done_it_is_only_once_the_appointment_has_moved(hub: Served) -> None:
    _, plan = a_collision(hub)
    one = proposes(hub, plan, meetings(hub, plan)["children"]).json()["proposal"]
    assert hub.ask("children", "POST", f"/proposals/{one}/accept").json()["state"] == "accepted"
    assert hub.ask("children", "POST", f"/proposals/{one}/accept").status_code == 409
    assert hub.ask("employment", "POST", f"/proposals/{one}/accept").status_code == 404
    (shown,) = hub.ask("coordinator", "GET", f"/plans/{plan}/proposals").json()["proposals"]
    assert shown["state"] == "accepted"


@pytest.mark.parametrize("caller", ["another-coordinator", "anna", "employment", "caseworker"])
def test_only_the_plans_coordinator_proposes(hub: Served, caller: str) -> None:
    _, plan = a_collision(hub)
    assert proposes(hub, plan, meetings(hub, plan)["employment"], caller=caller).status_code == 404
    assert hub.ask(caller, "GET", f"/plans/{plan}/proposals").status_code == 404


@on_both
def test_on_the_page_a_time_is_proposed_shown_with_how_far_it_is_and_taken_back(hub: Served) -> None:
    _, plan = a_collision(hub)
    path = f"/coordinator/plans/{plan}/findings"
    with Visitor(hub.url) as visitor:
        visitor.signs_in(hub.tokens["coordinator"])
        token, element = visitor.form_token(), meetings(hub, plan)["employment"]
        assert element in parts_of(visitor.gets(path), "//input[@name='element']/@value")
        door = f"/coordinator/plans/{plan}/proposals"
        for day, hour in (("", ""), ("2026-09-01", "12:00"), ("2026-09-08", "25:00"), ("9999-12-31", "23:59:59")):
            wrong = visitor.posts(door, form=token, element=element, day=day, hour=hour)
            assert (wrong.status_code, "Forslaget er ikke sendt." in words_of(wrong)) == (422, True)
        assert visitor.posts(door, form=token, element=element, day="2026-09-08", hour="12:00").status_code == 303
        said = words_of(visitor.gets(path), "//section[@aria-labelledby='proposals']")
        assert f"{OURS} Beskæftigelse Aftalens tid tirsdag den 8. september 2026 kl. 09.30–10.30" in said
        assert "Foreslået tid tirsdag den 8. september 2026 kl. 12.00–13.00" in said
        assert "Foreslået 7. september 2026 kl. 10.00" in said
        again = visitor.posts(door, form=token, element=element, day="2026-09-08", hour="14:00")
        assert (again.status_code, "allerede foreslået" in words_of(again)) == (422, True)
        (take_back,) = parts_of(visitor.gets(path), "//form[contains(@action, '/cancel')]/@action")
        assert visitor.posts(take_back, form=token).status_code == 303
        assert "Trukket tilbage 7. september 2026 kl. 10.00" in words_of(visitor.gets(path))
