"""What differs between two policies, in lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hub.consent.policy import Rule
from hub.consent.policy_diff import CellChange, FieldChange, PolicyDiff


def lines_of(found: PolicyDiff) -> list[str]:
    """Return the differences, one a line: ``+`` is new, ``-`` is gone, ``~`` says something else now."""
    if not found:
        return ["Nothing differs."]
    lines = [f"+ {_rule(rule)}" for rule in found.rules_added]
    lines += [f"- {_rule(rule)}" for rule in found.rules_removed]
    for changed in found.rules_changed:
        lines += [f"~ {changed.id}", *(f"    {_field(change)}" for change in changed.fields)]
    lines += [f"~ {_field(change)}" for change in found.settings]
    if found.is_reordered:
        lines.append("~ The rules come in another order.")
    return [*lines, *_cells(found)]


def _rule(rule: Rule) -> str:
    return f"{rule.id} ({rule.effect}): {rule.en}"


def _field(change: FieldChange) -> str:
    if change.added or change.removed:
        signed = [*(f"+{_word(one)}" for one in change.added), *(f"-{_word(one)}" for one in change.removed)]
        return f"{change.field}: {' '.join(signed)}"
    return f"{change.field}: {_word(change.before)} → {_word(change.after)}"


def _cells(found: PolicyDiff) -> Iterator[str]:
    if found.cells is None:
        yield "Who may be shown what: too many cells to compare."
    elif found.cells:
        yield "Who may be shown what (from → to, as whom; * is everybody that no rule names):"
    else:
        yield "Nobody may be shown anything more or less, or on another ground."
    for cell in found.cells or ():
        yield f"    {_cell(cell)}"


def _cell(cell: CellChange) -> str:
    way = f"{cell.source} → {cell.recipient}, {cell.role}"
    return f"{way}: {cell.before or 'nothing'} → {cell.after or 'nothing'}: {', '.join(cell.categories)}"


def _word(value: Any) -> str:
    return "-" if value in (None, [], "") else str(value)
