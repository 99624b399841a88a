"""The pages of consents over real HTTP: nothing is written but what was shown and agreed to, and that then happens."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hub.clock import now
from hub.consent.reader import Reader
from hub.flow.choose import SHOWN_FOR
from hub.flow.who_can_see import show_who_can_see
from hub.plan.danish_time import day_of, months_later
from hub.plan.person import Role
from hub.testing.builders import a_contribution
from hub.testing.clock import frozen
from hub.ui.words import known_word
from tests.integration.api.served import ANNA_CPR, Served
from tests.integration.databases import EMBEDDED, OPERATED
from tests.integration.sandboxes import Sandbox
from tests.integration.ui.consenting import (
    changes,
    confirms,
    form_with,
    forms_of,
    said,
    says_yes,
    sends,
    table_of,
    ticked,
)
from tests.integration.ui.provider import signs_in_as
from tests.integration.ui.test_by_provider import a_hub_of
from tests.integration.ui.test_plan_page import GOAL
from tests.integration.ui.visitor import Visitor, parts_of, words_of
from tests.integration.world import World

pytestmark = pytest.mark.integration
#: For what the database has a say in.
on_both = pytest.mark.parametrize("hub", [EMBEDDED, pytest.param(OPERATED, marks=pytest.mark.servers)], indirect=True)
CONSENTS = "/citizen/consents"


@pytest.fixture
def hub(request: pytest.FixtureRequest, tmp_path: Path, provider: Sandbox) -> Iterator[Served]:
    yield from a_hub_of(getattr(request, "param", EMBEDDED), tmp_path, provider)


def signed_in(hub: Served, provider: Sandbox) -> Iterator[Visitor]:
    with Visitor(hub.url) as somebody:
        signs_in_as(somebody, provider, "mette")
        yield somebody


def written(hub: Served) -> list[Any]:
    return list(said(hub.store, hub.anna))


def a_yes(anna: Visitor, *categories: str, recipient: str = "children") -> str:
    """Let Anna say yes, to children and family unless told otherwise; return the consent's id."""
    receipt = confirms(anna, says_yes(anna, recipient, *(categories or ("goals",)), months="12"))
    assert receipt.status_code == 303, receipt.text
    return receipt.headers["location"].rpartition("/")[2]


# --- the way through ---------------------------------------------------------------------------------------------


@on_both
def test_a_yes_is_asked_checked_written_down_and_kept(hub: Served, anna: Visitor) -> None:
    hub.sends(ANNA_CPR, GOAL)
    before = written(hub)
    check = says_yes(anna, "children", "goals", months="6")
    assert check.status_code == 200
    assert written(hub) == before, "a check writes nothing down"
    told = words_of(check, "//section[@aria-labelledby='changes']")
    assert "Børn og familie" in told
    assert "mål Før: Ser det ikke Efter: Ser en del af det" in told
    assert "Mål: Job i en butik" in told
    answer = confirms(anna, check)
    receipt = anna.gets(answer.headers["location"])
    assert "Du har sagt ja" in words_of(receipt)
    assert "Ja: Børn og familie må se mål" in words_of(receipt)
    (new,) = (one for one in written(hub) if one not in before)
    assert new[2:6] == ("active", "permit", ["children"], ["goals"])
    assert "Ja: Børn og familie må se mål" in words_of(anna.gets(CONSENTS))
    assert hub.ask("coordinator", "GET", f"/consents/{new[0]}/revocation").status_code == 404


def test_yes_and_no_are_alike_and_nothing_is_chosen_beforehand(hub: Served, anna: Visitor) -> None:
    cards = anna.gets(CONSENTS)
    (form,) = (f for f in forms_of(cards) if f.fields.get("recipient") == "children")
    assert form.buttons == {"yes": "Ja, giv lov: Børn og familie", "no": "Nej, giv ikke lov: Børn og familie"}
    select = sends(anna, form, answer="yes")
    check = says_yes(anna, "children", "goals")
    for page in (cards, select, check):
        assert len(set(parts_of(page, "//main//form//button/@class"))) == 1
        assert not parts_of(page, "//main//*[@checked or @selected]/@name")
        assert not parts_of(page, "//script")
    assert not parts_of(cards, "//main//input[@type='checkbox']/@name"), "there is no yes to everything"


