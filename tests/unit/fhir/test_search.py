"""A search finds what R4 says that it finds, in what it is given, and refuses what it cannot heed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import InvalidRequest
from hub.fhir.page import Page, Place, key_of
from hub.fhir.search_parameters import PARAMETERS
from hub.fhir.search_query import MOST_AT_ONCE, read_query
from hub.fhir.subset import subset

PLAN = "cf0c9d30-2f7e-4b2c-9b0c-3a6d6f5c1a11"
GOAL: dict[str, Any] = {
    "resourceType": "Goal",
    "id": PLAN,
    "meta": {"lastUpdated": "2026-03-02T09:00:00+01:00", "security": [{"system": "urn:s", "code": "R"}]},
    "lifecycleStatus": "active",
    "category": [{"coding": [{"system": "urn:c", "code": "work"}, {"system": "urn:d", "code": "job"}]}],
    "description": {"text": "Job"},
    "subject": {"reference": f"Patient/{PLAN}"},
    "startDate": "2026-03-02",
    "target": [{"dueDate": "2026-06-30"}, {"dueDate": "2026-09-30"}],
}
CARE_PLAN: dict[str, Any] = {
    "resourceType": "CarePlan",
    "id": PLAN,
    "meta": {},
    "period": {"start": "2026-03-02T00:00:00+01:00"},
}


def finds(asked: str, resource: dict[str, Any] | None = None) -> bool:
    """Tell whether a search, as an address has it, finds a resource."""
    resource = GOAL if resource is None else resource
    pairs = [(name, value) for name, _, value in (one.partition("=") for one in asked.split("&"))]
    return read_query(resource["resourceType"], pairs, is_strict=True).finds(resource)


@pytest.mark.parametrize(
    ("asked", "is_found"),
    [
        ("lifecycle-status=active", True),
        ("lifecycle-status=planned,active", True),
        ("lifecycle-status=planned", False),
        ("lifecycle-status:not=planned", True),
        ("lifecycle-status:not=planned,active", False),
        ("lifecycle-status=active&lifecycle-status=planned", False),
        ("category=job", True),
        ("category=urn:c|work", True),
        ("category=urn:d|work", False),
        ("category=urn:d|", True),
        ("category=|work", False),
        ("achievement-status:missing=true", True),
        ("lifecycle-status:missing=true", False),
        ("achievement-status:not=achieved", True),  # R4: what has no value is not of it
        ("_security=urn:s|R", True),
        (f"patient={PLAN}", True),
        (f"patient=Patient/{PLAN}", True),
        (f"subject:Patient={PLAN}", True),
        (f"subject=https://hub.example/fhir/Patient/{PLAN}", True),
        (f"subject=Group/{PLAN}", False),
        (f"_id={PLAN}", True),
        ("_id=other", False),
        ("start-date=2026-03-02", True),
        ("start-date=2026-03", True),
        ("start-date=2026", True),
        ("start-date=2026-03-03", False),
        ("start-date=ne2026-03-03", True),
        ("start-date=gt2026-03-02", False),
        ("start-date=ge2026-03-02", True),
        ("start-date=lt2026-03-02", False),
        ("start-date=le2026-03-02", True),
        ("start-date=sa2026-03-01", True),
        ("start-date=eb2026-03-03", True),
        ("start-date=eb2026-03-02", False),
        ("start-date=gt2026-03-01T12:00:00+01:00&start-date=lt2026-03-03", True),
        ("target-date=gt2026-08-01", True),
        ("target-date=eq2026-06-30", True),
        ("_lastUpdated=2026-03-02T08:00:00Z", True),
        ("_lastUpdated=2026-03-02T09:00", True),  # without a zone in Danish time
        ("_lastUpdated=2026-03-02T09:00:00 01:00", True),  # a plus that nobody has encoded
        ("_lastUpdated=gt2026-03-02T09:00:00+01:00", False),
    ],
)
def test_a_search_finds_what_r4_says(asked: str, is_found: bool) -> None:
    assert finds(asked) is is_found


@pytest.mark.parametrize(
    ("asked", "is_found"),
    [
        ("date=2026-03-02", False),  # the period goes on for ever, and is not within the day
        ("date=ge2026-03-02", True),
        ("date=gt2030", True),
        ("date=lt2026-03-02", False),
        ("date=sa2026-03-01", True),
        ("date=eb2030", False),
    ],
)
def test_a_period_without_end_goes_on(asked: str, is_found: bool) -> None:
    assert finds(asked, CARE_PLAN) is is_found


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("start-date", "31-12-2026"),
        ("start-date", "2026-13-40"),
        ("start-date", "ap2026"),
        ("start-date", ""),
        ("patient", "Group/1"),
        ("patient", "a b"),
        ("identifier", "urn:x|1"),
        ("patient:identifier", "urn:x|1"),
        ("lifecycle-status:missing", "maybe"),
        ("_count", "many"),
        ("_summary", "all"),
        ("_elements", "a.b"),
        ("_format", "application/fhir+xml"),
        ("_cursor", "0101701234"),
        ("_id", ",".join(["x"] * 101)),
    ],
)
def test_what_cannot_be_heeded_is_refused_by_its_name_and_without_its_value(name: str, value: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read_query("Goal", [(name, value)])
    (fault,) = refused.value.faults
    assert fault.field == name
    assert fault.next_step
    assert not value or value not in refused.value.diagnostics()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("colour", "red"),
        ("lifecycle-status:text", "x"),
        ("subject.name", "x"),
        ("_sort", "_id"),
        ("_include", "Task:focus"),
        ("_include", "Goal:start-date"),
        ("_revinclude", "Nonsense:target"),
        ("0101701234", "x"),
    ],
)
def test_what_is_not_known_is_left_aside_or_refused_as_the_caller_wants(name: str, value: str) -> None:
    query = read_query("Goal", [(name, value), ("lifecycle-status", "active")])
    assert query.heeded == (("lifecycle-status", "active"),)
    with pytest.raises(InvalidRequest) as refused:
        read_query("Goal", [(name, value)], is_strict=True)
    assert "0101701234" not in refused.value.diagnostics()


def test_who_somebody_is_is_posted_and_is_no_part_of_the_link() -> None:
    query = read_query("CarePlan", [("identifier", "urn:x|1"), ("status", "active")], is_posted=True)
    assert query.heeded == (("status", "active"),)
    assert [one.name for one in query.criteria] == ["identifier", "status"]
    assert "urn:x" not in repr(query)


def test_a_comma_that_belongs_to_a_value_is_escaped() -> None:
    query = read_query("Goal", [("category", r"a\,b,c")])
    assert query.criteria[0].values == ("a,b", "c")


def test_a_page_is_never_longer_than_the_hub_lets_it_be() -> None:
    assert read_query("Goal", [("_count", "99999")]).count == MOST_AT_ONCE
    assert read_query("Goal", [("_count", "0")]).summary == "count"


_TIMES = st.datetimes(datetime(1990, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis's own way


@given(_TIMES, _TIMES, st.integers(0, 400))
def test_the_prefixes_stand_to_each_other_as_r4_has_them(said: datetime, asked: datetime, days: int) -> None:
    said, asked = said.replace(microsecond=0), asked.replace(microsecond=0)
    plan = {**CARE_PLAN, "period": {"start": said.isoformat(), "end": (said + timedelta(days=days)).isoformat()}}

    def holds(prefix: str) -> bool:
        return finds(f"date={prefix}{asked.isoformat()}", plan)

    assert holds("eq") is not holds("ne")
    assert holds("ge") == (holds("gt") or holds("eq"))
    assert holds("le") == (holds("lt") or holds("eq"))
    assert not (holds("sa") and holds("eb"))
    assert holds("gt") or not holds("sa")
    assert holds("lt") or not holds("eb")


def _goals(count: int) -> list[dict[str, Any]]:
    return [{"resourceType": "Goal", "id": f"g{number:03}"} for number in range(count)]


@given(st.lists(st.integers(0, 7), max_size=6), st.integers(1, 5))
def test_pages_hold_everything_once_and_in_order(sizes: list[int], count: int) -> None:
    plans = {UUID(int=number + 1): _goals(size) for number, size in enumerate(sizes)}
    everything = [(plan, key_of(one)) for plan, goals in plans.items() for one in goals]
    found, after = [], None
    for _ in range(len(everything) + 1):
        page = Page(lambda one: True, count, Place.read(after) if after else None)
        for plan, goals in plans.items():
            found += [(plan, key_of(one)) for one in page.take(plan, goals)]
        told = page.found(is_counted=True)
        assert told.total == len(everything)
        after = told.after
        if not after:
            break
    assert found == everything


@given(st.uuids(), st.text("abcdefghij0123456789-./", max_size=60))
def test_a_place_may_stand_in_an_address_and_is_read_back(plan: UUID, key: str) -> None:
    place = Place(plan, key)
    assert place.text().isalpha()
    assert Place.read(place.text()) == place


def test_a_part_says_that_it_is_one_and_keeps_what_no_resource_may_lack() -> None:
    part = subset(GOAL, "", ["startDate"])
    assert set(part) == {"resourceType", "id", "meta", "lifecycleStatus", "description", "subject", "startDate"}
    assert part["meta"]["tag"][-1]["code"] == "SUBSETTED"
    assert "tag" not in GOAL["meta"]
    summary = subset({**GOAL, "note": [{"text": "x"}]}, "true", ())
    assert "note" not in summary
    assert "category" in summary
    assert subset(GOAL, "", ()) is GOAL


def test_every_parameter_is_one_of_its_type_in_r4() -> None:
    """The models of R4B have R4's elements: each path of a parameter begins with an element of its type."""
    from fhir.resources.R4B import get_fhir_model_class

    for kind, parameters in PARAMETERS.items():
        fields = {one.alias or name for name, one in get_fhir_model_class(kind).model_fields.items()}
        for name, parameter in parameters.items():
            for path in parameter.paths:
                assert path.split(".")[0] in fields, (kind, name)
