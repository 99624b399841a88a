"""What comes in by one authority's words goes out whole by another's: from_plan(to_plan(x)) loses what is said here.

An update does not tell whom else an element concerns, nor where and when its source wrote it: the ids of other people
and another authority's case numbers are no business of a recipient.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from hub.authority import Authorities, Disclosed, Parcel, PlanUpdate, contract_folder, load
from hub.plan.element import Code, Draft, Element, Kind, OrderKey, Period, Provenance, Sensitivity, Status
from hub.plan.identifier import cpr_identifier

pytestmark = pytest.mark.files

NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)
PLAN, ID, OTHER_ID = UUID(int=1), UUID(int=2), UUID(int=3)
#: They carry a plan whole; partners get times and contacts alone (contracts/partners/v1/README.md).
RECIPIENTS: Authorities = load({name: {} for name in ("children", "employment", "social", "youth")})
TYPES = {
    "children": "application/xml",
    "employment": "text/xml",
    "social": "application/json",
    "youth": "application/json",
}


def out_of(element: Element, recipient: str, **also: Any) -> Any:
    """Return what a recipient gets when one element is disclosed to it: a tree of text."""
    number, disclosed = cpr_identifier("0201609995", recipient), (Disclosed(element, "v", "why"),)
    update = PlanUpdate(PLAN, recipient, number, 1, "c", NOON, disclosed, **also)
    content = RECIPIENTS[recipient].mapping.from_plan(update).content
    return etree.tostring(content) if isinstance(content, etree._Element) else content


def texts_of(tree: Any) -> Iterator[str]:
    if isinstance(tree, bytes):
        yield from (str(text) for text in etree.fromstring(tree).itertext())
    elif isinstance(tree, dict):
        for name, value in tree.items():
            yield name
            yield from texts_of(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from texts_of(value)
    else:
        yield str(tree)


def moments_of(texts: set[str]) -> set[datetime]:
    found = set()
    for text in texts:
        with suppress(ValueError):
            moment = datetime.fromisoformat(text)
            if moment.tzinfo is not None:
                found.add(moment)
    return found


def element_of(draft: Draft, authority: str) -> Element:
    return Element(
        id=ID,
        kind=draft.kind,
        category=draft.category,
        label=draft.label,
        status=draft.status,
        title=draft.title,
        text=draft.text,
        valid=draft.valid,
        codes=draft.codes,
        part_of=OTHER_ID if draft.part_of else None,
        concerns=frozenset(),
        details=draft.details,
        provenance=Provenance(authority, "a system", "a case", "a message", "a contract"),
        order=OrderKey(1, NOON, "m"),
        registered_at=NOON,
    )


def drafts() -> Iterator[Any]:
    for name, authority in RECIPIENTS.items():
        folder = contract_folder(f"{name}/v1")
        for expected in sorted((folder / "expected").glob("*.json")):
            (example,) = (folder / "examples").glob(f"{expected.stem}.*")
            body, kind = example.read_bytes(), TYPES[name]
            if b"http://www.w3.org/2003/05/soap-envelope" in body:
                kind = "application/soap+xml"
            if expected.stem == "get-person-case-response":
                continue  # an answer, which is read by who has asked; its case is that of a message besides
            for told in authority.mapping.to_plan(authority.adapter.receive(Parcel(name, body, kind))):
                for draft in told.drafts:
                    yield pytest.param(name, draft, id=f"{name}-{expected.stem}-{draft.source_id}")


@pytest.mark.parametrize("recipient", RECIPIENTS)
@pytest.mark.parametrize(("source", "draft"), list(drafts()))
def test_every_text_of_every_example_reaches_every_recipient(source: str, draft: Draft, recipient: str) -> None:
    wanted = {draft.title, draft.text, *draft.details, *draft.details.values()}
    wanted |= {text for code in draft.codes for text in (code.system, code.code, code.text)}
    told = set(texts_of(out_of(element_of(draft, source), recipient)))
    assert wanted - {""} <= told
    assert {edge for edge in (draft.valid.start, draft.valid.end) if edge is not None} <= moments_of(told)


# --- no two elements look alike -----------------------------------------------------------------------------------

words = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=20)
elements = st.builds(
    Element,
    id=st.just(ID),
    kind=st.sampled_from(Kind),
    category=words,
    label=st.sampled_from(Sensitivity),
    status=st.sampled_from(Status),
    title=words,
    text=words,
    valid=st.builds(Period, st.just(NOON), st.just(NOON + timedelta(days=1))),
    codes=st.lists(st.builds(Code, words, words, words), min_size=1, max_size=2).map(tuple),
    part_of=st.just(OTHER_ID),
    concerns=st.just(frozenset()),
    details=st.dictionaries(words, words, min_size=1, max_size=2),
    provenance=st.builds(Provenance, words, words, words, words, words),
    order=st.just(OrderKey(1, NOON, "m")),
    registered_at=st.just(NOON),
)


def next_of(word: Any) -> Any:
    every = list(word.__class__.__members__.values())
    return every[(every.index(word) + 1) % len(every)]


def coded(element: Element, **other: str) -> Element:
    return replace(element, codes=(replace(element.codes[0], **other), *element.codes[1:]))


CHANGES: dict[str, Callable[[Element], Element]] = {
    "id": lambda one: replace(one, id=UUID(int=9)),
    "kind": lambda one: replace(one, kind=next_of(one.kind)),
    "category": lambda one: replace(one, category=f"{one.category}x"),
    "label": lambda one: replace(one, label=next_of(one.label)),
    "no label": lambda one: replace(one, label=None),
    "status": lambda one: replace(one, status=next_of(one.status)),
    "title": lambda one: replace(one, title=f"{one.title}x"),
    "text": lambda one: replace(one, text=f"{one.text}x"),
    "start": lambda one: replace(one, valid=replace(one.valid, start=NOON - timedelta(microseconds=1))),
    "no start": lambda one: replace(one, valid=replace(one.valid, start=None)),
    "end": lambda one: replace(one, valid=replace(one.valid, end=NOON + timedelta(days=2))),
    "no end": lambda one: replace(one, valid=replace(one.valid, end=None)),
    "system of a code": lambda one: coded(one, system=f"{one.codes[0].system}x"),
    "code": lambda one: coded(one, code=f"{one.codes[0].code}x"),
    "text of a code": lambda one: coded(one, text=f"{one.codes[0].text}x"),
    "no codes": lambda one: replace(one, codes=()),
    "what it is part of": lambda one: replace(one, part_of=None),
    "a detail": lambda one: replace(one, details={name: f"{value}x" for name, value in one.details.items()}),
    "the name of a detail": lambda one: replace(one, details={f"{name}x": it for name, it in one.details.items()}),
    "authority": lambda one: replace(one, provenance=replace(one.provenance, authority=f"{one.authority}x")),
}
NOT_TOLD: dict[str, Callable[[Element], Element]] = {
    "whom it concerns": lambda one: replace(one, concerns=frozenset({UUID(int=7)})),
    "the case": lambda one: replace(one, provenance=replace(one.provenance, case="x")),
    "the message": lambda one: replace(one, provenance=replace(one.provenance, message_id="x")),
    "when it was registered": lambda one: replace(one, registered_at=NOON + timedelta(days=9)),
}


@pytest.mark.parametrize("recipient", RECIPIENTS)
@pytest.mark.parametrize("what", CHANGES)
@settings(max_examples=25)
@given(element=elements)
def test_whatever_changes_of_an_element_reaches_a_recipient(recipient: str, what: str, element: Element) -> None:
    assert out_of(element, recipient) != out_of(CHANGES[what](element), recipient)


@pytest.mark.parametrize("recipient", RECIPIENTS)
@pytest.mark.parametrize("what", NOT_TOLD)
@settings(max_examples=25)
@given(element=elements)
def test_what_is_no_business_of_a_recipient_does_not_reach_it(recipient: str, what: str, element: Element) -> None:
    assert out_of(element, recipient) == out_of(NOT_TOLD[what](element), recipient)


@pytest.mark.parametrize("recipient", RECIPIENTS)
@settings(max_examples=5)
@given(element=elements)
def test_a_protected_address_is_told_beside_the_elements(recipient: str, element: Element) -> None:
    told = out_of(element, recipient, has_protected_address=True)
    assert told != out_of(element, recipient)
    assert not {"AdresseBeskyttet", "PersonAddressProtectionIndicator"}.isdisjoint(
        {etree.QName(one).localname for one in etree.fromstring(told).iter()} if isinstance(told, bytes) else told
    )
