"""Make a document that a contract takes, of any size: optional parts in or out, lists short or long, ids that fit."""

from __future__ import annotations

import random
import re
import string
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from uuid import UUID

from tests.generation.contract import Field, Node, Sort, Value
from tests.generation.pools import Pools

_UUID = re.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
FIRST_DAY, DAYS = date(1900, 1, 1), 109_500
#: Names of first and last, where a document ends no earlier than it begins.
PAIRS = (
    ("Startdato", "Slutdato"),
    ("GyldigFra", "GyldigTil"),
    ("Start", "Slut"),
    ("Fra", "Til"),
    ("Oprettet", "Afsluttet"),
    ("ForanstaltningStartDato", "ForanstaltningSlutDato"),
    ("StartDate", "EndDate"),
    ("InterviewStartDateTime", "InterviewEndDateTime"),
)
_PROSE = (
    "Mor ønsker støtte til at få børnene i skole.", "Aftalt på mødet", "Se også sag 27.24.00", "Ro om aftenen",
    "søskende & far", "1 < 2, \"citat\" og 'apostrof'", "]]> <b>ikke fed</b> &amp;", "Tlf. 54 73 10 00", "100 % — “ja”",
)  # fmt: skip


#: Makes the text of a leaf of which the schema says less than the contract does.
Maker = Callable[[random.Random], str]


class Making:
    """Makes documents of one contract; the same dice make the same document.

    :param special: ``Branch.Leaf`` → what makes its text.
    """

    def __init__(self, root: Field, pools: Pools, special: Mapping[str, Maker]) -> None:
        self._root, self._pools, self._special = root, pools, special

    def document(self, dice: random.Random) -> Node:
        """Make a document that the contract takes."""
        return _Document(self._pools, self._special, dice).made(self._root)


class _Document:
    def __init__(self, pools: Pools, special: Mapping[str, Maker], dice: random.Random) -> None:
        self._pools, self._special, self._dice = pools, special, dice
        self._fullness = dice.choice([0.05, 0.4, 0.8, 1.0])
        self._ids: dict[str, list[str]] = {}

    def made(self, root: Field) -> Node:
        node = self._node(root)
        self._link(node)
        self._put_in_order(node)
        return node

    def _node(self, field: Field, within: str = "") -> Node:
        if field.value is not None:
            special = self._special.get(f"{within}.{field.name}")
            if special is None and field.is_nillable and self._dice.random() < 0.1:
                return Node(field, attributes=' xsi:nil="true"')
            text = special(self._dice) if special else self._text(field, field.value)
            return Node(field, text, is_special=special is not None)
        children = [self._node(inner, field.name) for inner in field.fields for _ in range(self._count(inner))]
        return Node(field, children=children)

    def _count(self, field: Field) -> int:
        """Say how often a field is there; of a hundred lists one is long."""
        if self._dice.random() > self._fullness:
            return field.least
        if not field.repeats:
            return 1
        most = field.most or 1000
        return max(field.least, min(most, self._dice.choice([0, 1, 1, 2, 3]) if self._dice.random() < 0.99 else 40))

    def _text(self, field: Field, value: Value) -> str:
        if field.key:
            return self._own_id(field, value)
        return text_for(value, self._dice, self._pools)

    def _own_id(self, field: Field, value: Value) -> str:
        taken = self._ids.setdefault(field.key, [])
        text = text_for(value, self._dice, self._pools)
        if text in taken:
            text = f"{text[:40]}{len(taken)}.{canary(self._dice)[-6:]}"
        taken.append(text)
        return text

    def _link(self, node: Node) -> None:
        """Let references name an id of the document; where there is none, there is no reference."""
        for child in list(node.children):
            ids = self._ids.get(child.field.refers_to, [])
            if child.field.refers_to and ids:
                child.text = self._dice.choice(ids)
            elif child.field.refers_to and not child.field.link_may_dangle:
                node.children.remove(child)
            self._link(child)

    def _put_in_order(self, node: Node) -> None:
        by_name = {child.field.name: child for child in node.children}
        for first, last in PAIRS:
            if first in by_name and last in by_name:
                edges = by_name[first], by_name[last]
                edges[0].text, edges[1].text = sorted((edge.text for edge in edges), key=moment)
        for child in node.children:
            self._put_in_order(child)


