"""Several things are written into plans at once, all of them or none: what comes by FHIR comes here, one thing too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from hub.authority import Authorities
from hub.consent.reader import Reader
from hub.errors import Fault, Refused
from hub.flow.reading import write_down
from hub.flow.refusal import refusals_written
from hub.flow.show import Shown, look
from hub.flow.wishes import Became, Wish
from hub.flow.writer import Place, Writer
from hub.store.transaction import Store


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a wish, and the plan as its writer sees it once all is written."""

    became: Became
    element: UUID
    shown: Shown


def write_many(
    wishes: Sequence[Wish], reader: Reader, store: Store, authorities: Authorities, *, actor: str, correlation_id: str
) -> Sequence[Written]:
    """Write all of several things, in one transaction, and show each as its writer sees it then.

    :raises NotFound: there is no such plan or thing that the reader may know of.
    :raises NotAllowed: the reader sees it, and it is another's to change.
    :raises RuleBroken: a rule of the plan forbids it.
    :raises SeveralMatch: a condition fits several.
    """
    asked = next((one for wish in wishes for one in (wish.element, wish.whose) if isinstance(one, UUID)), None)
    with refusals_written(store, actor, correlation_id, asked=asked), store.begin() as unit:
        writer, plans = Writer(unit, reader, authorities, actor, correlation_id), []
        for wish in wishes:
            with _told_where(wish):
                plans.append(writer.plan_of(wish))
        unit.plans.lock(set(plans))
        places = []
        for wish, plan in zip(wishes, plans, strict=True):
            with _told_where(wish):
                places.append(writer.place(wish, plan))
        became = []
        for wish, place in zip(wishes, places, strict=True):
            with _told_where(wish):
                became.append(writer.writes(wish, place, _named(wishes, places, place.plan)))
        shown = {plan: look(unit, plan, reader, actor) for plan in set(plans)}
        done = [Written(how, one.element, shown[one.plan]) for how, one in zip(became, places, strict=True)]
        for one in done:
            seen = one.shown.view.element(one.element)
            if seen is not None and one.became is Became.AS_IT_WAS:
                write_down(unit, "read", one.shown.view, (seen,), one.shown.at, actor, correlation_id)
        return done


def _named(wishes: Sequence[Wish], places: Sequence[Place], plan: UUID) -> Mapping[str, UUID]:
    """Return what a request writes into a plan, by its names: nothing refers to what is in another."""
    both = zip(wishes, places, strict=True)
    return {wish.name: place.element for wish, place in both if wish.name and place.plan == plan}


@contextmanager
def _told_where(wish: Wish) -> Iterator[None]:
    """Let a refusal name which of several things it is about."""
    try:
        yield
    except Refused as error:
        error.faults = error.faults or (Fault(wish.path, error.sentence, error.next_step),)
        raise
