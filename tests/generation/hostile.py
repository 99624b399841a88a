"""Documents by somebody who means harm: none is valid, so every one must be refused, and soon.

    for evil in hostile(OF_XML, dice, normal, "application/xml", door, 180, says="Afdækning"): ...

``door`` is an address on loopback that stands wherever a document can point to something; nobody may come. ``says`` is
a free text of the document: a canary stands there instead, and where an attack has room for one. It may stand in no
answer and in no log.
"""

from __future__ import annotations

import gzip
import json
import random
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.generation.making import canary

XML, JSON = "application/xml", "application/json"
SOAP11, SOAP12 = "http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_INCLUDE = "http://www.w3.org/2001/XInclude"
#: Bytes of the largest: the served hub takes 200 000.
_MOST = 190_000


@dataclass(frozen=True)
class Hostile:
    """One request."""

    attack: str
    body: bytes
    content_type: str
    canary: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Means:
    """What an attack is made of: a document that would be taken in, dice, an address that nobody may ask."""

    dice: random.Random
    normal: str
    content_type: str
    door: str
    word: str

    @property
    def declaration(self) -> str:
        return '<?xml version="1.0" encoding="UTF-8"?>'

    @property
    def plain(self) -> str:
        """The document without its declaration."""
        return self.normal.partition("?>")[2].lstrip()

    def within(self, text: str) -> str:
        """Put something in as the last child of what the contract describes."""
        end = re.search(r"</[\w:.-]+>\s*</(?:soap|env):Body>", self.plain)
        at = end.start() if end else self.plain.rindex("</")
        return self.declaration + self.plain[:at] + text + self.plain[at:]

    def on_root(self, text: str) -> str:
        """Put something into the first tag."""
        at = re.search(r"^<[\w:.-]+", self.plain)
        assert at
        return f"{self.declaration}{self.plain[: at.end()]} {text}{self.plain[at.end() :]}"

    def stranger(self) -> str:
        return self.within(f"<stranger>{self.word}</stranger>")


Attack = Callable[[Means], tuple[bytes, str, dict[str, str]]]


def _as_is(
    means: Means, text: str | bytes, content_type: str = "", **headers: str
) -> tuple[bytes, str, dict[str, str]]:
    body = text.encode() if isinstance(text, str) else text
    return body, content_type or means.content_type, {k.replace("_", "-"): v for k, v in headers.items()}


# --- XML ----------------------------------------------------------------------------------------------------------


def a_doctype(means: Means) -> tuple[bytes, str, dict[str, str]]:
    name, door, word = re.match(r"<([\w:.-]+)", means.plain)[1], means.door, means.word  # type: ignore[index]
    bomb = "".join(f'<!ENTITY b{i} "{f"&b{i - 1};" * 10 if i else word}">' for i in range(means.dice.randint(3, 30)))
    form = means.dice.choice(
        [
            f'<!DOCTYPE {name} SYSTEM "{door}">',
            f'<!DOCTYPE {name} PUBLIC "-//x//{word}//DA" "{door}">',
            f'<!DOCTYPE {name} [<!ENTITY % x SYSTEM "{door}">%x;]>',
            f'<!DOCTYPE {name} [<!ENTITY x SYSTEM "{door}">]>',
            f'<!DOCTYPE {name} [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
            f"<!DOCTYPE {name} [{bomb}]>",
            f'<!DOCTYPE {name} [<!ENTITY q "{word * means.dice.randint(100, 5000)}">]>',
            f'<!DOCTYPE {name} [<!ATTLIST {name} a CDATA "{word}">]>',
            f"<!DOCTYPE\n{name}>",
            f"<!doctype {name}>",
            f'<!-- {word} --><!DOCTYPE {name} SYSTEM "{door}">',
            f"<?x {word}?><!DOCTYPE {name}>",
            f'<!DOCTYPE {name} [<!NOTATION n SYSTEM "{door}"><!ENTITY u SYSTEM "{door}" NDATA n>]>',
        ]
    )
    text = (
        means.declaration + form + means.within(means.dice.choice(["", "&x;", "&b2;", "&q;" * 50])).partition("?>")[2]
    )
    if means.dice.random() < 0.25:
        return _as_is(means, text.replace("UTF-8", "UTF-16", 1).encode("utf-16"), _without_charset(means))
    return _as_is(means, text)