def test_a_yes_is_cut_to_less(hub: Served, anna: Visitor) -> None:
    consent = a_yes(anna, "goals", "appointments")
    select = changes(anna, consent, "narrow")
    check = sends(anna, form_with(select, "/check"), **ticked("goals", months="1"))
    assert "aftaler Før: Ser en del af det Efter: Ser det ikke" in words_of(check)
    assert "Børn og familie ser stadig mål. Du har sagt ja." in words_of(check)
    assert confirms(anna, check).status_code == 303
    (new,) = (row for row in written(hub) if row[0] == consent)
    assert (new[1], new[5]) == (2, ["goals"])


@pytest.mark.parametrize(
    "chosen",
    [ticked("goals", "appointments", months="keep"), ticked("health", months="keep"), ticked(months="1"), {}],
    ids=["as it was", "something else", "nothing", "empty"],
)
def test_what_is_not_less_is_no_cut(hub: Served, anna: Visitor, chosen: dict[str, str]) -> None:
    consent = a_yes(anna, "goals", "appointments")
    before = written(hub)
    again = sends(anna, form_with(changes(anna, consent, "narrow"), "/check"), **chosen)
    assert again.status_code == 422
    assert written(hub) == before


@on_both
def test_a_withdrawal_says_what_goes_on_and_that_what_waited_is_not_sent(hub: Served, anna: Visitor) -> None:
    consent = a_yes(anna, recipient="employment")
    case = a_contribution("children").about(ANNA_CPR).with_draft("g", title="Job i en butik")
    World(hub.store).accepts(case.build())  # waits in the outbox: nobody delivers here
    check = changes(anna, consent, "withdraw")
    assert "Det fortsætter" in words_of(check)
    assert "Mål: Job i en butik" in words_of(check, "//section[@aria-labelledby='changes']")
    receipt = anna.gets(confirms(anna, check).headers["location"])
    assert "Beskæftigelse: Ikke sendt: samtykket er trukket tilbage. Det er korrekt." in words_of(receipt)
    page = anna.gets("/citizen/withdrawals")
    assert "Ikke sendt: samtykket er trukket tilbage. Det er korrekt." in words_of(page)
    (link,) = parts_of(page, "//article//a/@href")
    proof = anna.gets(link)
    assert "Bevis for et samtykke" in words_of(proof)
    (file,) = parts_of(proof, "//a[@download]/@href")
    assert anna.gets(file).json()["statement"]["consent"]["id"] == consent


def test_a_no_is_checked_and_taken_back(hub: Served, anna: Visitor) -> None:
    a_yes(anna)
    cards = anna.gets(CONSENTS)
    check = sends(anna, form_with(cards, "/answer", recipient="children"), answer="no")
    assert "mål Før: Ser en del af det Efter: Ser det ikke" in words_of(check)
    receipt = confirms(anna, check)
    refused = receipt.headers["location"].rpartition("/")[2]
    assert "Du har sagt nej" in words_of(anna.gets(receipt.headers["location"]))
    cards = anna.gets(CONSENTS)
    assert "Tag dit nej tilbage, hvis du vil give lov" in words_of(cards)
    assert not [f for f in forms_of(cards) if f.fields.get("recipient") == "children"]
    back = changes(anna, refused, "withdraw")
    assert "mål Før: Ser det ikke Efter: Ser en del af det" in words_of(back)
    assert confirms(anna, back).status_code == 303


# --- cancelling never widens sharing -----------------------------------------------------------------------------

#: Every way to leave the page that checks, or to come to its end otherwise than by yes to what it has shown.
LEAVES: dict[str, dict[str, str | None]] = {
    "no": {"answer": "no"},
    "no answer": {"answer": None},
    "an answer that is none": {"answer": "YES"},
    "more categories": {"category-appointments": "yes"},
    "another category": {"category-goals": None, "category-contacts": "yes"},
    "no category": {"category-goals": None},
    "every category": {"category-*": "yes"},
    "sensitive": {"sensitive": "yes"},
    "another recipient": {"recipient": "employment"},
    "every recipient": {"recipient": "*"},
    "no recipient": {"recipient": None},
    "a later end": {"end": (months_later(day_of(now()), 3) + timedelta(days=7)).isoformat()},
    "no end": {"end": None},
    "for good": {"end": "keep"},
    "months besides": {"months": "12"},
    "a no as a yes": {"kind": "refuse"},
    "no kind": {"kind": None},
    "an unknown kind": {"kind": "everything"},
    "a question that nobody asked": {"request": "99999999-9999-4999-8999-999999999999"},
    "no mark": {"mark": None},
    "a made-up mark": {"mark": "0" * 64},
    "another time": {"at": "2026-11-29T00:00:00+00:00"},
    "no time": {"at": None},
    "no token": {"form": None},
    "a made-up token": {"form": "0" * 64},
}


