"""Updates of a plan with any content at all: what a recipient's contract must be able to carry."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import strategies as st

from hub.authority import Disclosed, PlanUpdate, ProposedTime
from hub.plan.element import Code, Element, Kind, OrderKey, Period, Provenance, Sensitivity, Status
from hub.plan.identifier import CPR, Identifier

NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)

texts = st.text(st.characters(), max_size=60) | st.sampled_from(
    ["\x00", "\x0b", "\ud800", "\ufffe", "]]>", "&lt;", "\r\n"]
)
offsets = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes, seconds=20)))
instants = st.datetimes(timezones=offsets) | st.sampled_from(
    [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)]
)
people = st.from_regex(re.compile(r"[0-9]{10}", re.ASCII), fullmatch=True).map(lambda digits: Identifier(CPR, digits))


periods = st.builds(Period, instants, instants)
#: Of a case: what any contract takes for one's own.
proposals = st.builds(ProposedTime, st.uuids(), st.uuids().map(str), st.uuids(), periods, periods)


def updates_of(texts: st.SearchStrategy[str]) -> st.SearchStrategy[PlanUpdate]:
    """Return updates whose every text is one of these."""
    elements = st.builds(
        Element,
        id=st.uuids(),
        kind=st.sampled_from(Kind),
        category=st.none() | texts,
        label=st.none() | st.sampled_from(Sensitivity),
        status=st.sampled_from(Status),
        title=texts,
        text=texts,
        valid=st.builds(Period, st.none() | instants, st.none() | instants),
        codes=st.lists(st.builds(Code, texts, texts, texts), max_size=3).map(tuple),
        part_of=st.none() | st.uuids(),
        concerns=st.frozensets(st.uuids(), max_size=2),
        details=st.dictionaries(texts, texts, max_size=3),
        provenance=st.builds(Provenance, texts, texts, texts, texts, texts),
        order=st.just(OrderKey(1, NOON, "m")),
        registered_at=st.just(NOON),
    )
    return st.builds(
        PlanUpdate,
        plan=st.uuids(),
        recipient=texts,
        person=people,
        sequence=st.integers(1, 2**63 - 1),
        correlation_id=texts,
        made_at=instants,
        disclosed=st.lists(st.builds(Disclosed, elements, texts, texts), max_size=3).map(tuple),
        withdrawn=st.lists(st.uuids(), max_size=3).map(tuple),
        has_protected_address=st.booleans(),
        proposals=st.lists(proposals, max_size=2).map(tuple),
    )


updates = updates_of(texts)
#: What has come through the store, which keeps JSON in UTF-8: no lone surrogate.
stored_updates = updates_of(texts.filter(lambda text: not re.search("[\ud800-\udfff]", text)))
