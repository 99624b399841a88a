"""One look serves all open pages, for longer where it costs more."""

from __future__ import annotations

from typing import cast

import pytest

from hub.flow.at_a_glance import Glance, SharedGlance


def test_a_look_is_shared_for_a_while_that_grows_with_what_it_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    time, looks = [100.0], []

    def look() -> Glance:
        looks.append(time[0])
        time[0] += cost
        return cast(Glance, object())

    monkeypatch.setattr("hub.flow.at_a_glance.monotonic", lambda: time[0])
    cost, shared = 0.001, SharedGlance(look)
    first = shared.latest()
    assert shared.latest() is first
    time[0] += 0.5
    assert shared.latest() is not first
    time[0], cost = time[0] + 1, 0.2
    slow = shared.latest()
    time[0] += 0.9
    assert shared.latest() is slow
    time[0] += 0.2
    assert shared.latest() is not slow
    assert len(looks) == 4
