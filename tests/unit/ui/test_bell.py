"""The bell of open pages: it rings when something moves, holds no more places than it has, and lets go at the end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from typing import Any, TypeVar

import pytest

from hub.errors import StoreBusy
from hub.ui.bell import Bell, Places

T = TypeVar("T")
RING, NO_PLACE, STILL_HERE = b"event: moved\ndata:\n\n", b"retry: 1000\nevent: moved\ndata:\n\n", b":\n\n"
SOON = Places(most=3, each=2, look_seconds=0.01, ask_seconds=0.05)


class Shown:
    """What pages show."""

    def __init__(self) -> None:
        self.mark, self.looks, self.is_busy = "first", 0, False

    def __call__(self) -> str:
        self.looks += 1
        if self.is_busy:
            raise StoreBusy("Not now.")
        return self.mark


def run(story: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(asyncio.wait_for(story, 10))


async def hears(rings: AsyncIterator[bytes], wanted: bytes = RING) -> None:
    while await anext(rings) != wanted:
        pass


async def rest_of(rings: AsyncIterator[bytes]) -> list[bytes]:
    return [one async for one in rings]


def test_it_rings_once_for_what_is_there_and_once_for_each_move() -> None:
    async def story() -> list[bytes]:
        shown = Shown()
        bell = Bell(shown, SOON)
        rings = bell.rings(1, lambda: True)
        await hears(rings)
        shown.mark = "second"
        await hears(rings)
        await asyncio.sleep(0.1)  # nothing moves
        bell.close()
        return await rest_of(rings)

    assert RING not in run(story())


def test_one_look_serves_all_who_listen() -> None:
    async def story() -> int:
        shown = Shown()
        bell = Bell(shown, Places(look_seconds=60))
        for listener in range(20):
            await hears(bell.rings(listener, lambda: True))
        return shown.looks

    assert run(story()) == 1


@pytest.mark.parametrize("listeners", [(1, 1, 1), (1, 2, 3, 4)], ids=["of one session", "of all"])
def test_where_all_places_are_taken_the_page_comes_again_in_a_second(listeners: tuple[int, ...]) -> None:
    async def story() -> list[bytes]:
        bell = Bell(Shown(), SOON)
        within = [bell.rings(one, lambda: True) for one in listeners[:-1]]
        for rings in within:
            await hears(rings)
        refused = await rest_of(bell.rings(listeners[-1], lambda: True))
        await within[0].aclose()  # type: ignore[attr-defined]
        await hears(bell.rings(listeners[0], lambda: True))  # the place is free again
        return refused

    assert run(story()) == [NO_PLACE]


def test_who_may_listen_no_more_is_let_go_and_until_then_a_sign_of_life_is_sent() -> None:
    may_stay = [True]

    async def story() -> list[bytes]:
        rings = Bell(Shown(), SOON).rings(1, lambda: may_stay[0])
        await hears(rings, STILL_HERE)
        may_stay[0] = False
        return await rest_of(rings)

    assert set(run(story())) <= {STILL_HERE}


def test_while_the_database_is_busy_nothing_is_known_to_have_moved() -> None:
    async def story() -> None:
        shown = Shown()
        rings = Bell(shown, SOON).rings(1, lambda: True)
        await hears(rings)
        shown.is_busy = True
        await hears(rings, STILL_HERE)
        shown.is_busy, shown.mark = False, "second"
        await hears(rings)

    run(story())


def test_at_the_end_of_the_hub_nobody_is_kept_and_nobody_let_in() -> None:
    async def story() -> tuple[list[bytes], list[bytes]]:
        bell = Bell(Shown(), Places(look_seconds=0.01))
        rings = bell.rings(1, lambda: True)
        await hears(rings)
        bell.close()
        return await rest_of(rings), await rest_of(bell.rings(2, lambda: True))

    assert run(story()) == ([], [NO_PLACE])
