"""What became of a delivery is remembered once, however often that has to be tried.

A database that was away for a moment gives no answer to a commit that may have come through all the same; so whoever
tries again looks first.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

from hub.authority import Receipt
from hub.errors import HubError
from hub.flow.settle import Attempt, NotSent, Settled, give_back, settle
from hub.settings import Settings
from hub.store.transaction import Store

#: Does the deed that it is given, again if need be, and returns what came of it; whoever waits and tries gives it.
Patience = Callable[[Callable[[], Settled]], Settled]


def at_once(deed: Callable[[], Settled]) -> Settled:
    """Do a deed, and let its trouble be its caller's."""
    return deed()


def remembering(
    attempt: Attempt, outcome: Receipt | HubError | NotSent, store: Store, settings: Settings
) -> Callable[[], Settled]:
    """Return the deed that remembers what became of an attempt: done again after StoreBusy, it does nothing twice."""
    tries = count()

    def remember() -> Settled:
        is_repeat = next(tries) > 0
        with store.begin() as unit:
            if is_repeat and unit.attempts.has_ended(attempt.id):
                return Settled.NOT_DUE
            if isinstance(outcome, Receipt):
                return settle(unit, attempt, outcome)
            return give_back(unit, attempt, outcome, settings)

    return remember
