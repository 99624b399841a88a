"""Replays on a page: what was frozen, how it goes, and what became of each item."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hub.flow.replay_forecast import Forecast
from hub.flow.replays import ShownReplay
from hub.store.replay_rows import Outcome, Replay, State
from hub.ui.rendering import version_of
from hub.ui.times import moment
from hub.ui.words import known_word, word

_BADGES = {
    State.DRAFT: "info",
    State.CANARY: "warning",
    State.RUNNING: "warning",
    State.STOPPED: "error",
    State.CANCELLED: "error",
    State.DONE: "success",
}


@dataclass(frozen=True, slots=True)
class ReplayRow:
    """One replay at a glance. :ivar selection: what was chosen, in words. :ivar progress: of 100."""

    id: str
    state: str
    badge: str
    created: str
    by: str
    reason: str
    selection: str
    frozen: str
    counts: tuple[tuple[str, int], ...]
    progress: int
    ended: str


@dataclass(frozen=True, slots=True)
class ReplayPage:
    """All that a replay's template shows.

    :ivar deeds: what may be done now: ``start``, ``cancel``.
    :ivar would: what would become of the items, by the consents of now; of a draft.
    :ivar items: id, recipient, when it died, what became of it, and what it died of again.
    """

    row: ReplayRow
    deeds: tuple[str, ...]
    manner: str
    would: tuple[tuple[str, int], ...]
    items: tuple[tuple[str, str, str, str, str], ...]
    is_going: bool
    version: str


def replay_row(shown: ShownReplay, language: str) -> ReplayRow:
    """Return a replay as its list shows it, in ``da`` or ``en``."""
    one, total = shown.replay, max(sum(shown.counts.values()), 1)
    ended = sum(count for name, count in shown.counts.items() if name in set(Outcome))
    return ReplayRow(
        id=str(one.id),
        state=word(f"replay.state.{one.state}", language),
        badge=_BADGES[one.state],
        created=moment(one.created_at, language),
        by=one.created_by,
        reason=one.reason,
        selection=", ".join(_selection(one.selection, language)),
        frozen=word("replay.frozen", language, count=sum(shown.counts.values()), when=moment(one.cutoff, language)),
        counts=tuple((word(f"replay.{name}", language), count) for name, count in shown.counts.items() if count),
        progress=round(100 * ended / total),
        ended=_ended(one, language),
    )


def replay_page(shown: ShownReplay, would: Forecast | None, language: str) -> ReplayPage:
    """Return a replay in ``da`` or ``en``. :param would: what would become of a draft's items; None for others."""
    one, row = shown.replay, replay_row(shown, language)
    is_going = one.state in (State.CANARY, State.RUNNING)
    deeds = ("start", "cancel") if one.state is State.DRAFT else ("cancel",) if is_going else ()
    items = tuple(
        (
            str(item.row),
            known_word("authority", item.recipient, language),
            moment(item.dead_at, language),
            word(f"replay.{item.outcome or ('under-way' if item.begun_at else 'waiting')}", language),
            item.kind_again or "",
        )
        for item in shown.items
    )
    total = would.total if would else {}
    told = tuple((word(f"would.{name}", language), count) for name, count in total.items() if count)
    manner = word("replay.manner", language, canary=one.canary, rate=one.per_minute, percent=one.stop_percent)
    return ReplayPage(row, deeds, manner, told, items, is_going, version_of(language, row, items))


def _selection(chosen: Mapping[str, object], language: str) -> Iterator[str]:
    if chosen.get("cause"):
        yield word(f"cause.{chosen['cause']}", language)
    if chosen.get("recipient"):
        yield known_word("authority", str(chosen["recipient"]), language)
    if chosen.get("group"):
        yield word("dead.group", language, id=chosen["group"])
    if chosen.get("ids"):
        yield word("replay.by_ids", language)


def _ended(one: Replay, language: str) -> str:
    if one.ended_at is None:
        return ""
    why = known_word("replay.ended", one.ended_why or "", language)
    return word("replay.ended_at", language, when=moment(one.ended_at, language), why=why)
