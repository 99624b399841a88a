"""Run the hub with a clock that somebody sets: ``python wrong_clock.py FILE serve``. FILE holds seconds; missing: none.

The product has no word of this: the clock is set from outside, for every room at once. What counts seconds
(``monotonic``) is right, as on a machine whose clock is wrong.
"""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from pathlib import Path

import hub.clock
from hub.cli import main


def set_wrong(file: Path) -> None:
    """Let this process's clock be wrong by as many seconds as the file says, whenever it is asked."""

    right = hub.clock.source

    def wrong() -> datetime:
        try:
            seconds = float(file.read_text() or 0)
        except FileNotFoundError:
            seconds = 0.0
        return right() + timedelta(seconds=seconds)

    hub.clock.source = wrong


if __name__ == "__main__":
    set_wrong(Path(sys.argv[1]))
    del sys.argv[1]
    main()
