"""The authorities as senders: what each contract says beyond its schema, and how a document of it gets to the hub."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from hub.authority import Authority, Parcel, contract_folder, load
from hub.plan.contribution import Contribution
from tests.generation import json_dirt, json_wire, xml_dirt, xml_wire
from tests.generation.contract import Field, Node
from tests.generation.dirt import EVERYWHERE, no_number_for
from tests.generation.making import Maker, Making
from tests.generation.pools import pools
from tests.generation.sample import Dirt, Fate, Sample, Style

Way = tuple[Node, ...]


@dataclass(frozen=True)
class Sender:
    """One contract of one authority, by which documents come in.

    :ivar style: how its documents are written while nothing is wrong.
    :ivar citizen: the branch that names whose plan it is.
    :ivar special: ``Branch.Leaf`` → what makes its text, where the contract binds it by more than its schema.
    :ivar translated: ``Branch.Leaf`` of words that become words of ours, which examples show one by one.
    :ivar source_ids: the way to a leaf → the source ids of the drafts that may tell of it.
    :ivar raises_labels: whether the contract puts a higher label in the place of the one that is said.
    :ivar told_by: the way to a leaf, all contributions → those that may tell of it.
    :ivar skips: whether a leaf belongs to something that the contract says is skipped.
    :ivar its_words: all that the contract itself says, which an error may repeat.
    """

    name: str
    contract: str
    root: Field
    names: frozenset[str]
    style: Callable[[random.Random], Style]
    citizen: str
    special: Mapping[str, Maker]
    translated: frozenset[str]
    source_ids: Callable[[Way], tuple[str, ...]]
    is_json: bool = False
    raises_labels: bool = False
    more_dirt: tuple[Dirt, ...] = ()
    more_styles: tuple[Dirt, ...] = ()
    told_by: Callable[[Way, list[Contribution]], list[Contribution]] = lambda way, all_of_them: all_of_them
    skips: Callable[[Way], bool] = lambda way: False
    its_words: str = field(default="", repr=False)

    @cached_property
    def authority(self) -> Authority:
        """Return the authority as the hub joins it, without an address."""
        return load({self.name: {}})[self.name]

    @cached_property
    def styles(self) -> tuple[Dirt, ...]:
        """Return the ways to write a document."""
        return (*(json_dirt.STYLES if self.is_json else xml_dirt.STYLES), *self.more_styles)

    @cached_property
    def dirt(self) -> tuple[Dirt, ...]:
        """Return all that can be wrong, or only unusual, in a document before it is written."""
        on_the_wire = json_dirt.ON_JSON if self.is_json else xml_dirt.ON_XML
        return (*EVERYWHERE, no_number_for(self.citizen), *on_the_wire, *self.more_dirt)

    def samples(self, start: int, clean: int, dirty: int) -> list[Sample]:
        """Return documents, first clean ones: the same for the same start."""
        making = Making(self.root, pools(start), self.special)
        found = []
        for number in range(clean + dirty):
            dice = random.Random(f"{start} {self.contract} {number}")
            sample = Sample(making.document(dice), dice, self.style(dice))
            if number >= clean:
                soil(sample, self.dirt, self.styles)
            found.append(sample)
        return found

    def parcel(self, sample: Sample) -> Parcel:
        """Write a sample as it comes to the hub's door."""
        body = json_wire.written(sample) if self.is_json else xml_wire.written(sample)
        return Parcel(self.name, body, sample.style.content_type)

    def ledger_path(self, way: Way) -> str:
        """Return a leaf's path as the ledger writes it."""
        if not self.is_json:
            return "/" + "/".join(node.field.name for node in way)
        return ".".join(node.field.name + ("[]" if node.field.repeats else "") for node in way[1:])


def soil(sample: Sample, dirt: tuple[Dirt, ...], styles: tuple[Dirt, ...]) -> None:
    """Put up to four pieces of dirt on a sample; every other one gets only what must not matter."""
    dice = sample.dice
    worst = dice.choice([Fate.TAKEN, Fate.REFUSED])
    style = [dice.choice(styles)] if dice.random() < 0.4 else []
    left = dice.choice([1, 1, 2, 3])
    for one in [*dice.sample(dirt, len(dirt)), *style]:
        if left or one in style:
            left -= _is_put(one, sample, worst)


def _is_put(one: Dirt, sample: Sample, worst: Fate) -> bool:
    """Try a piece of dirt on a copy, and keep it if it is not worse than what is wanted."""
    trial = replace(sample, root=sample.root.copy(), style=replace(sample.style))
    fate = one(trial)
    if fate is None or fate > worst:
        return False
    sample.root, sample.style, sample.fate = trial.root, trial.style, max(sample.fate, fate)
    sample.dirt.append(one.__name__)
    return True


def texts_of(folder: str) -> str:
    """Return all that a contract itself says, which an error may repeat."""
    return "\n".join(path.read_text("utf-8") for path in sorted(contract_folder(folder).glob("*.*")) if path.is_file())
