"""The municipal youth services as a sender: a course in JSON (youth/v1)."""

from __future__ import annotations

import random
from functools import cache

from hub.mappings._youth_words import RELATION_OF, STATUS_OF, TOPIC_OF
from hub.plan.identifier import NotAnIdentifier, cpr_identifier
from tests.generation.contract import Node
from tests.generation.making import Maker, canary
from tests.generation.openapi import JsonSchemas
from tests.generation.sample import Style
from tests.generation.senders import Sender, Way, texts_of

_LINKS = {"MaalId": "Maal", "AktivitetId": "Aktiviteter"}
_STATED = ("UngeForloeb", "Uddannelsesplan", "Maal", "Skridt", "Aktiviteter", "Samtaler")


def _word_of(words: tuple[str, ...]) -> Maker:
    """Return what makes a word of the vocabulary, in any case; or one that nobody knows."""

    def a_word(dice: random.Random) -> str:
        known = dice.choice(words)
        return dice.choice([known, known, known.upper(), known.capitalize(), f" {known} ", canary(dice)])

    return a_word


@cache
def a_course() -> Sender:
    """UngeForloeb; never a deleted one, which says nothing else."""
    schemas = JsonSchemas("youth/v1", _LINKS)
    special = {f"{name}.Status": _word_of(tuple(STATUS_OF)) for name in _STATED}
    special |= {
        "Foraeldre.Relation": _word_of(tuple(RELATION_OF)),
        "Notater.Emne": _word_of(tuple(TOPIC_OF)),
        "UngeForloeb.Slettet": lambda dice: "false",
    }
    return Sender(
        name="youth",
        contract="youth/v1",
        root=schemas.root("UngeForloeb"),
        names=frozenset(schemas.names()),
        style=lambda dice: Style(content_type="application/json"),
        citizen="Ung",
        special=special,
        translated=frozenset(special),
        source_ids=_ids_in_a_course,
        skips=_is_skipped,
        is_json=True,
        its_words=texts_of("youth/v1"),
    )


def _ids_in_a_course(way: Way) -> tuple[str, ...]:
    for node in reversed(way):
        own = node.child("Id")
        if own is not None:
            return (f"{node.field.name}:{own.text}",)
    return ("Kontaktperson",) if any(node.field.name == "Kontaktperson" for node in way) else ()


def _is_skipped(way: Way) -> bool:
    """Tell of someone without a usable number, or who is the young person; and of a link to nothing."""
    if way[-1].field.refers_to:
        return way[-1].text not in _ids(way[0], way[-1].field.refers_to)
    parent = next((node for node in way if node.field.name == "Foraeldre"), None)
    if parent is None:
        return False
    young = way[0].child("Ung")
    assert young is not None
    return _number_of(parent, "CPR") in (None, _number_of(young, "CPR"), _number_of(young, "TidligereCPR"))


def _number_of(node: Node, name: str) -> object:
    number = node.child(name)
    try:
        return cpr_identifier(number.text if number else "", "youth")
    except NotAnIdentifier:
        return None


def _ids(root: Node, name: str) -> set[str]:
    items = [node for node in root.children if node.field.name == name]
    return {own.text for item in items if (own := item.child("Id"))}
