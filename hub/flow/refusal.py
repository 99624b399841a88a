"""Write down that someone was refused, and what for: in a transaction of its own, for the deed's was rolled back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hub.clock import now
from hub.errors import Refused
from hub.store.transaction import Store


@contextmanager
def refusals_written(store: Store, actor: str, correlation_id: str, **asked: Any) -> Iterator[None]:
    """Write a refusal of anything within the block into the audit, and let it go on to whoever asked.

    :param asked: ids of what was asked for; never a value that tells of a person.
    """
    try:
        yield
    except Refused as error:
        with store.begin() as unit:
            unit.audit.record("refused", actor, now(), correlation_id, code=error.code, **asked)
        raise
