"""What serving hands to the pages to try an adapter: the conformance kit, in a program of its own.

Apart, for the kit keeps a processor busy for seconds and meets bodies made to take long; and ended in time, for what an
adapter does with them is what is asked. It gets none of the hub's settings, so no key, address or token either.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence

import orjson

from hub.flow.contract_check import Checked

SECONDS = 120.0
#: What Python needs to find the same packages again.
_KEPT = ("PATH", "PYTHONPATH", "VIRTUAL_ENV", "TMPDIR", "LANG", "HOME")
_ENDED = (0, 1)


def contract_check(name: str, kind: str, seconds: float = SECONDS) -> Sequence[Checked]:
    """Return what ``hub adapters check`` finds of an installed adapter; without an end in time, that one thing.

    :param kind: the entry point that it is joined by.
    :param seconds: after which it is ended.
    """
    command = [sys.executable, "-m", "hub", "adapters", "check", name, "--json"]
    if kind != name:
        command += ["--settings", "/dev/stdin"]
    environment = {variable: os.environ[variable] for variable in _KEPT if variable in os.environ}
    at_a_terminal = f"See for yourself: hub adapters check {name}"
    try:
        ended = subprocess.run(  # noqa: S603 - this program itself
            command, input=f'kind = "{kind}"\n'.encode(), env=environment, capture_output=True, timeout=seconds,
            check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return [Checked("in-time", False, f"The checks did not end within {seconds:g} seconds.", at_a_terminal)]
    try:
        found = orjson.loads(ended.stdout) if ended.returncode in _ENDED else []
    except orjson.JSONDecodeError:
        found = []
    if not found:  # what it says instead is for a terminal
        return [Checked("joins", False, "It cannot be joined, or its contract has no sheet.", at_a_terminal)]
    return [Checked(one["check"], one["ok"], one["said"], one["next"]) for one in found]
