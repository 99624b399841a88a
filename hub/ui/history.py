"""The page of one element's history: how it has read over time, the newest first, with what each version changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from hub.flow.history import History, show_history
from hub.ui.cards import Card, Cards
from hub.ui.desk import ACoordinator, CorrelationId, TheDesk
from hub.ui.problems import PageRoute
from hub.ui.rendering import page
from hub.ui.times import moment
from hub.ui.words import word

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Version:
    """One version.

    :ivar received: when the hub took it in, in words; empty where that may not be told.
    :ivar changed: names of what reads otherwise than in the version before it, as it may be seen.
    """

    card: Card
    received: str
    changed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """All that the template shows. :ivar versions: the newest first."""

    plan: str
    at: str
    versions: tuple[Version, ...]


@router.get("/coordinator/plans/{plan}/elements/{element}/history")
def read_history(
    plan: UUID, element: UUID, request: Request, desk: TheDesk, session: ACoordinator, correlation_id: CorrelationId
) -> Response:
    """Show the versions of an element that the coordinator may see today."""
    caller = session.caller
    found = show_history(plan, element, caller.reader, desk.store, actor=caller.client, correlation_id=correlation_id)
    return page(request, "history", session=session, history=history_page(found, caller.reader.language))


def history_page(found: History, language: str) -> HistoryPage:
    """Return the page in ``da`` or ``en``."""
    cards = Cards(found.shown.view, found.at, language)
    made = [cards.card(seen) for seen in found.versions]
    changes = [tuple(_changed(new, old, language)) for new, old in pairwise(made)]
    times = [moment(seen.registered_at, language) if seen.registered_at else "" for seen in found.versions]
    versions = (Version(*one) for one in zip(made, times, [*changes, ()], strict=True))
    at = word("plan.at", language, when=moment(found.at, language))
    return HistoryPage(str(found.shown.view.plan), at, tuple(versions))


def _changed(new: Card, old: Card, language: str) -> Iterator[str]:
    parts = ("title", "text", "when", "status", "kind")
    for part in parts:
        if getattr(new, part) != getattr(old, part):
            yield word(f"changed.{part}", language)
    yield from sorted({name for name, _ in set(new.facts) ^ set(old.facts)})
