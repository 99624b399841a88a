"""What only XML can be: another encoding, prefixes, CDATA, references, comments, an order that is not the schema's."""

from __future__ import annotations

import codecs
import random
from collections.abc import Callable

from tests.generation.contract import Node, Sort
from tests.generation.making import canary
from tests.generation.sample import Dirt, Fate, Sample, Style, instead, styled
from tests.generation.xml_wire import escaped


def _declared(encoding: str) -> str:
    return f'<?xml version="1.0" encoding="{encoding}"?>'


def _text_as(name: str, write: Callable[[str, random.Random], str]) -> Dirt:
    """Return a piece of dirt that changes how each text is written, but not what it says."""

    def dirt(sample: Sample) -> Fate:
        sample.style.text = lambda text: write(text, sample.dice)
        return Fate.TAKEN

    dirt.__name__ = name
    return dirt


def _as_cdata(text: str, dice: random.Random) -> str:
    return escaped(text) if "\r" in text or "]]>" in text or not text else f"<![CDATA[{text}]]>"


def _as_references(text: str, dice: random.Random) -> str:
    return "".join(f"&#{ord(each)};" if dice.random() < 0.5 else f"&#x{ord(each):X};" for each in text)


def _with_comments(text: str, dice: random.Random) -> str:
    cut = dice.randint(0, len(text))
    between = dice.choice(["<!---->", "<!-- Kanarie -->", "<?pi Kanarie?>", "<!--x--><?x y?>"])
    return escaped(text[:cut]) + between + escaped(text[cut:])