def an_entity(means: Means) -> tuple[bytes, str, dict[str, str]]:
    return _as_is(means, means.within(means.dice.choice(["&nobody;", "&#0;", "&#xFFFF;", "&#x110000;", "&amp", "&;"])))


def an_inclusion(means: Means) -> tuple[bytes, str, dict[str, str]]:
    how = means.dice.choice(['parse="text"', 'parse="xml"', 'xpointer="/*"', ""])
    space = means.dice.choice([_INCLUDE, _INCLUDE.replace("X", "&#88;", 1)])
    inner = means.dice.choice(["", f'<i:fallback><i:include href="{means.door}"/>{means.word}</i:fallback>'])
    return _as_is(means, means.within(f'<i:include xmlns:i="{space}" href="{means.door}" {how}>{inner}</i:include>'))


def a_pointer(means: Means) -> tuple[bytes, str, dict[str, str]]:
    """Schema, stylesheet, base, import: beside something that is not valid."""
    door = means.door
    pointing = means.dice.choice(
        [
            f'<stranger xmlns:s="{_XSI}" s:schemaLocation="urn:x {door}">{means.word}</stranger>',
            f'<stranger xmlns:s="{_XSI}" s:noNamespaceSchemaLocation="{door}"/>',
            f'<stranger xmlns:xml="http://www.w3.org/XML/1998/namespace" xml:base="{door}"/>',
            f'<w:import xmlns:w="http://schemas.xmlsoap.org/wsdl/" location="{door}"/>',
            f'<x:import xmlns:x="http://www.w3.org/2001/XMLSchema" schemaLocation="{door}"/>',
            f'<d:Reference xmlns:d="http://www.w3.org/2000/09/xmldsig#" URI="{door}"/>',
            f'<?xml-stylesheet href="{door}"?><?xml-model href="{door}"?><stranger/>',
        ]
    )
    return _as_is(means, means.within(pointing))


def a_deep_one(means: Means) -> tuple[bytes, str, dict[str, str]]:
    depth = means.dice.choice([51, 60, 255, 256, 257, 2_000, 12_000])
    text = "<d>" * depth + means.word + "</d>" * depth
    return _as_is(means, means.within(text)[:_MOST])


def many_attributes(means: Means) -> tuple[bytes, str, dict[str, str]]:
    count = means.dice.choice([1, 251, 1_000, 5_000])
    kind = means.dice.randrange(4)
    if kind == 0:
        return _as_is(means, means.on_root(f'a="{means.word}" a="2"'))
    if kind == 1:
        return _as_is(
            means, means.within("<s " + " ".join(f'a{i}="{means.word}"' for i in range(count)) + "/>")[:_MOST]
        )
    if kind == 2:
        return _as_is(means, means.within("<s " + " ".join(f'xmlns:n{i}="urn:{i}"' for i in range(count)) + "/>"))
    return _as_is(means, means.within("".join(f'<s a="{i}"/>' for i in range(count))))


