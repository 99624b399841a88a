"""How one element of a plan has read over time, under today's decision.

Who may not see the element now sees no version of it. Of an earlier version it is decided anew, by its own category and
label and by the policy and consents of today; what is left out of the element today is left out of every version. Two
versions that then look the same are one, and where a part is left out no time is told: so neither a version that is
withheld nor a change of a withheld part leaves a gap, a repeat or a time behind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from hub.consent.reader import Reader
from hub.consent.view import Seen, left_out, view_for
from hub.errors import NotFound
from hub.flow.circumstances import consents_of
from hub.flow.hold import as_told
from hub.flow.reading import write_down
from hub.flow.refusal import refusals_written
from hub.flow.show import Shown, look
from hub.plan.canonical import own_content
from hub.plan.element import Element, Kind
from hub.store.element_versions import element_versions
from hub.store.plans import StoredPlan
from hub.store.transaction import Store, Unit

_NO_ELEMENT = "There is no element with this id that you may see."


@dataclass(frozen=True, slots=True)
class History:
    """One element and its versions.

    :ivar shown: the plan as its reader sees it.
    :ivar versions: the newest first; the first is how it reads now.
    """

    shown: Shown
    versions: Sequence[Seen]

    @property
    def at(self) -> datetime:
        """Return when it was looked at."""
        return self.shown.at


def show_history(
    plan: UUID,
    element: UUID,
    reader: Reader,
    store: Store,
    is_wanted: Callable[[Element], bool] = lambda _: True,
    *,
    actor: str,
    correlation_id: str,
) -> History:
    """Show the versions of an element.

    :param is_wanted: tells whether the element, as the reader sees it now, is what was asked for.
    :raises NotFound: it is withheld, or not there, or something else.
    """
    with refusals_written(store, actor, correlation_id, asked=element), store.begin() as unit:
        shown = look(unit, plan, reader, actor)
        seen, stored = shown.view.element(element), unit.plans.get(plan, for_delivery=True)
        if seen is None or stored is None or not is_wanted(seen.element):
            raise NotFound(_NO_ELEMENT)
        write_down(unit, "read", shown.view, (seen,), shown.at, actor, correlation_id)
        earlier = element_versions(unit.connection, stored, element)
        versions = [*_as_today(unit, stored, earlier, seen, shown), seen]
        return History(shown, list(reversed(_without_repeats(versions))))


def _as_today(
    unit: Unit, stored: StoredPlan, earlier: Sequence[Element], now_seen: Seen, shown: Shown
) -> Iterator[Seen]:
    """Yield the versions before the newest that may be seen by today's policy and consents."""
    policy, whole = unit.policies.in_force(), as_told(stored.plan, shown.view.reader)
    named = frozenset(person for version in earlier for person in version.concerns)
    everybody = replace(now_seen.element, concerns=named)  # whoever any version names has a say in that version
    concerned = replace(whole, elements={**whole.elements, everybody.id: everybody})
    consents = consents_of(unit, concerned, policy, shown.at)
    # What its case is about may decide, where its reader's work is limited by subjects.
    cases = {one.id: one for one in whole.elements.values() if one.kind is Kind.CASE}
    for version in earlier[:-1]:
        then = replace(whole, elements={**cases, version.id: version})
        seen = view_for(then, shown.view.reader, policy, consents, shown.at).element(version.id)
        if seen is not None:
            hidden = seen.decision.hidden | now_seen.decision.hidden
            is_linked = version.part_of is not None and shown.view.element(version.part_of) is not None
            told = replace(left_out(seen.element, hidden), part_of=version.part_of if is_linked else None)
            yield Seen(told, replace(seen.decision, hidden=hidden))


def _without_repeats(versions: Sequence[Seen]) -> list[Seen]:
    """Return the versions with each run of those that look the same told once, by its newest."""
    told: list[Seen] = []
    for seen in versions:
        if told and _looks(told[-1]) == _looks(seen):
            told.pop()
        told.append(seen)
    return told


def _looks(seen: Seen) -> bytes:
    """Return what a reader is shown of a version; its category and label are not, and links are not its own."""
    return own_content(replace(seen.element, category=None, label=None))
