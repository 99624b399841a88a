"""Other times that were proposed, as the coordinator's page tells of them; and what is typed to propose one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hub.consent.view import Seen
from hub.flow.proposed import ShownProposal, State
from hub.plan.danish_time import LOCAL
from hub.plan.demands import STILL_ASKED_FOR
from hub.plan.element import Detail, Kind
from hub.ui.times import meeting, moment
from hub.ui.words import known_word, word

_ENDED = (State.COMPLETED, State.REJECTED, State.CANCELLED)


@dataclass(frozen=True, slots=True)
class ProposalRow:
    """A proposal on the page.

    :ivar steps: how far it has come, in words, in their order.
    :ivar answer: why not, as its authority wrote it; empty unless it said no.
    """

    id: str
    title: str
    authority: str
    stands: str
    proposed: str
    steps: tuple[str, ...]
    answer: str
    is_over: bool


def proposal_rows(found: Sequence[ShownProposal], language: str) -> tuple[ProposalRow, ...]:
    """Return the rows in ``da`` or ``en``, the newest first."""
    return tuple(_row(one, language) for one in reversed(found))


def can_be_moved(seen: Seen, at: datetime) -> bool:
    """Tell whether another time can be proposed for something: an appointment still to come, with its hours."""
    element = seen.element
    has_hours = element.valid.start is not None and element.valid.end is not None and at < element.valid.start
    is_meeting = element.kind is Kind.APPOINTMENT and element.status in STILL_ASKED_FOR
    return is_meeting and has_hours and element.details.get(Detail.ALL_DAY) != "yes"


def typed_time(form: Mapping[str, str]) -> tuple[UUID, datetime]:
    """Return which appointment a form names, and when it is to begin, in Danish time. :raises ValueError: neither."""
    start = datetime.fromisoformat(f"{form.get('day', '')}T{form.get('hour', '')}")
    return UUID(form.get("element", "")), start.replace(tzinfo=LOCAL)


def _row(one: ShownProposal, language: str) -> ProposalRow:
    proposal, appointment = one.proposal, one.appointment
    return ProposalRow(
        id=str(proposal.id),
        title=appointment.title if appointment and appointment.title else word("card.untitled", language),
        authority=known_word("authority", proposal.authority, language),
        stands=meeting(proposal.stands, False, language),
        proposed=meeting(proposal.proposed, False, language),
        steps=tuple(_steps(one, language)),
        answer=proposal.answer,
        is_over=one.state in _ENDED,
    )


def _steps(one: ShownProposal, language: str) -> Iterator[str]:
    """Yield what has happened to it. What was overtaken says so without a time: the plan keeps none of it."""
    proposal = one.proposal
    told = {
        "proposals.made": proposal.proposed_at, "proposals.sent": proposal.left_at,
        "proposals.received": proposal.received_at, "proposals.accepted": proposal.accepted_at,
        "proposals.rejected": proposal.rejected_at, "proposals.cancelled": proposal.cancelled_at,
    }  # fmt: skip
    yield from (word(key, language, when=moment(at, language)) for key, at in told.items() if at is not None)
    if one.state is State.COMPLETED:
        yield word("proposals.completed", language)
    if one.state is State.CANCELLED and proposal.cancelled_at is None:
        yield word("proposals.overtaken", language)
