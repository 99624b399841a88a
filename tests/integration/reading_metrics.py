"""Reading what a process tells Prometheus, as Prometheus does."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import httpx

#: The value of each series, by its name and labels as they are written.
Series = Mapping[str, float]


def series_of(text: str) -> Series:
    """Return what is told."""
    lines = [line.rsplit(" ", 1) for line in text.splitlines() if line and not line.startswith("#")]
    return {name: float(value) for name, value in lines}


def address_in(log: Path) -> str:
    """Return where a process of a town gives its numbers, as it says when it is ready."""
    found = re.findall(r'"metrics":"([^"]+)"', log.read_text())
    assert found, f"{log} tells of no port for numbers"
    return str(found[-1])


def scraped(address: str) -> Series:
    """Ask a process for its numbers."""
    answer = httpx.get(address, timeout=20)
    assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (200, "text/plain")
    return series_of(answer.text)
