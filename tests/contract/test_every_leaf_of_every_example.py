"""No leaf of any accepted example is dropped in silence: each is removed and changed in turn, and the ledger holds.

A mutation goes the whole way again, through adapter and contract. A leaf that the ledger calls mapped changes the
contribution, or makes the document refused; one that it calls dropped or withheld changes nothing. Where a mapped leaf
has no effect in one example, the ledger's own note must say so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pytest
from lxml import etree

from hub.authority import Adapter, Document, Fate, Parcel
from hub.errors import ContractViolation
from hub.plan.contribution import Contribution
from hub.testing.accounting import accounted, silent
from hub.testing.conformance import Kit, kit_of
from tests.xml_leaves import another

pytestmark = pytest.mark.files

AUTHORITIES = ("children", "employment", "social", "youth")
#: Documents without an id of their own are called by their bytes: there, any mutation would seem to change something.
L231 = "/BoernMedHandicapLeveranceL231Struktur"
NAMED_BY_THEIR_BYTES = ("UdsatteBoernOgUngeLeveranceL201U1Struktur", L231[1:], "GetPersonCaseResponse")
PERIOD = "/UdsatteBoernOgUngeLeveranceL201U1Struktur/DeliveryMetadataNewStructure/Envelope/Period"
FIXED_ID = "5f7d1c9a-0000-8000-8000-000000000001"
WORDS = (
    "true", "false", "0505109990", "2911829996", "0201609996",
    "IKKE_FORTROLIGE_DATA", "FORTROLIGE_PERSONOPLYSNINGER", "VIP_SAGER",
    "Sundhedsforhold", "Skoleforhold", "Planlagt", "IGang", "Aflyst", "Bevilget", "2026M09",
)  # fmt: skip


@dataclass(frozen=True)
class Example:
    """An accepted example and the parcel that it comes in."""

    authority: str
    contract: str
    path: Path
    parcel: Parcel


@dataclass(frozen=True)
class Leaf:
    """A leaf of an example; ``without`` and ``saying`` are the example with that leaf removed or changed."""

    path: str
    value: str
    without: Callable[[], bytes]
    saying: Callable[[str], bytes]


@cache
def kit(authority: str) -> tuple[Kit, Adapter]:
    whole = kit_of(authority)
    return whole, whole.adapter()


def examples() -> Iterator[Example]:
    for authority in AUTHORITIES:
        for sheet, path, _ in kit(authority)[0].examples():
            yield Example(authority, sheet.contract, path, sheet.parcel(authority, path))


EXAMPLES = list(examples())


def received(parcel: Parcel) -> Document:
    document = kit(parcel.authority)[1].receive(parcel)
    return replace(document, message_id=FIXED_ID) if document.kind in NAMED_BY_THEIR_BYTES else document


def outcome(parcel: Parcel) -> Sequence[Contribution] | None:
    """Return the contributions, None of a document that is refused."""
    try:
        return list(kit(parcel.authority)[0].words.to_plan(received(parcel)))
    except ContractViolation:
        return None


def fates(contract: str) -> Mapping[str, Fate]:
    authority = contract.partition("/")[0]
    return {entry.path: entry.fate for entry in kit(authority)[0].words.ledger(contract)}


# --- mutations --------------------------------------------------------------------------------------------------------


def leaves_of(example: Example) -> list[Leaf]:
    body = example.parcel.body
    return list(_of_xml(example) if body.lstrip().startswith(b"<") else _of_json(orjson.loads(body), example))


def _of_xml(example: Example) -> Iterator[Leaf]:
    kind = received(example.parcel).kind
    whole = etree.fromstring(example.parcel.body)
    found = next(iter(whole.iter(f"{{*}}{kind}")))
    for number, element in enumerate(whole.iter(etree.Element)):
        steps = [each for each in (element, *element.iterancestors()) if each is found or found in each.iterancestors()]
        path = "".join(f"/{etree.QName(each).localname}" for each in reversed(steps))
        if path in fates(example.contract):
            yield Leaf(
                path,
                str(element.xpath("string()")).strip(),
                lambda number=number: _edited_xml(whole, number, None),  # type: ignore[misc]
                lambda text, number=number: _edited_xml(whole, number, text),  # type: ignore[misc]
            )


def _edited_xml(whole: etree._Element, number: int, text: str | None) -> bytes:
    copy = deepcopy(whole)
    element = list(copy.iter(etree.Element))[number]
    parent = element.getparent()
    if text is None and parent is not None:
        parent.remove(element)
    else:
        del element[:]
        element.text = text
    return etree.tostring(copy)


def _of_json(tree: Any, example: Example, way: tuple[Any, ...] = (), path: str = "") -> Iterator[Leaf]:
    if isinstance(tree, dict):
        for name, inner in tree.items():
            yield from _of_json(inner, example, (*way, name), f"{path}.{name}" if path else name)
    elif isinstance(tree, list):
        for index, inner in enumerate(tree):
            yield from _of_json(inner, example, (*way, index), f"{path}[]")
    else:
        kind = type(tree)
        yield Leaf(
            path,
            str(tree).lower() if kind is bool else str(tree),
            lambda: _edited_json(example, way, kind, None),
            lambda text: _edited_json(example, way, kind, text),
        )


def _edited_json(example: Example, way: tuple[Any, ...], kind: type, text: str | None) -> bytes:
    copy = orjson.loads(example.parcel.body)
    place = copy
    for step in way[:-1]:
        place = place[step]
    if text is None:
        del place[way[-1]]
    elif kind is bool:
        place[way[-1]] = text == "true"
    else:
        place[way[-1]] = int(text) if kind is int and text.isdigit() else text
    return orjson.dumps(copy)


@cache
def said_elsewhere(contract: str) -> Mapping[str, tuple[str, ...]]:
    """Return what the examples of a contract say at each path."""
    said: dict[str, dict[str, None]] = {}
    for example in EXAMPLES:
        for leaf in leaves_of(example) if example.contract == contract else ():
            said.setdefault(leaf.path, {})[leaf.value] = None
    return {path: tuple(values) for path, values in said.items()}


def other_values(leaf: Leaf, contract: str) -> list[str]:
    made = [another(leaf.value, is_end=False), another(leaf.value, is_end=True), f"{leaf.value}x"]
    values = dict.fromkeys([*said_elsewhere(contract)[leaf.path], *made, *WORDS])
    return [each for each in values if each != leaf.value]


def mutated(example: Example, leaf: Leaf) -> Iterator[Sequence[Contribution] | None]:
    """Yield what becomes of the example without the leaf, then with other values of it."""
    yield outcome(replace(example.parcel, body=leaf.without()))
    for value in other_values(leaf, example.contract):
        yield outcome(replace(example.parcel, body=leaf.saying(value)))


# --- the proof --------------------------------------------------------------------------------------------------------

#: Example, beginning of the path → the ledger's path and words that say why a leaf has no effect here.
SAID_BY_THE_LEDGER = {
    ("delivery", PERIOD): (PERIOD, "where no CommunicationDateTime is given"),
    **{
        (stem, f"{L231}/DeliveryMetadataNewStructure/Envelope/Period"): (
            f"{L231}/DeliveryMetadataNewStructure/Envelope/Period",
            "where no CommunicationDateTime is given",
        )
        for stem in ("delivery", "cancelled", "foreign-number")
    },
    **{
        ("cancelled", f"{L231}/BoernMedHandicapSagStrukturSamling/BoernMedHandicapSagStruktur/{leaf}"): (
            f"{L231}/BoernMedHandicapSagStrukturSamling/BoernMedHandicapSagStruktur/INDBERETNINGSTYPE",
            "removes the activity",
        )
        for leaf in ("INDSATS_KODE", "INDSATS_STARTDATO")
    },
    ("foreign-number", f"{L231}/BoernMedHandicapSagStrukturSamling"): (
        f"{L231}/BoernMedHandicapSagStrukturSamling/BoernMedHandicapSagStruktur/UDL_NR",
        "its measure is left out",
    ),
    ("sag-closed", "SagsStatus.Navn"): ("SagsStatus.Navn", "when SagsTilstand is Aktiv"),
    ("sag-vip", "SagsStatus.Navn"): ("SagsStatus.Navn", "when SagsTilstand is Aktiv"),
    ("sag-vip", "Indsatser[].Foelsomhed"): ("Foelsomhed", "VIP_SAGER covers all"),
    ("sag-dirty", "Delmaal[].MaalId"): ("Delmaal[].MaalId", "when it names no such goal"),
    ("sag-dirty", "Personer[]."): ("Personer[].CPRnummer", "is skipped"),
    ("forloeb-dirty", "Skridt[].MaalId"): ("Skridt[].MaalId", "when it names no such goal"),
    ("forloeb-dirty", "Aktiviteter[].MaalId"): ("Aktiviteter[].MaalId", "when it names no such goal"),
    ("forloeb-dirty", "Foraeldre[]."): ("Foraeldre[].CPR", "it is skipped"),
    ("deleted", ""): ("/SagOpdatering/Sag/Slettet", "names nothing"),
    ("submit-deleted", ""): ("/SubmitPersonCaseRequest/PersonCase/CaseDeletedIndicator", "names nothing"),
    ("sag-deleted", ""): ("Slettet", "names nothing"),
    ("forloeb-deleted", ""): ("Slettet", "names nothing"),
}


@dataclass(frozen=True)
class Verdict:
    """What the mutations of a leaf did: whether any was taken in, and whether any changed what the plan is told."""

    path: str
    is_taken: bool
    is_told: bool


@cache
def verdicts(number: int) -> tuple[Verdict, ...]:
    example = EXAMPLES[number]
    before = outcome(example.parcel)
    assert before
    found = []
    for leaf in leaves_of(example):
        taken = [one for one in mutated(example, leaf) if one is not None]
        found.append(Verdict(leaf.path, bool(taken), any(one != before for one in taken)))
    return tuple(found)


def has_no_effect_by_the_ledger(example: Example, path: str) -> bool:
    notes = {entry.path: entry.note for entry in kit(example.authority)[0].words.ledger(example.contract)}
    return any(
        example.path.stem == stem and path.startswith(beginning) and words in notes[where]
        for (stem, beginning), (where, words) in SAID_BY_THE_LEDGER.items()
    )


every_example = pytest.mark.parametrize(
    "number", range(len(EXAMPLES)), ids=[f"{one.authority}-{one.path.stem}" for one in EXAMPLES]
)
every_contract = pytest.mark.parametrize("contract", sorted({example.contract for example in EXAMPLES}))


@every_example
def test_a_mapped_leaf_is_told_or_the_document_refused(number: int) -> None:
    example = EXAMPLES[number]
    told = fates(example.contract)
    lost = [one.path for one in verdicts(number) if told[one.path] is Fate.MAPPED and one.is_taken and not one.is_told]
    assert not [path for path in lost if not has_no_effect_by_the_ledger(example, path)]


@every_example
def test_a_leaf_that_is_dropped_or_withheld_changes_nothing(number: int) -> None:
    told = fates(EXAMPLES[number].contract)
    assert not [one.path for one in verdicts(number) if told[one.path] is not Fate.MAPPED and one.is_told]


@every_example
def test_no_leaf_is_outside_the_ledger_and_every_leaf_was_mutated(number: int) -> None:
    example = EXAMPLES[number]
    found = accounted(received(example.parcel).content, kit(example.authority)[0].words.ledger(example.contract))
    assert not silent(found)
    assert sorted(one.path for one in found) == sorted(leaf.path for leaf in leaves_of(example))


@every_contract
def test_the_examples_together_show_that_every_mapped_leaf_is_told(contract: str) -> None:
    """An answer that was fetched and a call have the same case in them: what is shown of one is shown of both."""
    numbers = [number for number, example in enumerate(EXAMPLES) if example.contract == contract]
    found = [one for number in numbers for one in verdicts(number)]
    shown = {_in_a_call(one.path) for one in found if one.is_told}
    mapped = {_in_a_call(path) for path, fate in fates(contract).items() if fate is Fate.MAPPED}
    assert shown <= mapped
    # What others point at cannot change alone: the contract refuses it. The ledger's own test changes both.
    assert not [path for path in mapped - shown if not path.endswith(("/Id", "Identifier"))]
    never_taken = {_in_a_call(one.path) for one in found} - {_in_a_call(one.path) for one in found if one.is_taken}
    assert mapped - shown <= never_taken


def _in_a_call(path: str) -> str:
    return path.replace("/GetPersonCaseResponse/", "/SubmitPersonCaseRequest/")


def test_what_the_ledger_is_said_to_say_is_needed() -> None:
    needed = set()
    for number, example in enumerate(EXAMPLES):
        told = fates(example.contract)
        lost = [
            one.path for one in verdicts(number) if told[one.path] is Fate.MAPPED and one.is_taken and not one.is_told
        ]
        needed |= {
            (stem, beginning)
            for stem, beginning in SAID_BY_THE_LEDGER
            for path in lost
            if stem == example.path.stem and path.startswith(beginning)
        }
    assert needed == set(SAID_BY_THE_LEDGER)
