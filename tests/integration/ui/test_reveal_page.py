"""A dead letter's content is its coordinator's alone: for a reason, one look at a time, and the citizen sees that."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from hub.clock import now
from hub.store.tables import outbox
from hub.testing.clock import frozen
from tests.integration.api.served import ANNA_CPR, Served, served
from tests.integration.ui.visitor import Visitor, parts_of, words_of

pytestmark = pytest.mark.integration
TITLE = "Et mål om en kanariefugl"
WHY = "Modtageren spørger, hvad den skal have"
WIRES = {"children": {"url": "http://127.0.0.1:9", "token": "never-called"}}


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Served]:
    """A hub of its own, whose children's system is delivered to."""
    with served(f"sqlite:///{tmp_path / 'hub.db'}", wires=WIRES) as running:
        yield running


@pytest.fixture
def letter(alone: Served) -> UUID:
    """A delivery of Anna's goal to children that is a dead letter."""
    sharing = {
        "kind": "sharing", "plan": str(alone.plan), "sources": ["employment"], "categories": ["goals"],
        "recipients": ["children", "coordination"],
    }  # fmt: skip
    assert alone.ask("coordinator", "POST", "/consents", sharing).status_code == 201
    alone.sends(ANNA_CPR, {"id": "g", "title": TITLE})
    with alone.store.begin() as unit:
        query = outbox.select().where(outbox.c.plan_id == alone.plan, outbox.c.recipient == "children")
        row = UUID(str(unit.connection.execute(query).one().id))
        lease = unit.outbox.lease(row, now(), 60)
        assert lease
        unit.outbox.bury(lease, "recipient-refused", "It said no.", now())
    return row


class Door:
    """Where people come in."""

    def __init__(self, hub: Served, stack: ExitStack) -> None:
        self._hub, self._stack = hub, stack

    def signs_in(self, name: str) -> tuple[Visitor, str]:
        """Return somebody who has signed in, and what the forms of their session carry."""
        visitor = self._stack.enter_context(Visitor(self._hub.url))
        home = visitor.signs_in(self._hub.tokens[name]).headers["location"]
        return visitor, parts_of(visitor.gets(home), "//form[@action='/sign-out']/input[@name='form']/@value")[0]


@pytest.fixture
def door(alone: Served) -> Iterator[Door]:
    """Whoever comes in leaves at the end."""
    with ExitStack() as stack:
        yield Door(alone, stack)


def test_a_coordinator_sees_it_for_a_reason_and_the_citizen_sees_that(alone: Served, letter: UUID, door: Door) -> None:
    karen, form = door.signs_in("coordinator")
    path = f"/coordinator/dead-letters/{letter}"
    asked = karen.gets(path)
    assert "borgeren kan se" in words_of(asked)
    assert TITLE not in asked.text
    shown = karen.posts(path, form=form, reason=WHY)
    assert (shown.status_code, TITLE in shown.text) == (200, True)
    assert shown.headers["cache-control"] == "no-store"
    assert "Hvad Børn og familie ville få at vide" in words_of(shown)
    (deed,) = alone.audited("dead-letter-revealed")
    assert (deed["actor"], deed["details"]["delivery"], WHY in str(deed)) == ("coordinator", str(letter), False)
    ledger = alone.ask("anna", "GET", f"/plans/{alone.plan}/disclosures").json()["disclosures"]
    (told,) = [one for one in ledger if one["what"] == "revealed"]
    assert (told["organisations"], told["categories"]) == (["coordination"], ["goals"])


def test_a_reason_is_good_for_one_look_though_a_button_may_be_pressed_twice(
    alone: Served, letter: UUID, door: Door
) -> None:
    path = f"/coordinator/dead-letters/{letter}"
    with frozen(now()) as clock:
        karen, form = door.signs_in("coordinator")
        assert [karen.posts(path, form=form, reason=WHY).status_code for _ in range(2)] == [200, 200]
        clock.advance(timedelta(minutes=1))
        again = karen.posts(path, form=form, reason=f"  {WHY.upper()} ")
        assert (again.status_code, TITLE in again.text) == (409, False)
        assert "Skriv, hvorfor du skal se det igen." in words_of(again)
        assert (
            alone.ask(
                "coordinator", "POST", f"/ops{path.removeprefix('/coordinator')}/reveal", {"reason": WHY}
            ).status_code
            == 409
        )
        other = karen.posts(path, form=form, reason="De har rettet adressen og spørger igen")
        assert (other.status_code, TITLE in other.text) == (200, True)
    assert len(alone.audited("dead-letter-revealed")) == 3


def test_without_a_reason_or_the_right_nothing_is_shown(alone: Served, letter: UUID, door: Door) -> None:
    path = f"/coordinator/dead-letters/{letter}"
    karen, form = door.signs_in("coordinator")
    for reason, status in (("fordi", 422), ("aaaaaaaaaaaa", 422), (f"{WHY} {'x' * 500}", 422)):
        refused = karen.posts(path, form=form, reason=reason)
        assert (refused.status_code, TITLE in refused.text) == (status, False)
        assert "Intet er vist." in words_of(refused)
    assert karen.posts(path, form="another's", reason=WHY).status_code == 403
    other, others = door.signs_in("another-coordinator")
    missing = other.posts(path, form=others, reason=WHY)
    nothing = other.posts(f"/coordinator/dead-letters/{UUID(int=7)}", form=others, reason=WHY)
    assert (missing.status_code, nothing.status_code, TITLE in missing.text) == (404, 404, False)
    assert words_of(missing).replace(str(letter), "") == words_of(nothing).replace(str(UUID(int=7)), "")
    assert not alone.audited("dead-letter-revealed")
    assert [deed["actor"] for deed in alone.audited("refused")][-2:] == ["another-coordinator"] * 2


def test_whoever_runs_the_hub_is_refused_and_told_whom_to_ask(alone: Served, letter: UUID, door: Door) -> None:
    path = f"/coordinator/dead-letters/{letter}"
    for name in ("operator", "administrator", "auditor", "security"):
        somebody, form = door.signs_in(name)
        assert somebody.gets(path).status_code == 403, name
        refused = somebody.posts(path, form=form, reason=WHY)
        assert (refused.status_code, TITLE in refused.text) == (403, False), name
    olav, _ = door.signs_in("operator")
    page = olav.gets(f"/operations/dead-letters/{letter}")
    assert f"{alone.url}{path}" in words_of(page)
    assert TITLE not in page.text
