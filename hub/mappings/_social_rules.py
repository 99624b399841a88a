"""Rules of social/v1 that JSON Schema cannot state, checked all at once; and who is named by a CPR number."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hub.errors import Fault
from hub.mappings._json_words import repeated_ids, reversed_times
from hub.plan.identifier import Identifier, NotAnIdentifier, cpr_identifier

ISSUER = "social"  # whose replacement numbers these are
LISTS = ("Personer", "Behov", "Indsatsmaal", "Delmaal", "Indsatser", "Opfoelgninger", "Aftaler", "Notater", "Helbred")
_EDGES = (("Start", "Slut"), ("Fra", "Til"))


def known_person(party: dict[str, Any]) -> Identifier:
    """Return the citizen's identifier. :raises NotAnIdentifier: the number is no day, or 0000000000."""
    return cpr_identifier(party["CPRnummer"], ISSUER)


def named_person(other: dict[str, Any]) -> Identifier | None:
    """Return another party's identifier, or None when the case system has junk there, such as ``"      -"``."""
    try:
        return cpr_identifier(other.get("CPRnummer", ""), ISSUER)
    except NotAnIdentifier:
        return None


def broken_rules(sag: dict[str, Any]) -> tuple[Fault, ...]:
    """Return everything wrong with a case document that is valid against its schema."""
    return tuple(
        [
            *_unusable_number(sag["PrimaryPart"]),
            *(fault for name in LISTS for fault in repeated_ids(name, sag.get(name, []))),
            *reversed_times("", sag, ("Oprettet", "Afsluttet")),
        ]
        + [fault for name in LISTS for fault in _reversed_in(name, sag.get(name, []))]
    )


def _unusable_number(party: dict[str, Any]) -> Iterator[Fault]:
    try:
        known_person(party)
    except NotAnIdentifier as error:
        yield Fault("PrimaryPart.CPRnummer", str(error), "Send the number by which the citizen is registered.")


def _reversed_in(name: str, items: list[dict[str, Any]]) -> Iterator[Fault]:
    for index, item in enumerate(items):
        for edges in _EDGES:
            yield from reversed_times(f"{name}[{index}].", item, edges)
