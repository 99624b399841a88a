from __future__ import annotations

from datetime import timedelta

import pytest

import hub.store.unknown_codes
from hub.clock import now
from tests.integration.world import World

pytestmark = pytest.mark.integration

KLE = "https://data.gov.dk/id/classification/KLE"


def _counted(world: World) -> dict[tuple[str, str], int]:
    with world.store.begin(read_only=True) as unit:
        return {(row["authority"], row["code"]): row["times"] for row in unit.unknown_codes.all()}


def _count_and_fail(world: World) -> None:
    with world.store.begin() as unit:
        unit.unknown_codes.seen("social", {(KLE, "99.99.99"): 1}, now())
        raise ZeroDivisionError


def test_a_code_seen_again_is_counted_in_its_own_row(world: World) -> None:
    first, again = now(), now() + timedelta(hours=1)
    for at in (first, again):
        with world.store.begin() as unit:
            unit.unknown_codes.seen("social", {(KLE, "99.99.99"): 2}, at)
    with world.store.begin(read_only=True) as unit:
        [row] = unit.unknown_codes.all()
    assert row["times"] == 4
    assert (row["first_seen_at"], row["last_seen_at"]) == (first, again)


def test_a_count_goes_with_the_transaction_that_made_it(world: World) -> None:
    with pytest.raises(ZeroDivisionError):
        _count_and_fail(world)
    assert _counted(world) == {}


def test_a_full_list_counts_what_comes_under_no_code_and_fills_nobody_elses(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub.store.unknown_codes, "AT_MOST", 1)
    for authority, code in (("social", "99.99.98"), ("social", "99.99.99"), ("children", "99.99.99")):
        with world.store.begin() as unit:
            unit.unknown_codes.seen(authority, {(KLE, code): 1}, now())
    assert _counted(world) == {("social", "99.99.98"): 1, ("social", ""): 1, ("children", "99.99.99"): 1}


def test_a_full_list_takes_in_new_codes_when_the_old_have_not_come_for_long(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub.store.unknown_codes, "AT_MOST", 1)
    for code, at in (("99.99.98", now() - timedelta(days=91)), ("99.99.99", now())):
        with world.store.begin() as unit:
            unit.unknown_codes.seen("social", {(KLE, code): 1}, at)
    assert _counted(world) == {("social", "99.99.99"): 1}
