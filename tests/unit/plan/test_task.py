"""Who may move a Task on, and where to: the table that the hub runs, and another that was written beside it."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import RuleBroken
from hub.plan.element import Detail, Kind, Status
from hub.plan.own import OwnWords, rewritten, written
from hub.plan.task import MOVES, STATUS_OF, UNANSWERED, Asked, Party, TaskState, asked_of, check_move
from hub.testing.builders import THEN, a_plan

#: Each line by itself: from, who, and where they may take it. Written from docs/adr/0053 and not from the table.
BY_HAND = """
requested   owner      received accepted rejected cancelled
requested   requester  cancelled
received    owner      accepted rejected cancelled
received    requester  cancelled
accepted    owner      in-progress rejected cancelled
accepted    requester  cancelled
in-progress owner      on-hold completed failed cancelled
in-progress requester  on-hold cancelled
on-hold     owner      in-progress completed failed cancelled
on-hold     requester  in-progress cancelled
"""
ALLOWED = {(was, who, to) for line in BY_HAND.split("\n") if line for was, who, *ends in [line.split()] for to in ends}
parties = st.frozensets(st.sampled_from(Party))


@given(st.sampled_from(TaskState), st.sampled_from(TaskState), parties)
def test_what_is_not_in_the_list_written_by_hand_nobody_may(
    was: TaskState, to: TaskState, by: frozenset[Party]
) -> None:
    may = was is to or any((was, who, to) in ALLOWED for who in by)
    if may:
        check_move(was, to, by)
        return
    with pytest.raises(RuleBroken) as refused:
        check_move(was, to, by)
    follows = {end for begins, _, end in ALLOWED if begins == was}
    told = refused.value.next_step
    assert all(end in told for end in follows)
    assert follows or "ended" in told


def test_the_table_and_the_list_have_the_same_moves() -> None:
    assert {(was, who, to) for (was, to), by in MOVES.items() for who in by} == ALLOWED


@given(st.lists(st.tuples(st.sampled_from(TaskState), parties), max_size=12))
def test_whoever_tries_whatever_a_task_ends_once_and_for_all(tries: list[tuple[TaskState, frozenset[Party]]]) -> None:
    state, ended = TaskState.REQUESTED, {TaskState.REJECTED, TaskState.COMPLETED, TaskState.FAILED, TaskState.CANCELLED}
    for to, by in tries:
        was = state
        try:
            check_move(state, to, by)
            state = to
        except RuleBroken:
            pass
        assert was not in ended or state is was


def test_every_state_has_a_status_and_what_is_answered_is_never_unanswered_again() -> None:
    assert STATUS_OF.keys() == set(TaskState)
    assert not [to for was, to in MOVES if was not in UNANSWERED and to in UNANSWERED]


def a_task(**facts: str) -> OwnWords:
    asked = Asked("children", TaskState.REQUESTED, **facts)
    return OwnWords(Kind.ACTIVITY, "Find en mentor", status=Status.PROPOSED, details=asked.details)


def test_what_a_task_says_is_kept_as_small_facts_and_read_back() -> None:
    element = written(UUID(int=1), "employment", UUID(int=2), a_task(reason="Hun er syg", output="En mentor"), THEN)
    assert asked_of(element) == Asked("children", TaskState.REQUESTED, "Hun er syg", "En mentor")
    assert "syg" not in repr(asked_of(element)) + repr(element) + repr(a_task(reason="Hun er syg"))


def test_only_what_was_written_here_is_a_task_whatever_an_authority_sends() -> None:
    sent = a_plan().with_element("social", Kind.ACTIVITY, details=dict(a_task().details)).build()
    assert [asked_of(one) for one in sent.elements.values()] == [None]
    element = written(UUID(int=1), "employment", UUID(int=2), a_task(), THEN)
    assert asked_of(replace(element, details={**element.details, Detail.TASK_STATE: "ready"})) is None
    assert asked_of(replace(element, details={})) is None, "its reader does not see its details"


def test_the_next_version_says_all_that_is_said_and_nothing_besides() -> None:
    element = written(UUID(int=1), "employment", UUID(int=2), a_task(reason="Hun er syg"), THEN)
    said = OwnWords(
        Kind.ACTIVITY, "Find to", status=Status.PLANNED, details=Asked("children", TaskState.ACCEPTED).details
    )
    after = rewritten(element, said, THEN, UUID(int=3))
    assert asked_of(after) == Asked("children", TaskState.ACCEPTED)
    assert (after.id, after.title, after.status, after.order.version) == (element.id, "Find to", Status.PLANNED, 2)
