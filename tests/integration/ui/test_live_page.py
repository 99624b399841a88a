"""What a plan's page says of how far it can be relied on: silent systems, who lacks what, and how things have read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
import sqlalchemy as sa

from hub.authority import Authority, DeliveryKey, Document, Receipt, ReceiptStatus
from hub.clock import now
from hub.errors import RecipientRefused
from hub.flow.deliver import deliver
from hub.plan.contribution import Contribution
from hub.plan.element import Draft, Kind, Period, Status
from hub.settings import Settings
from hub.store.circuits import Direction, HoldReason
from hub.store.session_tables import sessions
from hub.store.tables import audit, outbox
from hub.testing.clock import FrozenClock, frozen
from tests.integration.api.served import PlainAdapter, PlainMapping, Served, on_both, served
from tests.integration.databases import EMBEDDED, a_migrated_postgresql
from tests.integration.silence import answers_again, falls_silent
from tests.integration.ui.test_plan_page import LARS, of_lars
from tests.integration.ui.visitor import Visitor, parts_of, words_of

pytestmark = pytest.mark.integration
AUTUMN = datetime(2026, 8, 31, 9, tzinfo=UTC)
NOBODYS = "99999999-9999-4999-8999-999999999999"
SET: dict[str, Any] = {
    "wires": {"children": {"url": "http://127.0.0.1:9", "token": "t"}},  # it is called by the tests' own wire alone
    "contacts": {"employment": "IT-vagten, 54 73 10 00"},
    "quiet_hours_of": {"social": 24},
}
GOAL = {"id": "g", "title": "Job i en butik"}
NOTE = {"id": "s", "title": "Hemmeligt", "kind": "note", "category": "health", "label": "VIP_SAGER"}
LIVE = {"HX-Request": "true"}


@pytest.fixture(scope="module")
def embedded_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(f"sqlite:///{tmp_path_factory.mktemp('live') / 'hub.db'}", **SET) as running:
        yield running


@pytest.fixture(scope="module")
def operated_hub() -> Iterator[Served]:
    with a_migrated_postgresql() as url, served(url, **SET) as running:
        yield running


@pytest.fixture
def hub(request: pytest.FixtureRequest) -> Iterator[Served]:
    kind = getattr(request, "param", EMBEDDED)
    running: Served = request.getfixturevalue("embedded_hub" if kind == EMBEDDED else "operated_hub")
    yield running
    with running.store.begin() as unit:  # one system for all tests: each leaves it as it found it
        broken = [(one.authority, one.direction) for one in unit.breakers.all() if one.since or one.held_at]
        for name, way in broken:
            unit.breakers.release(name, way)
    for name, way in broken:
        answers_again(running.store, name, way)


class Takes(PlainAdapter):
    """A recipient that takes everything in, or refuses everything."""

    def __init__(self, name: str, *, refuses: bool = False) -> None:
        super().__init__(name)
        self.refuses = refuses

    def send(self, document: Document, key: DeliveryKey) -> Receipt:
        if self.refuses:
            raise RecipientRefused("It says no.")
        return Receipt(ReceiptStatus.TAKEN_IN)


def a_plan(hub: Served, *sent: dict[str, Any], shared: bool = False) -> tuple[str, str]:
    """Open a plan with what employment says; ``shared``: children and family services may see its goals and health."""
    cpr, opened = hub.opens_plan()
    hub.sends(cpr, *(sent or (GOAL,)))
    if shared:
        shares(hub, opened["plan"])
    return cpr, opened["plan"]


def shares(hub: Served, plan: str) -> str:
    wanted = {"kind": "sharing", "plan": plan, "sources": ["employment"], "recipients": ["children"]}
    answer = hub.ask(
        "coordinator",
        "POST",
        "/consents",
        {**wanted, "categories": ["goals", "health"], "label": "FOELSOMME_PERSONOPLYSNINGER"},
    )
    assert answer.status_code == 201, answer.text
    consent: str = answer.json()["consent"]
    return consent


def delivers(hub: Served, plan: str, *, refuses: bool = False) -> None:
    """Bring children and family services what is due to them of a plan."""
    with hub.store.begin(read_only=True) as unit:
        of_plan = (outbox.c.plan_id == UUID(plan)) & (outbox.c.recipient == "children")
        row = unit.connection.execute(sa.select(outbox.c.id).where(of_plan)).scalar_one()
    authority = Authority("children", Takes("children", refuses=refuses), PlainMapping())
    given: dict[str, Any] = {"keys": {1: b"\x01" * 32}, "index_key": b"\x02" * 32}
    deliver(row, hub.store, {"children": authority}, Settings(**given))


def updates(page: httpx.Response, recipient: str = "children") -> str:
    return words_of(page, f"//li[@id='update-{recipient}']")


def polls(visitor: Visitor, plan: str, known: str = "") -> httpx.Response:
    return visitor.gets(f"/coordinator/plans/{plan}/banners", **LIVE) if not known else visitor.gets(known, **LIVE)


def asks_next(page: httpx.Response) -> str:
    """Return what the page asks for by itself."""
    return parts_of(page, "//*[@id='banners-now']/@data-hx-get")[0]


# --- banners ------------------------------------------------------------------------------------------------------


def test_a_source_that_goes_down_is_a_banner_without_a_script(hub: Served, coordinator: Visitor) -> None:
    _, plan = a_plan(hub)
    path = f"/coordinator/plans/{plan}"
    assert not parts_of(coordinator.gets(path), "//*[starts-with(@id, 'banner-')]")
    with frozen(AUTUMN):
        falls_silent(hub.store, "employment", Direction.SOURCE)
    page = coordinator.gets(path)
    said = words_of(page, "//*[@id='banner-employment']")
    assert said.startswith("Beskæftigelse svarer ikke Systemet har ikke svaret hubben siden 31. august 2026 kl. 11.00.")
    assert "Det gælder mål, indsatser og aftaler fra Beskæftigelse." in said
    assert "Seneste oplysninger derfra" in said
    assert "Seneste forsøg på at hente 31. august 2026 kl. 11.00: systemet svarede ikke" in said
    assert said.endswith("Ring til IT-vagten, 54 73 10 00")
    assert parts_of(page, "//*[@id='banners']/@aria-live") == ["polite"]
    answers_again(hub.store, "employment", Direction.SOURCE)
    assert not parts_of(coordinator.gets(path), "//*[starts-with(@id, 'banner-')]")


def test_a_recipient_that_is_held_and_one_without_a_contact_say_so(hub: Served, coordinator: Visitor) -> None:
    _, plan = a_plan(hub)
    with hub.store.begin() as unit:
        unit.breakers.hold("children", Direction.RECIPIENT, HoldReason.MAINTENANCE, "operator", AUTUMN)
    said = words_of(coordinator.gets(f"/coordinator/plans/{plan}?lang=en"), "//*[@id='banner-children']")
    assert said.startswith("The connection to Children and family is paused The hub sends nothing to it.")
    assert "31 August 2026 at 11:00" in said
    assert "Until then Children and family does not know what is new in the plan." in said
    assert "Call" not in said
    assert "operator" not in said, "who holds it is not the coordinator's matter"


def test_a_source_that_is_quiet_for_too_long_is_told_and_one_that_may_be_is_not(
    hub: Served, coordinator: Visitor
) -> None:
    _, opened = hub.opens_plan(authorities=["social", "employment"])
    with hub.store.begin() as unit:
        unit.breakers.brought("social", now() - timedelta(hours=25))
        unit.breakers.brought("employment", now() - timedelta(hours=25))
    page = coordinator.gets(f"/coordinator/plans/{opened['plan']}")
    said = words_of(page, "//*[@id='banner-social']")
    assert said.startswith("Der er stille fra Socialområdet Der er ikke kommet noget derfra siden ")
    assert "Seneste forsøg på at hente hubben henter ikke, systemet sender selv" in said
    assert not parts_of(page, "//*[@id='banner-employment']")


def test_silence_of_who_does_not_take_part_is_no_banner(hub: Served, coordinator: Visitor) -> None:
    _, plan = a_plan(hub)
    falls_silent(hub.store, "youth", Direction.SOURCE)
    assert not parts_of(coordinator.gets(f"/coordinator/plans/{plan}"), "//*[starts-with(@id, 'banner-')]")


@on_both
def test_an_open_page_is_told_what_is_new_and_nothing_twice(hub: Served, coordinator: Visitor) -> None:
    _, plan = a_plan(hub)
    first = asks_next(coordinator.gets(f"/coordinator/plans/{plan}"))
    assert first.rpartition("=")[2].isalpha(), "the door takes ten digits in an address for a person's number"
    unchanged = coordinator.gets(first, **LIVE)
    assert (unchanged.status_code, unchanged.content) == (204, b"")
    falls_silent(hub.store, "employment", Direction.SOURCE)
    told = coordinator.gets(first, **LIVE)
    assert told.status_code == 200
    assert parts_of(told, "//*[starts-with(@id, 'banner-')]/@id") == ["banner-employment"]
    assert "Job i en butik" not in told.text
    assert "Testesen" not in told.text
    assert asks_next(told) != first
    assert coordinator.gets(asks_next(told), **LIVE).status_code == 204
    answers_again(hub.store, "employment", Direction.SOURCE)
    assert asks_next(coordinator.gets(asks_next(told), **LIVE)) == first


@on_both
def test_a_page_left_open_is_no_reading_and_keeps_no_session_alive(hub: Served, visitor: Visitor) -> None:
    began = now()
    with frozen(began) as clock:
        visitor.signs_in(hub.tokens["coordinator"])
        _, plan = a_plan(hub)
        visitor.gets(f"/coordinator/plans/{plan}")

        def written() -> tuple[int, Any]:
            with hub.store.begin(read_only=True) as unit:
                rows = unit.connection.execute(sa.select(sa.func.count()).select_from(audit)).scalar_one()
                return rows, unit.connection.execute(sa.select(sa.func.max(sessions.c.seen_at))).scalar_one()

        before = written()
        for _ in range(14):
            clock.advance(timedelta(minutes=1))
            assert polls(visitor, plan).status_code == 200
        assert written() == before
        clock.advance(timedelta(minutes=2))
        assert b"?ended=yes" in polls(visitor, plan).content
        over = polls(visitor, plan, f"/coordinator/plans/{plan}/banners?ended=yes")
        assert (over.status_code, over.content) == (204, b"")
        assert over.headers["hx-redirect"] == f"/coordinator/plans/{plan}", "nobody reads on where nobody is signed in"
        assert visitor.gets(over.headers["hx-redirect"]).status_code == 303
        by_hand = visitor.gets(f"/coordinator/plans/{plan}/banners")
        assert (by_hand.status_code, by_hand.headers["location"].partition("?")[0]) == (303, "/sign-in")


def test_the_banners_stand_behind_the_door_of_the_plan(hub: Served, visitor: Visitor) -> None:
    _, plan = a_plan(hub)
    visitor.signs_in(hub.tokens["another-coordinator"])
    answers = [visitor.gets(f"/coordinator/plans/{one}/banners") for one in (plan, NOBODYS)]
    assert answers[0].status_code == answers[1].status_code == 404
    assert answers[0].content == answers[1].content
    assert hub.audited("refused")[-1]["details"] == {"asked": NOBODYS, "code": "not-found"}
    asked_by_a_page = polls(visitor, plan)
    assert (asked_by_a_page.status_code, asked_by_a_page.headers["hx-redirect"]) == (204, f"/coordinator/plans/{plan}")


# --- who has got it -----------------------------------------------------------------------------------------------


@on_both
def test_a_recipient_goes_from_being_sent_to_having_received_and_back(hub: Served, coordinator: Visitor) -> None:
    cpr, plan = a_plan(hub, shared=True)
    path = f"/coordinator/plans/{plan}"
    saved = "Gemt i planen. Børn og familie har ikke fået det endnu."
    assert updates(coordinator.gets(path)) == (
        f"Børn og familie Sendes {saved} Det bliver sendt af sig selv. Mangler at få Job i en butik (Mål)"
    )
    with frozen(AUTUMN):
        falls_silent(hub.store, "children")
    said = updates(coordinator.gets(path))
    assert said.startswith(f"Børn og familie Venter, systemet svarer ikke siden 31. august 2026 kl. 11.00 {saved}")
    answers_again(hub.store, "children")
    delivers(hub, plan)
    assert updates(coordinator.gets(path)) == "Børn og familie Modtaget"
    hub.sends(cpr, {**GOAL, "title": "Job i en bager"}, version=2)
    assert "Sendes" in updates(coordinator.gets(path))
    delivers(hub, plan, refuses=True)
    refused = updates(coordinator.gets(path))
    assert refused.startswith(f"Børn og familie Afvist {saved} Det bliver ikke sendt igen af sig selv: modtageren tog")
    assert "Ring til modtageren, hvis det haster." in refused


def test_what_a_recipient_must_delete_is_told_until_it_has_confirmed(hub: Served, coordinator: Visitor) -> None:
    _, plan = a_plan(hub)
    consent = shares(hub, plan)
    delivers(hub, plan)
    hub.ask("coordinator", "POST", f"/consents/{consent}/withdraw")
    path = f"/coordinator/plans/{plan}"
    said = updates(coordinator.gets(path))
    assert "Børn og familie har ikke bekræftet, at det er slettet." in said
    assert said.endswith("Skal slettes hos modtageren Job i en butik (Mål)")
    delivers(hub, plan)
    assert updates(coordinator.gets(path)) == "", "nothing of what can be seen is to go to them"
    assert "Intet af det, du kan se, skal til andre." in words_of(coordinator.gets(path))


def test_nobody_may_see_it_and_nobody_is_listed(hub: Served, coordinator: Visitor) -> None:
    _, plan = a_plan(hub)
    assert "Intet af det, du kan se, skal til andre." in words_of(coordinator.gets(f"/coordinator/plans/{plan}"))


# --- nothing of what is withheld ----------------------------------------------------------------------------------

WITHHELD: dict[str, list[dict[str, Any]]] = {
    "a note": [GOAL, NOTE],
    "a meeting": [GOAL, {**NOTE, "id": "m", "kind": "appointment"}],
    # The recipient may see where the link leads, and the coordinator may not.
    "a goal that is linked to it": [
        {**GOAL, "part_of": "b"},
        {**NOTE, "id": "b", "kind": "goal", "label": "FOELSOMME_PERSONOPLYSNINGER"},
    ],
}


@pytest.mark.parametrize("what", WITHHELD)
@pytest.mark.parametrize("children", ["has-it", "silent", "dead", "held"])
def test_withheld_content_changes_no_byte_of_who_lacks_what(hub: Served, what: str, children: str) -> None:
    with frozen(AUTUMN) as clock, Visitor(hub.url, **{"Accept-Language": "da"}) as visitor:
        cpr, plan = a_plan(hub, shared=True)
        delivers(hub, plan)
        falls_silent(hub.store, "employment", Direction.SOURCE)
        if children == "silent":
            falls_silent(hub.store, "children")
        if children == "held":
            with hub.store.begin() as unit:
                unit.breakers.hold("children", Direction.RECIPIENT, HoldReason.OTHER, "operator", clock())
        clock.advance(timedelta(minutes=30))
        a_plan(hub)  # the same system tells of somebody else; its clock is one for all
        clock.advance(timedelta(minutes=30))
        visitor.signs_in(hub.tokens["coordinator"])
        clock.advance(timedelta(minutes=-30))
        first = _asked(visitor, plan, clock)
        hub.sends(cpr, *WITHHELD[what], version=2)
        if children == "dead":
            _buries(hub, plan)
        assert _asked(visitor, plan, clock) == first
        assert b"Job i en butik" in first[0]
        assert b"Modtaget" in first[0]
        assert b"Hemmeligt" not in first[0]


def _asked(visitor: Visitor, plan: str, clock: FrozenClock) -> list[bytes]:
    """Ask for a page and its banners half an hour from now, and come back to now."""
    clock.advance(timedelta(minutes=30))
    found = [visitor.gets(f"/coordinator/plans/{plan}{part}").content for part in ("", "/banners")]
    clock.advance(timedelta(minutes=-30))
    return found


def _buries(hub: Served, plan: str) -> None:
    """Let the delivery of what is withheld end as a dead letter."""
    with hub.store.begin() as unit:
        of_plan = (outbox.c.plan_id == UUID(plan)) & (outbox.c.recipient == "children")
        row = unit.connection.execute(sa.select(outbox.c.id).where(of_plan)).scalar_one()
        lease = unit.outbox.lease(row, AUTUMN, 60)
        assert lease is not None
        unit.outbox.bury(lease, "recipient-refused", "It said no.", AUTUMN)


# --- history ------------------------------------------------------------------------------------------------------


def history_of(visitor: Visitor, plan: str, title: str) -> httpx.Response:
    page = visitor.gets(f"/coordinator/plans/{plan}")
    (path,) = parts_of(page, f"//article[h3='{title}']//a[contains(@href, '/history')]/@href")
    return visitor.gets(path)


@on_both
def test_an_element_shows_how_it_has_read_and_the_reading_is_written_down(hub: Served, coordinator: Visitor) -> None:
    with frozen(AUTUMN) as clock:
        coordinator.signs_in(hub.tokens["coordinator"])
        cpr, plan = a_plan(hub)
        clock.advance(timedelta(minutes=5))
        hub.sends(cpr, {**GOAL, "title": "Job i en bager"}, version=2)
        page = history_of(coordinator, plan, "Job i en bager")
    assert parts_of(page, "//h1/text()") == ["Job i en bager"]
    now_, before = parts_of(page, "//ol/li/h2/span/text()")
    assert (now_, before) == ("modtaget 31. august 2026 kl. 11.05", "modtaget 31. august 2026 kl. 11.00")
    assert "Ændret: overskrift" in words_of(page, "//ol/li[1]")
    assert "Job i en butik" in words_of(page, "//ol/li[2]")
    read = hub.audited("read")[-1]
    assert (str(read["plan_id"]), len(read["details"]["elements"])) == (plan, 1)


def test_a_version_that_is_withheld_leaves_no_gap_and_no_repeat(hub: Served, coordinator: Visitor) -> None:
    with frozen(AUTUMN) as clock:
        coordinator.signs_in(hub.tokens["coordinator"])
        pages = []
        for before in ([GOAL, {**NOTE, "id": "g"}], [{"id": "x"}, {"id": "x"}]):
            clock.move_to(AUTUMN)
            cpr, plan = a_plan(hub, before[0])
            clock.advance(timedelta(minutes=1))
            hub.sends(cpr, before[1], version=2)
            clock.advance(timedelta(minutes=1))
            hub.sends(cpr, GOAL, version=3)
            pages.append(history_of(coordinator, plan, "Job i en butik"))
    assert len(parts_of(pages[0], "//ol/li")) == 1
    assert words_of(pages[0]) == words_of(pages[1])
    assert "Hemmeligt" not in pages[0].text


def test_a_withheld_element_has_no_history_and_one_that_is_not_there_the_same(
    hub: Served, coordinator: Visitor
) -> None:
    cpr, plan = a_plan(hub)
    hub.sends(cpr, {**GOAL, "label": "VIP_SAGER", "category": "health"}, version=2)
    with hub.store.begin(read_only=True) as unit:
        stored = unit.plans.get(UUID(plan))
        assert stored is not None
        (element,) = stored.plan.elements
    answers = [coordinator.gets(f"/coordinator/plans/{plan}/elements/{one}/history") for one in (element, NOBODYS)]
    assert [one.status_code for one in answers] == [404, 404]
    assert answers[0].content == answers[1].content


# --- several sources ----------------------------------------------------------------------------------------------

MEETING = {"id": "m", "title": "Første møde med familiebehandler", "kind": "appointment", "category": "appointments"}


class HalfAnHourLater(PlainMapping):
    """Says of every appointment that it begins when half an hour of the children's has gone."""

    def to_plan(self, document: Document) -> Sequence[Contribution]:
        hours = Period(datetime(2026, 9, 8, 7, 30, tzinfo=UTC), datetime(2026, 9, 8, 8, 30, tzinfo=UTC))

        def timed(draft: Draft) -> Draft:
            return replace(draft, valid=hours, status=Status.PLANNED) if draft.kind is Kind.APPOINTMENT else draft

        return [replace(one, drafts=tuple(map(timed, one.drafts))) for one in super().to_plan(document)]


