"""A plan update in social services' words: PlanOpdatering."""

from __future__ import annotations

from typing import Any

from hub.authority import Disclosed, PlanUpdate, ProposedTime
from hub.mappings._json_words import instant_text
from hub.mappings._social_words import WORD_OF_KIND, WORD_OF_STATUS, WORD_OF_TOPIC


def content_of(update: PlanUpdate) -> dict[str, Any]:
    """Return the document: what the authority may see now and did not hold, and what it must delete.

    Who else an element concerns is not told: the hub's ids of other people are no business of a recipient.
    """
    return {
        "PlanId": str(update.plan),
        "CPRnummer": f"{update.person.value[:6]}-{update.person.value[6:]}",
        "Sekvens": update.sequence,
        "KorrelationsId": update.correlation_id,
        "Dannet": instant_text(update.made_at),
        **({"AdresseBeskyttet": True} if update.has_protected_address else {}),
        "Elementer": [_element(disclosed) for disclosed in update.disclosed],
        "TrukketTilbage": [str(element) for element in update.withdrawn],
        **({"Forslag": [_proposed(one) for one in update.proposals]} if update.proposals else {}),
    }


def _element(disclosed: Disclosed) -> dict[str, Any]:
    element = disclosed.element
    return {
        "Id": str(element.id),
        "Art": WORD_OF_KIND[element.kind],
        "Emne": None if element.category is None else WORD_OF_TOPIC.get(element.category, element.category),
        "Foelsomhed": None if element.label is None else element.label.name,
        "Status": WORD_OF_STATUS[element.status],
        "Titel": element.title,
        "Tekst": element.text,
        "Fra": instant_text(element.valid.start),
        "Til": instant_text(element.valid.end),
        "Koder": [{"System": code.system, "Kode": code.code, "Tekst": code.text} for code in element.codes],
        "DelAf": None if element.part_of is None else str(element.part_of),
        "Oplysninger": dict(element.details),
        "Myndighed": element.authority,
        "Fagsystem": element.provenance.source_system,
        "Fingeraftryk": disclosed.digest,
        "Hvorfor": disclosed.why,
    }


def _proposed(one: ProposedTime) -> dict[str, Any]:
    return {
        "ForslagId": str(one.id),
        "SagIdentity": one.case,
        "ElementId": str(one.element),
        "StaarFra": instant_text(one.stands.start),
        "StaarTil": instant_text(one.stands.end),
        "ForeslaaetFra": instant_text(one.proposed.start),
        "ForeslaaetTil": instant_text(one.proposed.end),
    }
