"""All loops running: letters go out by themselves, one each, through an outage and from several processes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from hub.authority import Authorities
from hub.consent.reader import Reader
from hub.errors import RecipientDown
from hub.flow.emergency import break_glass
from hub.flow.standing import Asked, hold, release, standings
from hub.plan.person import Role
from hub.queue.running import Running
from hub.store.circuits import Direction, HoldReason
from hub.store.notice_tables import notices
from hub.store.notices import State
from hub.testing.builders import TEST_CPR
from hub.testing.memory_adapter import MemoryAdapter
from tests.integration.post_box import Box
from tests.integration.set_up import SERVERS, SetUp, authorities_of, eventually

pytestmark = pytest.mark.integration
WHY = "Barnet er fundet alene hjemme om natten."
CASEWORKER = Reader("children", Role.CASEWORKER)


@contextmanager
def posting(set_up: SetUp, box: Box, authorities: Authorities, processes: int = 1) -> Iterator[None]:
    """Run all loops, with a post, in so many processes' places."""
    settings = set_up.settings.model_copy(update={"remind_seconds": 0.2})
    loops = [Running(set_up.store, set_up.broker, authorities, settings, box.post) for _ in range(processes)]
    for one in loops:
        one.start()
    try:
        yield
    finally:
        assert all([one.stop(15) for one in loops])


def opens(set_up: SetUp, cprs: tuple[str, ...] = (TEST_CPR,)) -> Authorities:
    """Open plans, and emergency access to each."""
    authorities = authorities_of(MemoryAdapter("children"))
    for number, cpr in enumerate(cprs):
        plan = set_up.opens_plan(authorities, cpr)
        told = {"actor": f"client-{number}", "correlation_id": "c"}
        break_glass(plan, WHY, 60, CASEWORKER, set_up.store, **told)
    return authorities


def keys(set_up: SetUp) -> dict[UUID, str]:
    """Return where each notice stands that has been made."""
    with set_up.store.begin(read_only=True) as unit:
        return {row.id: row.state for row in unit.connection.execute(notices.select())}


def times(set_up: SetUp, box: Box) -> list[int]:
    ours = {str(key) for key in keys(set_up)}
    return [letter["times"] for letter in box.letters() if letter["key"] in ours]


def is_sent(set_up: SetUp, count: int = 1) -> bool:
    return list(keys(set_up).values()) == [State.SENT] * count


def test_a_letter_goes_out_by_itself_and_nobody_is_named_in_a_log(set_up: SetUp, box: Box) -> None:
    authorities = opens(set_up)
    with capture_logs() as logs, posting(set_up, box, authorities):
        eventually(lambda: is_sent(set_up))
    assert times(set_up, box) == [1]
    assert TEST_CPR not in str(logs)


def test_an_outage_is_waited_for_and_the_breaker_says_so(set_up: SetUp, box: Box) -> None:
    box.behaves(broken="down")
    authorities = opens(set_up)
    with posting(set_up, box, authorities):
        eventually(lambda: post_stands(set_up)["reason"] == RecipientDown.code)
        assert list(keys(set_up).values()) == [State.WAITING]
        assert post_stands(set_up)["waiting"] == 1
        box.behaves()
        eventually(lambda: is_sent(set_up), seconds=60)
    assert times(set_up, box) == [1]


def post_stands(set_up: SetUp) -> Mapping[str, object]:
    settings = set_up.settings.model_copy(update={"post": {"url": "…"}})
    [row] = [one for one in standings([], set_up.store, settings) if one["authority"] == "digital-post"]
    assert row["direction"] == Direction.RECIPIENT
    return row


def test_an_operator_holds_the_post_and_lets_go_of_it(set_up: SetUp, box: Box) -> None:
    authorities = opens(set_up)
    asked = Asked("digital-post", [Direction.RECIPIENT], ["digital-post"], "operator", "c")
    hold(asked, HoldReason.MAINTENANCE, set_up.store)
    with posting(set_up, box, authorities):
        eventually(lambda: list(keys(set_up).values()) == [State.WAITING])
        assert times(set_up, box) == []
        release(asked, set_up.store, set_up.settings)
        eventually(lambda: is_sent(set_up))


@pytest.mark.parametrize("set_up", [pytest.param(SERVERS, marks=pytest.mark.servers)], indirect=True)
def test_several_processes_send_each_letter_once(set_up: SetUp, box: Box) -> None:
    cprs = tuple(f"{day:02d}01709995" for day in range(1, 13))
    authorities = opens(set_up, cprs)
    with posting(set_up, box, authorities, processes=3):
        eventually(lambda: is_sent(set_up, len(cprs)), seconds=60)
    assert times(set_up, box) == [1] * len(cprs)


def test_without_a_post_notices_wait_and_the_hub_is_well(set_up: SetUp) -> None:
    authorities = opens(set_up)
    with set_up.running(authorities, remind_seconds=0.2) as running:
        eventually(lambda: list(keys(set_up).values()) == [State.WAITING])
        eventually(lambda: running.health()["hub-posting"]["last_turn_at"])
        assert running.health()["hub-posting"]["trouble"] == ""
        eventually(lambda: waits_for(set_up) == "no-post")


def waits_for(set_up: SetUp) -> str:
    with set_up.store.begin(read_only=True) as unit:
        [notice] = unit.notices.open()
    return notice.cause
