"""What real systems put into documents whatever their wire: dates, numbers, words, ids and texts that are not right."""

from __future__ import annotations

import unicodedata

from tests.generation.contract import Field, Node, Sort, Value
from tests.generation.making import PAIRS, canary, moment
from tests.generation.sample import Dirt, Fate, Sample

_PAIRED = {name for pair in PAIRS for name in pair}
#: What stands in for a person's number where there is none, or where somebody mistyped it.
NO_NUMBERS = (
    "0000000000", "000000-0000", "      -", "-", "", "020160-999", "02016099955", "310290-9995", "001290-9995",
    "021360-9995", "ukendt", "٠٢٠١٦٠٩٩٩٥", "020160\u200b-9995", "020160\u20139995", "DK020160-9995",
)  # fmt: skip


def _put(sample: Sample, sort: Sort, text: str, *, not_paired: bool = False) -> Value | None:
    """Put a text into one of the leaves of a sort and return what the contract says of it."""
    way = sample.spoil(lambda node: _is(node, sort) and not (not_paired and node.field.name in _PAIRED))
    if way is None:
        return None
    way[-1].text, way[-1].attributes = text, ""
    return way[-1].field.value


def _is(node: Node, *sorts: Sort) -> bool:
    value = node.field.value
    return value is not None and value.sort in sorts and not node.field.key and not node.field.refers_to


def _is_prose(node: Node) -> bool:
    """Tell whether a leaf takes free text."""
    value = node.field.value
    is_free = value is not None and not value.patterns and not value.words
    return is_free and not node.is_special and _is(node, Sort.TEXT, Sort.LINE)


def _fate(value: Value | None, text: str) -> Fate | None:
    return None if value is None else Fate.TAKEN if value.fits(text) else Fate.REFUSED


# --- days and instants ------------------------------------------------------------------------------------------------


def a_day_that_is_none(sample: Sample) -> Fate | None:
    return _fate(_put(sample, Sort.DAY, day := sample.dice.choice(["2026-02-31", "2025-02-29", "2026-13-01"])), day)


def a_day_written_another_way(sample: Sample) -> Fate | None:
    day = sample.dice.choice(["31-12-2026", "31.12.2026", "20261231", "2026-12-31T00:00:00", "1/2 2026", "2026-1-2"])
    return _fate(_put(sample, Sort.DAY, day), day)


def a_day_outside_all_years(sample: Sample) -> Fate | None:
    """The last day that a calendar holds, and what databases write for *never*."""
    day = sample.dice.choice(["9999-12-31", "0001-01-01", "1753-01-01", "0000-00-00", "12026-01-01", "-0044-03-15"])
    value = _put(sample, Sort.DAY, day)
    # Where a contract takes any year, the hub's calendar may still end.
    return Fate.EITHER if value and value.fits(day) else _fate(value, day)


def an_instant_without_offset(sample: Sample) -> Fate | None:
    return _fate(_put(sample, Sort.INSTANT, at := "2026-11-02T08:00:00", not_paired=True), at)


def an_instant_that_is_none(sample: Sample) -> Fate | None:
    at = sample.dice.choice(
        ["2026-02-31T08:00:00Z", "2026-11-02T25:00:00Z", "2016-12-31T23:59:60Z", "2026-11-02", "nu"]
    )
    return _fate(_put(sample, Sort.INSTANT, at, not_paired=True), at)


def an_hour_that_the_clock_skips_or_repeats(sample: Sample) -> Fate | None:
    at = sample.dice.choice(["2026-03-29T02:30:00+01:00", "2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00"])
    return _fate(_put(sample, Sort.INSTANT, at, not_paired=True), at)


def a_day_on_which_the_clock_is_changed(sample: Sample) -> Fate | None:
    way = sample.spoil(lambda node: (days := _days_of(node)) and not any(day.is_spoilt for day in days))
    if way is None:
        return None
    date = sample.dice.choice(["2026-03-29", "2026-10-25"])
    for day in _days_of(way[-1]):
        day.text, day.is_spoilt = date, True
    return Fate.TAKEN


def _days_of(node: Node) -> list[Node]:
    return [child for child in node.children if _is(child, Sort.DAY)]


