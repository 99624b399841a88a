"""Instruments: their labels are closed, and the lists are those of the rooms above."""

from __future__ import annotations

import pytest

from hub.flow.dead_causes import Cause
from hub.flow.settle import Settled
from hub.metrics import instruments as of
from hub.metrics.counts import Counts, Tally
from hub.metrics.instruments import ALL, OTHER, Kind
from hub.store.circuits import Direction, State


def lines(counts: Counts, name: str) -> dict[str, float]:
    told = [line for line in counts.text().decode().splitlines() if line.startswith(name)]
    return {labels: float(value) for labels, value in (line.rsplit(" ", 1) for line in told)}


def test_the_lists_are_those_of_the_rooms_above() -> None:
    assert set(of.DELIVERIES.labels["outcome"]) == {one.value for one in Settled}
    assert set(of.DEAD_LETTERS.labels["cause"]) == {one.value for one in Cause}
    assert set(of.CIRCUIT_STATE.labels["state"]) == {one.value for one in State}
    assert set(of.CIRCUIT_STATE.labels["direction"]) == {one.value for one in Direction}


def test_every_instrument_is_named_as_prometheus_names_its_kind() -> None:
    assert len({one.name for one in ALL}) == len(ALL)
    for one in ALL:
        assert one.name.startswith("hub_")
        assert one.name.endswith("_total") == (one.kind is Kind.COUNTER)
        assert bool(one.buckets) == (one.kind is Kind.HISTOGRAM)
        assert one.says.endswith(".")


def test_what_is_in_no_list_is_one_series() -> None:
    counts = Counts()
    counts.know(["social"])
    for name in ("social", "0201609995", "Kanariefugl", "children"):
        counts.add(of.RECEIVED, name, "accepted")
        counts.add(of.RECEIVED, "social", name)
    told = lines(counts, "hub_messages_received_total")
    assert {labels: value for labels, value in told.items() if value} == {
        'hub_messages_received_total{authority="social",outcome="accepted"}': 1,
        f'hub_messages_received_total{{authority="{OTHER}",outcome="accepted"}}': 3,
        f'hub_messages_received_total{{authority="social",outcome="{OTHER}"}}': 4,
    }


def test_what_an_authority_may_bring_is_told_before_it_brings_anything() -> None:
    """A series that begins at 1 is no increase: what came first after a start would not be seen."""
    counts = Counts()
    counts.know(["social"])
    assert lines(counts, "hub_messages_received_total") == {
        f'hub_messages_received_total{{authority="social",outcome="{outcome}"}}': 0
        for outcome in of.RECEIVED.labels["outcome"]
    }
    assert set(lines(counts, "hub_deliveries_total").values()) == {0}
    assert lines(counts, "hub_delivery_duration_seconds") == {}


def test_a_tally_counts_nothing_before_it_is_taken() -> None:
    counts, tally = Counts(), Tally()
    tally.add(of.AUDIT_ENTRIES)
    tally.add(of.DECISIONS, "reading", "withheld", by=3)
    assert lines(counts, "hub_audit_entries_total") == {"hub_audit_entries_total": 0}
    counts.take(tally)
    assert lines(counts, "hub_audit_entries_total") == {"hub_audit_entries_total": 1}
    assert list(lines(counts, "hub_consent_decisions_total").values()) == [3]


def test_the_values_of_labels_are_as_many_as_the_labels() -> None:
    with pytest.raises(ValueError, match="argument"):
        Counts().add(of.RECEIVED, "social")