def test_two_sources_that_disagree_stand_once_each_with_its_hours_its_reason_and_its_history(tmp_path: Path) -> None:
    employment = Authority("employment", PlainAdapter("employment"), HalfAnHourLater())
    with served(f"sqlite:///{tmp_path / 'hub.db'}", employment) as hub, frozen(AUTUMN), Visitor(hub.url) as visitor:
        plan = of_lars(hub)
        hub.sends(LARS, MEETING)
        visitor.signs_in(hub.tokens["coordinator"])
        page = visitor.gets(plan)
    (line,) = parts_of(page, "//section[@aria-labelledby='timeline']//tr[contains(., 'møde')]/td[2]/strong/text()")
    assert line == "2 kilder."
    told = words_of(page, "//section[@aria-labelledby='timeline']//tr[contains(., 'møde')]")
    assert "Børn og familie: tirsdag den 8. september 2026 kl. 09.00–10.00" in told
    assert "Beskæftigelse: tirsdag den 8. september 2026 kl. 09.30–10.30" in told
    article = "//section[@aria-labelledby='appointments']//article"
    assert len(parts_of(page, article + "/@id")) == 1
    assert len(parts_of(page, article + "//details")) == 2
    histories = parts_of(page, article + "//a[contains(@href, '/history')]/@href")
    assert len(set(histories)) == 2
    assert len(parts_of(page, "//svg//circle")) == 2, "one in each lane"
    ids = parts_of(page, "//@id")
    assert len(ids) == len(set(ids))
