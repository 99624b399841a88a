"""JSON from outside is read by one parser, bounded, and refused without repeating what it holds."""

from __future__ import annotations

import traceback

import pytest

from hub.adapters._json import MAX_BYTES, MAX_DEPTH, MAX_VALUES, parse
from hub.adapters._rest import JsonContract, openapi
from hub.errors import ContractViolation, HubError, Refused, TooLarge

CANARY = "Kanariefugl"
CPR = "020160-9995"
CONTRACT = JsonContract("social/v1")

#: name → body; each is refused, and nothing of it may be repeated.
HOSTILE: dict[str, bytes] = {
    "nothing": b"",
    "only spaces": b" \r\n\t ",
    "a byte order mark": b'\xef\xbb\xbf{"Navn":"Kanariefugl"}',
    "UTF-16": '{"Navn":"Kanariefugl"}'.encode("utf-16"),
    "UTF-32": '{"Navn":"Kanariefugl"}'.encode("utf-32-le"),
    "Latin-1": '{"Navn":"Kanariefugl æøå"}'.encode("latin-1"),
    "an overlong encoding": b'{"Navn":"Kanariefugl \xc0\xaf"}',
    "a raw surrogate": b'{"Navn":"Kanariefugl \xed\xa0\x80"}',
    "an escaped lone surrogate": b'{"Navn":"Kanariefugl \\ud800"}',
    "a code point past the last": b'{"Navn":"Kanariefugl \xf4\x90\x80\x80"}',
    "NaN": b'{"SagVersion":NaN,"Navn":"Kanariefugl"}',
    "Infinity": b'{"SagVersion":Infinity,"Navn":"Kanariefugl"}',
    "minus Infinity": b'{"SagVersion":-Infinity,"Navn":"Kanariefugl"}',
    "a number past all doubles": b'{"SagVersion":1e999}',
    "a number of a million digits": b'{"SagVersion":' + b"9" * 1_000_000 + b"}",
    "a hexadecimal number": b'{"SagVersion":0x1F}',
    "a leading zero": b'{"SagVersion":007}',
    "a leading plus": b'{"SagVersion":+7}',
    "a number cut short": b'{"SagVersion":1.}',
    "a comment": b'{"SagVersion":1 /* Kanariefugl */}',
    "a comma at the end": b'{"Navn":"Kanariefugl",}',
    "single quotes": b"{'Navn':'Kanariefugl'}",
    "names without quotes": b'{Navn:"Kanariefugl"}',
    "two documents": b'{"Navn":"Kanariefugl"}{"Navn":"Kanariefugl"}',
    "something after the end": b'{"Navn":"Kanariefugl"} Kanariefugl',
    "cut short": b'{"Navn":"Kanariefugl',
    "a raw line break in a text": b'{"Navn":"Kanarie\nfugl"}',
    "a raw NUL": b'{"Navn":"Kanariefugl\x00"}',
    "an escaped NUL": b'{"Navn":"Kanariefugl\\u0000"}',
    "an escaped control character": b'{"Navn":"Kanariefugl\\u000b"}',
    "a control character in a name": b'{"Kanariefugl\\u0001":1}',
    "a non-character": b'{"Navn":"Kanariefugl\\uffff"}',
    "an unknown escape": b'{"Navn":"Kanariefugl\\x41"}',
    "a field twice": b'{"Navn":"Kanariefugl","Navn":"x"}',
    "a field twice, once escaped": b'{"Navn":"Kanariefugl","\\u004eavn":"x"}',
    "an unknown field twice, deep down": b'{"Behov":[1,{"Kanariefugl":[{"020160-9995":1,"020160-9995":2}]}]}',
    "lists nested past the cap": b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1),
    "objects nested past the cap": b'{"Kanariefugl":' * (MAX_DEPTH + 1) + b"1" + b"}" * (MAX_DEPTH + 1),
    "a depth bomb": b"[" * 5_000_000,
    "a depth bomb that is closed": b"[" * 100_000 + b"]" * 100_000,
    "too many values": b"[" + b"0," * MAX_VALUES + b"0]",
    "too many bytes": b'"' + b"x" * MAX_BYTES + b'"',
    "quotes without end": b'{"Navn":"' + b'\\"' * 1_000_000,
}


def everything_said(error: BaseException) -> str:
    shown = "".join(traceback.format_exception(error))
    return shown + (error.diagnostics() if isinstance(error, HubError) else "") + repr(error)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_json_is_refused_and_not_repeated(name: str) -> None:
    with pytest.raises(Refused) as caught:
        parse(HOSTILE[name])
    assert isinstance(caught.value, (ContractViolation, TooLarge))
    said = everything_said(caught.value)
    assert CANARY not in said
    assert CPR not in said


def test_there_are_at_least_thirty_hostile_bodies() -> None:
    assert len(HOSTILE) >= 30


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"Navn":1,"Navn":2}', "Navn"),
        (b'{"PrimaryPart":{"Navn":"a","x":[{}],"Navn":2}}', "PrimaryPart.Navn"),
        (b'{"Delmaal":[{"Id":"1"},{"Id":"2","Titel":"a,b:{[\\"","Id":"3"}]}', "Delmaal[1].Id"),
        (b'[[1,2],[{"Id":{"Id":1},"Id":2}]]', "[1][0].Id"),
        (b'{"020160-9995":{"Id":1,"Id":2}}', "(unknown).Id"),
    ],
)
def test_a_field_that_is_there_twice_is_named_by_its_path(body: bytes, field: str) -> None:
    words = frozenset({"Navn", "PrimaryPart", "Delmaal", "Id"})
    with pytest.raises(ContractViolation) as caught:
        parse(body, words)
    assert [fault.field for fault in caught.value.faults] == [field]


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":{"a":{"a":1}},"b":[{"a":1},{"a":1}]}',
        b'{"a":"\\"b\\":1,\\"b\\":2"}',
        b'{"a:":"::","b\\\\":":"}',
        b"[" * MAX_DEPTH + b"]" * MAX_DEPTH,
        '{"æ":"😀 \\ud83d\\ude00 \\t\\n"}'.encode(),
        b"  null  ",
    ],
)
def test_honest_json_is_read(body: bytes) -> None:
    parse(body)


