"""The table of who knows what: recipients beside each other, a word and a reason in each cell, and no content."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from hub.consent.decision import Decision, Outcome, Reason, Sentence
from hub.consent.matrix import ANY_OTHER, Cell, Row, Seat
from hub.consent.reader import Exchange, Reader
from hub.flow.who_can_see import ToldCell, ToldRow, WhoCanSee
from hub.plan.element import Sensitivity
from hub.plan.person import Role
from hub.ui.who_page import who_page

PLAN = UUID(int=7)
WHY, BEYOND = Sentence("Fordi.", "Because."), Sentence("Ikke det.", "Not that.")
LOW, HIGH = Sensitivity.IKKE_FORTROLIGE_DATA, Sensitivity.VIP_SAGER
NOON = datetime(2026, 11, 23, 11, tzinfo=UTC)


def decision(*, permits: bool, reason: Reason = Reason.NO_GROUND) -> Decision:
    return Decision(Outcome.PERMIT if permits else Outcome.DENY, reason, (), 1, WHY)


def cell(
    category: str, sources: Sequence[str] = (ANY_OTHER,), up_to: Sensitivity | None = HIGH, *, apart: bool = False
) -> ToldCell:
    beyond = None if up_to in (None, HIGH) else decision(permits=False)
    found = Cell(
        category, tuple(sources), up_to, up_to, frozenset(), decision(permits=up_to is not None), beyond, apart
    )
    return ToldCell(found, WHY, BEYOND if beyond else None)


def row(
    organisation: str,
    *cells: ToldCell,
    exchange: Exchange = Exchange.DISCLOSE,
    role: Role = Role.AUTHORITY_SYSTEM,
    purpose: str = "one-plan",
) -> ToldRow:
    seat = Seat(organisation, role, exchange, purpose)
    return ToldRow(Row(seat, Reader(organisation, role), tuple(one.cell for one in cells)), cells)


def page_of(*rows: ToldRow) -> list[tuple[str, list[tuple[str, list[tuple[str, str]]]]]]:
    page = who_page(WhoCanSee(PLAN, rows, 1, NOON), "en")
    return [
        (line.category, [(who.name, [(part.says, part.sources) for part in parts]) for who, parts in line.cells])
        for line in page.lines
    ]


def test_recipients_stand_beside_each_other_for_each_category() -> None:
    found = page_of(
        row("social", cell("goals"), cell("health", up_to=None)),
        row("employment", cell("goals", up_to=LOW), cell("health", up_to=None)),
    )
    assert found == [
        ("goals", [("Social services", [("Sees it", "")]), ("Employment", [("Sees part of it", "")])]),
        ("health", [("Social services", [("Does not see it", "")]), ("Employment", [("Does not see it", "")])]),
    ]


def test_where_it_depends_on_the_source_each_source_is_named_and_any_other_comes_last() -> None:
    found = page_of(row("social", cell("goals", up_to=None), cell("goals", ["social", "children"])))
    parts = found[0][1][0][1]
    assert parts == [("Sees it", "from Children and family, Social services"), ("Does not see it", "from all others")]


def test_what_is_sent_and_what_is_read_alike_is_one_column_and_otherwise_two() -> None:
    sent, read = (row("social", cell("goals"), exchange=way) for way in Exchange)
    (alike,) = who_page(WhoCanSee(PLAN, (sent, read), 1, NOON), "en").recipients
    assert (alike.name, alike.how) == ("Social services", "")
    less = row("social", cell("goals", up_to=LOW), exchange=Exchange.COLLECT)
    two = who_page(WhoCanSee(PLAN, (sent, less), 1, NOON), "en").recipients
    assert [one.how for one in two] == ["is sent it", "reads it in the hub"]


def test_a_role_and_a_purpose_of_its_own_are_named() -> None:
    other = row("coordination", cell("goals"), role=Role.COORDINATOR, purpose="ssd", exchange=Exchange.COLLECT)
    (one,) = who_page(WhoCanSee(PLAN, (other,), 1, NOON), "en").recipients
    assert one.how == "coordinator, reads it in the hub, the SSD cooperation"


def test_what_is_its_own_is_not_told_of_each_recipient() -> None:
    own = cell("goals", ["social"])
    own = replace(own, cell=replace(own.cell, why=decision(permits=True, reason=Reason.OWN)))
    assert page_of(row("social", own, cell("goals", up_to=None)))[0][1] == [
        ("Social services", [("Does not see it", "")])
    ]


def test_every_cell_has_its_reasons() -> None:
    told = row("social", cell("goals", up_to=LOW, apart=True))
    ((_, parts),) = who_page(WhoCanSee(PLAN, (told,), 1, NOON), "en").lines[0].cells
    assert parts[0].reasons == (
        "Because.",
        "What is more sensitive: Not that.",
        "A consent is about single elements. For these the answer may be another.",
    )
