"""XML from outside: what is refused, what is taken, and that no sentence repeats a value."""

from __future__ import annotations

import codecs

import pytest
from lxml import etree

from hub.adapters._xml import Caps, read_xml, to_bytes
from hub.errors import ContractViolation, TooLarge
from hub.testing.conformance_kit import tried
from tests.effort import readings

CANARY = "0505159995"
MOST_READINGS = 40  # a second, where a plain document of 100,000 elements is read in 25 ms
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
PARAMETER = '<!DOCTYPE a [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x.dtd"> %p;]>'


def declared(encoding: str, body: bytes) -> bytes:
    return f'<?xml version="1.0" encoding="{encoding}"?>'.encode() + body


HOSTILE: dict[str, bytes] = {
    # DOCTYPE in all its forms
    "an empty doctype": b"<!DOCTYPE a><a/>",
    "a doctype after a declaration": b'<?xml version="1.0"?><!DOCTYPE a><a/>',
    "a doctype after a comment": b"<!-- x --><!DOCTYPE a><a/>",
    "a doctype after a processing instruction": b"<?x y?><!DOCTYPE a><a/>",
    "a doctype with a system id": b'<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd"><a/>',
    "a doctype with a public id": b'<!DOCTYPE a PUBLIC "-//x" "http://127.0.0.1:9/a.dtd"><a/>',
    "a doctype with a file": b'<!DOCTYPE a [<!ENTITY f SYSTEM "file:///etc/passwd">]><a>&f;</a>',
    "a doctype with an http entity": b'<!DOCTYPE a [<!ENTITY f SYSTEM "http://127.0.0.1:9/x">]><a>&f;</a>',
    "a doctype with an ftp entity": b'<!DOCTYPE a [<!ENTITY f SYSTEM "ftp://127.0.0.1:9/x">]><a>&f;</a>',
    "a parameter entity": f"{PARAMETER}<a/>".encode(),
    "an internal entity": b'<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>',
    "an entity in an attribute": b'<!DOCTYPE a [<!ENTITY e "x">]><a b="&e;"/>',
    "an attribute default": b'<!DOCTYPE a [<!ATTLIST a b CDATA "x">]><a/>',
    "a notation": b'<!DOCTYPE a [<!NOTATION n SYSTEM "x">]><a/>',
    "an unparsed entity": b'<!DOCTYPE a [<!NOTATION n SYSTEM "x"><!ENTITY e SYSTEM "y" NDATA n>]><a/>',
    "a billion laughs": f'<!DOCTYPE a [<!ENTITY l0 "ha">{LAUGHS}]><a>&l9;</a>'.encode(),
    "quadratic blow-up": f'<!DOCTYPE a [<!ENTITY e "{"x" * 50_000}">]><a>{"&e;" * 5_000}</a>'.encode(),
    "entities in a circle": b'<!DOCTYPE a [<!ENTITY a "&b;"><!ENTITY b "&a;">]><a>&a;</a>',
    "a doctype in utf-16": '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE a><a/>'.encode("utf-16"),
    "a doctype in big-endian utf-16": codecs.BOM_UTF16_BE + "<!DOCTYPE a><a/>".encode("utf-16-be"),
    "a doctype in utf-7": declared("utf-7", b"+ADwAIQ-DOCTYPE a+AD4-<a/>"),
    "a doctype in lower case": b"<!doctype a><a/>",
    # Entities without a doctype
    "an undeclared entity": b"<a>&xxe;</a>",
    "a stray ampersand": b"<a>R&D</a>",
    # Too much
    "deep nesting": b"<a>" * 5_000 + b"</a>" * 5_000,
    "nesting just over the cap": b"<a>" * 51 + b"</a>" * 51,
    "a flood of elements": b"<a>" + b"<b/>" * 100_001 + b"</a>",
    "a flood of attributes in one element": b"<a " + b" ".join(b'b%d=""' % n for n in range(50_000)) + b"/>",
    "a flood of attributes in many elements": b"<a>" + b'<b c="" d=""/>' * 10_001 + b"</a>",
    "a flood of namespaces in one element": b"<a " + b" ".join(b'xmlns:b%d="u"' % n for n in range(50_000)) + b"/>",
    "a flood of namespaces in many elements": b"<a>" + b'<b xmlns:c="u"/>' * 20_001 + b"</a>",
    "more bytes than the cap": b"<a>" + b" " * 10_000_000 + b"</a>",
    "a name without end": b"<" + b"a" * 200_000 + b"/>",
    "more attributes of one element than its cap": b"<a " + b" ".join(b'b%d=""' % n for n in range(251)) + b"/>",
    "more namespaces around an element than the cap": b"<a "
    + b" ".join(b'xmlns:b%d="u"' % n for n in range(20))
    + b"><b "
    + b" ".join(b'xmlns:c%d="u"' % n for n in range(13))
    + b"/></a>",
    "one text without end": b"<a>" + b"x" * 1_000_001 + b"</a>",
    "one attribute without end": b'<a b="' + b"x" * 1_000_001 + b'"/>',
    "elements that end tags in a CDATA section seem to close": b"<a><![CDATA["
    + b"</" * 100_001
    + b"]]>"
    + b"<b/>" * 100_001
    + b"</a>",
    # XInclude
    "an include": b'<a xmlns:xi="http://www.w3.org/2001/XInclude">'
    + b'<xi:include href="file:///etc/passwd" parse="text"/></a>',
    "an include as the root": b'<include xmlns="http://www.w3.org/2001/XInclude" href="http://127.0.0.1:9/"/>',
    "an include whose namespace is spelt by references": b'<a xmlns:xi="http://www.w3.org/2001/X&#73;nclude">'
    + b'<xi:include href="file:///etc/passwd"/></a>',
    "the fallback of an include": b'<a><f:fallback xmlns:f="http://www.w3.org/2001/XInclude"/></a>',
    # Not well-formed
    "nothing": b"",
    "only a declaration": b'<?xml version="1.0"?>',
    "only white space": b"  \n ",
    "text": CANARY.encode(),
    "JSON": b'{"CPR": "0505159995"}',
    "a cut-short element": f"<a><b>{CANARY}".encode(),
    "a cut-short tag": b"<a><b",
    "a wrong end tag": b"<a><b0505159995></b></a>",
    "two roots": b"<a/><a/>",
    "text after the root": f"<a/>{CANARY}".encode(),
    "an attribute twice": b'<a b="1" b="2"/>',
    "an unbound prefix": b"<x0505159995:a/>",
    "an attribute without quotes": b"<a b=0505159995/>",
    "a nul": b"<a>\x00</a>",
    "a control character": b"<a>\x0b</a>",
    "a reference to a control character": b"<a>&#x1;</a>",
    "a reference to a surrogate": b"<a>&#xD800;</a>",
    "a reference beyond Unicode": b"<a>&#x110000;</a>",
    "a double hyphen in a comment": b"<a><!-- -- --></a>",
    "white space before the declaration": b' <?xml version="1.0"?><a/>',
    "XML 1.1": b'<?xml version="1.1"?><a/>',
    "XML 2.0": b'<?xml version="2.0"?><a/>',
    # Encodings that are not what they say
    "latin-1 bytes without a declaration": "<a>æ</a>".encode("iso-8859-1"),
    "latin-1 bytes declared as utf-8": declared("utf-8", "<a>æ</a>".encode("iso-8859-1")),
    "utf-8 bytes declared as ascii": declared("us-ascii", "<a>æ</a>".encode()),
    "utf-16 without a mark": "<a/>".encode("utf-16-le"),
    "a mark of utf-16 with a declaration of utf-8": codecs.BOM_UTF16_LE
    + '<?xml version="1.0" encoding="utf-8"?><a/>'.encode("utf-16-le"),
    "a mark of utf-8 with a declaration of latin-1": codecs.BOM_UTF8 + declared("iso-8859-1", b"<a/>"),
    "half a utf-16 character": codecs.BOM_UTF16_LE + b"<\x00a\x00/\x00>",
    "an encoding that nobody knows": declared("x-0505159995", b"<a/>"),
    "EBCDIC": declared("cp037", b"<a/>"),
    "UCS-4": "<a/>".encode("utf-32"),
    "overlong utf-8": b"<a>\xc0\xbc</a>",
    "a lone surrogate in utf-8": b"<a>\xed\xa0\x80</a>",
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_document_is_refused_quickly_and_without_a_value(body: bytes) -> None:
    (_, error), work = readings(lambda: tried(lambda: read_xml(body)))
    assert isinstance(error, ContractViolation | TooLarge)
    assert CANARY not in error.diagnostics()
    assert work < MOST_READINGS


def test_there_are_enough_hostile_documents() -> None:
    assert len(HOSTILE) >= 60


#: Large, and within every cap.
LARGE = {
    "elements": b"<a>" + b"<b>x</b>" * 99_999 + b"</a>",
    "elements at the cap of depth": b"<a>" + (b"<b>" * 49 + b"</b>" * 49) * 2_040 + b"</a>",
    "attributes": b"<a>" + b"<b %s/>" % b" ".join(b'b%d=""' % n for n in range(250)) * 80 + b"</a>",
    "namespaces, one after the other": b"<a>" + b'<b xmlns="u"/>' * 20_000 + b"</a>",
    "texts": b"<a>" + b"<b>%s</b>" % (b"x" * 999_000) * 10 + b"</a>",
    "equals signs in a text": b"<a>" + b"=" * 999_000 + b"</a>",
    "comments": b"<a>" + b"<!--<b>-->" * 900_000 + b"</a>",
    "processing instructions": b"<a>" + b"<?b c?>" * 1_200_000 + b"</a>",
    "references": b"<a>" + b"&#120;" * 999_000 + b"</a>",
}


@pytest.mark.parametrize("body", LARGE.values(), ids=LARGE.keys())
def test_a_large_document_within_the_caps_is_read_soon(body: bytes) -> None:
    root, work = readings(lambda: read_xml(body))
    assert root.tag == "a"
    assert work < MOST_READINGS


def test_what_only_looks_like_more_than_a_cap_is_counted_and_read() -> None:
    caps = Caps(elements=2, attributes=1, on_one=1, namespaces=1)
    text = b"<![CDATA[<b><b><b>]]> xmlns=xmlns= x=y <!-- <b/> -->"
    assert read_xml(b'<a xmlns="u">' + text + b"<b/></a>", caps=caps).tag == "{u}a"


@pytest.mark.parametrize(
    "body",
    [
        "<a>æ€</a>".encode(),
        codecs.BOM_UTF8 + "<a>æ€</a>".encode(),
        declared("UTF-8", "<a>æ€</a>".encode()),
        codecs.BOM_UTF8 + declared("utf-8", "<a>æ€</a>".encode()),
        '<?xml version="1.0" encoding="UTF-16"?><a>æ€</a>'.encode("utf-16"),
        codecs.BOM_UTF16_BE + "<a>æ€</a>".encode("utf-16-be"),
        b"<?xml version='1.0' encoding='utf-8' standalone='yes'?>" + "<a>æ€</a>".encode(),
    ],
    ids=["plain", "a mark", "declared", "declared, with a mark", "utf-16", "big-endian utf-16", "single quotes"],
)
def test_an_encoding_that_is_what_it_says_is_read(body: bytes) -> None:
    assert read_xml(body).text == "æ€"


def test_latin_1_is_read_when_it_is_declared() -> None:
    assert read_xml(declared("ISO-8859-1", "<a>æ</a>".encode("iso-8859-1"))).text == "æ"


def test_a_charset_in_the_header_counts_as_a_declaration() -> None:
    assert read_xml("<a>æ</a>".encode("iso-8859-1"), charset="ISO-8859-1").text == "æ"


def test_a_charset_that_contradicts_the_declaration_is_refused() -> None:
    with pytest.raises(ContractViolation, match="told in two ways"):
        read_xml(declared("utf-8", b"<a/>"), charset="iso-8859-1")


@pytest.mark.parametrize(
    "body",
    [
        b"<a>GO<!-- x -->OD</a>",
        b"<a>GO<?x y?>OD</a>",
        b"<a>GO<![CDATA[OD]]></a>",
        b"<a><!-- x -->GOOD</a>",
        b"<a>GOOD<!--x--><?y?></a>",
        b"<a>&#71;O&#x4f;D</a>",
    ],
)
def test_nothing_inside_a_text_can_cut_it_short(body: bytes) -> None:
    root = read_xml(body)
    assert root.text == "GOOD"
    assert len(root) == 0


def test_a_stylesheet_instruction_is_left_out() -> None:
    root = read_xml(b'<?xml-stylesheet href="http://127.0.0.1:9/x.xsl"?><a/>')
    assert root.getprevious() is None


def test_a_document_at_its_caps_is_read() -> None:
    caps = Caps(size=200, elements=3, attributes=2, depth=2)
    assert len(read_xml(b'<a b=""><c d=""/><c/></a>', caps=caps)) == 2


def test_what_is_written_is_read_again() -> None:
    root = etree.Element("a")
    root.text = "æ\r\n\t<&>"
    assert read_xml(to_bytes(root)).text == root.text
