"""What differs between two versions of a policy, for the one who is to publish the second of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from itertools import product
from typing import Any

from hub.consent.consent import EVERY, names
from hub.consent.policy import Policy, Rule, RuleEffect
from hub.consent.policy_written import written, written_fields
from hub.plan.element import Period, Sensitivity
from hub.plan.person import Role

#: Beyond this many cells finding them takes seconds, and nobody reads them.
MOST_CELLS = 20_000
#: What shows something, by how little it asks of the citizen.
_GROUNDS = (RuleEffect.DUTY, RuleEffect.PERMIT, RuleEffect.CONSENT)


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field that says something else now, in the words of a document."""

    field: str
    before: Any
    after: Any

    @property
    def added(self) -> Sequence[Any]:
        """Return what a list has got."""
        return _missing(self.after, self.before)

    @property
    def removed(self) -> Sequence[Any]:
        """Return what a list has lost."""
        return _missing(self.before, self.after)


@dataclass(frozen=True, slots=True)
class RuleChange:
    """A rule that keeps its id and says something else now."""

    id: str
    fields: tuple[FieldChange, ...]


@dataclass(frozen=True, slots=True)
class CellChange:
    """What a role of one recipient may get from one source that it could not before, or on another ground; or no more.

    :ivar source: an authority; ``*`` stands for every one that no rule names.
    :ivar before: the ground that asks the least of the citizen; None: nothing was shown.
    """

    source: str
    recipient: str
    role: Role
    before: RuleEffect | None
    after: RuleEffect | None
    categories: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PolicyDiff:
    """Everything that differs, in an order that is always the same.

    :ivar settings: what is not a rule: purposes, categories, ages and so on.
    :ivar is_reordered: rules that both have come in another order; the first that prohibits gives the reason.
    :ivar cells: None where the policies have too many cells to tell.
    """

    rules_added: tuple[Rule, ...]
    rules_removed: tuple[Rule, ...]
    rules_changed: tuple[RuleChange, ...]
    settings: tuple[FieldChange, ...]
    is_reordered: bool
    cells: tuple[CellChange, ...] | None

    def __bool__(self) -> bool:
        """Tell whether anything differs."""
        rules = self.rules_added or self.rules_removed or self.rules_changed or self.is_reordered
        return bool(rules or self.settings)


def diff(before: Policy, after: Policy) -> PolicyDiff:
    """Return what differs between two policies, whatever their version numbers."""
    old, new = ({rule.id: rule for rule in policy.rules} for policy in (before, after))
    kept = [rule for rule in old if rule in new]
    changed = [RuleChange(id, _changes(written_fields(old[id]), written_fields(new[id]))) for id in sorted(kept)]
    return PolicyDiff(
        rules_added=tuple(new[id] for id in sorted(new.keys() - old.keys())),
        rules_removed=tuple(old[id] for id in sorted(old.keys() - new.keys())),
        rules_changed=tuple(one for one in changed if one.fields),
        settings=_changes(_settings(before), _settings(after)),
        is_reordered=kept != [rule for rule in new if rule in old],
        cells=_cells(before, after),
    )


def written_diff(found: PolicyDiff) -> dict[str, Any]:
    """Return what differs in the words of a document."""
    return {
        "rules_added": [written_fields(rule) for rule in found.rules_added],
        "rules_removed": [written_fields(rule) for rule in found.rules_removed],
        "rules_changed": [
            {"id": rule.id, "fields": [_written_change(change) for change in rule.fields]}
            for rule in found.rules_changed
        ],
        "settings": [_written_change(change) for change in found.settings],
        "is_reordered": found.is_reordered,
        "cells": None if found.cells is None else [written_fields(cell) for cell in found.cells],
    }


def ground_of(policy: Policy, source: str, recipient: str, role: Role, category: str) -> RuleEffect | None:
    """Return the ground that asks least of the citizen on which something of a cell may be shown.

    A cell that has one is not open to everyone: purpose, label, conditions and times of the rule still hold. None says
    more: no rule shows this role of this recipient anything of the category from this source, whatever was agreed to.
    """
    about = [
        rule
        for rule in policy.rules
        if role in rule.roles
        and names(rule.sources, source)
        and names(rule.recipients, recipient)
        and names(rule.categories, category)
    ]
    shut = [rule for rule in about if _shuts(rule)]
    for ground in _GROUNDS:
        if any(rule.effect is ground and _is_left_open(rule, shut, policy) for rule in about):
            return ground
    return None


def _shuts(rule: Rule) -> bool:
    is_always = not rule.conditions and rule.valid == Period()
    return rule.effect is RuleEffect.PROHIBIT and is_always and rule.label is min(Sensitivity)


def _is_left_open(rule: Rule, shut: Sequence[Rule], policy: Policy) -> bool:
    """Tell whether there is a purpose, and a way, for which no prohibition shuts what the rule shows."""
    purposes = [purpose for purpose in policy.purposes if names(rule.purposes, purpose)]
    return any(
        not any(way in one.directions and names(one.purposes, purpose) for one in shut)
        for way, purpose in product(rule.directions, purposes)
    )


def _cells(before: Policy, after: Policy) -> tuple[CellChange, ...] | None:
    rules = (*before.rules, *after.rules)
    sources = sorted({EVERY}.union(*(rule.sources for rule in rules)))
    recipients = sorted({EVERY}.union(*(rule.recipients for rule in rules)))
    roles = sorted(frozenset[Role]().union(*(rule.roles for rule in rules)))
    categories = sorted(before.categories | after.categories)
    if len(sources) * len(recipients) * len(roles) * len(categories) > MOST_CELLS:
        return None
    found: dict[tuple[str, str, Role, RuleEffect | None, RuleEffect | None], list[str]] = {}
    for source, recipient, role, category in product(sources, recipients, roles, categories):
        was, now = (ground_of(policy, source, recipient, role, category) for policy in (before, after))
        if was is not now:
            found.setdefault((source, recipient, role, was, now), []).append(category)
    changes = (CellChange(*cell, tuple(about)) for cell, about in found.items())
    return tuple(
        sorted(changes, key=lambda one: (one.source, one.recipient, one.role, one.before or "", one.after or ""))
    )


def _settings(policy: Policy) -> Mapping[str, Any]:
    """Return what is not a rule, field by field; a table's fields under ``table.field``."""
    told: dict[str, Any] = {}
    for field in fields(policy):
        value = getattr(policy, field.name)
        if is_dataclass(value):
            told |= {f"{field.name}.{name}": one for name, one in written_fields(value).items()}
        elif field.name not in ("version", "rules"):
            told[field.name] = written(value)
    return told


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[FieldChange, ...]:
    found = (FieldChange(name, before.get(name), after.get(name)) for name in sorted(before.keys() | after.keys()))
    return tuple(change for change in found if change.before != change.after)


def _written_change(change: FieldChange) -> dict[str, Any]:
    told = {"field": change.field, "before": change.before, "after": change.after}
    return told | {"added": change.added, "removed": change.removed}


def _missing(where: Any, elsewhere: Any) -> Sequence[Any]:
    if not (isinstance(where, list) and isinstance(elsewhere, list)):
        return ()
    return [one for one in where if one not in elsewhere]
