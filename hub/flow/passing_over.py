"""One of many that is refused, such as a plan of which a bit has flipped: it is said, and the others have their turn.

    for plan in plans:
        with passed_over():
            ...

Whoever does something for all plans in turn would stop at such a one for good, and with it what is owed to everybody.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from hub.errors import Refused, told

_log = structlog.get_logger()


@contextmanager
def passed_over() -> Iterator[None]:
    """Go on behind the block when something within it is refused; the log says so. What may succeed later is raised.

    What the block has written until then stays, unless it is a transaction, or part of one, of its own.
    """
    try:
        yield
    except Refused as error:
        _log.error("refused", **told(error))