@pytest.mark.parametrize("changed", LEAVES.values(), ids=LEAVES.keys())
def test_whatever_is_not_yes_to_what_was_shown_changes_nothing(
    shared: tuple[Served, Visitor], changed: dict[str, str | None]
) -> None:
    hub, anna = shared
    before, seen = written(hub), table_of(anna)
    form = form_with(says_yes(anna, "children", "goals"), "/confirm")
    fields = {**form.fields, "answer": "yes", **changed}
    answer = anna.posts(form.action, **{name: value for name, value in fields.items() if value is not None})
    assert answer.status_code in (303, 403, 409)
    if answer.status_code == 409:
        assert "intet er ændret" in words_of(answer)
    assert "receipts" not in answer.headers.get("location", "")
    assert written(hub) == before
    assert table_of(anna) == seen


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, provider: Sandbox) -> Iterator[tuple[Served, Visitor]]:
    """One hub for all who leave: none of them changes anything."""
    hubs = a_hub_of(EMBEDDED, tmp_path_factory.mktemp("leaving"), provider)
    for hub in hubs:
        for anna in signed_in(hub, provider):
            yield hub, anna


@pytest.mark.parametrize("step", ["", "/check", "/confirm", "/answer", "/unchanged", "/check?lang=en"])
def test_going_back_and_reading_again_changes_nothing(shared: tuple[Served, Visitor], step: str) -> None:
    hub, anna = shared
    before = written(hub)
    says_yes(anna, "children", "goals")
    assert anna.gets(f"{CONSENTS}/{hub.plan}{step}").status_code in (200, 303)
    assert written(hub) == before


@pytest.mark.parametrize("answer", ["", "maybe", "YES"])
def test_a_card_without_an_answer_leads_back_to_the_cards(shared: tuple[Served, Visitor], answer: str) -> None:
    hub, anna = shared
    before = written(hub)
    form = form_with(anna.gets(CONSENTS), "/answer", recipient="children")
    page = sends(anna, form, answer=answer)
    assert page.status_code == 422
    assert "Dit svar er ikke gemt, og intet er ændret." in words_of(page)
    assert written(hub) == before


@pytest.mark.parametrize("missing", ["months", "category-goals"])
def test_what_is_missing_is_asked_for_again_with_nothing_filled_in(
    shared: tuple[Served, Visitor], missing: str
) -> None:
    _, anna = shared
    select = sends(anna, form_with(anna.gets(CONSENTS), "/answer", recipient="children"), answer="yes")
    chosen = {name: value for name, value in ticked("goals").items() if name != missing}
    again = sends(anna, form_with(select, "/check"), **chosen)
    assert again.status_code == 422
    assert "Intet er gemt" in words_of(again)
    assert not parts_of(again, "//main//*[@checked]/@name")


def test_a_page_that_was_shown_too_long_ago_saves_nothing(hub: Served, anna: Visitor) -> None:
    before = written(hub)
    with frozen(now()) as clock:
        check = says_yes(anna, "children", "goals")
        for _ in range(3):  # at the pages all the while: the session goes on
            clock.advance(SHOWN_FOR / 3 + timedelta(seconds=1))
            assert anna.gets("/citizen").status_code == 200
        answer = confirms(anna, check)
    assert answer.status_code == 409
    assert written(hub) == before


# --- what was said meanwhile -------------------------------------------------------------------------------------


@on_both
def test_a_page_that_is_stale_saves_nothing_and_shows_how_it_stands(hub: Served, anna: Visitor) -> None:
    check = says_yes(anna, "children", "goals")
    sharing = {"kind": "sharing", "plan": str(hub.plan), "sources": ["*"], "recipients": ["employment"],
               "categories": ["contacts"]}  # fmt: skip
    assert hub.ask("coordinator", "POST", "/consents", sharing).status_code == 201
    before = written(hub)
    answer = confirms(anna, check)
    assert answer.status_code == 409
    assert "Noget er blevet anderledes" in words_of(answer)
    assert "Ja: Beskæftigelse må se kontaktpersoner" in words_of(answer), "the new state is shown"
    assert written(hub) == before


@on_both
def test_an_answer_that_comes_twice_counts_once(hub: Served, anna: Visitor) -> None:
    check = says_yes(anna, "children", "goals")
    assert confirms(anna, check).status_code == 303
    before = written(hub)
    assert confirms(anna, check).status_code == 409
    assert written(hub) == before


