"""The items of a course of the youth services as drafts of elements, and who is named in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from hub.errors import Fault
from hub.mappings._json_words import (
    days,
    folded,
    instant,
    ladder,
    midnight,
    repeated_ids,
    reversed_times,
    yes,
)
from hub.mappings._youth_words import ACTIVITY, ASSESSMENT, RELATION_OF, STATUS_OF, topic
from hub.plan.contribution import PersonFacts
from hub.plan.element import Category, Code, Detail, Draft, Kind, Period, Status
from hub.plan.identifier import Identifier, NotAnIdentifier, cpr_identifier

ISSUER = "youth"  # whose replacement numbers these are
_COURSE = "Forloeb"  # source id of the course's own element
_LISTS = (
    "Foraeldre",
    "Maalgruppevurderinger",
    "Maal",
    "Skridt",
    "Aktiviteter",
    "Samtaler",
    "UngesOrd",
    "Notater",
)
_CONTACT = {Detail.NAME: "Navn", Detail.ROLE: "Rolle", Detail.PHONE: "Telefon", Detail.EMAIL: "Email"}

_Item = dict[str, Any]


def broken_rules(course: _Item) -> tuple[Fault, ...]:
    """Return everything wrong with a course that is valid against its schema."""
    edges = ("Start", "Slut")
    return (
        *_unusable_numbers(course["Ung"]),
        *(fault for name in _LISTS for fault in repeated_ids(name, course.get(name, []))),
        *reversed_times("", course, edges),
        *reversed_times("Uddannelsesplan.", course.get("Uddannelsesplan", {}), edges),
        *(
            fault
            for name in _LISTS
            for index, item in enumerate(course.get(name, []))
            for fault in reversed_times(f"{name}[{index}].", item, edges)
        ),
    )


def _unusable_numbers(young: _Item) -> Iterator[Fault]:
    for field in ("CPR", "TidligereCPR"):
        try:
            if field in young:
                cpr_identifier(young[field], ISSUER)
        except NotAnIdentifier as error:
            yield Fault(f"Ung.{field}", str(error), "Send the number by which the young person is registered.")


def young_person(course: _Item) -> PersonFacts:
    """Return whose course it is: the number of now, then the one before."""
    young = course["Ung"]
    numbers = [cpr_identifier(young[field], ISSUER) for field in ("CPR", "TidligereCPR") if field in young]
    return PersonFacts(tuple(dict.fromkeys(numbers)), young["Navn"], young.get("AdresseBeskyttet", False))


def others_of(course: _Item) -> tuple[PersonFacts, ...]:
    """Return the parents whom the course names by a usable number."""
    return tuple(
        PersonFacts((number,), item.get("Navn", ""), item.get("AdresseBeskyttet", False))
        for item, number in _parents(course)
    )


def drafts_of(course: _Item) -> tuple[Draft, ...]:
    """Return a draft for everything the course names; none of a deleted one."""
    if course.get("Slettet", False):
        return ()
    drafts = [_course(course), *(_parent(item, number) for item, number in _parents(course))]
    drafts += [_contact(course["Kontaktperson"])] if "Kontaktperson" in course else []
    drafts += [_assessment(item) for item in course.get("Maalgruppevurderinger", [])]
    drafts += [_education_plan(course["Uddannelsesplan"])] if "Uddannelsesplan" in course else []
    drafts += [_goal(item, course) for item in course.get("Maal", [])]
    drafts += [_step(item) for item in course.get("Skridt", [])]
    drafts += [_activity(item, course) for item in course.get("Aktiviteter", [])]
    drafts += [_meeting(item) for item in course.get("Samtaler", [])]
    drafts += [_own_words(item) for item in course.get("UngesOrd", [])]
    drafts += [_note(item) for item in course.get("Notater", [])]
    named, label = {draft.source_id for draft in drafts}, ladder(course.get("Foelsomhed"))
    return tuple(
        replace(
            draft,
            # A link to what the course does not name is no link: people delete goals and forget what pointed at them.
            part_of=None if draft.source_id == _COURSE else draft.part_of if draft.part_of in named else _COURSE,
            label=draft.label or label,
        )
        for draft in drafts
    )


def _parents(course: _Item) -> Iterator[tuple[_Item, Identifier]]:
    """Yield who has a usable number; one without, or with the young person's own, is skipped."""
    own = young_person(course).identifiers
    for item in course.get("Foraeldre", []):
        try:
            number = cpr_identifier(item.get("CPR", ""), ISSUER)
        except NotAnIdentifier:
            continue
        if number not in own:
            yield item, number


def _course(course: _Item) -> Draft:
    return _item(course, "", Kind.CASE, Category.CASES, source_id=_COURSE, valid=days(course))


