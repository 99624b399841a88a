"""Say in earnest what was tried out: give, cut or withdraw a consent, if all is still as it was shown.

Whoever confirms sends back what they were shown: the choice, when it was tried out, and its mark. In the transaction
that would write the choice down, after the plans are taken, the mark is made again. Where a consent, the rules, the
circle or the choice itself differs, or the page is old, nothing is written. So an answer that comes twice counts once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from hmac import compare_digest
from uuid import UUID

from hub.clock import now
from hub.consent.consent import ConsentKind, Effect
from hub.consent.reader import Reader
from hub.errors import Conflict, NotFound
from hub.flow.belonging import NO_PLAN, may_choose
from hub.flow.choosing import mark_of, next_version, parent_for, plan_of
from hub.flow.refusal import refusals_written
from hub.flow.revise import Revised, record
from hub.flow.simulated import Choice, ToGive, ToWithdraw
from hub.store.consent_requests import Answer
from hub.store.plans import StoredPlan
from hub.store.transaction import Store, Unit

#: How long what somebody was shown may be answered. Ours: long enough to read it aloud, short enough to be of today.
SHOWN_FOR = timedelta(minutes=30)
_IT_CHANGED = "Something has changed since this was shown, or it was shown too long ago. Nothing was written."
_LOOK_AGAIN = "Look at what is said now, and answer again."


@dataclass(frozen=True, slots=True)
class AsShown:
    """What somebody was shown before they answered.

    :ivar at: when it was tried out.
    :ivar mark: of what it rested on (``choosing.mark_of``).
    """

    at: datetime
    mark: str


def confirm(
    wanted: Choice,
    shown: AsShown,
    reader: Reader,
    store: Store,
    *,
    actor: str,
    correlation_id: str,
    request: UUID | None = None,
) -> Revised:
    """Write a choice down, if nothing has changed since it was shown.

    :param request: the question to which it is the yes.
    :raises NotFound: there is no plan, or no consent, for which the reader may do so.
    :raises Conflict: something has changed since, or it was shown too long ago; nothing is written.
    """
    asked = wanted.plan if isinstance(wanted, ToGive) else wanted.consent
    with refusals_written(store, actor, correlation_id, asked=asked), store.begin() as unit:
        found = plan_of(unit, wanted)
        if found is None:
            raise NotFound(NO_PLAN)
        plans = unit.plans.lock_concerning(found.plan.person)
        stored, at = unit.plans.get(found.plan.id), now()  # read again: the lock may have waited
        if stored is None:
            raise NotFound(NO_PLAN)  # it was erased meanwhile
        person, plan = stored.plan.person, stored.plan.id
        chooses = may_choose(unit, plan, person, reader, at)
        parent = None if chooses else parent_for(unit, stored, wanted, reader, at)
        if not (chooses or parent):
            raise NotFound(NO_PLAN)
        _check_as_shown(unit, stored, wanted, reader, parent, shown, at)
        said = next_version(unit, wanted, person, reader, parent, at)
        action = "consent-withdrawn" if isinstance(wanted, ToWithdraw) else "consent-given"
        revised = record(unit, said, plan, plans, reader, actor, correlation_id, action)
        if request is not None:
            _answer_yes(unit, stored, request, revised, at)
        return revised


def _check_as_shown(
    unit: Unit, stored: StoredPlan, wanted: Choice, reader: Reader, parent: UUID | None, shown: AsShown, at: datetime
) -> None:
    is_of_now = at - SHOWN_FOR <= shown.at <= at
    mark = mark_of(unit, stored, wanted, reader, parent, shown.at)
    if not is_of_now or not compare_digest(mark.encode(), shown.mark.encode()):
        raise Conflict(_IT_CHANGED, _LOOK_AGAIN)


def _answer_yes(unit: Unit, stored: StoredPlan, request: UUID, revised: Revised, at: datetime) -> None:
    """Let a yes answer a question: one that is open, and about what the consent says."""
    consent = revised.consent
    asked = next((one for one in unit.consent_requests.of_plan(stored.plan.id, stored.key) if one.id == request), None)
    is_yes = consent.kind is ConsentKind.SHARING and consent.effect is Effect.PERMIT
    named = (sorted(consent.scope.recipients), sorted(consent.scope.categories))
    if asked is None or not asked.is_open or not is_yes or named != ([asked.recipient], [asked.category]):
        raise Conflict("This is no answer to an open question.", _LOOK_AGAIN)
    unit.consent_requests.answer(request, Answer.YES, at, consent.id)
