"""Somebody writes into a plan at the hub itself: the citizen's own goals and words, and the coordinator's joint goals.

What is written by FHIR, by these and by authorities, is written by ``hub.flow.write_many``, which rests on this.

What is written is an element as any other, so the consent layer decides who sees it and the bus brings it to them.
Whoever wrote it changes and ends it, and names the version that they have read: nobody overwrites what they have not
seen (docs/adr/0046).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from hub.clock import new_id
from hub.consent.reader import Reader
from hub.consent.view import Seen
from hub.errors import Conflict, Fault, InvalidRequest, NotFound
from hub.flow.answering import opened
from hub.flow.reading import asked_by, write_down
from hub.flow.reasons import worded
from hub.flow.refusal import refusals_written
from hub.flow.show import Shown, look
from hub.plan.element import Element, Kind, Status
from hub.plan.own import CITIZEN, OwnWords, ended, is_own, reworded, with_own, written
from hub.plan.person import Role
from hub.plan.task import asked_of
from hub.store.plans import StoredPlan
from hub.store.transaction import Store, Unit

_OF_AUTHORITY = (Kind.GOAL, Kind.ACTIVITY, Kind.APPOINTMENT)
#: What each may write.
KINDS: Mapping[Role, Sequence[Kind]] = {
    Role.CITIZEN: (Kind.GOAL, Kind.STATEMENT),
    Role.COORDINATOR: (Kind.GOAL, Kind.ACTIVITY),
    Role.AUTHORITY_SYSTEM: _OF_AUTHORITY,
    Role.CASEWORKER: _OF_AUTHORITY,
}
#: How something may end.
ENDS = (Status.COMPLETED, Status.CANCELLED)
_TITLE_LETTERS, _MOST_TITLE = 2, 200
_NONE = "There is nothing with this id in the plan that you have written."
_UNSEEN = "You could not see yourself what you write."


def own_of(plan: UUID, reader: Reader, store: Store, *, actor: str, correlation_id: str) -> Shown:
    """Show the citizen, or the coordinator, a plan to write into; ``mine`` says what of it is theirs.

    :raises NotFound: there is no plan into which the reader may write.
    """
    with refusals_written(store, actor, correlation_id, asked=plan), store.begin() as unit:
        opened(unit, plan, reader)
        shown = look(unit, plan, reader, actor)
        write_down(unit, "read", shown.view, shown.view.seen, shown.at, actor, correlation_id)
        return shown


def mine(shown: Shown) -> Sequence[Seen]:
    """Return what the reader has written of what is shown, the newest last."""
    own = [one for one in shown.view.seen if _is_theirs(one.element, shown.view.reader)]
    return sorted(own, key=lambda one: (one.element.valid.start or shown.at, one.element.id))


def add(plan: UUID, words: OwnWords, reader: Reader, store: Store, *, actor: str, correlation_id: str) -> Seen:
    """Write something into a plan; every recipient that may see it is brought up to date.

    :raises NotFound: there is no plan into which the reader may write.
    :raises InvalidRequest: it says too little, or serves nothing that the reader sees.
    :raises Conflict: the reader could not see it, such as without a consent to one plan.
    """
    with refusals_written(store, actor, correlation_id, asked=plan), store.begin() as unit:
        unit.plans.lock([plan])
        stored, at = opened(unit, plan, reader)
        said = _checked(unit, stored, words, reader, actor)
        element = written(plan, author_of(reader), new_id(), said, at)
        return saved(unit, stored, element, reader, actor, at, correlation_id)


def change(
    plan: UUID, wanted: UUID, version: int, words: OwnWords, reader: Reader, store: Store, *, actor: str,
    correlation_id: str,
) -> Seen:  # fmt: skip
    """Say in other words what the reader has written.

    :param version: that the reader has read.
    :raises NotFound: the reader has written nothing of this id.
    :raises InvalidRequest: see ``add``; and its kind stays.
    :raises Conflict: it is another version by now, or it has ended.
    """

    def into(unit: Unit, stored: StoredPlan, was: Element, at: datetime) -> Element:
        said = _checked(unit, stored, words, reader, actor, was)
        return reworded(was, said, at, new_id())

    return _next(plan, wanted, version, into, reader, store, actor, correlation_id)


def end(
    plan: UUID, wanted: UUID, version: int, status: Status, reader: Reader, store: Store, *, actor: str,
    correlation_id: str,
) -> Seen:  # fmt: skip
    """Say that what the reader has written is reached, or given up. It stays in the plan. Errors: see ``change``."""
    if status not in ENDS:
        fault = Fault("status", "It does not end so.", f"Use one of {', '.join(ENDS)}.")
        raise InvalidRequest("The request has faults.", faults=[fault])

    def into(unit: Unit, stored: StoredPlan, was: Element, at: datetime) -> Element:
        return ended(was, status, at, new_id())

    return _next(plan, wanted, version, into, reader, store, actor, correlation_id)


def _next(
    plan: UUID, wanted: UUID, version: int, into: Callable[[Unit, StoredPlan, Element, datetime], Element],
    reader: Reader, store: Store, actor: str, correlation_id: str,
) -> Seen:  # fmt: skip
    with refusals_written(store, actor, correlation_id, asked=wanted), store.begin() as unit:
        unit.plans.lock([plan])
        stored, at = opened(unit, plan, reader)
        was = stored.plan.elements.get(wanted)
        is_seen = look(unit, plan, reader, actor).view.element(wanted) is not None
        if was is None or not is_seen or not _is_theirs(was, reader):
            raise NotFound(_NONE)
        if was.order.version != version:
            raise Conflict("This has been changed since you read it.", "Read it again, and put the two together.")
        if was.status in ENDS:
            raise Conflict("This has ended.", "Write a new one.")
        return saved(unit, stored, into(unit, stored, was, at), reader, actor, at, correlation_id)


def saved(
    unit: Unit, stored: StoredPlan, element: Element, reader: Reader, actor: str, at: datetime, correlation_id: str
) -> Seen:
    """Remember a new version, make its recipients due, and return it as its author sees it."""
    plan = stored.plan.id
    unit.plans.save(stored, with_own(stored.plan, element), at)
    unit.outbox.mark_due([plan], at, correlation_id)
    about = {"element": element.id, "version": element.order.version, "status": element.status, **asked_by(reader)}
    unit.audit.record("own-written", actor, at, correlation_id, plan, **about)
    seen = look(unit, plan, reader, actor).view.element(element.id)
    if seen is None:  # nothing of it is kept
        raise Conflict(_UNSEEN, "Ask the citizen for consent first, or leave out what is sensitive.")
    return seen


def _checked(
    unit: Unit, stored: StoredPlan, words: OwnWords, reader: Reader, actor: str, was: Element | None = None
) -> OwnWords:
    kinds = (was.kind,) if was else KINDS[reader.role]
    faults = []
    if words.kind not in kinds:
        faults.append(Fault("kind", "It cannot be of this kind.", f"Use one of {', '.join(kinds)}."))
    above = words.part_of
    is_unseen = above is not None and look(unit, stored.plan.id, reader, actor).view.element(above) is None
    if is_unseen or (was is not None and above == was.id):
        faults.append(Fault("part_of", "There is nothing of this id that it could serve.", "Leave it out."))
    if faults:
        raise InvalidRequest("The request has faults.", faults=faults)
    title = worded("title", " ".join(words.title.split()), _TITLE_LETTERS, _MOST_TITLE)
    return replace(words, title=title, text=worded("text", words.text, 0))


def _is_theirs(element: Element, reader: Reader) -> bool:
    """Tell whether the reader has written it; what is asked of an authority has other rules (``hub.flow.tasks``)."""
    return is_own(element) and element.authority == author_of(reader) and asked_of(element) is None


def author_of(reader: Reader) -> str:
    """Return as whom a reader is an author."""
    return CITIZEN if reader.role is Role.CITIZEN else reader.organisation