def _parent(item: _Item, number: Identifier) -> Draft:
    relation = RELATION_OF.get(folded(item["Relation"]))
    details = {Detail.RELATION: relation or "other"} | ({} if relation else {"source-relation": item["Relation"]})
    for detail, field in ((Detail.CUSTODY, "HarForaeldremyndighed"), (Detail.PROTECTED_ADDRESS, "AdresseBeskyttet")):
        details |= {detail: yes(item[field])} if field in item else {}
    title = item.get("Navn") or item["Relation"]
    return _item(item, "Foraeldre", Kind.HOUSEHOLD_MEMBER, Category.HOUSEHOLD, details, title=title, concerns=(number,))


def _contact(item: _Item) -> Draft:
    details = {detail: item[field] for detail, field in _CONTACT.items() if item.get(field)}
    return _item(
        item,
        "",
        Kind.CONTACT_PERSON,
        Category.CONTACTS,
        details,
        source_id="Kontaktperson",
        title=item["Navn"],
    )


def _assessment(item: _Item) -> Draft:
    return _item(
        item,
        "Maalgruppevurderinger",
        Kind.NOTE,
        Category.ASSESSMENTS,
        title="Målgruppevurdering",
        text=item.get("Begrundelse", ""),
        codes=(Code(ASSESSMENT, item["Vurdering"], item["Vurdering"]),),
        valid=Period(midnight(item["Dato"])),
    )


def _education_plan(item: _Item) -> Draft:
    return _item(item, "Uddannelsesplan", Kind.CASE, Category.CASES, valid=days(item), text=item.get("Beskrivelse", ""))


def _goal(item: _Item, course: _Item) -> Draft:
    text, part_of = item.get("Beskrivelse", ""), _plan_of(course)
    return _item(item, "Maal", Kind.GOAL, Category.GOALS, valid=days(item), text=text, part_of=part_of)


def _step(item: _Item) -> Draft:
    until = Period(end=midnight(item.get("Frist"), days_later=1))
    return _item(item, "Skridt", Kind.SUB_GOAL, Category.GOALS, valid=until, part_of=f"Maal:{item['MaalId']}")


def _activity(item: _Item, course: _Item) -> Draft:
    return _item(
        item,
        "Aktiviteter",
        Kind.ACTIVITY,
        Category.ACTIVITIES,
        {Detail.PLACE: item.get("Sted", "")},
        text=item.get("Beskrivelse", ""),
        codes=(Code(ACTIVITY, item["Art"], item["Art"]),) if "Art" in item else (),
        valid=days(item),
        part_of=f"Maal:{item['MaalId']}" if "MaalId" in item else _plan_of(course),
    )


def _meeting(item: _Item) -> Draft:
    return _item(
        item,
        "Samtaler",
        Kind.APPOINTMENT,
        Category.APPOINTMENTS,
        {Detail.PLACE: item.get("Sted", ""), "form": item.get("Form", "")},
        unless_said=Status.PLANNED,
        valid=Period(instant(item["Start"]), instant(item["Slut"])),
        part_of=f"Aktiviteter:{item['AktivitetId']}" if "AktivitetId" in item else None,
    )


def _own_words(item: _Item) -> Draft:
    return _item(
        item,
        "UngesOrd",
        Kind.STATEMENT,
        Category.STATEMENTS,
        title="Den unges ord",
        text=item["Tekst"],
        valid=Period(instant(item.get("Skrevet"))),
    )


def _note(item: _Item) -> Draft:
    written, text = Period(instant(item.get("Oprettet"))), item.get("Tekst", "")
    return _item(item, "Notater", Kind.NOTE, topic(item.get("Emne")), text=text, valid=written)


def _plan_of(course: _Item) -> str | None:
    return f"Uddannelsesplan:{course['Uddannelsesplan']['Id']}" if "Uddannelsesplan" in course else None


def _item(
    item: _Item,
    place: str,
    kind: Kind,
    category: str | None,
    details: Mapping[str, str] | None = None,
    *,
    unless_said: Status = Status.ACTIVE,
    **facts: Any,
) -> Draft:
    """Draft an item: what all items have is read here; what its kind alone has comes in as further fields of Draft."""
    word = item.get("Status", "")
    status = STATUS_OF.get(folded(word)) if word else unless_said
    unread = {} if status else {"source-status": word}
    common = {"source_id": f"{place}:{item.get('Id', '')}", "title": item.get("Titel", "")}
    return Draft(
        kind=kind,
        category=category,
        label=ladder(item.get("Foelsomhed")),
        status=status or Status.UNKNOWN,
        details={name: value for name, value in {**unread, **(details or {})}.items() if value},
        **{**common, **facts},
    )
