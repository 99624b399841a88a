"""A view becomes FHIR R4 that validates, and nothing in it points outside the view."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from fhir.resources.R4B import get_fhir_model_class

from hub.consent.consent import by_person
from hub.consent.policy import Hidden, RuleEffect
from hub.consent.view import View, view_for
from hub.fhir.render import TYPES, Resources, render
from hub.fhir.words import RESOURCE_OF, STATUS
from hub.plan.element import Code, Kind, Period, Sensitivity, Status
from hub.plan.identifier import CPR, Identifier, cpr_identifier
from hub.plan.own import OwnWords
from hub.plan.person import Person, Role
from hub.plan.plan import Plan, PlanStatus
from hub.plan.task import Asked, TaskState
from hub.testing.builders import (
    TEST_CPR,
    THEN,
    PlanBuilder,
    a_consent_to_one_plan,
    a_plan,
    a_policy,
    a_reader,
    a_rule,
    an_id,
)

ANNA = UUID(int=1)
PLAN = UUID(int=2)
MOTHER = UUID(int=3)
FROM, TO = datetime(2026, 3, 2, 9, tzinfo=UTC), datetime(2026, 3, 2, 10, tzinfo=UTC)
ASKED = Asked("children", TaskState.COMPLETED, "Det er gjort", "En mentor")
KLE = Code("https://data.gov.dk/id/classification/KLE", "27.24.00", "Psykiske vanskeligheder")


def an_empty_plan() -> PlanBuilder:
    return a_plan(ANNA, PLAN)


def a_full_plan() -> PlanBuilder:
    """One of each kind, from two authorities."""
    return (
        an_empty_plan()
        .with_element("children", Kind.CASE, title="Sag", text="<b>x</b>", codes=(KLE,))
        .with_element("children", Kind.NEED, title="Ro", text="Om aftenen", valid=Period(FROM))
        .with_element("social", Kind.GOAL, source_id="g", title="Job", valid=Period(FROM, TO), text="T")
        .with_element("social", Kind.SUB_GOAL, source_id="s", part_of="g", title="Praktik")
        .with_element("social", Kind.ACTIVITY, source_id="a", part_of="g", title="Støtte", codes=(KLE,), text="T")
        .with_appointment("social", start=FROM, end=TO, details={"place": "Rådhuset", "with": "Rådgiver"})
        .with_element("social", Kind.CONTACT_PERSON, title="R", details={"name": "R", "role": "rådgiver", "phone": "1"})
        .with_element("children", Kind.NOTE, title="Notat", text="T")
        .with_element("children", Kind.STATEMENT, title="Mine ord", text="T", valid=Period(FROM))
        .with_household_member("children", MOTHER, "mother", has_custody=True)
        .with_written("social", OwnWords(Kind.ACTIVITY, "Find en mentor", details=ASKED.details))
    )


def view_of(plan: Plan, *rules: Any, reader_of: str = "coordination") -> View:
    policy = a_policy(*(rules or (a_rule("ALL", RuleEffect.PERMIT),)))
    consents = by_person([a_consent_to_one_plan(ANNA).build()])
    reader = a_reader(reader_of, plan, role=Role.COORDINATOR if reader_of == "coordination" else Role.AUTHORITY_SYSTEM)
    return view_for(plan, reader, policy, consents, THEN)


def rendered(plan: Plan, status: PlanStatus = PlanStatus.ACTIVE, **how: Any) -> Resources:
    person = Person(ANNA, (Identifier(CPR, TEST_CPR),), "Anna Test")
    return render(view_of(plan, **how), person, status, coordinator="coordination")


def check(resources: Resources) -> None:
    for (kind, id), resource in resources.items():
        assert resource["id"] == id
        get_fhir_model_class(kind).model_validate(resource)


def references_in(thing: Any) -> Iterator[str]:
    match thing:
        case {"reference": str(target)}:
            yield target
        case dict():
            for inner in thing.values():
                yield from references_in(inner)
        case list():
            for inner in thing:
                yield from references_in(inner)


def test_every_kind_of_element_becomes_a_valid_resource() -> None:
    resources = rendered(a_full_plan().build())
    check(resources)
    assert {kind for kind, _ in resources} == set(TYPES)


@pytest.mark.parametrize("status", list(Status))
@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("valid", [Period(), Period(FROM), Period(None, TO), Period(FROM, TO)])
def test_every_status_and_period_of_every_kind_is_valid(kind: Kind, status: Status, valid: Period) -> None:
    check(rendered(an_empty_plan().with_element("social", kind, status=status, valid=valid).build()))


def test_the_tables_of_words_are_whole() -> None:
    assert RESOURCE_OF.keys() == set(Kind)
    assert STATUS.keys() == set(Status)
    with_status = {"EpisodeOfCare", "Goal", "ServiceRequest", "Appointment", "Communication"}
    assert all(words.keys() == with_status for words in STATUS.values())


def test_a_plan_without_anything_in_view_is_valid_and_names_no_authority() -> None:
    resources = rendered(an_empty_plan().build())
    check(resources)
    umbrella = resources["CarePlan", str(PLAN)]
    assert umbrella["status"] == "active"
    assert not {"activity", "contributor", "supportingInfo", "meta"} & umbrella.keys()
    assert set(resources) == {
        ("CarePlan", str(PLAN)),
        ("CareTeam", str(PLAN)),
        ("Patient", str(ANNA)),
        ("Organization", "coordination"),
    }


def test_every_reference_leads_to_a_resource_of_the_same_view() -> None:
    resources = rendered(a_full_plan().build())
    known = {f"{kind}/{id}" for kind, id in resources}
    assert set(references_in(list(resources.values()))) <= known


def test_nothing_is_contained_and_nothing_is_empty() -> None:
    def has_empty(thing: Any) -> bool:
        if isinstance(thing, dict):
            return not thing or any(has_empty(inner) for inner in thing.values())
        if isinstance(thing, list):
            return not thing or any(has_empty(inner) for inner in thing)
        return thing in (None, "")

    for resource in rendered(a_full_plan().build()).values():
        assert "contained" not in resource
        assert not has_empty(resource)


def test_what_is_not_in_the_view_leaves_no_trace() -> None:
    seen_by_social = a_rule("GOALS", RuleEffect.PERMIT, categories=frozenset({"goals"}))
    plain = an_empty_plan().with_goal("children", source_id="g", case="C1")
    more = plain.with_element("employment", Kind.NOTE, title="Hemmeligt").with_element("children", Kind.CASE)
    person = Person(ANNA, (Identifier(CPR, TEST_CPR),), "Anna Test")

    def seen(plan: Plan) -> Resources:
        view = view_of(plan, seen_by_social, reader_of="social")
        return render(view, person, PlanStatus.ACTIVE, coordinator="coordination")

    assert seen(plain.build()) == seen(more.build())


def test_the_umbrella_is_the_coordinators_and_each_part_its_authoritys() -> None:
    resources = rendered(a_full_plan().build())
    umbrella, part = resources["CarePlan", str(PLAN)], resources["CarePlan", f"{PLAN}-social"]
    assert umbrella["author"] == {"reference": "Organization/coordination"}
    assert part["author"] == {"reference": "Organization/social"}
    assert part["partOf"] == [{"reference": f"CarePlan/{PLAN}"}]
    assert {"reference": f"CarePlan/{PLAN}-social"} in umbrella["supportingInfo"]
    assert {one["reference"]["reference"].split("/")[0] for one in part["activity"]} == {
        "ServiceRequest",
        "Task",
        "Appointment",
    }


def test_the_highest_label_of_its_parts_is_on_a_plan() -> None:
    plan = (
        an_empty_plan()
        .with_goal("social", label=Sensitivity.IKKE_FORTROLIGE_DATA)
        .with_goal("children", label=Sensitivity.FOELSOMME_PERSONOPLYSNINGER)
    )
    resources = rendered(plan.build())

    def confidentiality(id: str) -> str:
        code: str = resources["CarePlan", id]["meta"]["security"][0]["code"]
        return code

    assert confidentiality(str(PLAN)) == "R"
    assert confidentiality(f"{PLAN}-social") == "L"
    assert confidentiality(f"{PLAN}-children") == "R"


def test_what_has_no_label_counts_as_the_top() -> None:
    plan = an_empty_plan().with_goal("social", label=None).build()
    goal = rendered(plan)["Goal", str(next(iter(plan.elements)))]
    assert [label["code"] for label in goal["meta"]["security"]] == ["V"]


def test_a_hidden_title_leaves_a_valid_resource_without_it() -> None:
    rule = a_rule("HALF", RuleEffect.PERMIT, without=(Hidden.TITLE, Hidden.TEXT, Hidden.CODES, Hidden.DETAILS))
    plan = a_full_plan().build()
    person = Person(ANNA, (), "")
    resources = render(view_of(plan, rule), person, PlanStatus.ACTIVE, coordinator="coordination")
    check(resources)
    assert "Job" not in str(resources)


def test_since_when_is_not_told_of_what_is_left_out_in_part() -> None:
    rule = a_rule("HALF", RuleEffect.PERMIT, without=(Hidden.TEXT,))
    plan = a_full_plan().build()
    later = {key: replace(one, registered_at=THEN + timedelta(days=1)) for key, one in plan.elements.items()}
    before, after = (
        render(view_of(plan, rule), Person(ANNA, (), ""), PlanStatus.ACTIVE, coordinator="coordination")
        for plan in (plan, replace(plan, elements=later))
    )
    assert before == after


def test_a_meeting_without_an_end_stays_a_proposal() -> None:
    plan = an_empty_plan().with_appointment("social", start=FROM, status=Status.PLANNED).build()
    meeting = rendered(plan)["Appointment", str(next(iter(plan.elements)))]
    assert meeting["status"] == "proposed"
    assert meeting["requestedPeriod"] == [{"start": "2026-03-02T10:00:00+01:00"}]
    assert "start" not in meeting


def test_times_are_danish_with_their_zone_and_the_last_second_counts() -> None:
    night = Period(datetime(2026, 6, 30, 22, tzinfo=UTC), datetime(2026, 7, 31, 22, tzinfo=UTC))
    plan = an_empty_plan().with_element("social", Kind.ACTIVITY, valid=night).build()
    request = rendered(plan)["ServiceRequest", str(next(iter(plan.elements)))]
    assert request["occurrencePeriod"] == {"start": "2026-07-01T00:00:00+02:00", "end": "2026-07-31T23:59:59+02:00"}
    goal_plan = an_empty_plan().with_goal("social", valid=night).build()
    goal = rendered(goal_plan)["Goal", str(next(iter(goal_plan.elements)))]
    assert (goal["startDate"], goal["target"]) == ("2026-07-01", [{"dueDate": "2026-07-31"}])


def test_a_goal_names_its_steps_and_an_activity_its_goal() -> None:
    resources = rendered(a_full_plan().build())
    goal = resources["Goal", str(an_id("social", "g"))]
    assert f"Goal/{an_id('social', 's')}" in set(references_in(goal["extension"]))
    activity = resources["ServiceRequest", str(an_id("social", "a"))]
    assert f"Goal/{an_id('social', 'g')}" in set(references_in(activity["extension"]))


def test_markup_in_a_text_is_no_markup_in_the_narrative() -> None:
    episode = next(one for (kind, _), one in rendered(a_full_plan().build()).items() if kind == "EpisodeOfCare")
    assert "&lt;b&gt;x" in episode["text"]["div"]


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ([Status.ACTIVE, Status.COMPLETED], "active"),
        ([Status.COMPLETED, Status.CANCELLED], "completed"),
        ([Status.CANCELLED], "revoked"),
        ([Status.ON_HOLD, Status.COMPLETED], "on-hold"),
        ([Status.ENTERED_IN_ERROR], "entered-in-error"),
        ([Status.UNKNOWN], "active"),
    ],
)
def test_a_part_stands_where_what_is_seen_of_it_stands(statuses: list[Status], expected: str) -> None:
    plan = an_empty_plan()
    for status in statuses:
        plan = plan.with_goal("social", status=status)
    resources = rendered(plan.build())
    assert resources["CarePlan", f"{PLAN}-social"]["status"] == expected
    assert resources["CarePlan", str(PLAN)]["status"] == "active"


def test_a_dissolved_plan_is_revoked() -> None:
    assert rendered(an_empty_plan().build(), PlanStatus.DISSOLVED)["CarePlan", str(PLAN)]["status"] == "revoked"


def test_case_numbers_are_for_their_authority_and_the_coordinator() -> None:
    plan = a_full_plan().build()
    assert "identifier" in rendered(plan)["CarePlan", f"{PLAN}-social"]
    by_social = rendered(plan, reader_of="social")
    assert "identifier" in by_social["CarePlan", f"{PLAN}-social"]
    assert "identifier" not in by_social["CarePlan", f"{PLAN}-children"]


def test_a_replacement_number_is_shown_to_its_issuer_alone() -> None:
    theirs = Identifier("urn:one-plan-hub:replacement-cpr:social", "6201609995")
    plan = an_empty_plan().build()

    def patient(organisation: str) -> dict[str, Any]:
        view = view_of(plan, reader_of=organisation)
        resources = render(view, Person(ANNA, (theirs,)), PlanStatus.ACTIVE, coordinator="coordination")
        return resources["Patient", str(ANNA)]

    assert patient("social")["identifier"][0]["value"] == "6201609995"
    assert "identifier" not in patient("children")


def test_a_partner_is_shown_no_person_number() -> None:
    number = Identifier(CPR, "0201609995")

    def patient(role: Role) -> dict[str, Any]:
        plan = an_empty_plan().build()
        view = view_for(plan, a_reader("association", plan, role=role), a_policy(), {}, THEN)
        resources = render(view, Person(ANNA, (number,)), PlanStatus.ACTIVE, coordinator="coordination")
        return resources["Patient", str(ANNA)]

    assert "identifier" in patient(Role.CASEWORKER)
    assert "identifier" not in patient(Role.PARTNER)


def test_a_changed_number_is_shown_with_the_one_it_replaced_to_who_has_used_that() -> None:
    new, old, theirs = (cpr_identifier(cpr, "social") for cpr in ("0201609996", "0201609995", "6201609995"))
    plan = an_empty_plan().build()

    def shown(person: Person, organisation: str = "social") -> list[tuple[str, str]]:
        view = view_of(plan, reader_of=organisation)
        resources = render(view, person, PlanStatus.ACTIVE, coordinator="coordination")
        check(resources)
        return [(one["use"], one["value"]) for one in resources["Patient", str(ANNA)]["identifier"]]

    changed = Person(ANNA, (old,)).named([old], "social", THEN).named([new, old], "children", THEN)
    assert shown(changed) == [("official", new.value), ("old", old.value)]
    assert shown(changed, "children") == [("official", new.value)], "an earlier number may tell of a legal gender"
    assert shown(Person(ANNA, (theirs,))) == [("temp", theirs.value)]
    registered = changed.named([new, theirs], "social", THEN).named([theirs], "social", THEN)
    assert shown(registered) == [("official", new.value), ("old", old.value), ("old", theirs.value)]
    assert shown(registered, "children") == shown(changed, "children")
