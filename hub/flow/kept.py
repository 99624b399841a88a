"""What is kept for how long: every kind of thing that housekeeping clears, in one list.

What has no kind here is not cleared by age; docs/reference/retention.md says of every table what bounds it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from hub.flow.cleared import clear as clear_audit
from hub.flow.erase import clear as erase_ended
from hub.settings import Settings
from hub.store.replays import Replays
from hub.store.retention import Retention, Step
from hub.store.transaction import Unit

#: Longer than any session lasts (``identity.sessions``); each sign-in clears those that are over already.
_SESSIONS = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of thing that is cleared.

    :ivar kept: how long it is kept, by the settings.
    :ivar clear: does one step: what is older than an instant, from a position on, so many rows at most.
    """

    name: str
    kept: Callable[[Settings], timedelta]
    clear: Callable[[Unit, datetime, str, int], Step]


def _retention(unit: Unit) -> Retention:
    return Retention(unit.connection, unit.municipality)


def _oldest(
    name: str, days: Callable[[Settings], float], clear: Callable[[Unit], Callable[..., int]], kinds_in_one: int = 1
) -> Kind:
    """Return a kind of which everything goes as soon as it is old enough: a full step is followed by another.

    :param clear: given an instant and how many rows at most, clears the oldest and says how many they were.
    :param kinds_in_one: that it clears so many kinds of rows, of each an equal share at most.
    """

    def cleared(unit: Unit, before: datetime, _position: str, most: int) -> Step:
        rows = clear(unit)(before, most // kinds_in_one)
        return Step(rows, "" if rows >= most // kinds_in_one else None)

    return Kind(name, lambda settings: timedelta(days=days(settings)), cleared)


KINDS: Sequence[Kind] = (
    _oldest("message-bodies", lambda settings: settings.keep_bodies_days, lambda unit: _retention(unit).bodies),
    Kind(
        "messages",
        lambda settings: timedelta(days=settings.keep_dedupe_days),
        lambda unit, *step: _retention(unit).messages(*step),
    ),
    Kind(
        "attempts",
        lambda settings: timedelta(days=settings.keep_attempts_days),
        lambda unit, *step: _retention(unit).attempts(*step),
    ),
    Kind(
        "element-versions",
        lambda settings: timedelta(days=settings.keep_history_days),
        lambda unit, *step: _retention(unit).versions(*step),
    ),
    _oldest(
        "feed-events",
        lambda settings: settings.keep_attempts_days,
        lambda unit: unit.feeds.clear_acknowledged,
        kinds_in_one=2,  # events, and what was fetched
    ),
    _oldest(
        "subscription-events",
        lambda settings: settings.keep_attempts_days,
        lambda unit: unit.subscriptions.clear,
        kinds_in_one=2,  # events, and subscriptions that ended
    ),
    _oldest("delivery-causes", lambda settings: settings.keep_attempts_days, lambda unit: unit.traces.clear),
    _oldest(
        "replays",
        lambda settings: settings.keep_attempts_days,
        lambda unit: Replays(unit.connection, unit.keyring, unit.municipality).clear,
    ),
    _oldest("notices", lambda settings: settings.keep_notices_days, lambda unit: unit.notices.clear_sent),
    _oldest("fetches-done", lambda settings: settings.keep_done_days, lambda unit: unit.jobs.clear_done),
    _oldest(
        "fetches-of-unknown-people",
        lambda settings: settings.keep_unknown_days,
        lambda unit: _retention(unit).unknown_people,
    ),
    Kind("erasures", lambda settings: timedelta(days=settings.keep_plans_days), erase_ended),
    _oldest("sessions", lambda _settings: _SESSIONS / timedelta(days=1), lambda unit: _retention(unit).sessions),
    _oldest(
        "audit-entries",
        lambda settings: settings.keep_audit_days,
        lambda unit: partial(clear_audit, unit),
    ),
    _oldest("discarded-drafts", lambda settings: settings.keep_history_days, lambda unit: _retention(unit).drafts),
)