def moment(text: str) -> datetime:
    """Read a day or an instant, to compare with its like."""
    if "T" not in text:
        return datetime.combine(date.fromisoformat(text[:10]), datetime.min.time(), UTC)
    read = datetime.fromisoformat(text)
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def canary(dice: random.Random) -> str:
    """Return a word that stands nowhere else."""
    return "Kanarie" + "".join(dice.choices(string.ascii_letters, k=8))


def text_for(value: Value, dice: random.Random, pools: Pools) -> str:
    """Return a text that a value takes, by its sort; free text begins with a canary."""
    if value.words:
        return dice.choice(value.words)
    match value.sort:
        case Sort.NUMBER:
            return _person_number(value, dice)
        case Sort.DAY:
            day = _day(dice).isoformat()
            with_offset = day + dice.choice(["", "Z", "+01:00"])
            return with_offset if value.fits(with_offset) else day
        case Sort.INSTANT:
            return _instant(value, dice)
        case Sort.FLAG:
            return dice.choice(["true", "false", "1", "0"] if value.collapses else ["true", "false"])
        case Sort.WHOLE:
            least, most = value.minimum or 0, value.maximum or 2**62
            return str(dice.choice([least, most, dice.randint(least, min(most, least + 1000))]))
        case Sort.AMOUNT:
            return f"{dice.randrange(10**6)}{dice.choice(['', '.5', '.25'])}"
    if not value.patterns:
        return _free_text(value, dice, pools)
    text = dice.choice(pools.like(value))
    return a_uuid(dice) if _UUID.fullmatch(text) else text  # two documents never share one


def _free_text(value: Value, dice: random.Random, pools: Pools) -> str:
    words = [canary(dice), dice.choice(_PROSE), dice.choice(pools.any_text)]
    longest = 2000 if value.longest is None else value.longest
    between = " " if value.collapses or longest < 1000 else dice.choice([" ", "\n", "\n\n  ", "\t"])
    text = between.join(words * dice.choice([1, 1, 1, 5]))[:longest].strip()
    if value.shortest == value.longest:
        text = (text + "x" * longest)[:longest]
    return text


def _day(dice: random.Random) -> date:
    return FIRST_DAY + timedelta(days=dice.choice([dice.randrange(DAYS), dice.randrange(45_000, 47_000), 0, DAYS]))


def _instant(value: Value, dice: random.Random) -> str:
    at = datetime.combine(_day(dice), datetime.min.time()) + timedelta(seconds=dice.randrange(86_400))
    minutes = dice.choice([0, 60, 120, -300, 840, -59])
    text = at.isoformat() + dice.choice(["", "", ".1", ".123", ".123456"])
    if dice.random() < 0.3 and value.fits(text):
        return text
    if minutes == 0:
        return text + "Z"
    return text + at.replace(tzinfo=timezone(timedelta(minutes=minutes))).isoformat()[-6:]


def _person_number(value: Value, dice: random.Random) -> str:
    """Return a test number in one of the ways that the contract lets it be written."""
    day, month = dice.randint(1, 28), dice.randint(1, 12)
    numbers = [f"{day + more:02}{month:02}{dice.randrange(100):02}{dice.randrange(10_000):04}" for more in (60, 0, 0)]
    gaps = ["", "-", " ", " - "]
    options = [f"{number[:6]}{gap}{number[6:]}" for number in numbers for gap in gaps]
    return dice.choice([option for option in options if value.fits(option)])


def a_uuid(dice: random.Random) -> str:
    """Return a uuid in either case."""
    text = str(UUID(int=dice.getrandbits(128)))
    return dice.choice([text, text.upper()])