def an_end_before_its_start(sample: Sample) -> Fate | None:
    edges = [
        (first, last)
        for node in (way[-1] for way in sample.root.walk())
        for names in PAIRS
        if (first := node.child(names[0])) and (last := node.child(names[1]))
        if _is_before(first, last)
    ]
    if not edges:
        return None
    first, last = sample.dice.choice(edges)
    first.text, last.text = last.text, first.text
    first.is_spoilt = last.is_spoilt = True
    return Fate.REFUSED


def _is_before(first: Node, last: Node) -> bool:
    """Tell so of two edges that nothing else has spoilt."""
    return not (first.is_spoilt or last.is_spoilt) and moment(first.text) < moment(last.text)


# --- people -----------------------------------------------------------------------------------------------------------


def no_number_for(branch: str) -> Dirt:
    """Spoil the number of the person whose plan it is: the document is about nobody."""

    def no_number_for_the_citizen(sample: Sample) -> Fate | None:
        ways = [way for way in sample.clean(lambda node: _is(node, Sort.NUMBER)) if way[-2].field.name == branch]
        ways = [way for way in ways if way[-1].field.least]
        if not ways:
            return None
        # The first is the person's number now, or the child's: what comes after is another's, or an earlier one.
        ways[0][-1].text, ways[0][-1].is_spoilt = sample.dice.choice(NO_NUMBERS), True
        return Fate.REFUSED

    return no_number_for_the_citizen


def junk_for_anybodys_number(sample: Sample) -> Fate | None:
    return Fate.EITHER if _put(sample, Sort.NUMBER, sample.dice.choice(NO_NUMBERS)) else None


def one_person_under_several_headings(sample: Sample) -> Fate | None:
    numbers = sample.clean(lambda node: _is(node, Sort.NUMBER))
    if len(numbers) < 2:
        return None
    source, target = sample.dice.sample(numbers, 2)
    target[-1].text, target[-1].is_spoilt = source[-1].text, True
    return Fate.EITHER  # one measure's child may become another's; a system may write the hyphen in one place only


# --- words and ids ----------------------------------------------------------------------------------------------------


def a_word_that_is_not_on_the_list(sample: Sample) -> Fate | None:
    way = sample.spoil(lambda node: node.field.value is not None and node.field.value.words)
    if way is None:
        return None
    old = way[-1].text
    way[-1].text = sample.dice.choice([canary(sample.dice), old.upper() + "S", "99", old + "\u00a0"])
    return Fate.REFUSED


def an_unknown_field(sample: Sample) -> Fate | None:
    way = sample.spoil(lambda node: node.children)
    assert way is not None
    stranger = Field(canary(sample.dice), way[0].field.namespace, least=0, value=Value(Sort.TEXT))
    place = sample.dice.randint(0, len(way[-1].children))
    way[-1].children.insert(place, Node(stranger, canary(sample.dice), is_spoilt=True))
    return Fate.REFUSED


def a_misspelt_field(sample: Sample) -> Fate | None:
    way = sample.spoil(lambda node: not node.children)
    assert way is not None
    way[-1].misspelt = sample.dice.choice([way[-1].name.lower() + "er", way[-1].name[:-1], way[-1].name.upper() + "_"])
    return Fate.REFUSED


def a_field_that_is_missing(sample: Sample) -> Fate | None:
    alone = [
        (node, child)
        for node in (way[-1] for way in sample.root.walk())
        for child in node.children
        if child.field.least and sum(other.field == child.field for other in node.children) == 1
    ]
    node, child = sample.dice.choice(alone)
    node.children.remove(child)
    return Fate.REFUSED


def an_id_that_is_there_twice(sample: Sample) -> Fate | None:
    way = sample.spoil(lambda node: node.field.key)
    if way is None:
        return None
    depth = next((depth for depth in range(len(way) - 1, 0, -1) if way[depth].field.repeats), 0)
    if not depth:
        return None
    twins = way[depth - 1].children
    twins.insert(twins.index(way[depth]), way[depth].copy())
    return Fate.REFUSED


def a_persons_number_for_an_id(sample: Sample) -> Fate | None:
    way = sample.spoil(lambda node: node.field.key)
    if way is None:
        return None
    way[-1].text = sample.dice.choice(["0201609995", "020160-9995", "6201609995"])
    return Fate.REFUSED


