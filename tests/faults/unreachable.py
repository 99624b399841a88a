"""An address of loopback from which nothing comes back: no answer, no acknowledgement, no reset: a pulled cable.

    with a_fault_proxy(url, address=FAR) as proxy:
        ...                     # connections through proxy.url(url)
        with unreachable():
            ...                 # they are there still, and lead nowhere

What a proxy swallows the kernel has acknowledged already; here it has not. This is what timeouts of TCP are for.
Only who is root may change routes; elsewhere the test is skipped, and says so.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

FAR = "127.0.77.77"


@contextmanager
def unreachable(address: str = FAR) -> Iterator[None]:
    """Let nothing reach an address of loopback until the block ends."""
    route = ("blackhole", f"{address}/32", "table", "local")
    try:
        done = subprocess.run(["ip", "route", "add", *route], capture_output=True, text=True, timeout=10)
    except FileNotFoundError:
        pytest.skip("routes cannot be changed here: the program ip is missing")
    if done.returncode:
        pytest.skip(f"routes cannot be changed here (needs root): {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["ip", "route", "del", *route], check=True, timeout=10)
