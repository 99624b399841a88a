"""The items of a case document as drafts of elements."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from hub.mappings._json_words import days, folded, instant, ladder, midnight, yes
from hub.mappings._social_rules import known_person, named_person
from hub.mappings._social_words import (
    FFB,
    RELATION_OF,
    STATUS_OF,
    case_status,
    kle_codes,
    law_code,
    topic,
)
from hub.plan.codes import code_tables
from hub.plan.contribution import PersonFacts
from hub.plan.element import Category, Code, Detail, Draft, Kind, Period, Sensitivity, Status

_CASE = "Sag"  # source id of the case's own element

_Item = dict[str, Any]


def drafts_of(sag: _Item) -> tuple[Draft, ...]:
    """Return a draft for everything the case names."""
    drafts = [_case(sag)]
    drafts += [_caseworker(sag["Behandler"])] if "Behandler" in sag else []
    drafts += [_purpose(sag["Indsatsformaal"])] if "Indsatsformaal" in sag else []
    drafts += _household(sag)
    drafts += [_need(item) for item in sag.get("Behov", [])]
    drafts += [_goal(item, sag) for item in sag.get("Indsatsmaal", [])]
    drafts += [_sub_goal(item) for item in sag.get("Delmaal", [])]
    drafts += [_activity(item, sag) for item in sag.get("Indsatser", [])]
    drafts += [_follow_up(item) for item in sag.get("Opfoelgninger", [])]
    drafts += [_appointment(item) for item in sag.get("Aftaler", [])]
    drafts += [_note(item) for item in sag.get("Notater", [])]
    drafts += [_health(item) for item in sag.get("Helbred", [])]
    named = {draft.source_id for draft in drafts}
    case = ladder(sag.get("Foelsomhed"))
    return tuple(_placed(draft, named, case) for draft in drafts)


def others_of(sag: _Item) -> tuple[PersonFacts, ...]:
    """Return the other people whom the case names by a usable number."""
    return tuple(
        PersonFacts((identifier,), item.get("Navn", ""), item.get("Adresse", {}).get("ErBeskyttet", False))
        for item, identifier in _others(sag)
    )


def _others(sag: _Item) -> Iterator[tuple[_Item, Any]]:
    citizen = known_person(sag["PrimaryPart"])
    for item in sag.get("Personer", []):
        identifier = named_person(item)
        if identifier is not None and identifier != citizen:
            yield item, identifier


def _placed(draft: Draft, named: set[str], case: Sensitivity | None) -> Draft:
    """Give a draft what only the whole case can tell: what it is part of, and its label."""
    part_of, label = _part_of(draft, named), _label(draft, case)
    if part_of == draft.part_of and label == draft.label:
        return draft
    return replace(draft, part_of=part_of, label=label)


def _part_of(draft: Draft, named: set[str]) -> str | None:
    """Make everything part of the case that is part of nothing else.

    A link to something that the case does not name is no link: people delete goals and forget what pointed at them.
    """
    return draft.part_of if draft.kind is Kind.CASE or draft.part_of in named else _CASE


def _label(draft: Draft, case: Sensitivity | None) -> Sensitivity | None:
    """Return the draft's own label or the case's; VIP covers all, and health is never below sensitive."""
    label = case if case is Sensitivity.VIP_SAGER else draft.label or case
    if label is not None and draft.category == Category.HEALTH:
        return max(label, Sensitivity.FOELSOMME_PERSONOPLYSNINGER)
    return label


def _case(sag: _Item) -> Draft:
    stage, state = sag["SagsStatus"]["Navn"], sag["SagsStatus"]["SagsTilstand"]
    status = case_status(stage, state)
    unread = {} if status else {"source-status": f"{stage} ({state})"}
    return Draft(
        source_id=_CASE,
        kind=Kind.CASE,
        category=Category.CASES,
        label=ladder(sag.get("Foelsomhed")),
        status=status or Status.UNKNOWN,
        title=sag["SagsTitel"],
        valid=Period(instant(sag.get("Oprettet")), instant(sag.get("Afsluttet"))),
        codes=kle_codes(sag["Nummer"]),
        details={"case-number": sag["Nummer"]} | unread,
    )


def _caseworker(item: _Item) -> Draft:
    facts = {Detail.NAME: "Navn", Detail.ROLE: "Rolle", Detail.PHONE: "Telefon", Detail.EMAIL: "Email"}
    return Draft(
        source_id="Behandler",
        kind=Kind.CONTACT_PERSON,
        category=Category.CONTACTS,
        label=ladder(item.get("Foelsomhed")),
        status=Status.ACTIVE,
        title=item["Navn"],
        details={fact: item[field] for fact, field in facts.items() if item.get(field)},
    )


def _household(sag: _Item) -> Iterator[Draft]:
    for item, identifier in _others(sag):
        relation = RELATION_OF.get(folded(item["Relation"]))
        unread = {} if relation else {"source-relation": item["Relation"]}
        details = {Detail.RELATION: relation or "other"} | unread
        if "HarForaeldremyndighed" in item:
            details[Detail.CUSTODY] = yes(item["HarForaeldremyndighed"])
        if "Adresse" in item:
            details[Detail.PROTECTED_ADDRESS] = yes(item["Adresse"]["ErBeskyttet"])
        yield Draft(
            source_id=f"Personer:{item['Id']}",
            kind=Kind.HOUSEHOLD_MEMBER,
            category=Category.HOUSEHOLD,
            label=ladder(item.get("Foelsomhed")),
            status=Status.ACTIVE,
            title=item.get("Navn") or item["Relation"] or "Anden",
            concerns=(identifier,),
            details=details,
        )


def _purpose(item: _Item) -> Draft:
    return Draft(
        source_id=_purpose_id(item),
        kind=Kind.GOAL,
        category=Category.GOALS,
        label=ladder(item.get("Foelsomhed")),
        status=Status.ACTIVE,
        title=item["Tekst"],
        details={"purpose": "yes"},
    )


def _need(item: _Item) -> Draft:
    valid = Period(midnight(item.get("Konstateret")))
    return _plain("Behov", item, Kind.NEED, Category.NEEDS, codes=_ffb(item, "FFB", "Niveau"), valid=valid)


def _goal(item: _Item, sag: _Item) -> Draft:
    part_of, codes = _purpose_of(sag), _ffb(item, "FFB")
    return _plain("Indsatsmaal", item, Kind.GOAL, Category.GOALS, codes=codes, valid=days(item), part_of=part_of)


def _sub_goal(item: _Item) -> Draft:
    part_of = f"Indsatsmaal:{item['MaalId']}"
    return _plain("Delmaal", item, Kind.SUB_GOAL, Category.GOALS, valid=days(item), part_of=part_of)


def _activity(item: _Item, sag: _Item) -> Draft:
    law = (law_code(item["Paragraf"]),) if "Paragraf" in item else ()
    return _plain(
        "Indsatser",
        item,
        Kind.ACTIVITY,
        Category.ACTIVITIES,
        details=_place(item.get("Tilbud")),
        codes=law + _ffb(item, "FFB"),
        valid=days(item),
        part_of=f"Indsatsmaal:{item['MaalId']}" if "MaalId" in item else _purpose_of(sag),
    )


def _follow_up(item: _Item) -> Draft:
    return _plain(
        "Opfoelgninger",
        {**item, "Titel": "Opfølgning"},
        Kind.APPOINTMENT,
        Category.APPOINTMENTS,
        Status.PLANNED,
        {Detail.ALL_DAY: "yes", Detail.TYPE: "follow-up"},
        codes=_ffb(item, "Beslutning"),
        valid=Period(midnight(item["Dato"]), midnight(item["Dato"], days_later=1)),
        part_of=_activity_of(item),
    )


def _appointment(item: _Item) -> Draft:
    return _plain(
        "Aftaler",
        item,
        Kind.APPOINTMENT,
        Category.APPOINTMENTS,
        Status.PLANNED,
        _place(item.get("Sted")),
        valid=Period(instant(item["Start"]), instant(item["Slut"])),
        part_of=_activity_of(item),
    )


def _note(item: _Item) -> Draft:
    written = Period(instant(item.get("Oprettet")))
    return _plain(
        "Notater", {**item, "Beskrivelse": item.get("Tekst", "")}, Kind.NOTE, topic(item.get("Emne")), valid=written
    )


def _health(item: _Item) -> Draft:
    valid = days(item, "Fra", "Til")
    return _plain("Helbred", item, Kind.NEED, Category.HEALTH, codes=_ffb(item, "FFB"), valid=valid)


def _plain(
    place: str,
    item: _Item,
    kind: Kind,
    category: str | None,
    unless_said: Status = Status.ACTIVE,
    details: Mapping[str, str] | None = None,
    **facts: Any,
) -> Draft:
    """Draft an item: what all items have is read here; what its kind alone has comes in as further fields of Draft.

    A status word that is unknown is kept beside status unknown.
    """
    word = item.get("Status", "").strip()
    status = STATUS_OF.get(folded(word)) if word else unless_said
    unread = {} if status else {"source-status": word}
    return Draft(
        source_id=f"{place}:{item['Id']}",
        kind=kind,
        category=category,
        label=ladder(item.get("Foelsomhed")),
        status=status or Status.UNKNOWN,
        title=item["Titel"],
        text=item.get("Beskrivelse", ""),
        details={**unread, **(details or {})},
        **facts,
    )


def _place(name: str | None) -> dict[str, str]:
    return {Detail.PLACE: name} if name else {}


def _purpose_id(item: _Item) -> str:
    return f"Indsatsformaal:{item['Id']}"


def _purpose_of(sag: _Item) -> str | None:
    return _purpose_id(sag["Indsatsformaal"]) if "Indsatsformaal" in sag else None


def _activity_of(item: _Item) -> str | None:
    return f"Indsatser:{item['IndsatsId']}" if "IndsatsId" in item else None


def _ffb(item: _Item, *fields: str) -> tuple[Code, ...]:
    return tuple(_ffb_code(item[field]) for field in fields if field in item)


def _ffb_code(item: _Item) -> Code:
    return Code(FFB, item["Kode"], item.get("Tekst") or code_tables()[FFB].text(item["Kode"]))