def _with_a_broken_byte(body: bytes) -> bytes:
    return body[: len(body) // 2] + b"\xff" + body[len(body) // 2 :]


STYLES: tuple[Dirt, ...] = (
    styled("latin_1", Fate.TAKEN, encoding="iso-8859-1", declaration=_declared("ISO-8859-1")),
    styled("ascii", Fate.TAKEN, encoding="ascii", declaration=_declared("us-ascii")),
    styled("utf_16", Fate.TAKEN, encoding="utf-16", declaration=_declared("UTF-16")),
    styled("a_mark", Fate.TAKEN, mark=codecs.BOM_UTF8),
    styled("no_declaration", Fate.TAKEN, declaration=""),
    styled("standalone", Fate.TAKEN, declaration="<?xml version='1.0' encoding='utf-8' standalone='yes' ?>\r\n"),
    styled("a_prefix", Fate.TAKEN, prefix="ns0"),
    styled("white_space_between_elements", Fate.TAKEN, is_indented=True),
    styled("comments_around_it", Fate.TAKEN, before="\n<!-- Kanarie --><?pi x?>\n", after="\n<!-- slut -->\n\n"),
    _text_as("cdata", _as_cdata),
    _text_as("references", _as_references),
    _text_as("comments_in_texts", _with_comments),
    styled("windows_1252", Fate.REFUSED, encoding="cp1252", declaration=_declared("windows-1252")),
    styled("utf_16_without_mark", Fate.REFUSED, encoding="utf-16-le", declaration=_declared("UTF-16")),
    styled("xml_1_1", Fate.REFUSED, declaration='<?xml version="1.1" encoding="UTF-8"?>'),
    styled("a_doctype", Fate.REFUSED, before="<!DOCTYPE x>"),
    styled("an_entity", Fate.REFUSED, before='<!DOCTYPE x [<!ENTITY e "Kanarie">]>'),
    styled("a_line_before_the_declaration", Fate.REFUSED, declaration="\n" + Style().declaration),
    styled("something_after_the_end", Fate.REFUSED, after="Kanariefugl"),
    styled("two_documents", Fate.REFUSED, after="<Kanariefugl/>"),
    styled("cut_short", Fate.REFUSED, change=lambda body: body[: len(body) * 2 // 3]),
    styled("a_broken_byte", Fate.REFUSED, change=_with_a_broken_byte),
    styled("latin_1_undeclared", Fate.REFUSED, encoding="iso-8859-1", before="<!-- \xe6 \xf8 -->"),
    styled("nothing", Fate.REFUSED, change=lambda body: b""),
    styled("json", Fate.REFUSED, change=lambda body: b'{"Kanariefugl": 1}'),
    styled("another_content_type", Fate.REFUSED, content_type="application/json"),
    styled("another_charset", Fate.REFUSED, content_type="application/xml; charset=iso-8859-1"),
)  # fmt: skip


def another_order(sample: Sample) -> Fate | None:
    places = [
        (node.children, at)
        for node in (way[-1] for way in sample.root.walk())
        for at in range(len(node.children) - 1)
        if node.children[at].name != node.children[at + 1].name
    ]
    if not places:
        return None
    children, at = sample.dice.choice(places)
    children[at], children[at + 1] = children[at + 1], children[at]
    return Fate.REFUSED


def an_attribute(sample: Sample) -> Fate:
    way = sample.dice.choice(list(sample.root.walk()))
    way[-1].attributes += f' {canary(sample.dice)}="{canary(sample.dice)}"'
    way[-1].is_spoilt = True  # or what spoils the value next would take the attribute away
    return Fate.REFUSED


def the_place_of_the_schema(sample: Sample) -> Fate:
    """Many generators say where the schema lies; the hub need not look."""
    sample.root.attributes += ' xsi:schemaLocation="urn:kanarie http://127.0.0.1:9/kanarie.xsd"'
    return Fate.TAKEN


def nothing_said_to_be_nil(sample: Sample) -> Fate | None:
    way = sample.spoil(lambda node: node.field.value and not node.field.is_nillable and not node.attributes)
    if way is None:
        return None
    way[-1].text, way[-1].attributes = "", ' xsi:nil="true"'
    return Fate.REFUSED


def text_between_elements(sample: Sample) -> Fate | None:
    return instead(sample, lambda node: not node.field.value and not node.children, "Kanariefugl")


def an_element_within_a_value(sample: Sample) -> Fate | None:
    return instead(sample, lambda node: node.field.value, "<b>Kanariefugl</b>")


def a_character_that_xml_cannot_carry(sample: Sample) -> Fate | None:
    bad = sample.dice.choice(["&#0;", "&#1;", "\x0b", "\x00", "&#xD800;", "&#xFFFE;", "&#x110000;", "&#xFFFF;"])
    return instead(sample, lambda node: node.field.value, f"Kanariefugl{bad}")


def an_entity_that_nobody_declared(sample: Sample) -> Fate | None:
    return instead(sample, lambda node: node.field.value, "Kanarie&nbsp;fugl&aelig;")


def a_bare_ampersand(sample: Sample) -> Fate | None:
    return instead(sample, lambda node: node.field.value, "Kanarie & fugl < 3")


def a_number_another_way(sample: Sample) -> Fate | None:
    way = sample.spoil(lambda node: _is_whole(node) and not node.field.key)
    if way is None or way[-1].field.value is None:
        return None
    way[-1].text = sample.dice.choice(
        ["5.0", "1e3", "+3", "003", "9223372036854775808", "-1", "0x1F", "1 000", "٣", ""]
    )
    number = way[-1].text.lstrip("+0") if way[-1].field.value.words else way[-1].text
    return Fate.TAKEN if way[-1].field.value.fits(number) else Fate.REFUSED


def _is_whole(node: Node) -> bool:
    return node.field.value is not None and node.field.value.sort is Sort.WHOLE


ON_XML: tuple[Dirt, ...] = (
    another_order, an_attribute, the_place_of_the_schema, nothing_said_to_be_nil, text_between_elements,
    an_element_within_a_value, a_character_that_xml_cannot_carry, an_entity_that_nobody_declared, a_bare_ampersand,
    a_number_another_way,
)  # fmt: skip