# --- what is shown is what happens -------------------------------------------------------------------------------


def extents(hub: Served) -> dict[tuple[str, str], object]:
    """Return how far every way of every recipient goes, as it is."""
    reader = Reader("citizen", Role.CITIZEN, "citizen-access", person=hub.anna)
    found = show_who_can_see(hub.plan, reader, hub.store, actor="t", correlation_id="c")
    return {
        (f"{row.row.seat}", f"{told.cell.category}|{source}"): told.cell.reach
        for row in found.rows
        for told in row.cells
        for source in told.cell.sources
    }


def test_the_lines_of_the_check_are_what_then_happens(hub: Served, anna: Visitor) -> None:
    hub.sends(ANNA_CPR, GOAL)
    consent = a_yes(anna, "goals", "appointments")
    for answer, chosen in (("narrow", ticked("goals", months="keep")), ("withdraw", None)):
        check = changes(anna, consent, answer)
        if chosen:
            check = sends(anna, form_with(check, "/check"), **chosen)
        lines = parts_of(check, "//table[contains(@class,'changes')]//th[@scope='row']/text()")
        before = extents(hub)
        assert confirms(anna, check).status_code == 303
        after = extents(hub)
        moved = {key[1].partition("|")[0] for key in before if before[key] != after[key]}
        assert sorted(lines) == sorted(known_word("category", one, "da") for one in moved)
        assert moved


# --- nothing else is told ----------------------------------------------------------------------------------------


def test_withheld_content_changes_not_one_byte(hub: Served, anna: Visitor) -> None:
    """What names somebody else is not the citizen's to see."""
    consent, gone = a_yes(anna), a_yes(anna, "contacts")
    confirms(anna, changes(anna, gone, "withdraw"))

    def asked() -> list[bytes]:
        pages = [anna.gets(CONSENTS), changes(anna, consent, "withdraw"), anna.gets("/citizen/withdrawals")]
        pages += [says_yes(anna, "employment", "contacts"), anna.gets(f"{CONSENTS}/{hub.plan}/receipts/{gone}")]
        assert {page.status_code for page in pages} == {200}
        return [page.content for page in pages]

    case = a_contribution("employment").about(ANNA_CPR).with_relative("r1", "0505159995", name="Lars Test Berggren")
    with frozen(now()):
        before = asked()
        World(hub.store).accepts(case.build())
        with hub.store.begin(read_only=True) as unit:
            stored = unit.plans.get(hub.plan)
        assert stored
        assert len(stored.plan.elements) == 1, "it is there"
        assert asked() == before


def test_nobody_elses_pages_are_there(hub: Served, anna: Visitor, provider: Sandbox) -> None:
    _, opened = hub.opens_plan(name="Bo Test Bang")
    there = f"{CONSENTS}/{opened['plan']}"
    assert anna.gets(there).status_code == 404
    token = form_with(anna.gets(CONSENTS), "/answer", recipient="children").fields["form"]
    for step in ("answer", "change", "check", "confirm"):
        fields = {"form": token, "answer": "yes", "recipient": "children", "kind": "give"}
        assert anna.posts(f"{there}/{step}", **fields).status_code == 404
    with Visitor(hub.url) as karen:
        assert karen.gets(CONSENTS).status_code == 303
        signs_in_as(karen, provider, "karen")
        assert karen.gets(CONSENTS).status_code == 403


def test_a_consent_of_another_is_none(hub: Served, anna: Visitor) -> None:
    cpr, opened = hub.opens_plan(name="Bo Test Bang")
    check = changes(anna, a_yes(anna), "withdraw")
    form = form_with(check, "/confirm")
    assert anna.posts(form.action, **{**form.fields, "answer": "yes", "consent": opened["consent"]}).status_code == 404
    assert anna.gets(f"{CONSENTS}/{hub.plan}/receipts/{opened['consent']}").status_code == 404
    assert cpr


@pytest.mark.parametrize("path", [CONSENTS, "/citizen/withdrawals"])
def test_both_languages_are_whole(shared: tuple[Served, Visitor], path: str) -> None:
    _, anna = shared
    danish, english = anna.gets(f"{path}?lang=da"), anna.gets(f"{path}?lang=en")
    assert parts_of(danish, "//h1/text()") != parts_of(english, "//h1/text()")
    assert len(parts_of(danish, "//main//*")) == len(parts_of(english, "//main//*"))
