"""How much work a call is on whatever machine the tests run: by a yardstick that is measured beside it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from lxml import etree

from hub.testing.effort import worked

T = TypeVar("T")

_PARTS = 10
_PLAIN = b"<a>" + b"<b/>" * (100_000 // _PARTS) + b"</a>"


def readings(call: Callable[[], T]) -> tuple[T, float]:
    """Return what a call returns, and its work in readings of a plain XML document of 100,000 elements (some 25 ms)."""
    result, seconds = worked(call)
    return result, seconds / (_PARTS * min(worked(_read)[1] for _ in range(5)))


def _read() -> int:
    return sum(len(element.tag) for element in etree.fromstring(_PLAIN).iter())
