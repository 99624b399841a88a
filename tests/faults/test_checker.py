"""The judge of the lab notices what is wrong when it is given something wrong; otherwise no scenario shows anything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from hub.clock import new_id
from hub.store.tables import audit
from tests.faults.checker import (
    Deed,
    Remembered,
    audit_missing,
    doubled,
    inversions,
    judge,
    repeats,
    started_after_revocation,
    unexpected,
)
from tests.faults.lab import EMBEDDED, Lab, a_lab
from tests.faults.recipients import Delivery
from tests.faults.senders import Message, version_in
from tests.faults.verdict import READY_SECONDS, Verdict

PLAN, OTHER, ROW, ELEMENT, CONSENT = new_id(), new_id(), new_id(), str(new_id()), str(new_id())


def a_delivery(sequence: int, title: str = "", *, plan: UUID = PLAN, withdrawn: tuple[str, ...] = ()) -> Delivery:
    titles = {ELEMENT: title} if title else {}
    return Delivery("social", plan, sequence, f"social:{plan}:{sequence}", titles, withdrawn, 0.0)


def a_start(sequence: int = 1, plan: UUID = PLAN) -> Deed:
    details = {"delivery": str(ROW), "sequence": sequence, "consents": [f"{CONSENT}/1"]}
    return Deed("delivery-started", plan, details)


def an_end(sequence: int = 1, action: str = "delivered") -> Deed:
    return Deed(action, PLAN, {"delivery": str(ROW), "sequence": sequence})


def a_withdrawal(plan: UUID = PLAN) -> Deed:
    return Deed("consent-withdrawn", plan, {"consent": CONSENT})


# --- what recipients saw ------------------------------------------------------------------------------------------


def test_a_lower_sequence_after_a_higher_one_is_an_inversion() -> None:
    assert inversions([a_delivery(1), a_delivery(2), a_delivery(2), a_delivery(3)]) == 0
    assert inversions([a_delivery(1), a_delivery(3), a_delivery(2), a_delivery(4)]) == 1
    assert inversions([a_delivery(2), a_delivery(1, plan=OTHER)]) == 0, "each plan has an order of its own"


def test_the_same_told_under_another_key_came_into_effect_twice() -> None:
    assert doubled([a_delivery(1, "Maal 1 v1"), a_delivery(1, "Maal 1 v1"), a_delivery(2, "Maal 1 v2")]) == 0
    assert doubled([a_delivery(1, "Maal 1 v1"), a_delivery(2, "Maal 1 v1")]) == 1


def test_what_was_withdrawn_in_between_may_be_told_again() -> None:
    assert doubled([a_delivery(1, "Maal 1 v1"), a_delivery(2, withdrawn=(ELEMENT,)), a_delivery(3, "Maal 1 v1")]) == 0


def test_a_repeat_on_the_wire_is_counted_apart() -> None:
    assert repeats({"social": [a_delivery(1), a_delivery(1), a_delivery(2)], "youth": [a_delivery(1)]}) == 1


def test_what_nobody_sent_is_unexpected() -> None:
    assert unexpected([a_delivery(1, "Maal 1 v2")], {PLAN: 2}) == 0
    assert unexpected([a_delivery(1, "Maal 1 v3")], {PLAN: 2}) == 1, "a version that nobody has sent"
    assert unexpected([a_delivery(1, "Maal 1 v1", plan=OTHER)], {PLAN: 2}) == 1, "a plan that nobody has"
    assert unexpected([a_delivery(1, "rubbish")], {PLAN: 2}) == 1


# --- what the database says ---------------------------------------------------------------------------------------


def test_a_delivery_that_rests_on_a_consent_and_starts_after_its_end_is_late() -> None:
    assert started_after_revocation([a_start(), a_withdrawal()]) == 0
    assert started_after_revocation([a_withdrawal(), a_start()]) == 1
    assert started_after_revocation([a_withdrawal(OTHER), a_start()]) == 0


def test_each_message_start_and_end_has_its_row_of_the_audit() -> None:
    receipt = new_id()
    known = Remembered(
        {receipt: b""},
        [(ROW, 1), (ROW, 1)],
        [(ROW, 1)],
        [Deed("accepted", PLAN, {"receipt": str(receipt)}), a_start(), a_start(), an_end(action="not-delivered")],
    )
    assert audit_missing(known) == 0
    for missing in range(len(known.deeds)):
        deeds = [deed for number, deed in enumerate(known.deeds) if number != missing]
        assert audit_missing(replace(known, deeds=deeds)) == 1, known.deeds[missing]


# --- a whole lab --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with a_lab(EMBEDDED, plans=2) as made:
        made.say(6)
        assert made.settles(30) is not None
        yield made


@pytest.mark.integration
@pytest.mark.faults
def test_a_lab_without_a_fault_is_well(lab: Lab) -> None:
    verdict = judge(lab, "no fault")
    assert verdict.faults == []
    assert verdict.attempted == verdict.acknowledged == 6
    assert verdict.extra["deliveries"]


@pytest.mark.integration
@pytest.mark.faults
def test_a_message_that_the_hub_has_forgotten_is_lost(lab: Lab) -> None:
    lab.journal.acknowledged["forgotten"] = lab.journal.attempted["forgotten"] = Message("forgotten", lab.cases[0], 1)
    try:
        assert judge(lab, "lost").lost == 1
        del lab.journal.acknowledged["forgotten"]
        assert judge(lab, "not acknowledged").lost == 0
    finally:
        del lab.journal.attempted["forgotten"]


@pytest.mark.integration
@pytest.mark.faults
def test_a_recipient_that_holds_less_than_was_acknowledged_has_lost_it(lab: Lab) -> None:
    social = lab.recipients["social"]
    case = next(case for case in lab.cases if lab.journal.newest_acknowledged(case))
    (element, title), *_ = social._held[case.plan].items()
    social._held[case.plan][element] = f"Maal {case.number} v{version_in(title) - 1}"
    try:
        assert lab.behind() == [("social", case)]
        assert judge(lab, "lost on its way").lost == 1
    finally:
        social._held[case.plan][element] = title


@pytest.mark.integration
@pytest.mark.faults
def test_a_recipient_that_keeps_what_was_withdrawn_is_told_of(lab: Lab) -> None:
    case = next(case for case in lab.cases if lab.journal.newest_acknowledged(case))
    lab.revoked.add((case.consent, case.plan))
    try:
        assert judge(lab, "kept").faults == ["2 times a recipient holds what was withdrawn."]
    finally:
        lab.revoked.clear()


@pytest.mark.integration
@pytest.mark.faults
def test_a_message_of_nobody_in_the_inbox_is_unexpected_and_one_without_an_answer_is_recovered(lab: Lab) -> None:
    id, message = next(iter(lab.journal.acknowledged.items()))
    del lab.journal.acknowledged[id]
    try:
        assert judge(lab, "no answer").recovered == 1
        del lab.journal.attempted[id]
        assert judge(lab, "nobody's").unexpected >= 1  # and its deliveries, where no later version covers it
    finally:
        lab.journal.attempted[id] = lab.journal.acknowledged[id] = message


@pytest.mark.integration
@pytest.mark.faults
def test_a_number_in_a_log_is_a_leak_with_or_without_its_dash(lab: Lab) -> None:
    cpr = lab.cases[0].cpr
    with lab.processes.programs["hub"].log.open("a") as log:
        log.write(f'{{"event": "x {cpr[:6]}-{cpr[6:]}"}}\n{{"event": "y {cpr}"}}\n')
    try:
        assert judge(lab, "leak").leaks == 2
    finally:
        lab.processes.programs["hub"].log.write_text("")


@pytest.mark.integration
@pytest.mark.faults
def test_a_row_of_the_audit_that_is_gone_is_missed(lab: Lab) -> None:
    """Last: what is deleted does not come back."""
    with lab.store.begin() as unit:
        if lab.store.engine.dialect.name == "sqlite":
            unit.connection.exec_driver_sql("DROP TRIGGER audit_refuses_delete")
        else:
            unit.connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        unit.connection.execute(audit.delete().where(audit.c.action == "accepted"))
    assert judge(lab, "no audit").audit_missing == 6


def test_a_verdict_says_what_is_wrong_in_sentences() -> None:
    well = Verdict("x", EMBEDDED, 1, attempted=1, acknowledged=1, seconds_to_ready=READY_SECONDS)
    assert well.faults == []
    for one in ("lost", "duplicated", "unexpected", "order_inversions", "started_after_revocation", "audit_missing"):
        wrong: dict[str, Any] = {one: 1}
        assert len(replace(well, **wrong).faults) == 1, one
    assert replace(well, leaks=1).faults
    assert replace(well, seconds_to_ready=READY_SECONDS + 0.1).faults
    assert replace(well, acknowledged=0).faults, "a lab in which nothing happens shows nothing"
    assert replace(well, missed=("Slow.",)).faults == ["Slow."]
    assert replace(well, lost=1).as_json()["faults"] == ["1 acknowledged and lost."]
