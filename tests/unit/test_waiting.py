"""Where readers of feeds wait: woken by what comes, bounded, and one look at the database for all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine

import pytest

from hub.api.waiting import WaitingRoom
from hub.errors import Unavailable

MANY = 100


class Feeds:
    """The newest positions, and how often they were looked up."""

    def __init__(self) -> None:
        self.newest = {"children": 1}
        self.looks = 0

    def look(self) -> dict[str, int]:
        self.looks += 1
        return dict(self.newest)


async def stays() -> bool:
    return False


async def has_left() -> bool:
    return True


def together(story: Callable[[Feeds, WaitingRoom], Coroutine[None, None, None]]) -> None:
    feeds = Feeds()
    asyncio.run(story(feeds, WaitingRoom(feeds.look)))


def test_what_is_there_already_is_not_waited_for() -> None:
    async def story(_feeds: Feeds, room: WaitingRoom) -> None:
        assert await room.beyond("children", 0, 60, MANY, stays)

    together(story)


def test_who_waits_is_woken_and_who_waits_for_another_feed_is_not() -> None:
    async def story(feeds: Feeds, room: WaitingRoom) -> None:
        own = asyncio.create_task(room.beyond("children", 1, 60, MANY, stays))
        another = asyncio.create_task(room.beyond("social", 0, 0.3, MANY, stays))
        await asyncio.sleep(0.05)
        feeds.newest["children"] = 2
        assert await own
        assert not await another

    together(story)


def test_one_look_serves_all_who_wait() -> None:
    async def story(feeds: Feeds, room: WaitingRoom) -> None:
        waiting = [room.beyond(f"recipient-{n}", 0, 0.6, MANY, stays) for n in range(50)]
        assert not any(await asyncio.gather(*waiting))
        assert feeds.looks <= 5

    together(story)


@pytest.mark.parametrize(
    ("recipients", "most", "there"),
    [(["a", "b", "c", "d"], 3, 3), (["a"] * 12, MANY, 8)],
    ids=["for all", "for each recipient"],
)
def test_no_more_wait_than_may(recipients: list[str], most: int, there: int) -> None:
    async def story(_feeds: Feeds, room: WaitingRoom) -> None:
        waiting = [room.beyond(name, 0, 0.3, most, stays) for name in recipients]
        ends = await asyncio.gather(*waiting, return_exceptions=True)
        refused = [end for end in ends if isinstance(end, Unavailable)]
        assert len(ends) - len(refused) == there
        assert all(end.retry_after for end in refused)
        assert not await room.beyond("a", 0, 0.01, 1, stays), "their places are free again"

    together(story)


def test_who_has_left_gives_the_place_back_at_once() -> None:
    async def story(_feeds: Feeds, room: WaitingRoom) -> None:
        async with asyncio.timeout(5):
            assert not await room.beyond("a", 0, 60, 1, has_left)
            assert not await room.beyond("a", 0, 0.01, 1, stays)

    together(story)


def test_a_look_that_fails_is_told_to_who_waits_and_gives_the_place_back() -> None:
    def fails() -> dict[str, int]:
        raise Unavailable("The database does not answer.")

    async def story() -> None:
        room = WaitingRoom(fails)
        for _ in range(2):
            with pytest.raises(Unavailable, match="database"):
                await room.beyond("a", 0, 1, 1, stays)

    asyncio.run(story())


def test_when_the_room_closes_all_who_wait_leave_and_who_comes_need_not_wait() -> None:
    async def story(_feeds: Feeds, room: WaitingRoom) -> None:
        waiting = [asyncio.create_task(room.beyond(name, 1, 60, MANY, stays)) for name in ("children", "social")]
        await asyncio.sleep(0.05)
        room.close()
        async with asyncio.timeout(2):
            assert await asyncio.gather(*waiting) == [False, False]
            assert not await room.beyond("children", 1, 60, MANY, stays)

    together(story)
