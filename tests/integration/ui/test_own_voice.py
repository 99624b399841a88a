"""The citizen's own voice on the pages, and the coordinator's joint goals: over real HTTP, without a script."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from hub.clock import new_id, now
from hub.store.statement_tables import statements
from hub.testing.clock import frozen
from tests.integration.api.served import ANNA_CPR, Served
from tests.integration.databases import EMBEDDED, OPERATED
from tests.integration.sandboxes import Sandbox
from tests.integration.ui.provider import signs_in_as
from tests.integration.ui.test_by_provider import a_hub_of
from tests.integration.ui.test_plan_page import GOAL, SECRET
from tests.integration.ui.visitor import Visitor, parts_of, words_of

pytestmark = pytest.mark.integration
MEETING = {"id": "m", "kind": "appointment", "category": "appointments", "title": "Samtale om praktik"}
#: For what the database has a say in.
on_both = pytest.mark.parametrize("hub", [EMBEDDED, pytest.param(OPERATED, marks=pytest.mark.servers)], indirect=True)
UNSAVED = "Dit svar er ikke gemt, og intet er ændret"
WORDS = "Hvorfor skal jeg møde så tidligt? <b>Jeg</b> har børn."


@pytest.fixture
def hub(request: pytest.FixtureRequest, tmp_path: Path, provider: Sandbox) -> Iterator[Served]:
    yield from a_hub_of(getattr(request, "param", EMBEDDED), tmp_path, provider)


def sends(visitor: Visitor, path: str, **fields: str) -> httpx.Response:
    """Send the form of a page, as a browser would."""
    token = parts_of(visitor.gets(path.rpartition("/end")[0] or path), "//main//input[@name='form']/@value")[:1]
    return visitor.posts(path, form=token[0] if token else _token(visitor), **fields)


def _token(visitor: Visitor) -> str:
    return parts_of(visitor.gets("/citizen"), "//input[@name='form']/@value")[0]


def the_goal(hub: Served) -> str:
    hub.sends(ANNA_CPR, GOAL, MEETING)
    found = hub.ask("anna", "GET", f"/plans/{hub.plan}").json()["elements"]
    return str(next(one["id"] for one in found if one["title"] == GOAL["title"]))


def asks(anna: Visitor, element: str, says: str = "ask", words: str = WORDS) -> httpx.Response:
    return anna.posts(f"/citizen/statements/{says}/{element}", form=_token(anna), words=words)


def grows_old(hub: Served, at: datetime | None = None) -> None:
    with hub.store.begin() as unit:
        unit.connection.execute(statements.update().values(due_at=(at or now()) - timedelta(seconds=1)))


def test_each_element_but_ones_own_has_three_ways_of_equal_weight(hub: Served, anna: Visitor) -> None:
    element = the_goal(hub)
    page = anna.gets("/citizen")
    card = f"//article[@id='e-{element}']//form[contains(@class, 'voice')]"
    assert parts_of(page, f"{card}//*[contains(@class, 'button')]/text()[1]") == [
        "Jeg er enig", "Jeg er ikke enig", "Jeg vil spørge",
    ]  # fmt: skip
    assert set(parts_of(page, f"{card}//*[contains(@class, 'button')]/@class")) == {"button button-tertiary"}
    assert not parts_of(page, "//script")
    assert len(parts_of(page, "//form[contains(@class, 'voice')]/@action")) == 2


@on_both
def test_a_question_is_seen_by_both_from_sent_to_answered(hub: Served, anna: Visitor, karen: Visitor) -> None:
    element = the_goal(hub)
    assert anna.gets(f"/citizen/statements/ask/{element}").status_code == 200
    sent = asks(anna, element)
    assert sent.status_code == 303
    assert sent.headers["location"].startswith("/citizen/statements#s-")
    page = words_of(anna.gets("/citizen/statements"))
    assert "Sendt" in page
    assert WORDS in page
    assert "Beskæftigelse har fået det og skal svare senest" in page
    assert "Sendt" in words_of(anna.gets("/citizen"), f"//article[@id='e-{element}']")
    (task,) = hub.ask("employment", "GET", "/statements").json()["statements"]
    hub.ask("employment", "POST", f"/statements/{task['statement']}/answer", {"answer": "Vi kan mødes klokken ti"})
    for page in (
        words_of(anna.gets("/citizen/statements")), words_of(karen.gets(f"/coordinator/plans/{hub.plan}/statements")),
    ):  # fmt: skip
        assert "Besvaret" in page
        assert "Vi kan mødes klokken ti" in page
        assert "Beskæftigelse svarede" in page


def test_one_press_agrees_and_nobody_has_to_answer(hub: Served, anna: Visitor) -> None:
    element = the_goal(hub)
    assert asks(anna, element, "agree", "").status_code == 303
    assert "Det skal ingen svare på." in words_of(anna.gets("/citizen/statements"))
    assert not hub.ask("employment", "GET", "/statements").json()["statements"]


def test_what_is_overdue_alarms_the_coordinator_today_and_on_the_plan(
    hub: Served, anna: Visitor, karen: Visitor
) -> None:
    asks(anna, the_goal(hub))
    alarm = f"Borgeren spørger om »{GOAL['title']}«. Beskæftigelse skulle have svaret senest"
    plan = f"/coordinator/plans/{hub.plan}"
    assert alarm not in words_of(karen.gets("/coordinator"))
    assert not parts_of(karen.gets(plan), "//*[@id='unanswered']")
    grows_old(hub)
    assert alarm in words_of(karen.gets("/coordinator"))
    assert alarm in words_of(karen.gets(plan), "//section[@aria-labelledby='unanswered']")
    assert "Svaret er forsinket" in words_of(karen.gets(f"{plan}/statements"))
    assert "Svaret er forsinket" in words_of(anna.gets("/citizen/statements"))


@pytest.mark.parametrize("words", ["", "?", "x" * 1_201])
def test_what_cannot_be_answered_is_not_saved_and_stays_typed(hub: Served, anna: Visitor, words: str) -> None:
    element = the_goal(hub)
    failed = asks(anna, element, "disagree", words)
    assert failed.status_code == 422
    assert UNSAVED in words_of(failed)
    assert parts_of(failed, "//textarea[@aria-invalid='true']/text()") == ([words] if words else [""])
    assert not hub.ask("anna", "GET", f"/plans/{hub.plan}/statements").json()["statements"]


def test_while_the_database_is_away_the_words_are_given_back_and_to_nobody_else(hub: Served, anna: Visitor) -> None:
    element, form = the_goal(hub), _token(anna)
    with hub.store.begin() as unit:  # as it is while somebody restores it: not even the session can be looked up
        unit.connection.execute(sa.text("ALTER TABLE sessions RENAME TO put_aside"))
    path = f"/citizen/statements/ask/{element}"
    failed = anna.posts(path, form=form, words=WORDS)
    assert (failed.status_code, failed.headers["retry-after"]) == (503, "5")
    assert parts_of(failed, "//h1/text()") == [UNSAVED]
    assert parts_of(failed, "//blockquote/text()") == [WORDS]
    assert form not in failed.text
    assert WORDS not in anna.posts(path, form=form, words=WORDS, site="cross-site").text
    assert anna.gets("/citizen/goals").status_code == 503, "a page that only shows has nothing to give back"


def test_said_twice_is_not_saved_and_stays_typed(hub: Served, anna: Visitor) -> None:
    element = the_goal(hub)
    asks(anna, element)
    failed = asks(anna, element, "disagree", "Og jeg er uenig")
    assert (failed.status_code, parts_of(failed, "//textarea/text()")) == (409, ["Og jeg er uenig"])
    assert UNSAVED in words_of(failed)


def test_of_what_is_gone_or_never_was_the_same_is_said_and_the_words_stay(hub: Served, anna: Visitor) -> None:
    element = the_goal(hub)
    form = _token(anna)
    hub.sends(ANNA_CPR, MEETING, version=2)
    gone, never = (
        anna.posts(f"/citizen/statements/ask/{one}", form=form, words="Er det væk?") for one in (element, new_id())
    )
    assert (gone.status_code, never.status_code) == (404, 404)
    assert parts_of(gone, "//textarea/text()") == parts_of(never, "//textarea/text()") == ["Er det væk?"]
    assert words_of(gone) == words_of(never)


def test_forms_of_another_page_and_of_another_person_change_nothing(hub: Served, anna: Visitor, karen: Visitor) -> None:
    element = the_goal(hub)
    path = f"/citizen/statements/ask/{element}"
    form = _token(anna)
    assert anna.posts(path, form="x", words=WORDS).status_code == 403
    assert anna.posts(path, form=form, words=WORDS, site="cross-site").status_code == 403
    assert karen.posts(path, form=form, words=WORDS).status_code == 403
    assert karen.gets("/citizen/goals").status_code == 403
    assert anna.gets(f"/coordinator/plans/{hub.plan}/goals").status_code == 403
    assert not hub.ask("anna", "GET", f"/plans/{hub.plan}/statements").json()["statements"]


@on_both
def test_the_citizen_writes_rewrites_and_ends_a_goal(hub: Served, anna: Visitor, karen: Visitor) -> None:
    typed = {"kind": "goal", "title": "Jeg vil <cykle> & gå", "text": "Hver dag\r\nogså om vinteren"}
    assert sends(anna, "/citizen/goals", **typed, until="2026-12-24").status_code == 303
    page = anna.gets("/citizen")
    assert "Jeg vil <cykle> & gå" in words_of(page, "//section[@aria-labelledby='goals']")
    assert "til 24. december 2026" in words_of(page) or "24. december 2026" in words_of(page)
    (one,) = parts_of(page, "//p[contains(@class, 'voice')]/a/@href")
    form = anna.gets(one)
    assert parts_of(form, "//input[@name='until']/@value") == ["2026-12-24"]
    assert parts_of(form, "//textarea/text()") == ["Hver dag\nogså om vinteren"]
    assert sends(anna, one, kind="goal", title="Jeg vil løbe", version="1").status_code == 303
    assert "Jeg vil løbe" in words_of(karen.gets(f"/coordinator/plans/{hub.plan}"))
    assert sends(anna, f"{one}/end", version="2", status="completed").status_code == 303
    assert "Afsluttet" in words_of(anna.gets("/citizen/goals"))
    assert sends(anna, f"{one}/end", version="3", status="completed").status_code == 409


def test_a_goal_that_does_not_fit_is_not_saved_and_stays_typed(hub: Served, anna: Visitor) -> None:
    for typed, faulty in (
        ({"kind": "goal", "title": "", "text": "Det her"}, "title"),
        ({"kind": "", "title": "Et mål", "text": "Det her"}, "kind"),
        ({"kind": "goal", "title": "Et mål", "text": "Det her", "until": "i morgen"}, "until"),
        ({"kind": "activity", "title": "Et mål", "text": "Det her"}, "kind"),
    ):
        failed = sends(anna, "/citizen/goals", **typed, sensitive="yes")
        assert failed.status_code == 422, typed
        assert UNSAVED in words_of(failed)
        assert parts_of(failed, "//textarea/text()") == ["Det her"]
        assert parts_of(failed, "//input[@name='title']/@value") == [typed["title"]]
        assert parts_of(failed, "//input[@name='sensitive']/@checked")
        assert parts_of(failed, "//*[contains(@class, 'form-error')]"), faulty
    assert not hub.ask("anna", "GET", f"/plans/{hub.plan}/goals").json()["goals"]


@on_both
def test_two_coordinators_change_one_goal_and_the_second_sees_both(
    hub: Served, karen: Visitor, provider: Sandbox
) -> None:
    goals = f"/coordinator/plans/{hub.plan}/goals"
    assert sends(karen, goals, kind="goal", title="Ro om eftermiddagen").status_code == 303
    (one,) = parts_of(karen.gets(goals), f"//a[starts-with(@href, '{goals}/')]/@href")
    with Visitor(hub.url) as other:
        signs_in_as(other, provider, "karen")
        assert sends(other, one, kind="goal", title="Ro hele dagen", version="1").status_code == 303
    failed = sends(karen, one, kind="goal", title="Ro om morgenen", version="1")
    assert failed.status_code == 409
    assert UNSAVED in words_of(failed)
    assert "Ro hele dagen" in words_of(failed, "//section[@aria-labelledby='now']")
    assert parts_of(failed, "//input[@name='title']/@value") == ["Ro om morgenen"]
    assert hub.ask("coordinator", "GET", f"/plans/{hub.plan}/goals").json()["goals"][0]["title"] == "Ro hele dagen"
    (version,) = parts_of(failed, "//form[contains(@class, 'own')]//input[@name='version']/@value")
    assert sends(karen, one, kind="goal", title="Ro altid", version=version).status_code == 303, "having seen both"


def test_a_step_serves_a_goal_and_the_citizen_asks_the_coordinator_who_answers(
    hub: Served, anna: Visitor, karen: Visitor
) -> None:
    above = the_goal(hub)
    goals = f"/coordinator/plans/{hub.plan}/goals"
    assert sends(karen, goals, kind="activity", title="Fælles møde om praktik", part_of=above).status_code == 303
    page = anna.gets("/citizen")
    step = "//div[@class='step-1']//article"
    assert "Fælles møde om praktik" in words_of(page, step)
    element = parts_of(page, f"{step}/@id")[0].removeprefix("e-")
    asks(anna, element)
    assert "Du skal svare senest" in words_of(karen.gets("/coordinator"))
    said = f"/coordinator/plans/{hub.plan}/statements"
    (path,) = parts_of(karen.gets(said), "//form/@action[contains(., '/answer')]")
    form = parts_of(karen.gets(said), "//main//input[@name='form']/@value")[0]
    short = karen.posts(path, form=form, answer="-")
    assert (short.status_code, parts_of(short, "//textarea/text()")) == (422, ["-"])
    assert karen.posts(path, form=form, answer="For at I slipper for to").status_code == 303
    late = karen.posts(path, form=form, answer="Og et svar til")
    assert late.status_code == 409
    assert "Og et svar til" in words_of(late)
    assert "For at I slipper for to" in words_of(anna.gets("/citizen/statements"))
    assert "Koordinationen svarede" in words_of(anna.gets("/citizen/statements"))


@on_both
def test_what_is_withheld_changes_no_byte_of_the_coordinators_pages(hub: Served, anna: Visitor, karen: Visitor) -> None:
    plan = f"/coordinator/plans/{hub.plan}"
    pages = ("/coordinator", plan, f"{plan}/statements", f"{plan}/goals")
    the_goal(hub)

    at = now()

    def seen() -> list[bytes]:
        with frozen(at):
            answers = [karen.gets(path) for path in pages]
        assert {answer.status_code for answer in answers} == {200}
        return [answer.content for answer in answers]

    before = seen()
    assert seen() == before, "else this shows nothing"
    hub.sends(ANNA_CPR, SECRET, case="secret")
    found = hub.ask("anna", "GET", f"/plans/{hub.plan}").json()["elements"]
    hidden = next(one["id"] for one in found if one["title"] == SECRET["title"])
    assert asks(anna, hidden).status_code == 303
    sensitive = {"kind": "goal", "title": "Noget meget følsomt", "sensitive": "yes"}
    assert sends(anna, "/citizen/goals", **sensitive).status_code == 303
    grows_old(hub, at)
    assert seen() == before
    assert "Noget meget følsomt" in words_of(anna.gets("/citizen"))


def test_nothing_of_another_citizen_is_there(hub: Served, anna: Visitor) -> None:
    _, opened = hub.opens_plan(name="Bo Test Bang")
    other = hub.ask(
        "coordinator", "POST", f"/plans/{opened['plan']}/goals", {"kind": "goal", "title": "Bos eget"}
    ).json()
    assert anna.gets(f"/citizen/goals/{other['id']}").status_code == 404
    assert anna.gets(f"/citizen/statements/ask/{other['id']}").status_code == 404
    assert asks(anna, other["id"]).status_code == 404
    with hub.store.begin(read_only=True) as unit:
        assert not unit.connection.execute(sa.select(statements)).all()


def test_both_languages_say_the_same(hub: Served, anna: Visitor, karen: Visitor) -> None:
    element = the_goal(hub)
    asks(anna, element)
    told: list[tuple[Visitor, str, str]] = [
        (anna, "/citizen/goals", "What I want"),
        (anna, "/citizen/statements", "What I have said"),
        (anna, f"/citizen/statements/disagree/{element}", "I do not agree"),
        (karen, f"/coordinator/plans/{hub.plan}/goals", "Joint goals"),
        (karen, f"/coordinator/plans/{hub.plan}/statements", "What the citizen says"),
    ]
    assert [parts_of(one.gets(f"{path}?lang=en"), "//h1/text()")[0] for one, path, _ in told] == [
        title for _, _, title in told
    ]
