"""Children and family services as a sender: a case (children/v1), and the statistics delivery L201."""

from __future__ import annotations

import random
from functools import cache

from hub.authority import contract_folder
from hub.plan.contribution import Contribution
from tests.generation.contract import Node
from tests.generation.making import canary
from tests.generation.sample import Fate, Sample, Style
from tests.generation.senders import Sender, Way, texts_of
from tests.generation.xsd import Schema

_PERIODS = ("2026M10", "2026-10", "2026K4", "2026Q1", "2026", "2199M12")


@cache
def a_case() -> Sender:
    """SagOpdatering."""
    schema = Schema(contract_folder("children/v1") / "children.xsd")
    return Sender(
        name="children",
        contract="children/v1",
        root=schema.root("SagOpdatering"),
        names=frozenset(schema.names()),
        style=lambda dice: Style(content_type="application/xml"),
        citizen="Barn",
        special={"Sag.Slettet": lambda dice: "false"},  # a deleted case says nothing else
        translated=frozenset({"Sag.Slettet"}),
        source_ids=_ids_in_a_case,
        more_dirt=(a_notification_of_concern,),
        its_words=texts_of("children/v1"),
    )


@cache
def a_delivery() -> Sender:
    """L201."""
    schema = Schema(contract_folder("children/l201-v1") / "l201.xsd")
    return Sender(
        name="children",
        contract="children/l201-v1",
        root=schema.root("UdsatteBoernOgUngeLeveranceL201U1Struktur"),
        names=frozenset(schema.names()),
        style=lambda dice: Style(content_type="text/xml"),
        citizen="ForanstaltningStruktur",
        special={
            "Envelope.Period": lambda dice: dice.choice(_PERIODS),
            "ForanstaltningStruktur.ForanstaltningId": _measure_id,
        },
        # Which of them says when a delivery was made is shown by examples.
        translated=frozenset({"Envelope.Period", "CommunicatorStructure.CommunicationDateTime"}),
        source_ids=_ids_in_a_delivery,
        told_by=_its_measure,
        skips=lambda way: way[-1].field.value is not None and way[-1].text.strip("0") == "",
        more_dirt=(the_same_measure_again, a_persons_number_in_an_id),
        its_words=texts_of("children/l201-v1"),
    )


def a_notification_of_concern(sample: Sample) -> Fate:
    """A notification of concern in an element's name; libraries add such elements when their model has a new field."""
    way = sample.dice.choice(sample.clean(lambda node: not node.children))
    way[-1].misspelt, way[-1].is_spoilt = sample.dice.choice(["Underretning", "UnderretningTekst"]), True
    return Fate.REFUSED


def the_same_measure_again(sample: Sample) -> Fate | None:
    """Name a measure twice: the later line counts."""
    measures = _measures(sample.root)
    if not measures:
        return None
    sample.root.children[-1].children.append(sample.dice.choice(measures))
    return Fate.TAKEN


def a_persons_number_in_an_id(sample: Sample) -> Fate | None:
    """Make the id of a measure of the child's number."""
    way = sample.spoil(lambda node: node.field.name == "ForanstaltningId")
    if way is None:
        return None
    way[-1].text = sample.dice.choice(["0505159995", "L201-050515-9995", "050515 9995/2"])
    return Fate.REFUSED


def _measures(root: Node) -> list[Node]:
    """Return the lines of a delivery; they come last."""
    last = root.children[-1] if root.children else root
    return [node for node in last.children if node.field.name == "ForanstaltningStruktur"]


def _measure_id(dice: random.Random) -> str:
    return f"{dice.choice(['27.24.00-G01-', '', 'sag nr. '])}{canary(dice)}"


def _ids_in_a_case(way: Way) -> tuple[str, ...]:
    """Return the item's source id; the case's own draft tells of what belongs to no item."""
    for node in reversed(way):
        own = node.child("Id")
        if own is not None:
            return (f"{node.field.name}:{own.text.strip()}",)
    return ()


def _ids_in_a_delivery(way: Way) -> tuple[str, ...]:
    own = next((own for node in way if (own := node.child("ForanstaltningId"))), None)
    return (" ".join(own.text.split()),) if own else ()


def _its_measure(way: Way, contributions: list[Contribution]) -> list[Contribution]:
    place = next((at for at, measure in enumerate(_measures(way[0])) if any(node is measure for node in way)), None)
    return contributions if place is None else contributions[place : place + 1]
