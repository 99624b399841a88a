"""Who can see what, and what a change of it would do, in JSON."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from hub.api.answers import sentence_answer, when
from hub.api.choice_shapes import (
    AboutAnswer,
    CellAnswer,
    CellShiftAnswer,
    ReachAnswer,
    RecipientAnswer,
    RestsOn,
    RowAnswer,
    SeatAnswer,
    ShiftAnswer,
    SimulatedAnswer,
    TriedOutAnswer,
    WhoCanSeeAnswer,
)
from hub.api.consent_answers import renewal_answer
from hub.consent.decision import Decision, Reason
from hub.consent.matrix import Reach, Seat
from hub.consent.simulate import About, CellShift, Shift
from hub.flow.simulate_policy import TriedOut
from hub.flow.simulated import Simulated
from hub.flow.who_can_see import Answered, ToldCell, ToldRow, WhoCanSee
from hub.plan.element import Sensitivity


def who_can_see_answer(found: WhoCanSee) -> WhoCanSeeAnswer:
    """Return the matrix of a plan: a row for each way in which something may come to a recipient."""
    return {
        "plan": found.plan,
        "policy_version": found.policy_version,
        "recipients": [_row(told) for told in found.rows],
        "as_of": when(found.at),
    }


def recipient_answer(plan: UUID, element: UUID, answers: Sequence[Answered]) -> RecipientAnswer:
    """Return why a recipient does or does not see an element, for each way in which it might."""
    return {
        "plan": plan,
        "element": element,
        "answers": [
            {
                **seat_answer(one.seat),
                "outcome": one.decision.outcome,
                "reason": one.decision.reason,
                "sentence": sentence_answer(one.sentence),
                **_rests_on(one.decision),
                "left_out": sorted(one.decision.hidden),
                "obligations": list(one.decision.obligations),
            }
            for one in answers
        ],
    }


def seat_answer(seat: Seat) -> SeatAnswer:
    """Return whose row it is."""
    return {
        "recipient": seat.organisation,
        "role": seat.role,
        "exchange": seat.exchange,
        "purpose": seat.purpose,
    }


def reach_answer(reach: Reach) -> ReachAnswer:
    """Return how far up the ladder something is shown."""
    whole, in_part, left_out = reach
    return {"whole_up_to": label_answer(whole), "in_part_up_to": label_answer(in_part), "left_out": sorted(left_out)}


def label_answer(label: Sensitivity | None) -> str | None:
    """Return a step of the ladder by its name."""
    return None if label is None else label.name


def simulated_answer(found: Simulated) -> SimulatedAnswer:
    """Return what would become of a plan; the lists are in the order of recipients."""
    return {
        "plan": found.plan,
        "as_of": when(found.at),
        "consent": None if found.consent is None else {"consent": found.consent.id, "version": found.consent.version},
        "applies": found.applies,
        "lacks": sorted(found.lacking),
        "recipients": [_shift(shift) for shift in found.shifts],
        "deliveries": [
            {"recipient": one.recipient, "additions": one.additions, "withdrawals": one.withdrawals}
            for one in found.deliveries
        ],
        "ask_anew": [renewal_answer(one) for one in found.ask_anew],
    }


def tried_out_answer(found: TriedOut) -> TriedOutAnswer:
    """Return what a policy would do to citizens whom nobody is."""
    return {
        "compared_with": found.version,
        "as_of": when(found.at),
        "plans": found.plans,
        "categories": list(found.categories),
        "synthetic": [
            {
                "citizen": one.citizen,
                **seat_answer(one.seat),
                "gains": one.gained,
                "loses": one.lost,
                "changes": one.changed,
                "categories": _cells(one.cells),
            }
            for one in found.tried
        ],
    }


def _shift(shift: Shift) -> ShiftAnswer:
    return {
        **seat_answer(shift.seat),
        "categories": _cells(shift.cells),
        "gains": [_about(one) for one in shift.gained],
        "loses": [_about(one) for one in shift.lost],
        "changes": [
            {**_about(one.about), "opens": sorted(one.opened), "closes": sorted(one.closed)} for one in shift.parts
        ],
    }


def _cells(cells: Sequence[CellShift]) -> list[CellShiftAnswer]:
    """Return what opens and closes, with the sources together that fare alike."""
    together: dict[tuple[str, Reach, Reach, Reason | None], list[str]] = {}
    for cell in cells:
        reason = cell.why.reason if cell.why else None
        together.setdefault((cell.category, cell.before, cell.after, reason), []).append(cell.source)
    return [
        {
            "category": category,
            "sources": sources,
            "before": reach_answer(before),
            "after": reach_answer(after),
            "reason": reason,
        }
        for (category, before, after, reason), sources in together.items()
    ]


def _about(one: About) -> AboutAnswer:
    return {
        "element": one.element,
        "kind": one.kind,
        "category": one.category,
        "authority": one.authority,
        "label": label_answer(one.label),
    }


def _row(told: ToldRow) -> RowAnswer:
    return {**seat_answer(told.row.seat), "categories": [_cell(one) for one in told.cells]}


def _cell(told: ToldCell) -> CellAnswer:
    cell = told.cell
    return {
        "category": cell.category,
        "sources": list(cell.sources),
        **reach_answer(cell.reach),
        "reason": cell.why.reason,
        "sentence": sentence_answer(told.why),
        **_rests_on(cell.why),
        "beyond": None
        if cell.beyond is None or told.beyond is None
        else {"reason": cell.beyond.reason, "sentence": sentence_answer(told.beyond)},
        "has_exceptions": cell.tells_apart,
    }


def _rests_on(decision: Decision) -> RestsOn:
    return {
        "rule_ids": list(decision.rule_ids),
        "consents": [{"consent": rested.id, "version": rested.version} for rested in decision.consents],
        "valid_until": when(decision.valid_until),
        "policy_version": decision.policy_version,
    }
