"""Digital Post over a real socket: what the post is sent, what it answers, and what its receipts say."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from lxml import etree

from hub.adapters._xml import XmlContract
from hub.adapters.digital_post import kombi_request
from hub.authority import Letter, LetterFate, LetterReceipt, Parcel, contract_folder, load_post
from hub.clock import new_id
from hub.errors import (
    ContractViolation,
    RecipientDown,
    RecipientFailed,
    RecipientRefused,
    SettingsRefused,
)
from hub.flow.letters import SUBJECT, may_go_to_custodians, text_of
from hub.plan.identifier import cpr_identifier
from hub.store.notices import NoticeKind
from hub.testing.builders import TEST_CPR
from tests.integration.post_box import CVR, SENDER, Box, the_post
from tests.integration.sandboxes import TOKEN, a_server

pytestmark = pytest.mark.integration
CONTRACT = contract_folder("post/v1")
EXAMPLES = CONTRACT / "examples"


def a_letter(text: str = "Du har snart en aftale.") -> Letter:
    return Letter(new_id(), cpr_identifier(TEST_CPR, "hub"), SUBJECT, text, datetime(2026, 11, 28, 8, tzinfo=UTC))


def receipt(body: bytes, content_type: str = "application/xml") -> LetterReceipt | None:
    return the_post("http://127.0.0.1:9").receipt(Parcel("digital-post", body, content_type))


def example(name: str) -> bytes:
    return (EXAMPLES / name).read_bytes()


# --- sending ------------------------------------------------------------------------------------------------------


def test_a_letter_arrives_whole(box: Box) -> None:
    letter = a_letter("Æblegrød.\n\n---\nIn English.\n")
    handed = box.post.send(letter)
    assert handed.fate is LetterFate.TAKEN_ON
    [kept] = [one for one in box.letters() if one["key"] == str(letter.key)]
    assert (kept["cpr"], kept["subject"], kept["text"]) == (TEST_CPR, SUBJECT, letter.text)
    assert handed.reference == kept["transmission"]


def test_a_repeat_is_one_letter_and_is_answered_alike(box: Box) -> None:
    letter = a_letter()
    assert box.post.send(letter) == box.post.send(letter)
    [kept] = [one for one in box.letters() if one["key"] == str(letter.key)]
    assert kept["times"] == 2


def test_who_is_not_registered_is_a_fate_and_no_error(box: Box) -> None:
    box.knows(TEST_CPR, at_once=True)
    handed = box.post.send(a_letter())
    assert (handed.fate, handed.code) == (LetterFate.RETURNED, "not-registered")


@pytest.mark.parametrize(
    ("how", "error"),
    [
        ({"broken": "down"}, RecipientDown),
        ({"status": 503, "retry_after": 7}, RecipientDown),
        ({"status": 500}, RecipientFailed),
        ({"broken": "garbage"}, RecipientFailed),
        ({"status": 403}, RecipientRefused),
    ],
    ids=str,
)
def test_trouble_is_told_apart(box: Box, how: dict[str, object], error: type[Exception]) -> None:
    box.behaves(**how)
    with pytest.raises(error):
        box.post.send(a_letter())


def test_another_token_is_refused_and_the_post_keeps_nothing(box: Box) -> None:
    before = len(box.letters())
    with pytest.raises(RecipientDown, match="401"):
        the_post(box.url, token="another").send(a_letter())
    assert len(box.letters()) == before


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (200, b"<kombi_response/>", RecipientFailed),
        (200, b"<kombi_request/>", RecipientFailed),
        (200, b'<!DOCTYPE a [<!ENTITY b "c">]><kombi_response><Result>true</Result></kombi_response>', RecipientFailed),
    ],
)
def test_an_answer_that_is_none_is_a_failure_of_the_letter(status: int, body: bytes, error: type[Exception]) -> None:
    with a_server(status, body, "application/xml") as (url, _), pytest.raises(error):
        the_post(url).send(a_letter())


def test_an_error_code_that_may_tell_of_a_person_is_not_passed_on() -> None:
    said = f"{TEST_CPR} Anna er ikke tilmeldt".encode()
    reaction = b"<SvarReaktion><Fejl><FejlId>" + said + b"</FejlId></Fejl></SvarReaktion>"
    body = b"<kombi_response><Result>false</Result><HovedoplysningerSvarREST>" + reaction
    with a_server(200, body + b"</HovedoplysningerSvarREST></kombi_response>", "application/xml") as (url, _):
        assert the_post(url).send(a_letter()).code == "unsaid"


def test_the_number_stands_in_the_body_alone() -> None:
    with a_server(200, example("answer-taken-on.xml"), "application/xml") as (url, asked):
        letter = a_letter()
        the_post(url + "/service/KombiPostAfsend_1").send(letter)
    [(method, path, headers, body)] = asked
    assert (method, path) == ("POST", "/service/KombiPostAfsend_1/kombi")
    assert TEST_CPR.encode() in body
    assert TEST_CPR not in str(headers)
    assert headers["x-transaktionsid"] == str(letter.key)
    assert headers["authorization"] == f"Bearer {TOKEN}"
    assert TEST_CPR not in repr(letter)


# --- the contract -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", list(NoticeKind))
@pytest.mark.parametrize("of_a_child", [False, True])
def test_every_letter_there_is_is_valid_and_says_nothing_of_a_case(kind: NoticeKind, of_a_child: bool) -> None:
    if of_a_child and not may_go_to_custodians(kind):
        with pytest.raises(LookupError):
            text_of(kind, "", of_a_child=True)
        return
    text = text_of(kind, "https://hub.example", of_a_child=of_a_child)
    request = kombi_request(replace(a_letter(), text=text), CVR, SENDER)
    XmlContract(CONTRACT / "kombi.xsd").check(request)
    danish, _, english = text.partition("---")
    assert danish.strip()
    assert english.strip()
    words = text.lower()
    for topic in ("helbred", "health", "misbrug", "diagnose", "underretning", "anbring", "skilsmisse", "økonomi"):
        assert topic not in words


def test_a_repeat_has_the_same_bytes() -> None:
    letter = a_letter()
    first, second = (etree.tostring(kombi_request(letter, CVR, SENDER)) for _ in range(2))
    assert first == second


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.xml")), ids=lambda path: path.stem)
def test_every_example_is_valid(path: Path) -> None:
    schema = "receipt.xsd" if path.name.startswith("receipt") else "kombi.xsd"
    XmlContract(CONTRACT / schema).check(etree.parse(path).getroot())


@pytest.mark.parametrize("path", sorted((EXAMPLES / "refused").glob("*.xml")), ids=lambda path: path.stem)
def test_every_refused_example_is_refused(path: Path) -> None:
    schema = "receipt.xsd" if path.name.startswith("receipt") else "kombi.xsd"
    with pytest.raises(ContractViolation):
        XmlContract(CONTRACT / schema).check(etree.parse(path).getroot())


# --- receipts -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "fate", "code"),
    [
        ("receipt-taken-on.xml", LetterFate.TAKEN_ON, ""),
        ("receipt-delivered.xml", LetterFate.DELIVERED, ""),
        ("receipt-not-registered.xml", LetterFate.RETURNED, "not-registered"),
    ],
)
def test_a_receipt_says_what_became_of_a_letter(name: str, fate: LetterFate, code: str) -> None:
    told = receipt(example(name))
    assert told is not None
    assert (told.fate, told.code) == (fate, code)


def test_a_receipt_may_come_in_a_message_of_the_beskedfordeler() -> None:
    inner = base64.b64encode(example("receipt-delivered.xml")).decode()
    around = f'<ModtagBeskedInput xmlns="urn:oio:sts:1.0.0"><Haendelsesbesked><Beskeddata><Base64>{inner}</Base64>'
    told = receipt(f"{around}</Beskeddata></Haendelsesbesked></ModtagBeskedInput>".encode())
    assert told is not None
    assert told.fate is LetterFate.DELIVERED


def test_news_that_the_hub_does_not_know_changes_nothing() -> None:
    assert receipt(example("receipt-delivered.xml").replace(b"Afleveret Digital Post", b"Noget andet")) is None


@pytest.mark.parametrize("body", [b"", b"<a/>", b"<a><Base64>?</Base64></a>", b"not xml"])
def test_what_is_no_receipt_is_refused(body: bytes) -> None:
    with pytest.raises(ContractViolation):
        receipt(body)
    with pytest.raises(ContractViolation):
        receipt(example("receipt-delivered.xml"), "application/json")


# --- settings -----------------------------------------------------------------------------------------------------


def test_without_settings_there_is_no_post() -> None:
    assert load_post({}) is None


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"sender_cvr": "29188599", "sender_name": "K"}, "post.url"),
        ({"url": "http://127.0.0.1:9", "token": "t", "sender_name": "K"}, "post.sender_cvr"),
        ({"url": "http://127.0.0.1:9", "token": "t", "sender_cvr": "1", "sender_name": "K"}, "post.sender_cvr"),
        ({"kind": "pigeons"}, "post.kind"),
        ({"url": "http://127.0.0.1:9", "token": "t", "sender_cvr": CVR, "sender_name": "K", "sendr": 1}, "post.sendr"),
    ],
)
def test_bad_settings_are_named(given: dict[str, object], field: str) -> None:
    with pytest.raises(SettingsRefused) as refused:
        load_post(given)
    assert field in [fault.field for fault in refused.value.faults]


def test_a_cvr_number_that_a_settings_file_reads_as_a_number_is_one() -> None:
    assert load_post({"url": "http://127.0.0.1:9", "token": "t", "sender_cvr": 29188599, "sender_name": "K"})
