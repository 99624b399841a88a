"""The operator's pages: states, counts and codes; no content, no person; what is pressed twice happens once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from statistics import median
from uuid import UUID

import pytest
import sqlalchemy as sa

from hub.authority.feeding import Topic
from hub.clock import monotonic, new_id, now
from hub.flow.replay_steps import step
from hub.flow.replays import Asker, Choice, Manner, freeze, show_all, start
from hub.identity.sessions import Sessions
from hub.identity.tokens import Identity
from hub.plan.person import Role
from hub.settings import Client
from hub.store.circuits import Direction
from hub.store.subscriptions import Status, Subscription, Terms
from hub.store.tables import outbox
from hub.ui.watched import may_listen
from tests.integration.api.served import CANARY_CPR, CANARY_NAME, Served, on_both, served
from tests.integration.set_up import eventually
from tests.integration.silence import answers_again, falls_silent
from tests.integration.ui.visitor import Visitor, parts_of, words_of

pytestmark = pytest.mark.integration
REASON = "Modtageren har rettet fejlen hos sig selv"


@pytest.fixture
def operator(hub: Served, visitor: Visitor) -> Visitor:
    """An operator who is signed in."""
    assert visitor.signs_in(hub.tokens["operator"], "/operations").headers["location"] == "/operations"
    return visitor


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Served]:
    """A hub of its own, for pages that show all there is."""
    with served(f"sqlite:///{tmp_path / 'hub.db'}") as running:
        yield running


def token_of(visitor: Visitor, path: str = "/operations") -> str:
    return parts_of(visitor.gets(path), "//input[@name='form']/@value")[0]


def test_an_operator_begins_at_operations_and_is_shown_no_plan(hub: Served, operator: Visitor) -> None:
    assert operator.gets("/operations").status_code == 200
    assert operator.gets(f"/coordinator/plans/{hub.plan}").status_code == 403


def test_a_coordinator_is_not_let_in(hub: Served, coordinator: Visitor) -> None:
    for path in ("/operations", "/operations/now", "/operations/dead-letters", "/operations/replays"):
        assert coordinator.gets(path).status_code == 403


@on_both
def test_a_system_that_falls_silent_is_told_of_with_both_clocks_and_what_comes_next(
    hub: Served, operator: Visitor
) -> None:
    before = parts_of(operator.gets("/operations"), "//div[@id='now']/@data-hx-get")[0]
    assert operator.gets(before).status_code == 204, "what the page has, it is not sent again"
    falls_silent(hub.store, "children", Direction.RECIPIENT)
    eventually(lambda: operator.gets(before).status_code == 200)
    fragment = operator.gets(before)
    said = words_of(fragment, "//article[@id='s-children-recipient']")
    assert "Svarer ikke" in said
    assert "Næste forsøg:" in said
    assert "Børn og familie" in words_of(fragment, "//div[@id='troubles']")


def test_a_subscription_that_can_no_longer_be_reached_is_among_the_troubles(alone: Served) -> None:
    with alone.store.begin() as unit:
        terms = Terms(Topic.CHANGED, "https://children.example/told", "x")
        one = Subscription(new_id(), "children", "children", terms, Status.REQUESTED, now())
        unit.subscriptions.add(one)
        assert unit.subscriptions.lease(one.id, one.id, now(), 60)
        unit.subscriptions.failed(one, one.id, now(), now(), "recipient-refused", "It answered HTTP 404.")
    with Visitor(alone.url) as operator:
        operator.signs_in(alone.tokens["operator"], "/operations")
        page = operator.gets("/operations")
        assert "FHIR-abonnementer fra Børn og familie" in words_of(page, "//div[@id='troubles']")
        assert "children.example" not in page.text


def test_a_system_is_held_for_a_reason_and_released(alone: Served) -> None:
    with Visitor(alone.url) as operator:
        operator.signs_in(alone.tokens["operator"], "/operations")
        form = token_of(operator)
        held = {"way": "recipient", "reason": "maintenance", "form": form}
        for _ in range(2):  # pressed twice: it is held once, and the page says so
            assert operator.posts("/operations/systems/children/hold", **held).status_code == 303
        said = words_of(operator.gets("/operations"), "//article[@id='s-children-recipient']")
        assert "Holdt tilbage" in said
        assert "vedligehold" in said
        operator.posts("/operations/systems/children/release", way="recipient", form=form)
        said = words_of(operator.gets("/operations"), "//article[@id='s-children-recipient']")
        assert "I drift" in said
        assert operator.posts("/operations/systems/nobody/release", way="recipient", form=form).status_code == 404
        assert operator.posts("/operations/systems/children/hold", way="recipient", form=form).status_code == 400
        assert operator.posts("/operations/systems/children/melt", way="recipient", form=form).status_code == 404
    assert len(alone.audited("held")) == 1


def test_what_is_narrowed_is_in_the_address_and_an_empty_list_says_why(alone: Served) -> None:
    alone.a_dead_letter()
    with Visitor(alone.url) as operator:
        operator.signs_in(alone.tokens["operator"], "/operations")
        all_of_them = operator.gets("/operations/dead-letters")
        assert "Modtageren siger nej" in words_of(all_of_them)
        none = operator.gets("/operations/dead-letters?cause=bug")
        assert "Ingen døde breve med dette filter." in words_of(none)
        assert "/operations/dead-letters" in parts_of(none, "//main//a/@href")
        other = parts_of(none, "//header//a[@hreflang]/@href")[0]
        assert "cause=bug" in other, "the language may change, the filter stays"


def test_one_is_looked_at_by_its_shape_discarded_for_a_reason_and_no_sooner(alone: Served) -> None:
    row = alone.a_dead_letter()
    with Visitor(alone.url) as operator:
        operator.signs_in(alone.tokens["operator"], "/operations")
        page = operator.gets(f"/operations/dead-letters/{row}")
        assert page.status_code == 200
        form = token_of(operator)
        refused = operator.posts(f"/operations/dead-letters/{row}/discard", form=form, reason="x")
        assert refused.status_code == 422
        assert "Intet er ændret." in words_of(refused)
        named = operator.posts(f"/operations/dead-letters/{row}/discard", form=form, reason=f"Det er {CANARY_CPR}")
        assert named.status_code == 422
        assert operator.posts(f"/operations/dead-letters/{row}/discard", form=form, reason=REASON).status_code == 303
        assert "Ingen døde breve." in words_of(operator.gets("/operations/dead-letters"))


def test_one_that_is_replayed_twice_is_brought_back_once(alone: Served) -> None:
    row = alone.a_dead_letter()
    with Visitor(alone.url) as operator:
        operator.signs_in(alone.tokens["operator"], "/operations")
        form = token_of(operator)
        for _ in range(2):
            went = operator.posts(f"/operations/dead-letters/{row}/replay", form=form)
            assert went.headers["location"] == f"/operations/trace/{row}"
        assert "Genafspillet" in words_of(operator.gets(f"/operations/trace/{row}"))
    assert len(alone.audited("replayed")) == 1


def test_a_group_is_frozen_once_however_often_the_form_comes_and_later_arrivals_are_left_alone(alone: Served) -> None:
    alone.a_dead_letter()
    with Visitor(alone.url) as operator:
        operator.signs_in(alone.tokens["operator"], "/operations")
        group = parts_of(operator.gets("/operations/dead-letters"), "//section//h3/a/@href")[0].partition("group=")[2]
        form_page = operator.gets(f"/operations/replays/new?group={group}")
        fields = {
            name: parts_of(form_page, f"//form[@action='/operations/replays']//input[@name='{name}']/@value")[0]
            for name in ("form", "once", "group")
        }
        nothing = operator.posts("/operations/replays", **fields, reason="")
        assert nothing.status_code == 422
        assert fields["once"] in parts_of(nothing, "//input[@name='once']/@value")
        places = {operator.posts("/operations/replays", **fields, reason=REASON).headers["location"] for _ in range(3)}
        assert places == {f"/operations/replays/{fields['once']}"}
        alone.a_dead_letter()  # of the same group, and too late
        draft = operator.gets(places.pop())
        assert "1 breve" in words_of(draft)
        assert "Start" in words_of(draft)
        operator.posts(f"/operations/replays/{fields['once']}/start", form=fields["form"])
        operator.posts(f"/operations/replays/{fields['once']}/start", form=fields["form"])
        going = operator.gets(f"/operations/replays/{fields['once']}")
        assert "Prøver de første" in words_of(going)
        again = parts_of(going, "//div[@id='progress']/@data-hx-get")[0]
        assert operator.gets(again).status_code == 204
        operator.posts(f"/operations/replays/{fields['once']}/cancel", form=fields["form"])
        assert "Afbrudt" in words_of(operator.gets(f"/operations/replays/{fields['once']}"))
    assert len(show_all(alone.store)) == 1


def test_no_name_and_no_number_reaches_an_operators_page(alone: Served) -> None:
    cpr, opened = alone.opens_plan(CANARY_CPR, CANARY_NAME)
    sent = alone.sends(cpr, {"id": "g1", "title": f"Mål for {CANARY_NAME}"})
    row = alone.a_dead_letter()
    pages = (
        "/operations", "/operations/now", "/operations/dead-letters", f"/operations/dead-letters/{row}",
        "/operations/replays", "/operations/receipts", f"/operations/trace/{row}",
        f"/operations/trace/{sent['receipt']}",
    )  # fmt: skip
    with Visitor(alone.url) as operator:
        operator.signs_in(alone.tokens["operator"], "/operations")
        for path in pages:
            answer = operator.gets(path)
            assert answer.status_code == 200, path
            for canary in (CANARY_CPR, CANARY_NAME, "Kanariefugl", str(opened["plan"])):
                assert canary not in answer.text, path


def test_a_trace_is_found_by_its_id_and_an_id_of_nothing_says_so(alone: Served) -> None:
    row = alone.a_dead_letter()
    with Visitor(alone.url) as operator:
        operator.signs_in(alone.tokens["operator"], "/operations")
        assert operator.gets(f"/operations/trace?id=%20{row}%20").headers["location"] == f"/operations/trace/{row}"
        assert operator.gets(f"/operations/trace?id={CANARY_NAME}").status_code == 404
        assert operator.gets("/operations/trace/00000000-0000-4000-8000-000000000000").status_code == 404
        trace = operator.gets(f"/operations/trace/{row}")
        steps = parts_of(trace, "//ol[@class='steps']/li")
        assert len(steps) == len(parts_of(trace, "//*[name()='circle']"))


def test_a_receipt_that_is_overdue_is_named_until_it_is_given(alone: Served) -> None:
    _, opened = alone.opens_plan()
    with alone.store.begin() as unit:
        which = (outbox.c.plan_id == UUID(opened["plan"])) & (outbox.c.recipient == "employment")
        row = unit.connection.execute(sa.select(outbox.c.id).where(which)).scalar_one()
        unit.later_receipts.owe(row, 7, new_id(), now() - timedelta(hours=25))
    with Visitor(alone.url) as operator:
        operator.signs_in(alone.tokens["operator"], "/operations")
        page = operator.gets("/operations/receipts")
        assert f"{row}-7" in words_of(page)
        assert "1 ventes der svar på, 1 af dem for længe" in words_of(page)
        given = {"delivery": f"{row}-7", "status": "taken-in"}
        assert alone.ask("employment", "POST", "/receipts", given).status_code == 200
        assert "Ingen skylder svar." in words_of(operator.gets("/operations/receipts"))


def test_the_bell_rings_within_two_seconds_and_says_nothing_of_what(alone: Served) -> None:
    with Visitor(alone.url) as operator:
        operator.signs_in(alone.tokens["operator"], "/operations")
        with operator.client.stream("GET", "/operations/bell") as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            assert answer.headers["cache-control"] == "no-store"
            lines = answer.iter_lines()
            assert [next(lines) for _ in range(3)] == ["event: moved", "data:", ""]
            times = []
            for moves in (falls_silent, answers_again) * 3:
                moves(alone.store, "children", Direction.RECIPIENT)
                begun = monotonic()
                assert [next(lines) for _ in range(3)] == ["event: moved", "data:", ""]
                times.append(monotonic() - begun)
            assert median(times) <= 2, times  # the middle one: a neighbour on the machine may hold up any


def test_the_bell_is_an_operators_alone_and_no_use_of_a_session(hub: Served, visitor: Visitor) -> None:
    assert visitor.gets("/operations/bell").status_code == 303
    listens = {"HX-Request": "true", "Accept": "text/html, text/event-stream"}
    assert "/operations/bell?ended=yes" in visitor.gets("/operations/bell", **listens).text, "it asks once more"
    assert visitor.gets("/operations/bell?ended=yes", **listens).headers["hx-redirect"] == "/operations"
    visitor.signs_in(hub.tokens["coordinator"])
    assert visitor.gets("/operations/bell").status_code == 403


def test_a_page_is_held_still_by_its_address(hub: Served, operator: Visitor) -> None:
    still = operator.gets("/operations?still=yes")
    assert "Siden står stille." in words_of(still)
    assert not parts_of(still, "//*[@data-hx-get]/@id") + parts_of(still, "//script/@src")
    other = parts_of(still, "//header//a[@hreflang]/@href")[0]
    assert "still=yes" in other, "the language may change, the page stays still"


def test_a_letter_that_died_again_after_a_replay_is_marked_and_leads_to_that_replay(alone: Served) -> None:
    row = alone.a_dead_letter()
    asker = Asker("operator", "c")
    replay = freeze(Choice(ids=(row,)), Manner(), REASON, alone.store, asker).replay.id
    start(replay, alone.store, asker)
    step(replay, alone.store, {})
    with alone.store.begin() as unit:
        lease = unit.outbox.lease(row, now(), 60)
        assert lease
        unit.outbox.bury(lease, "recipient-refused", "It said no.", now())
    with Visitor(alone.url) as operator:
        operator.signs_in(alone.tokens["operator"], "/operations")
        listed = operator.gets("/operations/dead-letters")
        assert "Kom igen efter genafspilning" in words_of(listed)
        assert f"/operations/replays/{replay}" in parts_of(listed, "//main//a/@href")
        assert "Kom igen efter genafspilning" in words_of(operator.gets(f"/operations/dead-letters/{row}"))


def test_a_session_that_has_ended_may_listen_no_more(alone: Served) -> None:
    digest = hashlib.sha256(alone.tokens["operator"].encode()).hexdigest()
    given = {"token_sha256": digest, "organisation": "operations", "role": Role.OPERATOR}
    sessions = Sessions(alone.store, Identity({"operator": Client.model_validate(given)}))
    with Visitor(alone.url) as operator:
        operator.signs_in(alone.tokens["operator"], "/operations")
        secret = operator.client.cookies["hub-session"]
        assert may_listen(secret, "da", sessions)
        operator.posts("/sign-out", form=token_of(operator))
        assert not may_listen(secret, "da", sessions)
