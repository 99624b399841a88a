"""What is asked of an authority by another, or by who coordinates: where it stands, and who may move it on.

A Task is an activity that was written at the hub, with the name of an authority that is to do it: its owner. Whoever
wrote it is its requester. The states are those of a FHIR R4 Task (http://hl7.org/fhir/R4/valueset-task-status.html),
without ``draft``, ``ready`` and ``entered-in-error``, which nobody here could mean. The moves are one union of two
sources (docs/adr/0053): the chain that the hub was asked for, and the tables of Gravity SDOH and of Shared Care
Planning, which let an owner answer at once, let either side stop and go on, and let either side cancel until the end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from hub.errors import RuleBroken
from hub.plan.element import Detail, Element, Status
from hub.plan.own import is_own


class TaskState(StrEnum):
    """Where a Task stands."""

    REQUESTED = "requested"  # it is asked for, and may have been sent
    RECEIVED = "received"  # its owner's system has it
    ACCEPTED = "accepted"  # its owner will do it
    REJECTED = "rejected"  # its owner will not
    IN_PROGRESS = "in-progress"  # its owner does it
    ON_HOLD = "on-hold"  # it waits
    COMPLETED = "completed"  # it is done
    FAILED = "failed"  # it could not be done
    CANCELLED = "cancelled"  # it is wanted no more


class Party(StrEnum):
    """Who a Task is between."""

    OWNER = "owner"
    REQUESTER = "requester"


_REQUESTED, _RECEIVED, _ACCEPTED = TaskState.REQUESTED, TaskState.RECEIVED, TaskState.ACCEPTED
_GOES_ON, _WAITS = TaskState.IN_PROGRESS, TaskState.ON_HOLD
_OWNER, _EITHER = frozenset({Party.OWNER}), frozenset(Party)

#: From where to where → who may say so. What is not here nobody may.
MOVES: Mapping[tuple[TaskState, TaskState], frozenset[Party]] = {
    (_REQUESTED, _RECEIVED): _OWNER,
    (_REQUESTED, _ACCEPTED): _OWNER,
    (_REQUESTED, TaskState.REJECTED): _OWNER,
    (_RECEIVED, _ACCEPTED): _OWNER,
    (_RECEIVED, TaskState.REJECTED): _OWNER,
    (_ACCEPTED, _GOES_ON): _OWNER,
    (_ACCEPTED, TaskState.REJECTED): _OWNER,
    (_GOES_ON, TaskState.COMPLETED): _OWNER,
    (_GOES_ON, TaskState.FAILED): _OWNER,
    (_WAITS, TaskState.COMPLETED): _OWNER,
    (_WAITS, TaskState.FAILED): _OWNER,
    (_GOES_ON, _WAITS): _EITHER,
    (_WAITS, _GOES_ON): _EITHER,
    **{(state, TaskState.CANCELLED): _EITHER for state in (_REQUESTED, _RECEIVED, _ACCEPTED, _GOES_ON, _WAITS)},
}
#: As long as it stands so, its requester may say in other words what is asked.
UNANSWERED = frozenset({_REQUESTED, _RECEIVED})

#: Where it stands in the words of any element, for whoever looks at a plan.
STATUS_OF: Mapping[TaskState, Status] = {
    _REQUESTED: Status.PROPOSED,
    _RECEIVED: Status.PROPOSED,
    _ACCEPTED: Status.PLANNED,
    _GOES_ON: Status.ACTIVE,
    _WAITS: Status.ON_HOLD,
    TaskState.COMPLETED: Status.COMPLETED,
    TaskState.REJECTED: Status.CANCELLED,
    TaskState.FAILED: Status.CANCELLED,
    TaskState.CANCELLED: Status.CANCELLED,
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a Task says besides its words.

    :ivar owner: the authority that is to do it.
    :ivar reason: why it stands where it does.
    :ivar output: what came of it.
    """

    owner: str
    state: TaskState
    reason: str = field(default="", repr=False)
    output: str = field(default="", repr=False)

    @property
    def details(self) -> Mapping[str, str]:
        """Return it as an element keeps it."""
        said = {Detail.STATUS_REASON: self.reason, Detail.OUTPUT: self.output}
        return {
            Detail.OWNER: self.owner,
            Detail.TASK_STATE: self.state,
            **{name: one for name, one in said.items() if one},
        }


def asked_of(element: Element) -> Asked | None:
    """Return what a Task says besides its words; None: the element is none, or its reader does not see that it is."""
    told = element.details
    if not is_own(element) or Detail.OWNER not in told or told.get(Detail.TASK_STATE) not in set(TaskState):
        return None
    state = TaskState(told[Detail.TASK_STATE])
    return Asked(told[Detail.OWNER], state, told.get(Detail.STATUS_REASON, ""), told.get(Detail.OUTPUT, ""))


def check_move(was: TaskState, to: TaskState, by: frozenset[Party]) -> None:
    """Check that a Task may move so. One that stays where it is does not move.

    :param by: as which parties somebody says so.
    :raises RuleBroken: telling which states may follow, and who may set each.
    """
    if was is to or MOVES.get((was, to), frozenset()) & by:
        return
    raise RuleBroken(f"From {was} this Task does not go to {to} by your word.", _what_may_follow(was))


def _what_may_follow(was: TaskState) -> str:
    told = [f"{to} ({' or '.join(sorted(by))})" for (state, to), by in MOVES.items() if state is was]
    return f"What may follow {was}: {', '.join(told)}." if told else "It has ended. Write a new Task."
