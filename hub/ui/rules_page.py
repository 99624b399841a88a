"""The rules on a page: their versions, and what a draft would change in them and for citizens whom nobody is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hub.consent.policy_diff import CellChange, PolicyDiff, written_diff
from hub.flow.policies import History, ShownDraft
from hub.flow.simulate_policy import TriedOn, TriedOut
from hub.store.policy_drafts import DiscardReason, DraftState, PolicyDraft
from hub.ui.times import moment
from hub.ui.words import known_word, word


@dataclass(frozen=True, slots=True)
class RulesPage:
    """All that the list shows. :ivar drafts: id and sentence of each that waits."""

    versions: tuple[str, ...]
    drafts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class DraftPage:
    """All that a draft's template shows.

    :ivar changes: what differs, rule by rule and setting by setting.
    :ivar cells: who would get something, or would not any more, on which ground.
    :ivar tried: sentences of what becomes of synthetic citizens; None where nothing was tried.
    """

    id: str
    state: str
    written: str
    decided: str
    changes: tuple[str, ...]
    cells: tuple[str, ...]
    are_cells_told: bool
    tried: tuple[str, ...] | None
    may_publish: bool
    may_discard: bool
    is_own: bool
    reasons: tuple[tuple[str, str], ...]


def rules_page(found: History, language: str) -> RulesPage:
    """Return the list in ``da`` or ``en``."""
    versions = (
        word(
            "rules.version", language, version=one.version, when=moment(one.published_at, language),
            by=one.published_by, author=found.authors.get(one.version, one.published_by),
        )
        for one in found.versions
    )  # fmt: skip
    drafts = ((str(one.id), _written(one, language)) for one in found.drafts)
    return RulesPage(tuple(versions), tuple(drafts))


def draft_page(shown: ShownDraft, tried: TriedOut | None, language: str, *, is_own: bool) -> DraftPage:
    """Return a draft in ``da`` or ``en``. :param is_own: whether its reader wrote it."""
    one, waits = shown.draft, shown.draft.state is DraftState.DRAFT
    decided = ""
    if one.decided_at is not None:
        decided = word("rules.decided", language, when=moment(one.decided_at, language), by=one.decided_by)
    return DraftPage(
        id=str(one.id),
        state=word(f"rules.state.{one.state}", language),
        written=_written(one, language),
        decided=decided,
        changes=tuple(_changes(shown.changes, language)),
        cells=tuple(_cell(cell, language) for cell in shown.changes.cells or ()),
        are_cells_told=shown.changes.cells is not None,
        tried=None if tried is None else tuple(_tried(each, language) for each in tried.tried),
        may_publish=shown.is_current and not is_own,
        may_discard=waits,
        is_own=is_own,
        reasons=tuple((str(reason), word(f"rules.reason.{reason}", language)) for reason in DiscardReason),
    )


def _written(one: PolicyDraft, language: str) -> str:
    when = moment(one.drafted_at, language)
    return word("rules.draft_of", language, base=one.based_on, when=when, by=one.drafted_by)


def _changes(found: PolicyDiff, language: str) -> Iterator[str]:
    told = written_diff(found)
    for name in ("rules_added", "rules_removed"):
        for rule in told[name]:
            yield word(f"rules.{name}", language, id=rule["id"])
    for rule in told["rules_changed"]:
        for change in rule["fields"]:
            yield word("rules.changed", language, id=rule["id"], **_said(change))
    for change in told["settings"]:
        yield word("rules.setting", language, **_said(change))
    if found.is_reordered:
        yield word("rules.reordered", language)


def _said(change: Mapping[str, Any]) -> dict[str, str]:
    return {name: _plain(change[name]) for name in ("field", "before", "after")}


def _plain(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else "–" if value is None else str(value)


def _cell(cell: CellChange, language: str) -> str:
    return word(
        "rules.cell",
        language,
        source=known_word("authority", cell.source, language) if cell.source != "*" else word("rules.every", language),
        recipient=known_word("authority", cell.recipient, language)
        if cell.recipient != "*"
        else word("rules.every", language),
        role=known_word("role", str(cell.role), language),
        categories=", ".join(known_word("category", one, language) for one in cell.categories),
        before=_ground(cell.before, language),
        after=_ground(cell.after, language),
    )


def _ground(ground: object, language: str) -> str:
    return word("rules.ground.nothing", language) if ground is None else word(f"rules.ground.{ground}", language)


def _tried(one: TriedOn, language: str) -> str:
    return word(
        "rules.tried",
        language,
        citizen=one.citizen,
        who=known_word("authority", one.seat.organisation, language),
        gained=one.gained,
        lost=one.lost,
        changed=one.changed,
    )
