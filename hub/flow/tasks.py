"""What is asked of an authority: who may change what of it, and whether its owner may know of it at all."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from hub.authority import Authorities
from hub.consent.reader import Reader
from hub.errors import NotAllowed, RuleBroken
from hub.flow.deliver import lawful_now, reader_of
from hub.flow.write_own import author_of
from hub.plan.element import Element
from hub.plan.own import OwnWords
from hub.plan.person import Role
from hub.plan.task import UNANSWERED, Asked, Party, TaskState, asked_of, check_move
from hub.store.transaction import Unit

_OF_AUTHORITY = (Role.AUTHORITY_SYSTEM, Role.CASEWORKER)
_ENDED = frozenset({TaskState.REJECTED, TaskState.COMPLETED, TaskState.FAILED, TaskState.CANCELLED})


def parties(element: Element, asked: Asked, reader: Reader) -> frozenset[Party]:
    """Return as which parties of a Task the reader may speak."""
    found = {Party.REQUESTER} if element.authority == author_of(reader) else set()
    if reader.role in _OF_AUTHORITY and reader.organisation == asked.owner:
        found.add(Party.OWNER)
    return frozenset(found)


def check_asking(asked: Asked, reader: Reader) -> None:
    """Check a new Task. :raises RuleBroken: it stands elsewhere than at its beginning, or is asked of who asks."""
    if asked.state is not TaskState.REQUESTED:
        raise RuleBroken("A Task begins as requested.", "Send it so; its owner moves it on.")
    if asked.owner == reader.organisation:
        raise RuleBroken("A Task is asked of another authority.", "Name another owner.")
    if asked.reason or asked.output:
        raise RuleBroken("A Task that is only asked for has no statusReason and no output.", "Leave them out.")


def check_answer(was: Element, said: OwnWords, becomes: Element, reader: Reader) -> bool:
    """Check the next version of a Task; tell whether it asks for something in other words.

    :param was: as its reader sees it. :param said: what the reader sends.
    :raises NotAllowed: the reader is no party of it.
    :raises RuleBroken: the party may not move it so, or change that of it.
    """
    before, after = asked_of(was), asked_of(becomes)
    if before is None or after is None or not (by := parties(was, before, reader)):
        raise NotAllowed("Only its owner and its requester change a Task.", "Ask one of the two.")
    check_move(before.state, after.state, by)
    if before.owner != after.owner:
        raise RuleBroken("A Task stays with its owner.", "Cancel this one, and write a new one.")
    is_reworded = _words(was) != (said.title, said.text, said.codes, said.valid, said.part_of, said.label)
    if is_reworded:
        if Party.REQUESTER not in by:
            raise RuleBroken("Only its requester says in other words what is asked.", "Send status, reason and output.")
        if before.state not in UNANSWERED:
            raise RuleBroken("It has been answered, so what is asked stands.", "Cancel it, and write a new one.")
    if before.output != after.output and Party.OWNER not in by:
        raise RuleBroken("What came of it is its owner's to say.", "Leave output as you read it.")
    if before.reason != after.reason and Party.OWNER not in by and before.state is after.state:
        raise RuleBroken("Why it stands so is said by who moved it.", "Leave statusReason as you read it.")
    if before.state in _ENDED and before != after:
        raise RuleBroken("It has ended.", "Write a new Task.")
    return is_reworded and after.state in UNANSWERED


def check_owner_may_know(
    unit: Unit, plan: UUID, element: UUID, owner: str, authorities: Authorities, at: datetime
) -> None:
    """Check that a Task reaches its owner: the owner belongs to the plan, and consent or law lets it have the Task.

    The answer is one, whatever stands in the way; and nothing of it depends on what else is in the plan.

    :raises RuleBroken: it does not.
    """
    stored = unit.plans.get(plan, for_delivery=True)
    belongs = any(one.member == owner for one in unit.memberships.of_plan(plan, at))
    if stored is not None and belongs:
        person = unit.people.get(stored.plan.person)
        policy = unit.policies.in_force(for_delivery=True)
        view, _ = lawful_now(unit, stored, person, reader_of(owner, authorities), policy, at)
        if view.element(element) is not None:
            return
    raise RuleBroken(
        "This owner may not know of the Task: no consent of the citizen, and no law, lets it.",
        "Ask the citizen for consent first (POST /plans/{plan}/consent-requests), then send the Task again.",
    )


def _words(seen: Element) -> tuple[object, ...]:
    return (seen.title, seen.text, seen.codes, seen.valid, seen.part_of, seen.label)
