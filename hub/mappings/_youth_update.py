"""A plan update in the youth services' words: PlanOpdatering."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hub.authority import Disclosed, PlanUpdate, ProposedTime
from hub.mappings._json_words import instant_text
from hub.mappings._youth_words import WORD_OF_KIND, WORD_OF_STATUS, WORD_OF_TOPIC
from hub.plan.element import Code


def content_of(update: PlanUpdate) -> dict[str, Any]:
    """Return the document; who else an element concerns is not told, and what was not said is left out."""
    return {
        "PlanId": str(update.plan),
        "CPR": f"{update.person.value[:6]}-{update.person.value[6:]}",
        "Sekvens": update.sequence,
        "KorrelationId": update.correlation_id,
        "Dannet": instant_text(update.made_at),
        **({"AdresseBeskyttet": True} if update.has_protected_address else {}),
        "Delt": [dict(_shared(disclosed)) for disclosed in update.disclosed],
        "Tilbagekaldt": [str(element) for element in update.withdrawn],
        **({"Forslag": [_proposed(one) for one in update.proposals]} if update.proposals else {}),
    }


def _shared(disclosed: Disclosed) -> Iterator[tuple[str, Any]]:
    element = disclosed.element
    yield "ElementId", str(element.id)
    yield "Aftryk", disclosed.digest
    yield "Myndighed", element.authority
    yield "Art", WORD_OF_KIND[element.kind]
    if element.category is not None:
        yield "Kategori", WORD_OF_TOPIC.get(element.category, element.category)
    if element.label is not None:
        yield "Foelsomhed", element.label.name
    yield "Status", WORD_OF_STATUS[element.status]
    yield "Titel", element.title
    facts = {
        "Tekst": element.text,
        "Fra": instant_text(element.valid.start),
        "Til": instant_text(element.valid.end),
        "DelAf": element.part_of and str(element.part_of),
        "Koder": [_coded(code) for code in element.codes],
        "Oplysninger": dict(element.details),
    }
    yield from ((name, value) for name, value in facts.items() if value)
    yield "Begrundelse", disclosed.why


def _coded(code: Code) -> dict[str, str]:
    return {"System": code.system, "Kode": code.code} | ({"Tekst": code.text} if code.text else {})


def _proposed(one: ProposedTime) -> dict[str, Any]:
    return {
        "ForslagId": str(one.id),
        "ForloebId": one.case,
        "ElementId": str(one.element),
        "StaarFra": instant_text(one.stands.start),
        "StaarTil": instant_text(one.stands.end),
        "ForeslaaetFra": instant_text(one.proposed.start),
        "ForeslaaetTil": instant_text(one.proposed.end),
    }
