"""Code tables: each says where it comes from and from when, and what none has is counted and never lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from hub.authority import Authority, Parcel, contract_folder, load
from hub.mappings._employment_words import CONTACT_TYPE, INTERVIEW_TYPE
from hub.mappings._social_words import FFB
from hub.plan.codes import CodeTable, code_tables, unknown_codes
from hub.plan.contribution import Contribution
from hub.plan.element import Code
from hub.testing.builders import a_contribution

KLE, PARAGRAPH = "https://data.gov.dk/id/classification/KLE", "urn:one-plan-hub:paragraph"
#: Closed, and still in cases that live.
CLOSED = ("27.24.", "27.27.")
TODAY = date(2026, 9, 1)
TABLES = sorted(code_tables().values(), key=lambda table: table.system)


def test_a_paragraph_is_told_by_its_law() -> None:
    laws = code_tables()[PARAGRAPH]
    assert laws.group("SEL-85-2") == "Lov om social service"
    assert laws.group("BL-32-1-3") == "Barnets lov"
    assert laws.group("XYZ-1") == ""


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.system)
def test_a_table_says_where_it_comes_from_and_from_when(table: CodeTable) -> None:
    assert table.title
    assert table.source
    entries = {**table.codes, **table.groups}
    assert entries
    assert all(entry.text and entry.valid_from < entry.valid_to for entry in entries.values())
    assert all(table.pattern.fullmatch(code) for code in table.codes)


def test_every_system_has_a_table_of_its_own() -> None:
    assert {table.system for table in TABLES} == {KLE, PARAGRAPH, FFB, INTERVIEW_TYPE, CONTACT_TYPE}


@pytest.mark.parametrize(
    ("system", "code", "on", "is_known"),
    [
        (KLE, "27.24.00", TODAY, False),  # closed
        (KLE, "27.24.00", date(2025, 4, 30), True),
        (KLE, "27.24.00", date(2025, 5, 1), False),
        (KLE, "27.27.15", date(2025, 4, 30), True),
        (KLE, "27.27.15", date(2025, 5, 1), False),
        (KLE, "27.69.00", TODAY, True),
        (KLE, "27.12.06", TODAY, True),
        (KLE, "34.15.25", date(2025, 4, 30), False),
        (KLE, "34.15.25", TODAY, True),
        (KLE, "34.99.99", date(2025, 4, 30), False),
        (KLE, "15.17.06", TODAY, True),
        (KLE, "34.10.10", TODAY, True),
        (KLE, "34.10.10", date(2025, 4, 30), False),
        (KLE, "34.10.10", date(2025, 5, 1), True),
        (KLE, "82.00.00", TODAY, True),  # a main group that the list says nothing of
        (KLE, "27.24", TODAY, False),
        (KLE, "G01", TODAY, True),
        (PARAGRAPH, "BL-32-1-3", TODAY, True),
        (PARAGRAPH, "BL-32-1-3", date(2023, 12, 31), False),
        (PARAGRAPH, "SEL-85", TODAY, True),
        (PARAGRAPH, "XYZ-1", TODAY, False),
        (PARAGRAPH, "efter aftale", TODAY, False),
        (FFB, "d41c8072", TODAY, True),
        (FFB, "d41c8072", date(2019, 12, 31), False),
        (FFB, "ffffffff", TODAY, True),  # the list is not whole
        (INTERVIEW_TYPE, "4", TODAY, True),
        (INTERVIEW_TYPE, "29", TODAY, False),
    ],
)
def test_a_code_is_known_from_a_day_on(system: str, code: str, on: date, is_known: bool) -> None:
    assert code_tables()[system].has(code, on) is is_known


def coded(*codes: Code, at: datetime = datetime(2026, 9, 1, tzinfo=UTC)) -> Contribution:
    made = a_contribution("social").with_draft("a").build()
    draft = replace(made.drafts[0], codes=codes)
    return replace(made, drafts=(draft,), order=replace(made.order, changed_at=at))


def test_what_no_table_has_is_counted_and_what_may_be_text_is_not_written_down() -> None:
    said = coded(
        Code(KLE, "27.24.03"),
        Code(KLE, "27.24.03"),
        Code(KLE, "Anna 0101010000"),
        Code(PARAGRAPH, "SEL-85"),
        Code(PARAGRAPH, "CPR-0201-60-9995"),  # looks like a paragraph, and is somebody's number
        Code("urn:somebody-else", "whatever"),
    )
    assert unknown_codes([said, coded(Code(PARAGRAPH, "aftalt med Anna"))]) == {
        (KLE, "27.24.03"): 2,
        (KLE, ""): 1,
        (PARAGRAPH, ""): 2,
    }


def test_the_day_that_counts_is_danish() -> None:
    old = Code(KLE, "27.24.09", "Børnesag")
    late = datetime(2025, 4, 30, 22, 30, tzinfo=UTC)  # half past midnight in Denmark
    assert unknown_codes([coded(old, at=late)]) == {(KLE, "27.24.09"): 1}


def test_a_closed_number_is_counted_from_its_day_on_and_passes_through() -> None:
    old = Code(KLE, "27.24.09", "Børnesag")
    before, after = (coded(old, at=datetime(2025, month, day, 12, tzinfo=UTC)) for month, day in ((4, 30), (5, 1)))
    assert unknown_codes([before]) == {}
    assert unknown_codes([before, after]) == {(KLE, "27.24.09"): 1}
    assert after.drafts[0].codes == (old,)


def examples() -> Iterator[tuple[str, Authority, Parcel]]:
    kinds = {"children": ("xml", "application/xml"), "social": ("json", "application/json")}
    for name, (suffix, content_type) in kinds.items():
        authority = load({name: {}})[name]
        for path in sorted((contract_folder(f"{name}/v1") / "examples").glob(f"*.{suffix}")):
            if (contract_folder(f"{name}/v1") / "expected" / f"{path.stem}.json").exists():
                yield path.stem, authority, Parcel(name, path.read_bytes(), content_type)


@pytest.mark.parametrize(
    ("stem", "authority", "parcel"), [pytest.param(*one, id=f"{one[2].authority}-{one[0]}") for one in examples()]
)
def test_only_dirty_examples_have_codes_that_nobody_has_ever_known(
    stem: str, authority: Authority, parcel: Parcel
) -> None:
    told = authority.mapping.to_plan(authority.adapter.receive(parcel))
    never = {code for code in unknown_codes(told) if not code[1].startswith(CLOSED)}
    assert not never or "dirty" in stem, never