def a_reference_to_nothing(sample: Sample) -> Fate | None:
    way = sample.spoil(lambda node: node.field.refers_to)
    if way is None:
        return None
    way[-1].text = "findes-ikke.7"
    return Fate.TAKEN if way[-1].field.link_may_dangle else Fate.REFUSED


# --- texts ------------------------------------------------------------------------------------------------------------


def _rewritten(sample: Sample, text: str) -> Fate | None:
    way = sample.spoil(_is_prose)
    if way is None:
        return None
    way[-1].text, way[-1].attributes = text, ""
    return _fate(way[-1].field.value, text)


def an_optional_field_left_empty(sample: Sample) -> Fate | None:
    way = sample.spoil(lambda node: node.field.value and not node.field.least and not node.field.is_nillable)
    if way is None:
        return None
    way[-1].text = ""
    return Fate.EITHER if _is(way[-1], Sort.NUMBER) else _fate(way[-1].field.value, "")


def junk_where_a_text_should_be(sample: Sample) -> Fate | None:
    return _rewritten(sample, sample.dice.choice(["      -", " ", "\u00a0", "NULL", "?", "{{navn}}", "=1+1", "&nbsp;"]))


def a_text_at_its_longest(sample: Sample) -> Fate | None:
    way = sample.spoil(lambda node: _is_prose(node) and node.field.value and (node.field.value.longest or 10**6) > 1000)
    if way is None:
        return None
    way[-1].text, way[-1].attributes = canary(sample.dice) + " æ" * 49_992 + "\u00e9", ""
    return _fate(way[-1].field.value, way[-1].text)


def a_text_too_long(sample: Sample) -> Fate | None:
    way = sample.spoil(lambda node: _is_prose(node) and node.field.value and node.field.value.longest)
    if way is None or way[-1].field.value is None:
        return None
    way[-1].text = canary(sample.dice) + "x" * (way[-1].field.value.longest or 0)
    return Fate.REFUSED


def letters_taken_apart(sample: Sample) -> Fate | None:
    """æøå in every text as a Mac writes them: a and a ring."""
    for way in sample.clean(lambda node: _is_prose(node) and not node.attributes):
        value, text = way[-1].field.value, unicodedata.normalize("NFD", way[-1].text + " Aab\u00e5dal \u00c5se")
        way[-1].text = text if value and value.fits(text) else way[-1].text
    return Fate.TAKEN


def white_space_around_a_value(sample: Sample) -> Fate | None:
    way = sample.spoil(lambda node: node.field.value and not node.field.key and not node.field.refers_to)
    assert way is not None
    before, after = sample.dice.choice([("\n      ", "\n    "), (" ", ""), ("", "\t"), ("", "\r\n")])
    value = way[-1].field.value
    if value and value.sort in (Sort.WHOLE, Sort.FLAG) and not value.collapses:
        return None  # in JSON it is no part of the value
    if way[-1].attributes:
        return None  # it is nil
    way[-1].text = before + way[-1].text + after
    return _fate(value, way[-1].text)


def unusual_characters(sample: Sample) -> Fate | None:
    return _rewritten(
        sample, canary(sample.dice) + " \u200f\u202eab\u202c \U0001f468\u200d\U0001f469 \u2028 \x7f\x85 Ⅷ ﬁ"
    )


EVERYWHERE: tuple[Dirt, ...] = (
    a_day_that_is_none, a_day_written_another_way, a_day_outside_all_years, an_instant_without_offset,
    an_instant_that_is_none, an_hour_that_the_clock_skips_or_repeats, a_day_on_which_the_clock_is_changed,
    an_end_before_its_start, junk_for_anybodys_number, one_person_under_several_headings,
    a_word_that_is_not_on_the_list, an_unknown_field, a_misspelt_field, a_field_that_is_missing,
    an_id_that_is_there_twice, a_persons_number_for_an_id, a_reference_to_nothing,
    an_optional_field_left_empty, junk_where_a_text_should_be,
    a_text_at_its_longest, a_text_too_long, letters_taken_apart, white_space_around_a_value, unusual_characters,
)  # fmt: skip
