"""Social services as a sender: a case in JSON (social/v1)."""

from __future__ import annotations

import random
from functools import cache

from hub.mappings._social_words import RELATION_OF, STATUS_OF, TOPIC_OF
from hub.plan.identifier import NotAnIdentifier, cpr_identifier
from tests.generation.contract import Node
from tests.generation.making import Maker, canary
from tests.generation.openapi import JsonSchemas
from tests.generation.sample import Style
from tests.generation.senders import Sender, Way, texts_of

_LINKS = {"MaalId": "Indsatsmaal", "IndsatsId": "Indsatser"}
_STATED = ("Behov", "Indsatsmaal", "Delmaal", "Indsatser", "Opfoelgninger", "Aftaler", "Helbred")
_LAWS = ("SEL §85", "SEL § 95, stk. 2", "BL §32", "LAB § 40", "RSL 11c", "Servicelovens § 107", "XX §1")


def _word_of(words: tuple[str, ...]) -> Maker:
    """Return what makes a word of the vocabulary, in any case; or one that nobody knows, or none."""

    def a_word(dice: random.Random) -> str:
        known = dice.choice(words)
        return dice.choice([known, known, known.upper(), known.capitalize(), f" {known} ", canary(dice), ""])

    return a_word


@cache
def a_case() -> Sender:
    """Sag."""
    schemas = JsonSchemas("social/v1", _LINKS)
    special = {f"{name}.Status": _word_of(tuple(STATUS_OF)) for name in _STATED}
    special |= {
        "SagsStatus.Navn": _word_of(("Opstået", "Oplyst", "Afgjort", "Afsluttet")),
        "SagsStatus.SagsTilstand": _word_of(("Aktiv", "Passiv", "Afsluttet")),
        "Personer.Relation": _word_of(tuple(RELATION_OF)),
        "Notater.Emne": _word_of(tuple(TOPIC_OF)),
        "Sag.Slettet": lambda dice: "false",  # a deleted case says nothing else
        "Indsatser.Paragraf": lambda dice: dice.choice([*_LAWS, canary(dice)]),
    }
    return Sender(
        name="social",
        contract="social/v1",
        root=schemas.root("Sag"),
        names=frozenset(schemas.names()),
        style=lambda dice: Style(content_type="application/json"),
        citizen="PrimaryPart",
        special=special,
        translated=frozenset(special) - {"Indsatser.Paragraf"},
        source_ids=_ids_in_a_case,
        skips=_is_skipped,
        is_json=True,
        raises_labels=True,
        its_words=texts_of("social/v1"),
    )


def _ids_in_a_case(way: Way) -> tuple[str, ...]:
    for node in reversed(way):
        own = node.child("Id")
        if own is not None:
            return (f"{node.field.name}:{own.text}",)
    return ("Behandler",) if any(node.field.name == "Behandler" for node in way) else ()


def _is_skipped(way: Way) -> bool:
    """Tell of someone without a usable number, or who is the citizen; and of a link to nothing."""
    if way[-1].field.refers_to:
        return way[-1].text not in _ids(way[0], way[-1].field.refers_to)
    person = next((node for node in way if node.field.name == "Personer"), None)
    if person is None:
        return False
    citizen = way[0].child("PrimaryPart")
    assert citizen is not None
    return _number_of(person) in (None, _number_of(citizen))


def _number_of(node: Node) -> object:
    number = node.child("CPRnummer")
    try:
        return cpr_identifier(number.text if number else "", "social")
    except NotAnIdentifier:
        return None


def _ids(root: Node, name: str) -> set[str]:
    items = [node for node in root.children if node.field.name == name]
    return {own.text for item in items if (own := item.child("Id"))}