def many_elements(means: Means) -> tuple[bytes, str, dict[str, str]]:
    count = means.dice.choice([2, 60, 1_000, 5_000])
    one = means.dice.choice(["<s/>", f"<s>{means.word}</s>", "<a:s xmlns:a='urn:a'/>"])
    return _as_is(means, means.within(one * min(count, 150_000 // len(one))))


def a_wrong_encoding(means: Means) -> tuple[bytes, str, dict[str, str]]:
    text, dice = means.stranger(), means.dice
    bare = _without_charset(means)
    ways: list[tuple[bytes, str]] = [
        (text.replace("UTF-8", name, 1).encode(), bare)
        for name in ("UTF-7", "UTF-32", "IBM037", "utf-16", "x-user-defined", "windows-1252", means.word)
    ]
    ways += [
        (text.encode(), f"{bare}; charset={name}") for name in ("utf-16", "utf-7", "iso-8859-1", "cp037", means.word)
    ]
    ways += [
        (text.encode("utf-16-le"), bare),
        (text.encode("utf-32"), bare),
        (b"\xff\xfe" + text.encode(), bare),
        (
            text.encode()[:-9] + dice.choice([b"\xff", b"\xc0\xbc", b"\xed\xa0\x80", b"\xf8\x88\x80\x80\x80", b"\x00"]),
            bare,
        ),
        (text.replace('"1.0"', dice.choice(['"1.1"', '"2.0"', '""']), 1).encode(), bare),
        (text.encode("cp037"), bare),
        (b" " + text.encode(), bare),
    ]
    body, content_type = dice.choice(ways)
    return _as_is(means, body, content_type)


def a_piece(means: Means) -> tuple[bytes, str, dict[str, str]]:
    """Cut off, doubled, or no XML at all."""
    dice, text = means.dice, means.normal.rstrip()
    return _as_is(
        means,
        dice.choice(
            [
                text.encode()[: dice.randrange(1, len(text) - 10)],
                text.encode() + text.partition("?>")[2].encode(),
                dice.randbytes(dice.randint(1, 3_000)),
                b"",
                b"\x00" * dice.randint(1, 5_000),
                gzip.compress(b"<a>" + means.word.encode() * 1_000_000),
                text.replace("</", "<", 1).encode(),
                b"<" * dice.randint(1, 100_000),
                b"<![CDATA[" * dice.randint(1, 10_000),
                f'{{"{means.word}": "{means.door}"}}'.encode(),
            ]
        ),
    )


def a_long_text(means: Means) -> tuple[bytes, str, dict[str, str]]:
    piece = means.dice.choice([means.word, "9", "&#65;", "<![CDATA[x]]>", "&lt;!DOCTYPE x&gt;", "-0"])
    count = means.dice.randint(1, 150_000 // len(piece))
    return _as_is(means, means.within(f"<s>{piece * count}</s>"))


def another_root(means: Means) -> tuple[bytes, str, dict[str, str]]:
    name = means.dice.choice(["Noget", "Envelope", "SagOpdatering", "definitions", means.word])
    space = means.dice.choice(["", "urn:x", SOAP11, SOAP12, means.door, _XSI])
    return _as_is(
        means, f'<{name} xmlns="{space}">{means.word}</{name}>' if space else f"<{name}>{means.word}</{name}>"
    )


def a_lie_about_the_type(means: Means) -> tuple[bytes, str, dict[str, str]]:
    kinds = (
        "text/plain", "text/html", "application/json", "image/png", "application/octet-stream", "image/svg+xml",
        "multipart/related; type=\"application/xop+xml\"; boundary=x", "application/x-www-form-urlencoded",
        "xml", "*/*", "application/xml-dtd", "text/xml, application/json", "application/fhir+xml",
    )  # fmt: skip
    return _as_is(means, means.stranger(), means.dice.choice(kinds))


# --- SOAP alone -----------------------------------------------------------------------------------------------------


def another_action(means: Means) -> tuple[bytes, str, dict[str, str]]:
    action = means.dice.choice(["UpdatePlan", "urn:x", means.word, means.door, '""x', "SubmitPersonCase, Other"])
    if SOAP12 in means.normal:
        return _as_is(means, means.normal, f'{means.content_type}; action="{action.replace(chr(34), "")}"')
    return _as_is(means, means.normal, SOAPAction=f'"{action}"')


def a_wrapping(means: Means) -> tuple[bytes, str, dict[str, str]]:
    prefix = "soap"
    whole = re.search(rf"<{prefix}:Body>.*</{prefix}:Body>", means.plain, re.DOTALL)
    assert whole
    body, inner = whole[0], whole[0][len("<soap:Body>") : -len("</soap:Body>")]
    evil = body.replace(means.word, f"{means.word} igen")
    must = "true" if SOAP12 in means.plain else "1"
    made = means.dice.choice(
        [
            evil + body,
            body + evil,
            f"<soap:Body>{inner}{inner}</soap:Body>",
            f"<soap:Body>{body}</soap:Body>",
            f"<soap:Body>{means.plain}</soap:Body>",
            "<soap:Body/>",
            f"<soap:Body>{means.word}</soap:Body>",
            f"{body}<soap:Header/>",
            f"<soap:Header/><soap:Header/>{body}",
            f"<soap:Header>{evil}</soap:Header>",
            f'<soap:Header><w:w xmlns:w="urn:w" soap:mustUnderstand="{must}">{evil}</w:w></soap:Header>{body}',
            f'<soap:Header><h xmlns="{means.door}"/><h xmlns="{means.door}"/></soap:Header>{body}',
            f"{means.word}{body}",
            body.replace("soap:Body", "x:Body").replace("<x:Body", '<x:Body xmlns:x="urn:x"'),
            f"<soap:Wrapper>{body}</soap:Wrapper>",
        ]
    )
    return _as_is(means, means.declaration + means.plain.replace(body, made))


# --- JSON -----------------------------------------------------------------------------------------------------------


def json_structure(means: Means) -> tuple[bytes, str, dict[str, str]]:
    dice, many = means.dice, means.dice.choice([65, 1_000, 90_000])
    inner = means.normal.strip()[1:-1]
    first = re.match(r'\s*("[^"]+")', inner)[1]  # type: ignore[index]
    return _as_is(
        means,
        dice.choice(
            [
                "[" * many + "]" * many,
                "[" * many,
                '{"a":' * min(many, 30_000) + "1" + "}" * min(many, 30_000),
                f'{{{inner},"x":{"[" * 100}{"]" * 100}}}',
                f'{{{inner},{first}:"{means.word}"}}',
                f"[{means.normal}]",
                means.normal + means.normal,
                means.normal.rstrip()[: -dice.randint(1, len(means.normal.rstrip()) - 1)],
                f"{{{inner},}}",
                f"/*{means.word}*/{means.normal}",
                f'"{means.word}"',
                dice.choice(["null", "true", "1", "[]", "{}", "", " ", "NaN", "-Infinity", "1e999999", "9" * 5_000]),
                "[" + "1," * dice.randint(1, 90_000) + "1]",
            ]
        ),
    )


def json_fields(means: Means) -> tuple[bytes, str, dict[str, str]]:
    """Fields that are none of the contract, and values that are no values of it."""
    dice, letter = means.dice, json.loads(means.normal)
    name = dice.choice([*letter, *letter, *letter])
    wrong: Any = dice.choice(
        [
            {"$ref": means.door}, {"@context": means.door, "x": means.word}, [means.word], [[]], {},
            {"__proto__": {"a": means.word}}, -1e308, "\x00" + means.word, "\ufffe" + means.word, ["\ud800"],
            {"$schema": means.door}, [{"xlink:href": means.door}],
        ]
    )  # fmt: skip
    letter[name] = wrong
    return _as_is(means, json.dumps(letter))


def json_bytes(means: Means) -> tuple[bytes, str, dict[str, str]]:
    dice, text = means.dice, means.normal
    return _as_is(
        means,
        dice.choice(
            [
                b"\xef\xbb\xbf" + text.encode(),
                text.encode("utf-16"),
                text.encode("utf-32"),
                text.encode("utf-7")[:-2],
                text.replace('": "', '": "\udcff', 1).encode("utf-8", "surrogateescape"),
                text.replace('": "', '": "\\ud800', 1).encode(),
                text.replace('": "', '": "\\u0000', 1).encode(),
                text.replace('": "', '": "\x01', 1).encode(),
                dice.randbytes(dice.randint(1, 3_000)),
                b"\x00" * dice.randint(1, 5_000),
                gzip.compress(text.encode() + b" " * 5_000_000),
                f'<!DOCTYPE x SYSTEM "{means.door}"><x>{means.word}</x>'.encode(),
            ]
        ),
    )


def json_lie_about_the_type(means: Means) -> tuple[bytes, str, dict[str, str]]:
    letter = {**json.loads(means.normal), "Kanarie": {"a": [means.word]}, next(iter(json.loads(means.normal))): [1]}
    kinds = (
        "text/plain", "application/xml", "application/json; charset=utf-16", "image/png", "text/html", "json",
        "multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "application/jose+json", "*/*",
    )  # fmt: skip
    return _as_is(means, json.dumps(letter), means.dice.choice(kinds))


OF_XML: tuple[Attack, ...] = (
    a_doctype, an_entity, an_inclusion, a_pointer, a_deep_one, many_attributes, many_elements, a_wrong_encoding,
    a_piece, a_long_text, another_root, a_lie_about_the_type,
)  # fmt: skip
OF_SOAP = (*OF_XML, another_action, a_wrapping)
OF_JSON: tuple[Attack, ...] = (json_structure, json_fields, json_bytes, json_lie_about_the_type)


def hostile(
    attacks: tuple[Attack, ...],
    dice: random.Random,
    normal: str,
    content_type: str,
    door: str,
    count: int,
    *,
    says: str,
) -> Iterator[Hostile]:
    """Make documents, each attack as often as the others; where nothing is free text, ``says`` is empty."""
    for at in range(count):
        attack = attacks[at % len(attacks)]
        word = canary(dice)
        text = normal.replace(says, word) if says else normal
        body, kind, headers = attack(Means(dice, text, content_type, door, word))
        yield Hostile(attack.__name__, body, kind, word, headers)


def _without_charset(means: Means) -> str:
    return means.content_type.partition(";")[0]
