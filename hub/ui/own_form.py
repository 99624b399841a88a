"""The form for what somebody writes into a plan: the citizen's own goals and words, and the coordinator's joint goals.

One form for both; ``Place`` says whose it is. A failed save keeps what was typed. Who has read an earlier version is
shown both, and saves again only after that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from fastapi import Request
from starlette.responses import RedirectResponse, Response

from hub.consent.view import Seen
from hub.errors import NotFound, Unavailable
from hub.flow import write_own
from hub.flow.show import Shown
from hub.flow.write_own import ENDS, KINDS, mine
from hub.identity.sessions import Session
from hub.plan.element import Element, Kind, Status
from hub.plan.own import is_own
from hub.ui.cards import Card, Cards
from hub.ui.desk import Desk
from hub.ui.problems import SEE_OTHER
from hub.ui.rendering import page
from hub.ui.typed import Typed, typed_in, typed_of, version_in
from hub.ui.unsaved import FAILURES, Unsaved, unsaved

#: What a joint goal or step may serve.
_ABOVE = (Kind.GOAL, Kind.SUB_GOAL, Kind.NEED)


@dataclass(frozen=True, slots=True)
class Place:
    """Whose form it is.

    :ivar who: ``citizen`` or ``coordinator``: which words the page has.
    :ivar home: the address of what they have written.
    :ivar back: the address of the page above.
    """

    who: str
    plan: UUID
    home: str
    back: str


@dataclass(frozen=True, slots=True)
class Mine:
    """Something the reader has written."""

    card: Card
    has_ended: bool


@dataclass(frozen=True, slots=True)
class OwnPage:
    """All that the template shows.

    :ivar above: what it may serve: ids and titles.
    :ivar editing: the id of what is changed; empty for something new.
    :ivar now: how that reads now, where it is not what the reader has read.
    """

    place: Place
    kinds: tuple[str, ...]
    typed: Typed
    mine: tuple[Mine, ...] = ()
    above: tuple[tuple[str, str], ...] = ()
    editing: str = ""
    version: int = 0
    now: Card | None = None
    unsaved: Unsaved | None = None


@dataclass(frozen=True, slots=True)
class OwnForm:
    """Answers one request about what its reader writes."""

    request: Request
    desk: Desk
    session: Session
    correlation_id: str
    place: Place

    def read(self, wanted: UUID | None = None) -> Response:
        """Show what the reader has written and a form for more, or for one of them."""
        shown = self._shown()
        seen = _own(shown, wanted) if wanted else None
        return self._page(shown, typed_of(seen.element) if seen else Typed(), seen, None)

    def add(self, form: Mapping[str, str]) -> Response:
        """Save something new."""
        typed, caller = typed_in(form), self.session.caller
        try:
            write_own.add(
                self.place.plan, typed.words(), caller.reader, self.desk.store, actor=caller.client,
                correlation_id=self.correlation_id,
            )  # fmt: skip
        except FAILURES as error:
            return self._not_saved(unsaved(error, self.correlation_id), typed, None)
        return RedirectResponse(self.place.home, SEE_OTHER)

    def change(self, wanted: UUID, form: Mapping[str, str]) -> Response:
        """Save another version of something."""
        typed, caller = typed_in(form), self.session.caller
        try:
            write_own.change(
                self.place.plan, wanted, version_in(form), typed.words(), caller.reader, self.desk.store,
                actor=caller.client, correlation_id=self.correlation_id,
            )  # fmt: skip
        except FAILURES as error:
            return self._not_saved(unsaved(error, self.correlation_id), typed, wanted)
        return RedirectResponse(self.place.home, SEE_OTHER)

    def end(self, wanted: UUID, form: Mapping[str, str]) -> Response:
        """Say that something is reached, or given up."""
        caller, said = self.session.caller, form.get("status", "")
        status = Status(said) if said in ENDS else Status.UNKNOWN
        try:
            write_own.end(
                self.place.plan, wanted, version_in(form), status, caller.reader, self.desk.store,
                actor=caller.client, correlation_id=self.correlation_id,
            )  # fmt: skip
        except FAILURES as error:
            return self._not_saved(unsaved(error, self.correlation_id), None, wanted)
        return RedirectResponse(self.place.home, SEE_OTHER)

    def _not_saved(self, why: Unsaved, typed: Typed | None, wanted: UUID | None) -> Response:
        """Show the form again, with what was typed and why it was not saved; even where nothing else can be read."""
        try:
            shown = self._shown()
            seen = _own(shown, wanted) if wanted else None
        except (NotFound, Unavailable):
            return self._answer(OwnPage(self.place, (), typed or Typed(), unsaved=why))
        return self._page(shown, typed or (typed_of(seen.element) if seen else Typed()), seen, why)

    def _page(self, shown: Shown, typed: Typed, seen: Seen | None, why: Unsaved | None) -> Response:
        cards = Cards(shown.view, shown.at, self.session.caller.reader.language)
        is_stale = why is not None and why.reason == "unsaved.changed"
        kinds = (seen.element.kind,) if seen else tuple(KINDS[shown.view.reader.role])
        return self._answer(
            OwnPage(
                place=self.place,
                kinds=kinds,
                typed=typed,
                mine=() if seen else _mine(shown, cards),
                above=_above(shown, seen) if self.place.who == "coordinator" else (),
                editing=str(seen.element.id) if seen else "",
                version=seen.element.order.version if seen else 0,
                now=cards.card(seen) if seen and is_stale else None,
                unsaved=why,
            )
        )

    def _answer(self, own: OwnPage) -> Response:
        status = own.unsaved.status if own.unsaved else 200
        return page(self.request, "own", status, session=self.session, own=own, correlation_id=self.correlation_id)

    def _shown(self) -> Shown:
        caller = self.session.caller
        return write_own.own_of(
            self.place.plan, caller.reader, self.desk.store, actor=caller.client, correlation_id=self.correlation_id
        )


def _own(shown: Shown, wanted: UUID) -> Seen:
    found = next((one for one in mine(shown) if one.element.id == wanted), None)
    if found is None:
        raise NotFound("There is nothing with this id in the plan that you have written.")
    return found


def _mine(shown: Shown, cards: Cards) -> tuple[Mine, ...]:
    return tuple(Mine(cards.card(one), one.element.status in ENDS) for one in reversed(mine(shown)))


def _above(shown: Shown, seen: Seen | None) -> tuple[tuple[str, str], ...]:
    """Return what may stand above, joint goals first."""
    found = [
        one.element
        for one in shown.view.seen
        if one.element.kind in _ABOVE and one.element.status not in ENDS and one is not seen and one.element.title
    ]
    return tuple((str(one.id), one.title) for one in _joint_first(found))


def _joint_first(found: Sequence[Element]) -> Sequence[Element]:
    return sorted(found, key=lambda one: (not is_own(one), one.title, one.id))