@pytest.mark.parametrize(
    ("content_type", "taken"),
    [
        ("application/json", True),
        ("Application/JSON; charset=UTF-8", True),
        ('application/json; charset="utf-8"', True),
        ("application/json; charset=iso-8859-1", False),
        ("text/html", False),
        ("application/jsonx", False),
        ("", False),
    ],
)
def test_only_json_in_utf8_is_taken(content_type: str, taken: bool) -> None:
    body = b'{"Status":"taken-in","Sekvens":1}'
    if taken:
        assert CONTRACT.read("Kvittering", body, content_type)["Sekvens"] == 1
        return
    with pytest.raises(ContractViolation) as caught:
        CONTRACT.read("Kvittering", body, content_type)
    assert caught.value.faults[0].field == "Content-Type"


WRONG: dict[str, bytes] = {
    "a text for an object": b'"Kanariefugl"',
    "a list for an object": b'["Kanariefugl"]',
    "null": b"null",
    "a text for a list": b'{"Behov":"Kanariefugl"}',
    "an object for a text": b'{"SagsTitel":{"Kanariefugl":1}}',
    "a text for a truth": b'{"PrimaryPart":{"Adresse":{"ErBeskyttet":"Kanariefugl"}}}',
    "a fraction for a version": b'{"SagVersion":7.5,"SagsTitel":"Kanariefugl"}',
    "a version of 30 digits": b'{"SagVersion":123456789012345678901234567890,"SagsTitel":"Kanariefugl"}',
    "a version below one": b'{"SagVersion":0,"SagsTitel":"Kanariefugl"}',
    "a long text": b'{"SagsTitel":"' + b"Kanariefugl" * 100 + b'"}',
    "an unknown word": b'{"Foelsomhed":"Kanariefugl"}',
    "no uuid": b'{"SagIdentity":"Kanariefugl"}',
    "no time": b'{"Aendret":"Kanariefugl"}',
    "a leap second": b'{"Aendret":"2016-12-31T23:59:60Z","SagsTitel":"Kanariefugl"}',
    "a day that is none": b'{"Behov":[{"Id":"1","Titel":"x","Konstateret":"2026-02-30"}],"SagsTitel":"Kanariefugl"}',
    "a line break after the number": b'{"PrimaryPart":{"CPRnummer":"020160-9995\\n","Navn":"Kanariefugl"}}',
    "an unknown field": b'{"Kanariefugl":"020160-9995"}',
    "an unknown field named as a number": b'{"PrimaryPart":{"020160-9995":"Kanariefugl"}}',
}


@pytest.mark.parametrize("name", WRONG)
def test_a_document_against_the_contract_is_refused_and_not_repeated(name: str) -> None:
    with pytest.raises(ContractViolation) as caught:
        CONTRACT.read("Sag", WRONG[name])
    said = everything_said(caught.value)
    assert CANARY not in said
    assert CPR not in said
    assert caught.value.faults


def test_each_fault_names_its_field_and_where_to_read_on() -> None:
    with pytest.raises(ContractViolation) as caught:
        CONTRACT.read("SagsHaendelse", b'{"EventId":7,"Haendelse":"x","Andet":1}')
    faults = {fault.field: fault for fault in caught.value.faults}
    assert set(faults) == {"EventId", "SagId", "Haendelse", "(document)"}
    assert faults["SagId"].sentence == "is missing."
    assert faults["Haendelse"].sentence == "must be one of: SagOprettet, SagAendret, SagAfsluttet."
    assert faults["(document)"].sentence.endswith("It may have: EventId, SagId, Haendelse.")
    assert faults["EventId"].next_step == "See Uuid in openapi.yaml of social/v1."


def test_of_a_large_document_only_the_first_fault_is_named() -> None:
    body = b'{"Behov":[' + b",".join([b"1"] * 200_000) + b"]}"
    with pytest.raises(ContractViolation) as caught:
        CONTRACT.read("Sag", body)
    assert len(caught.value.faults) == 1
    assert "only the first fault" in caught.value.sentence


def test_every_keyword_of_the_contract_has_a_sentence_of_its_own() -> None:
    from hub.adapters._rest import _SENTENCES

    said_elsewhere = {"$ref", "description", "properties", "items", "default", "oneOf"}
    keywords = set(_keywords(openapi("social/v1")["components"]["schemas"].values()))
    assert keywords - said_elsewhere <= set(_SENTENCES)


def _keywords(schemas: object) -> list[str]:
    found: list[str] = []
    for schema in schemas:  # type: ignore[attr-defined]
        found += schema
        found += _keywords(schema.get("properties", {}).values())
        found += _keywords(
            [schema[name] for name in ("items", "additionalProperties") if isinstance(schema.get(name), dict)]
        )
    return found
