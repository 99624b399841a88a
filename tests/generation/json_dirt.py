"""What only JSON can be: null, NaN, numbers as text, a field twice, surrogates; and an encoding it may not have."""

from __future__ import annotations

import codecs

from tests.generation.contract import Node, Sort
from tests.generation.json_wire import quoted
from tests.generation.making import canary
from tests.generation.sample import Dirt, Fate, Sample, instead, styled


def escaped(text: str) -> str:
    """Write a text in ASCII, with surrogate pairs for what lies beyond."""
    units = text.encode("utf-16-be")
    pairs = [int.from_bytes(units[at : at + 2], "big") for at in range(0, len(units), 2)]
    return '"' + "".join(f"\\u{unit:04x}" for unit in pairs) + '"'


STYLES: tuple[Dirt, ...] = (
    styled("escapes", Fate.TAKEN, text=escaped),
    styled("escaped_slashes", Fate.TAKEN, text=lambda text: quoted(text).replace("/", "\\/")),
    styled("white_space_everywhere", Fate.TAKEN, is_indented=True, before="\n\t ", after=" \r\n"),
    styled("a_charset", Fate.TAKEN, content_type="Application/JSON; charset=UTF-8"),
    styled("a_mark", Fate.REFUSED, mark=codecs.BOM_UTF8),
    styled("latin_1", Fate.REFUSED, encoding="iso-8859-1", text=lambda text: '"\xe6\xf8 "'),
    styled("utf_16", Fate.REFUSED, encoding="utf-16"),
    styled("something_after_the_end", Fate.REFUSED, after="Kanariefugl"),
    styled("a_comma_at_the_end", Fate.REFUSED, after=","),
    styled("a_list_around_it", Fate.REFUSED, before="[", after="]"),
    styled("cut_short", Fate.REFUSED, change=lambda body: body[: len(body) * 2 // 3]),
    styled("nothing", Fate.REFUSED, change=lambda body: b" "),
    styled("a_page_of_html", Fate.REFUSED, change=lambda body: b"<html>Kanariefugl</html>"),
    styled("raw_control_characters", Fate.REFUSED, text=lambda text: '"Kanariefugl\x07"'),
    styled("another_content_type", Fate.REFUSED, content_type="text/html"),
)


def null_for_nothing(sample: Sample) -> Fate | None:
    return instead(sample, lambda node: node.field.name != sample.root.field.name, "null")


def not_a_number(sample: Sample) -> Fate | None:
    bad = sample.dice.choice(["NaN", "Infinity", "1e999", "05", "0x1F", "1.5", '"5"', "-1", "9007199254740992"])
    return instead(sample, lambda node: _is(node, Sort.WHOLE), bad)


def a_whole_number_with_a_point(sample: Sample) -> Fate | None:
    way = sample.spoil(lambda node: _is(node, Sort.WHOLE))
    if way is None:
        return None
    way[-1].text, way[-1].literal = sample.dice.choice([("5", "5.0"), ("1000", "1e3"), ("20", "2.0E+1")])
    return Fate.TAKEN


def a_flag_as_a_word(sample: Sample) -> Fate | None:
    return instead(sample, lambda node: _is(node, Sort.FLAG), sample.dice.choice(['"true"', '"Ja"', "1", "True"]))


def a_text_as_a_number(sample: Sample) -> Fate | None:
    return instead(sample, lambda node: _is(node, Sort.TEXT, Sort.NUMBER), sample.dice.choice(["5", "201609995", "[]"]))


def a_character_that_nothing_can_carry(sample: Sample) -> Fate | None:
    bad = sample.dice.choice(["\\u0000", "\\u0007", "\\ud800", "\\udc00\\ud800", "\\uffff", "\ud800", "\\x41"])
    return instead(sample, lambda node: _is(node, Sort.TEXT), f'"Kanariefugl{bad}"')


def a_field_that_is_there_twice(sample: Sample) -> Fate | None:
    way = sample.spoil(lambda node: node.field.value and not node.field.repeats)
    if way is None:
        return None
    way[-2].children.append(way[-1])
    return Fate.REFUSED


def another_order(sample: Sample) -> Fate:
    """The order of fields means nothing; that of a list is kept."""
    for way in sample.root.walk():
        way[-1].children.sort(key=lambda node: (node.name[::-1], 0))
    return Fate.TAKEN


def a_very_deep_field(sample: Sample) -> Fate | None:
    name = quoted(canary(sample.dice))
    return instead(sample, lambda node: node.field.name == "Titel", f"{{{name}:" * 70 + "1" + "}" * 70)


def _is(node: Node, *sorts: Sort) -> bool:
    return node.field.value is not None and node.field.value.sort in sorts


ON_JSON: tuple[Dirt, ...] = (
    null_for_nothing, not_a_number, a_whole_number_with_a_point, a_flag_as_a_word, a_text_as_a_number,
    a_character_that_nothing_can_carry, a_field_that_is_there_twice, another_order, a_very_deep_field,
)  # fmt: skip
