"""What became of letters: the post's later word, and what a coordinator or an operator sees and does of notices."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from hub.authority import LetterFate, LetterReceipt
from hub.clock import now
from hub.consent.reader import Reader
from hub.errors import Conflict, NotFound
from hub.flow.belonging import coordinated_by, may_open
from hub.flow.choices import PLANS_AT_ONCE
from hub.flow.post import write_down
from hub.flow.refusal import refusals_written
from hub.flow.show import look
from hub.plan.person import Role
from hub.store.notices import OPEN, Notice, NoticeKind, State
from hub.store.transaction import Store, Unit

_NONE = "There is no notice with this id that you may see."


def take_receipt(receipt: LetterReceipt, store: Store, *, actor: str) -> None:
    """Write down what the post says of a letter. One that the hub knows nothing of, or any more, changes nothing.

    It may come before the sender has written down that the post took the letter on.
    """
    with store.begin() as unit:
        at, notice = now(), unit.notices.get(receipt.key)
        if notice is None or receipt.fate is LetterFate.TAKEN_ON:
            return
        is_here = receipt.fate is LetterFate.DELIVERED
        after = State.DELIVERED if is_here else State.BY_HAND
        if not unit.notices.move(notice.id, (State.WAITING, State.SENT), after, at, cause=receipt.code):
            return
        write_down(unit, f"letter-{after}", notice, at, actor=actor, code=receipt.code)
        if notice.kind is NoticeKind.EMERGENCY:  # what came back has told nobody anything
            unit.emergencies.inform(notice.about, at if is_here else None)


def show_notices(
    reader: Reader, store: Store, after: UUID | None, *, actor: str, correlation_id: str
) -> tuple[Sequence[Notice], UUID | None]:
    """Show what citizens have not been told yet, in the plans that the reader coordinates.

    :param after: where an earlier answer has stopped.
    :returns: notices, and where to go on; None at the end.
    :raises NotAllowed: the reader coordinates nothing.
    """
    with refusals_written(store, actor, correlation_id), store.begin() as unit:
        at = now()
        plans, further = coordinated_by(reader, unit, after, PLANS_AT_ONCE, at)
        unit.audit.record("notices-read", actor, at, correlation_id, plans=len(plans))
        return _known(unit, unit.notices.open_of(plans), reader, actor), further


def tell(wanted: UUID, reader: Reader, store: Store, *, actor: str, correlation_id: str) -> Notice:
    """Write down that the coordinator has told the citizen by another way: by paper, by phone, at a meeting.

    :raises NotFound: there is none of a plan that the reader coordinates.
    :raises Conflict: it waits for nobody.
    """
    with refusals_written(store, actor, correlation_id, asked=wanted), store.begin() as unit:
        at, notice = now(), unit.notices.get(wanted)
        is_own = reader.role is Role.COORDINATOR and notice and may_open(unit, notice.plan, None, reader, at)
        if notice is None or not is_own or not _known(unit, [notice], reader, actor):
            raise NotFound(_NONE)
        if not unit.notices.move(wanted, OPEN, State.TOLD, at):
            raise Conflict("This notice waits for nobody.", "Look at the list: it names those that do.")
        write_down(unit, "letter-told", notice, at, actor=actor)
        if notice.kind is NoticeKind.EMERGENCY:
            unit.emergencies.inform(notice.about, at)
        return _again(unit, wanted)


def replay_notice(wanted: UUID, store: Store, *, actor: str, correlation_id: str) -> None:
    """Let a dead notice be tried again. :raises NotFound: there is no dead one with this id."""
    with refusals_written(store, actor, correlation_id, asked=wanted), store.begin() as unit:
        at, notice = now(), unit.notices.get(wanted)
        if notice is None or not unit.notices.move(wanted, (State.DEAD,), State.WAITING, at):
            raise NotFound("There is no dead notice with this id.", "Look at the list of notices.")
        write_down(unit, "letter-replayed", notice, at, actor=actor)


def _known(unit: Unit, found: Sequence[Notice], reader: Reader, client: str) -> Sequence[Notice]:
    """Leave out notices of appointments that the reader does not see: that there is one is withheld from them."""
    plans = {one.plan for one in found if one.kind is NoticeKind.APPOINTMENT}
    views = {plan: look(unit, plan, reader, client).view for plan in plans}
    return [one for one in found if one.kind is not NoticeKind.APPOINTMENT or views[one.plan].element(one.about)]


def _again(unit: Unit, wanted: UUID) -> Notice:
    found = unit.notices.get(wanted)
    if found is None:
        raise NotFound(_NONE)
    return found
