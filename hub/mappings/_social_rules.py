"""Rules of social/v1 that JSON Schema cannot state, checked all at once; and who is named by a CPR number."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from hub.errors import Fault
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
            *_repeated_ids(sag),
            *_reversed_times("", sag, ("Oprettet", "Afsluttet")),
        ]
        + [fault for name in LISTS for fault in _reversed_in(name, sag.get(name, []))]
    )


def _unusable_number(party: dict[str, Any]) -> Iterator[Fault]:
    try:
        known_person(party)
    except NotAnIdentifier as error:
        yield Fault("PrimaryPart.CPRnummer", str(error), "Send the number by which the citizen is registered.")


def _repeated_ids(sag: dict[str, Any]) -> Iterator[Fault]:
    for name in LISTS:
        seen: set[str] = set()
        for index, item in enumerate(sag.get(name, [])):
            if item["Id"] in seen:
                yield Fault(f"{name}[{index}].Id", "is the Id of another entry too.", "Give each entry its own Id.")
            seen.add(item["Id"])


def _reversed_in(name: str, items: list[dict[str, Any]]) -> Iterator[Fault]:
    for index, item in enumerate(items):
        for edges in _EDGES:
            yield from _reversed_times(f"{name}[{index}].", item, edges)


def _reversed_times(where: str, item: dict[str, Any], edges: tuple[str, str]) -> Iterator[Fault]:
    first, last = edges
    if first in item and last in item and datetime.fromisoformat(item[last]) < datetime.fromisoformat(item[first]):
        yield Fault(f"{where}{last}", f"lies before {first}.", "Send the two in order.")
