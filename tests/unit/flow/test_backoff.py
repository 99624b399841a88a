from __future__ import annotations

import pytest

from hub.flow.backoff import spread, wait_after
from hub.settings import Settings

HOUR, DAY = 3_600.0, 86_400.0
FIRST, ATTEMPTS = (Settings.model_fields[name].default for name in ("retry_seconds", "max_attempts"))


def waits(edge: int, *, only_withdraws: bool = False, many: int = ATTEMPTS) -> list[float]:
    """Return the waits between so many attempts, each as short (0) or as long (1) as chance may make it."""
    return [wait_after(failures, FIRST, only_withdraws=only_withdraws)[edge] for failures in range(1, many)]


def test_eight_attempts_span_a_day_even_when_every_wait_is_as_short_as_it_may_be() -> None:
    assert ATTEMPTS <= 8
    assert sum(waits(0)) >= DAY
    assert sum(waits(1)) <= 2 * DAY, "and no dead letter is hidden for longer than that"


def test_the_first_wait_is_short_and_each_is_longer_than_the_one_before() -> None:
    assert waits(1)[0] < 60
    assert all(later > sooner for sooner, later in zip(waits(1), waits(0)[1:], strict=False))


def test_waits_are_spread_so_that_those_who_failed_together_do_not_come_back_together() -> None:
    shortest, longest = wait_after(3, FIRST, only_withdraws=False)
    drawn = {spread(shortest, longest) for _ in range(100)}
    assert len(drawn) > 90
    assert all(shortest <= one <= longest for one in drawn)
    assert max(drawn) - min(drawn) > 0.5 * (longest - shortest)


def test_a_withdrawal_is_tried_again_within_the_hour_for_good() -> None:
    assert max(waits(1, only_withdraws=True, many=100)) <= 1.2 * HOUR


@pytest.mark.parametrize("failures", [0, 1, 50, 10**6])
def test_no_number_of_failures_makes_a_wait_longer_than_a_day_and_a_fifth(failures: int) -> None:
    shortest, longest = wait_after(failures, FIRST, only_withdraws=False)
    assert 0 < shortest < longest <= 1.2 * DAY
