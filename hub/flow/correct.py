"""A citizen says that something is wrong (GDPR arts 16 and 19): its authority is told, and whoever held it is followed.

No one overwrites another's element: the authority corrects it in its own system and sends its case as ever. The spine
then brings the new version to whoever holds, or may hold, the old one, and a withdrawal to who may see it no longer.
Here it is told which of them have confirmed that, to whom sees all of the element. A no of the authority stands beside
the citizen's words, for good.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from hub.clock import new_id, now
from hub.consent.reader import Reader
from hub.errors import Conflict, NotFound
from hub.flow.answering import digest_of_own, in_each, opened, to_answer
from hub.flow.circle import members_told
from hub.flow.corrected import ShownCorrection, State, is_their_own, seen_of, shown, state_of
from hub.flow.hold import tells_nobody
from hub.flow.reading import asked_by
from hub.flow.reasons import stated
from hub.flow.refusal import refusals_written
from hub.flow.show import look
from hub.store.corrections import Correction
from hub.store.plans import StoredPlan
from hub.store.transaction import Store, Unit

_LETTERS = 10
_NO_ELEMENT = "There is no element with this id that you may see."
_NONE = "There is no correction with this id that you may answer."


def ask(
    plan: UUID, element: UUID, claim: str, reader: Reader, store: Store, *, actor: str, correlation_id: str
) -> ShownCorrection:
    """Say that an element that the reader sees is wrong, and how.

    :raises NotFound: there is no plan, or no element, for which the reader may say so.
    :raises Conflict: it was said already, and neither changed nor answered since.
    """
    with refusals_written(store, actor, correlation_id, asked=element), store.begin() as unit:
        unit.plans.lock([plan])
        stored, at = opened(unit, plan, reader)
        seen = look(unit, plan, reader, actor).view.element(element)
        if seen is None:
            raise NotFound(_NO_ELEMENT)
        said, whole = stated(claim, _LETTERS), stored.plan.elements[element]
        before = [one for one in unit.corrections.of_plan(plan, stored.key) if one.element == element]
        # Where a part is left out, yes or no would tell whether that part alone has changed.
        if not seen.decision.hidden and any(state_of(stored, one) is State.ASKED for one in before):
            raise Conflict("It is said already that this is wrong.", "Look at the plan's corrections.")
        digest = digest_of_own(stored.key, whole)
        one = Correction(new_id(), plan, element, whole.authority, digest, reader.organisation, reader.role, at, said)
        rows = [row for row, _ in unit.holdings.holders(plan) if element in unit.holdings.of(row).maybe_anything_of()]
        unit.corrections.add(one, rows, stored.key)
        about = {"correction": one.id, "element": element, "authority": one.authority, **asked_by(reader)}
        unit.audit.record("correction-asked", actor, at, correlation_id, plan, **about)
        return _of_before_the_hold(unit, stored, shown(unit, stored, one, seen), reader, at)


def refuse(
    wanted: UUID, reason: str, reader: Reader, store: Store, *, actor: str, correlation_id: str
) -> ShownCorrection:
    """Say for the authority that wrote it that the element stays as it is, and why.

    :raises NotFound: there is none of an element that the reader's authority wrote, and the reader sees.
    :raises Conflict: it is answered already, or the element has changed.
    """
    with refusals_written(store, actor, correlation_id, asked=wanted), store.begin() as unit:
        plan = unit.corrections.plan_of(wanted)
        stored, at = unit.plans.take(plan), now()
        found = unit.corrections.of_plan(plan, stored.key) if plan and stored else ()
        one = next((one for one in found if one.id == wanted), None)
        if stored is None or one is None or not to_answer(unit, stored, [one], reader, at):
            raise NotFound(_NONE)
        if state_of(stored, one) is not State.ASKED:
            raise Conflict("This is answered, or the element has changed.", "Look at the list again.")
        unit.corrections.answer(wanted, stated(reason, _LETTERS), stored.key, at)
        about = {"correction": wanted, "element": one.element, **asked_by(reader)}
        unit.audit.record("correction-refused", actor, at, correlation_id, stored.plan.id, **about)
        answered = next(one for one in unit.corrections.of_plan(stored.plan.id, stored.key) if one.id == wanted)
        return ShownCorrection(answered, State.REFUSED, ())  # who else holds it is no business of its authority


def of_plan(plan: UUID, reader: Reader, store: Store, *, actor: str, correlation_id: str) -> Sequence[ShownCorrection]:
    """Show the citizen and the coordinator what was called wrong, and who has confirmed. :raises NotFound: neither."""
    with refusals_written(store, actor, correlation_id, asked=plan), store.begin() as unit:
        view = look(unit, plan, reader, actor).view  # first, for it holds off whoever would hold the plan meanwhile
        stored, at = opened(unit, plan, reader)
        unit.audit.record("corrections-read", actor, at, correlation_id, plan, **asked_by(reader))
        found = () if tells_nobody(stored.plan, reader) else unit.corrections.of_plan(plan, stored.key)
        seen = seen_of(unit, stored, view, {one.element for one in found}, at)
        told = [(one, seen.get(one.element)) for one in found]
        return [shown(unit, stored, one, it) for one, it in told if it or is_their_own(one, reader)]


def for_authority(reader: Reader, store: Store, *, actor: str, correlation_id: str) -> Sequence[ShownCorrection]:
    """Show an authority which of its elements, as far as the reader sees them, are called wrong: its list of tasks."""

    def to_refuse(unit: Unit, stored: StoredPlan, at: datetime) -> Sequence[ShownCorrection]:
        of_it = unit.corrections.of_plan(stored.plan.id, stored.key)
        asked = [one for one in of_it if state_of(stored, one) is State.ASKED]
        return [ShownCorrection(one, State.ASKED, ()) for one in to_answer(unit, stored, asked, reader, at)]

    with refusals_written(store, actor, correlation_id):
        found = in_each(store, lambda unit: unit.corrections.plans_of(reader.organisation), to_refuse)
        with store.begin() as unit:
            unit.audit.record("corrections-listed", actor, now(), correlation_id, found=len(found), **asked_by(reader))
        return found


def _of_before_the_hold(
    unit: Unit, stored: StoredPlan, told: ShownCorrection, reader: Reader, at: datetime
) -> ShownCorrection:
    """Leave out, where the plan is held back from the reader, who has joined since; all are followed all the same."""
    if not tells_nobody(stored.plan, reader):
        return told
    known = {one.member for one in members_told(unit, stored, reader, at)}
    return replace(told, holders=[one for one in told.holders if one.recipient in known])
