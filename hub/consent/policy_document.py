"""A policy as a municipality writes it: read with every fault named at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields
from datetime import date, datetime, time, timedelta
from typing import Any, TypeVar

from hub.consent.ages import MOST, Ages, Custodians
from hub.consent.consent import EVERY
from hub.consent.policy import BreakGlass, Condition, Hidden, Meetings, Policy, Rule, RuleEffect
from hub.consent.reader import Exchange
from hub.errors import Fault, InvalidRequest
from hub.plan.danish_time import LOCAL
from hub.plan.element import Period, Sensitivity
from hub.plan.person import Role

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_LINK = re.compile(r"://|\bwww\.", re.IGNORECASE)
_POLICY_FIELDS = ("purposes", "categories", "rule", "ages", "meeting", "break_glass")
_RULE_FIELDS = frozenset(field.name for field in fields(Rule)) - {"valid"} | {"valid_from", "valid_to"}


def parse_policy(document: Mapping[str, Any], version: int) -> Policy:
    """Read a policy as a municipality writes it (TOML or JSON, already parsed).

    :raises InvalidRequest: naming every fault of every rule at once.
    """
    faults = [
        Fault(key, "No policy has this field.", f"Use {', '.join(_POLICY_FIELDS)}.")
        for key in document
        if key not in _POLICY_FIELDS
    ]
    top = _Row(document, "", faults)
    purposes, categories = top.names("purposes"), top.names("categories")
    for name, found in (("purposes", purposes), ("categories", categories)):
        if not found:
            faults.append(Fault(name, "The policy names none.", "List at least one."))
    rows = _rows(document, "rule", faults)
    rules = [_parse_rule(row, place, purposes, categories, faults) for place, row in enumerate(rows, start=1)]
    ids = [row.get("id") for row in rows]
    for twice in sorted({name for name in ids if isinstance(name, str) and ids.count(name) > 1}):
        faults.append(Fault(f"rule.{twice}", "Two rules have this id.", "Give each rule an id of its own."))
    ages, break_glass = _parse_ages(document, faults), _parse_break_glass(document, faults)
    met_for = [
        _parse_meetings(row, place, purposes, faults)
        for place, row in enumerate(_rows(document, "meeting", faults), start=1)
    ]
    met_twice = sorted({one.purpose for one in met_for if [two.purpose for two in met_for].count(one.purpose) > 1})
    faults += [Fault(f"meeting.{name}", "Two rows count meetings for this purpose.") for name in met_twice if name]
    if faults:
        raise InvalidRequest("The policy cannot be used.", faults=faults)
    return Policy(
        version, purposes, categories, tuple(rule for rule in rules if rule), ages, tuple(met_for), break_glass
    )


def _rows(document: Mapping[str, Any], key: str, faults: list[Fault]) -> list[Mapping[str, Any]]:
    rows = document.get(key, [])
    if isinstance(rows, list) and all(isinstance(row, Mapping) for row in rows):
        return rows
    faults.append(Fault(key, "A list of tables is needed.", f"Write each under [[{key}]]."))
    return []


def _table(document: Mapping[str, Any], key: str, known: frozenset[str], faults: list[Fault]) -> _Row | None:
    """Return a table of the document; None where it has none."""
    given = document.get(key)
    if given is None:
        return None
    if not isinstance(given, Mapping):
        faults.append(Fault(key, "A table is needed.", f"Write it under [{key}]."))
        return None
    faults += [Fault(f"{key}.{name}", "This table has no such field.") for name in given if name not in known]
    return _Row(given, f"{key}.", faults)


def _parse_ages(document: Mapping[str, Any], faults: list[Fault]) -> Ages:
    read = _table(document, "ages", frozenset(field.name for field in fields(Ages)), faults)
    if read is None:
        return Ages()
    ages = Ages(
        own_no=read.number("own_no", 0, MOST),
        own_yes=read.number("own_yes", 0, MOST),
        of_age=read.number("of_age", 0, MOST),
        custodians=read.one_of("custodians", {one.value: one for one in Custodians}) or Custodians.ALL,
        citation=read.citation(),
    )
    if not ages.own_no <= ages.own_yes <= ages.of_age:
        faults.append(Fault("ages", "They do not rise: own_no, own_yes, of_age.", "Correct one of them."))
    return ages


def _parse_meetings(row: Mapping[str, Any], place: int, purposes: frozenset[str], faults: list[Fault]) -> Meetings:
    read = _Row(row, f"meeting.{place}.", faults)
    known = {field.name for field in fields(Meetings)}
    faults += [Fault(read.path(key), "A meeting has no such field.") for key in row if key not in known]
    purpose = read.text("purpose")
    if purpose and purpose not in purposes:
        faults.append(Fault(read.path("purpose"), "The policy lists no such purpose.", "Correct it, or list it."))
    return Meetings(
        purpose,
        read.number("first", 0, 100),
        read.number("follow_ups", 0, 100),
        read.number("hours", 1, 72),
        read.citation(),
    )


def _parse_break_glass(document: Mapping[str, Any], faults: list[Fault]) -> BreakGlass | None:
    read = _table(document, "break_glass", frozenset(field.name for field in fields(BreakGlass)), faults)
    if read is None:
        return None
    members = {role.value: role for role in (Role.COORDINATOR, Role.CASEWORKER)}
    return BreakGlass(
        roles=read.some_of("roles", members),
        minutes=read.number("minutes", 1, 60),
        reason_letters=read.number("reason_letters", 20, 1_000),
        approval_hours=read.number("approval_hours", 0, 24),
        citation=read.citation(),
    )


def _parse_rule(
    row: Mapping[str, Any], place: int, purposes: frozenset[str], categories: frozenset[str], faults: list[Fault]
) -> Rule | None:
    own = row.get("id")
    found: list[Fault] = []
    read = _Row(row, f"rule.{own if isinstance(own, str) and own else place}.", found)
    found += [Fault(read.path(key), "No rule has this field.") for key in row if key not in _RULE_FIELDS]
    effect = read.one_of("effect", {effect.value: effect for effect in RuleEffect})
    label = read.one_of("label", Sensitivity.__members__)
    rule = Rule(
        id=read.text("id"),
        effect=effect or RuleEffect.PROHIBIT,
        citation=read.citation(),
        da=read.text("da"),
        en=read.text("en"),
        sources=read.organisations("sources"),
        recipients=read.organisations("recipients"),
        roles=read.some_of("roles", {role.value: role for role in Role}),
        purposes=read.names("purposes", known=purposes | {EVERY}),
        categories=read.names("categories", known=categories | {EVERY}),
        label=label or Sensitivity.IKKE_FORTROLIGE_DATA,
        conditions=read.some_of("conditions", {value.value: value for value in Condition}, may_miss=True),
        without=read.some_of("without", {part.value: part for part in Hidden}, may_miss=True),
        valid=Period(read.midnight("valid_from", 0), read.midnight("valid_to", 1)),
        directions=read.some_of("directions", {way.value: way for way in Exchange}, may_miss=True)
        or frozenset(Exchange),
        informs=read.flag("informs"),
    )
    if rule.valid.start and rule.valid.end and rule.valid.start >= rule.valid.end:
        found.append(Fault(read.path("valid_to"), "The last day lies before the first."))
    if rule.effect is RuleEffect.PROHIBIT and Condition.NO_THIRD_PARTY in rule.conditions:
        found.append(Fault(read.path("conditions"), "It would lift the prohibition where an element names one more."))
    if rule.effect is not RuleEffect.PROHIBIT and Condition.HELD in rule.conditions:
        found.append(Fault(read.path("conditions"), "A hold takes away; it shows nothing.", "Use it in a prohibition."))
    faults += found
    return None if found else rule


_T = TypeVar("_T")


class _Row:
    """A table as its author wrote it. Notes every fault and reads on, so that all are named at once."""

    def __init__(self, row: Mapping[str, Any], prefix: str, faults: list[Fault]) -> None:
        self._row, self._prefix, self._faults = row, prefix, faults

    def path(self, key: str) -> str:
        return f"{self._prefix}{key}"

    def text(self, key: str) -> str:
        value = self._row.get(key)
        if isinstance(value, str) and value.strip():
            return value
        self._fault(key, "A text is needed.")
        return ""

    def citation(self) -> str:
        """Read a source of law by its name: a link goes stale, and another text comes to stand behind it."""
        text = self.text("citation")
        if _LINK.search(text):
            self._fault("citation", "It holds a link.", "Name the law and its paragraph.")
        return text

    def number(self, key: str, least: int, most: int) -> int:
        value = self._row.get(key)
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
            return value
        self._fault(key, f"A whole number from {least} to {most} is needed.")
        return least

    def flag(self, key: str) -> bool:
        value = self._row.get(key, False)
        if isinstance(value, bool):
            return value
        self._fault(key, "true or false is needed.")
        return False

    def names(self, key: str, known: frozenset[str] | None = None) -> frozenset[str]:
        """Read a list of names; one that is not ``known`` is a fault: a prohibition misspelt would forbid nothing."""
        listed = self._list(key, may_miss=False)
        for place, name in enumerate(listed):
            if known is not None and name not in known:
                self._fault(f"{key}[{place}]", "The policy lists no such name.", "Correct it, or add it to the list.")
        return frozenset(listed)

    def organisations(self, key: str) -> frozenset[str]:
        """Read a list of organisations. Which there are is no part of a policy; what none can be called is a fault."""
        listed = self._list(key, may_miss=False)
        for place, name in enumerate(listed):
            if name != EVERY and not _NAME.fullmatch(name):
                self._fault(f"{key}[{place}]", "No organisation can have this name.", "Use a-z, 0-9 and -, or *.")
        return frozenset(listed)

    def one_of(self, key: str, choices: Mapping[str, _T]) -> _T | None:
        value = self._row.get(key)
        if isinstance(value, str) and value in choices:
            return choices[value]
        self._fault(key, "A value that this field takes is needed.", f"Use one of {', '.join(choices)}.")
        return None

    def some_of(self, key: str, choices: Mapping[str, _T], may_miss: bool = False) -> frozenset[_T]:
        listed = self._list(key, may_miss)
        for place, value in enumerate(listed):
            if value not in choices:
                self._fault(f"{key}[{place}]", "This field takes no such value.", f"Use {', '.join(choices)}.")
        return frozenset(choices[value] for value in listed if value in choices)

    def midnight(self, key: str, after: int) -> datetime | None:
        """Read a day as the Danish midnight it starts at, or, ``after`` 1, ends at: a last day counts whole."""
        value = self._row.get(key)
        if value is None:
            return None
        try:
            day = value if isinstance(value, date) else date.fromisoformat(value)
            return datetime.combine(day + timedelta(days=after), time(), LOCAL)
        except (TypeError, ValueError, OverflowError):  # no day comes after the calendar's last
            self._fault(key, "A day is needed.", "Write it as year-month-day.")
            return None

    def _list(self, key: str, may_miss: bool) -> list[str]:
        value = self._row.get(key, [] if may_miss else None)
        if isinstance(value, list) and all(isinstance(name, str) for name in value):
            return value
        self._fault(key, "A list of texts is needed.")
        return []

    def _fault(self, key: str, sentence: str, next_step: str = "") -> None:
        self._faults.append(Fault(self.path(key), sentence, next_step))
