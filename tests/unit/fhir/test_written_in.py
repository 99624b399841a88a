"""What is written by FHIR is read as it was meant, or refused by its element; what was read is taken back as it was."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.api.fhir_wishes import WRITTEN
from hub.errors import InvalidRequest
from hub.fhir.render import render
from hub.fhir.valid import check_resource
from hub.fhir.words import CONTACT, reference_to, type_of
from hub.fhir.written_in import Where
from hub.plan.canonical import canonical
from hub.plan.element import Code, Detail, Element, Kind, Period, Status
from hub.plan.own import CITIZEN, OwnWords, rewritten
from hub.plan.person import Person
from hub.plan.plan import PlanStatus
from hub.plan.task import STATUS_OF, Asked, TaskState
from hub.testing.builders import THEN
from tests.unit.fhir.test_render import ANNA, an_empty_plan, view_of

LATER = THEN + timedelta(days=2)
OWNERS = frozenset({"children", "social"})
PATIENT = {"reference": f"Patient/{ANNA}"}
KLE = {"system": "https://data.gov.dk/id/classification/KLE", "code": "27.24.00"}
NARRATIVE = {"status": "generated", "div": "<div xmlns='http://www.w3.org/1999/xhtml'>Ro</div>"}
A_PLACE = {"actor": {"type": "Location", "display": "Rådhuset"}, "status": "needs-action"}
CITIZEN_COMES = {"actor": PATIENT, "status": "needs-action"}
NEW: dict[str, dict[str, Any]] = {
    "Goal": {"lifecycleStatus": "active", "description": {"text": "Ro om aftenen"}, "subject": PATIENT},
    "Communication": {"status": "completed", "topic": {"text": "Mine ord"}, "subject": PATIENT},
    "Appointment": {
        "status": "booked", "description": "Samtale", "start": "2026-12-01T09:00:00+01:00",
        "end": "2026-12-01T10:00:00+01:00", "participant": [CITIZEN_COMES],
    },
    "Task": {
        "status": "requested", "intent": "order", "code": {"text": "Find en mentor"}, "for": PATIENT,
        "owner": {"reference": "Organization/children"},
    },
}  # fmt: skip


def new(kind: str, **changes: Any) -> dict[str, Any]:
    told = {"resourceType": kind, **copy.deepcopy(NEW[kind]), **changes}
    return {name: value for name, value in told.items() if value is not None}


def where(kind: str, **facts: Any) -> Where:
    author = f"Patient/{ANNA}" if kind == "Communication" else "Organization/employment"
    return replace(Where(kind, ANNA, author, owners=OWNERS), **facts)


def read(resource: dict[str, Any], **facts: Any) -> OwnWords:
    kind = resource["resourceType"]
    check_resource(resource, kind)
    return WRITTEN[kind][1](resource, where(kind, **facts))


def faults_of(resource: dict[str, Any], **facts: Any) -> dict[str, str]:
    with pytest.raises(InvalidRequest) as refused:
        read(resource, **facts)
    return {fault.field: f"{fault.sentence} {fault.next_step}" for fault in refused.value.faults}


@pytest.mark.parametrize("kind", WRITTEN)
def test_the_least_that_can_be_said_is_read(kind: str) -> None:
    words = read(new(kind))
    assert words.kind is WRITTEN[kind][0]
    assert (words.is_sensitive, words.codes, words.text, words.part_of) == (False, (), "", None)


def test_what_each_type_says_is_read_whole() -> None:
    goal = new("Goal", startDate="2026-03-01", target=[{"dueDate": "2026-03-29"}], note=[{"text": "a\nb"}])
    goal["description"]["coding"] = [KLE]
    words = read(goal)
    begins, until = datetime(2026, 2, 28, 23, tzinfo=UTC), datetime(2026, 3, 29, 22, tzinfo=UTC)
    assert (words.valid, words.text, words.codes) == (Period(begins, until), "a\nb", (Code(**KLE),))
    way = [{"url": CONTACT, "valueCode": "phone"}]
    met = new("Appointment", extension=way, comment="Ring", serviceType=[{"coding": [KLE]}])
    met["participant"].append(A_PLACE)
    assert read(met).details == {Detail.PLACE: "Rådhuset", Detail.CONTACT: "phone"}
    named = UUID(int=9)
    task = new("Task", focus={"reference": "Goal/1"}, identifier=[{"system": "urn:x:y", "value": "7"}])
    words = read(task, known={"Goal/1": named})
    assert (words.part_of, words.details[Detail.OWNER], words.status) == (named, "children", Status.PROPOSED)
    assert words.details[Detail.IDENTIFIERS] == '[["urn:x:y","7",""]]'


BAD: list[tuple[str, dict[str, Any], str]] = [
    ("Goal", {"lifecycleStatus": "accepted"}, "Goal.lifecycleStatus"),
    ("Goal", {"lifecycleStatus": "aktiv"}, "Goal.lifecycleStatus"),
    ("Goal", {"description": {"coding": [KLE]}}, "Goal.description.text"),
    ("Goal", {"description": {"text": "  "}}, "Goal.description.text"),
    ("Goal", {"description": {"text": "1 2"}}, "Goal.description.text"),
    ("Goal", {"description": {"text": "x" * 201}}, "Goal.description.text"),
    ("Goal", {"description": {"text": "Ro\u0007 nu"}}, "Goal.description.text"),
    ("Goal", {"description": {"text": "Ro", "coding": [{"code": "1"}]}}, "Goal.description.coding[0].system"),
    ("Goal", {"description": {"text": "Ro", "coding": [KLE | {"version": "1"}]}}, "Goal.description.coding[0].version"),
    ("Goal", {"achievementStatus": {"text": "godt"}}, "Goal.achievementStatus"),
    ("Goal", {"subject": {"reference": "Patient/somebody-else"}}, "Goal.subject.reference"),
    ("Goal", {"startDate": "2026-03"}, "Goal.startDate"),
    ("Goal", {"startDate": "2026-03-02", "target": [{"dueDate": "2026-03-01"}]}, "Goal.target"),
    ("Goal", {"target": [{"dueDate": "2026-03-01"}, {"dueDate": "2026-04-01"}]}, "Goal.target"),
    ("Goal", {"target": [{"measure": {"text": "m"}}]}, "Goal.target[0].measure"),
    ("Goal", {"note": [{"text": "a"}, {"text": "b"}]}, "Goal.note"),
    ("Goal", {"note": [{"text": "a", "time": "2026-03-01"}]}, "Goal.note[0].time"),
    ("Goal", {"note": [{"text": "x" * 1201}]}, "Goal.note[0].text"),
    ("Goal", {"expressedBy": {"reference": "Organization/employment"}}, "Goal.expressedBy"),
    ("Goal", {"category": [{"text": "mit"}]}, "Goal.category"),
    ("Goal", {"identifier": [{"value": "7"}]}, "Goal.identifier[0].system"),
    ("Goal", {"identifier": [{"system": "urn:x:y", "value": "0201609995"}]}, "Goal.identifier[0].value"),
    ("Goal", {"identifier": [{"system": "urn:oid:1.2.208.176.1.2", "value": "7"}]}, "Goal.identifier[0].value"),
    ("Goal", {"identifier": [{"system": "urn:x:y", "value": "7", "use": "oldest"}]}, "Goal.identifier[0].use"),
    ("Goal", {"text": NARRATIVE | {"status": "additional"}}, "Goal.text.status"),
    ("Goal", {"contained": [{"resourceType": "Patient"}]}, "Goal.contained"),
    ("Goal", {"implicitRules": "https://example.org/rules"}, "Goal.implicitRules"),
    ("Goal", {"meta": {"profile": ["https://example.org/p"]}}, "Goal.meta.profile"),
    ("Goal", {"meta": {"tag": [{"system": "urn:one-plan-hub:category", "code": "health"}]}}, "Goal.meta.tag"),
    ("Goal", {"meta": {"security": [{"system": "urn:x", "code": "R"}]}}, "Goal.meta.security"),
    ("Communication", {"sent": "2026-03-01T09:00:00+01:00"}, "Communication.sent"),
    ("Communication", {"sender": {"reference": "Organization/social"}}, "Communication.sender.reference"),
    ("Communication", {"category": [{"text": "andet"}]}, "Communication.category"),
    ("Communication", {"payload": [{"contentString": "a"}, {"contentString": "b"}]}, "Communication.payload"),
    ("Communication", {"payload": [{"contentReference": PATIENT}]}, "Communication.payload[0].contentReference"),
    ("Communication", {"status": "preparation"}, "Communication.status"),
    ("Appointment", {"start": None}, "Appointment.start"),
    ("Appointment", {"start": "2026-12-01T09:00:00.5+01:00"}, "Appointment.start"),
    ("Appointment", {"end": "2026-12-01T09:00:00+01:00"}, "Appointment.end"),
    ("Appointment", {"status": "noshow"}, "Appointment.status"),
    ("Appointment", {"minutesDuration": 60}, "Appointment.minutesDuration"),
    ("Appointment", {"participant": [{"actor": PATIENT, "status": "accepted"}]}, "Appointment.participant[0].status"),
    ("Appointment", {"participant": [A_PLACE]}, "Appointment.participant"),
    ("Appointment", {"participant": [CITIZEN_COMES, A_PLACE, A_PLACE]}, "Appointment.participant[2].actor"),
    ("Appointment", {"extension": [{"url": "urn:x", "valueCode": "a"}]}, "Appointment.extension[0].url"),
    ("Appointment", {"extension": [{"url": CONTACT, "valueCode": "fax"}]}, "Appointment.extension"),
    ("Task", {"status": "ready"}, "Task.status"),
    ("Task", {"intent": "plan"}, "Task.intent"),
    ("Task", {"priority": "urgent"}, "Task.priority"),
    ("Task", {"owner": {"reference": "Organization/police"}}, "Task.owner.reference"),
    ("Task", {"owner": {"identifier": {"value": "children"}}}, "Task.owner.reference"),
    ("Task", {"requester": {"reference": "Organization/social"}}, "Task.requester.reference"),
    ("Task", {"focus": {"reference": f"Goal/{UUID(int=8)}"}}, "Task.focus.reference"),
    ("Task", {"focus": {"reference": f"urn:uuid:{UUID(int=8)}"}}, "Task.focus.reference"),
    ("Task", {"authoredOn": "2026-03-01T09:00:00+01:00"}, "Task.authoredOn"),
    ("Task", {"restriction": {"repetitions": 2}}, "Task.restriction.repetitions"),
    ("Task", {"statusReason": {"text": "nej", "coding": [KLE]}}, "Task.statusReason.coding"),
    ("Task", {"output": [{"type": {"text": "note"}, "valueString": "a"}]}, "Task.output[0].type"),
    ("Task", {"output": [{"type": {"text": "n"}, "valueInteger": 1}]}, "Task.output[0].valueInteger"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "change", "path"), BAD, ids=[f"{path}-{place}" for place, (_, _, path) in enumerate(BAD)]
)
def test_what_cannot_be_kept_exactly_is_refused_by_its_element_and_no_value_repeated(
    kind: str, change: dict[str, Any], path: str
) -> None:
    found = faults_of(new(kind, **change))
    assert path in found
    assert all(sentence.strip() for sentence in found.values())
    for value in ("0201609995", "aktiv", "police", "example.org", "fax", "x" * 50):
        assert value not in str(found)


def test_what_r4_itself_does_not_allow_is_refused_before_anything_is_read() -> None:
    assert "Goal.unheard" in faults_of(new("Goal", unheard=1))
    assert "Goal.(unknown)" in faults_of(new("Goal", **{"0201609995": 1}))
    assert "Goal.subject" in faults_of(new("Goal", subject=None))
    with pytest.raises(InvalidRequest, match="no Goal"):
        check_resource({"resourceType": "Patient"}, "Goal", "Bundle.entry[1].resource")


def test_a_narrative_that_says_what_the_elements_say_and_what_a_server_says_are_no_fault() -> None:
    meta = {"versionId": "7", "lastUpdated": "2020-01-01T00:00:00Z"}
    assert read(new("Goal", id="mine", text=NARRATIVE, meta=meta)) == read(new("Goal"))


titles = (
    st.text("abc æø 12", min_size=3, max_size=40).map(str.strip).filter(lambda said: sum(map(str.isalpha, said)) > 1)
)
texts = st.text("abc æø.\n", max_size=60).map(str.strip)
instants = st.integers(0, 10**8).map(lambda seconds: THEN + timedelta(seconds=seconds))
codes = st.lists(
    st.builds(Code, st.just("urn:x:y"), st.sampled_from(["1", "2"]), st.sampled_from(["", "To"])), max_size=2
)
asked = st.builds(Asked, st.sampled_from(sorted(OWNERS)), st.sampled_from(TaskState), texts, texts)


@st.composite
def written_words(draw: st.DrawFn) -> tuple[str, OwnWords]:
    """Return who writes, and what: any that could have been written by FHIR or by a page."""
    kind = draw(st.sampled_from([Kind.GOAL, Kind.STATEMENT, Kind.APPOINTMENT, Kind.ACTIVITY]))
    begins = draw(instants)
    ends = begins + timedelta(seconds=draw(st.integers(1, 10**7)))
    facts: dict[str, Any] = {"valid": Period(begins, ends), "status": Status.ACTIVE, "details": {}}
    match kind:
        case Kind.GOAL:
            until = draw(st.sampled_from([None, ends]))
            ended = [one for one in Status if one is not Status.UNKNOWN]
            facts |= {"valid": Period(begins, until), "status": draw(st.sampled_from(ended))}
        case Kind.APPOINTMENT:
            details = st.fixed_dictionaries(
                {}, optional={"place": st.just("Rådhuset"), "with": st.just("R"), "contact": st.just("phone")}
            )
            facts |= {"status": Status.PLANNED, "details": draw(details)}
        case Kind.ACTIVITY:
            one = draw(asked)
            valid = draw(st.sampled_from([Period(), Period(begins), Period(None, ends), Period(begins, ends)]))
            facts |= {"valid": valid, "status": STATUS_OF[one.state], "details": one.details}
        case Kind.STATEMENT:
            facts |= {"valid": Period(begins)}
    words = OwnWords(
        kind, draw(titles), draw(texts), is_sensitive=draw(st.booleans()), codes=tuple(draw(codes)), **facts
    )
    is_citizens = kind is Kind.STATEMENT or (kind is Kind.GOAL and draw(st.booleans()))
    return (CITIZEN if is_citizens else "employment"), words


def told_of(author: str, words: OwnWords) -> tuple[Element, dict[str, Any]]:
    plan = an_empty_plan().with_written(author, words).build()
    (element,) = plan.elements.values()
    told = render(view_of(plan), Person(ANNA, ()), PlanStatus.ACTIVE, coordinator="coordination")
    return element, told[type_of(element), str(element.id)]


def who(author: str) -> str:
    return f"Patient/{ANNA}" if author == CITIZEN else f"Organization/{author}"


@given(written_words())
def test_whatever_was_read_and_is_sent_back_changes_nothing(said: tuple[str, OwnWords]) -> None:
    element, resource = told_of(*said)
    named = {reference_to(element)["reference"]: element.id}
    words = read(resource, was=element, told=resource, known=named, author=who(said[0]))
    assert canonical(rewritten(element, words, LATER, UUID(int=3))) == canonical(element)


@given(written_words(), written_words())
def test_one_thing_changed_in_what_was_read_changes_that_alone(
    said: tuple[str, OwnWords], other: tuple[str, OwnWords]
) -> None:
    element, resource = told_of(*said)
    place = {"Goal": "description", "Communication": "topic", "Task": "code"}.get(resource["resourceType"])
    title = other[1].title
    changed = resource | ({place: {**resource[place], "text": title}} if place else {"description": title})
    words = read(changed, was=element, told=resource, author=who(said[0]))
    after = rewritten(element, words, LATER, UUID(int=3))
    assert canonical(after) == canonical(replace(element, title=title))
