"""A shape says what a document is made of, and not one character of what it says."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from hub.flow.shape import content_of, shape_of

LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), st.text(), st.uuids(), st.datetimes())
NAMES = st.sampled_from(["Titel", "Id", "Elementer", "Begrundelse"])
DOCUMENTS = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(NAMES, inner), max_leaves=30)


def retold(document: Any) -> Any:
    """Return a document of the same form that says something else, letter for letter."""
    match document:
        case dict():
            return {name: retold(inner) for name, inner in document.items()}
        case list():
            return [retold(inner) for inner in document]
        case str():
            return "§" * len(document)
        case _:
            return document


@given(DOCUMENTS)
def test_two_documents_that_differ_in_what_they_say_have_the_same_shape(document: Any) -> None:
    assert shape_of(document) == shape_of(retold(document))


@given(st.text(alphabet="æøåÆØÅ€§", min_size=1), NAMES)
def test_nothing_that_a_document_says_stands_in_its_shape(said: str, name: str) -> None:
    element = etree.Element("{urn:x}Plan", {"kode": said})
    for _ in range(2):
        etree.SubElement(element, f"{{urn:x}}{name}").text = said
    for document in ({name: [said, {name: said}]}, element):
        assert not set(said) & set(str(shape_of(document)))
        assert said in str(content_of(document))


def test_a_key_that_no_contract_would_have_may_be_content() -> None:
    assert shape_of({"Anna Test Andersen": 1, "0201609995": 1, "Titel": 1}) == {
        "key(18)": "number(1)", "key(10)": "number(1)", "Titel": "number(1)",
    }  # fmt: skip


def test_types_and_lengths_are_told() -> None:
    at = datetime(2026, 11, 28, tzinfo=UTC)
    assert shape_of({"a": "Møde", "b": None, "c": True, "d": 12, "e": [1.5], "f": b"xy", "g": at, "h": object()}) == {
        "a": "string(4)", "b": "null", "c": "boolean", "d": "number(2)", "e": ["number(3)"], "f": "bytes(2)",
        "g": "string(25)", "h": "other",
    }  # fmt: skip


def test_xml_is_told_by_its_elements_and_their_attributes() -> None:
    plan = etree.fromstring('<P xmlns="urn:x"><T>ab</T><E k="1">c</E><E k="22"/><N><T/></N></P>')
    assert shape_of(plan) == {
        "T": "string(2)",
        "E": [{"@k": "string(1)", "#text": "string(1)"}, {"@k": "string(2)"}],
        "N": {"T": "string(0)"},
    }
