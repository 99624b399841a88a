"""How much work a call is, apart from what else the machine and the process do."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def worked(call: Callable[[], T]) -> tuple[T, float]:
    """Return what a call returns, and the processor seconds it took in this thread.

    The garbage collector rests meanwhile: a full collection passes through every object of the process, which in a
    long run of tests takes a second, and would be counted as the work of whichever call happened to set it off.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        begun = time.thread_time()
        result = call()
        return result, time.thread_time() - begun
    finally:
        if was_on:
            gc.enable()
