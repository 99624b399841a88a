"""The policy: a versioned matrix of legal bases, from × to × category, that a municipality edits.

The hub ships ``danish_rules.toml`` as the first version; each rule cites its source. What no rule covers is withheld.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from hub.consent.consent import EVERY, names
from hub.consent.reader import Reader
from hub.consent.subject import Subject
from hub.errors import Fault, InvalidRequest
from hub.plan.element import Period, Sensitivity
from hub.plan.person import Role

LOCAL = ZoneInfo("Europe/Copenhagen")


class RuleEffect(StrEnum):
    """What a rule of law does, in the order in which it is asked."""

    PROHIBIT = "prohibit"  # nothing lifts it
    DUTY = "duty"  # permits exactly its categories, whatever the citizen says
    PERMIT = "permit"  # permits without asking, unless the citizen says no
    CONSENT = "consent"  # permits where the citizen has said yes


class Condition(StrEnum):
    """What must hold besides the matrix."""

    OWN_PLAN = "own-plan"  # the reader is the plan's person
    NO_THIRD_PARTY = "no-third-party"  # the element names nobody but the plan's person
    PROTECTED_ADDRESS = "protected-address"  # the element tells of someone whose address is protected


class Hidden(StrEnum):
    """Parts of an element that a rule may leave out."""

    TITLE = "title"
    TEXT = "text"
    CODES = "codes"
    DETAILS = "details"


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the matrix.

    :ivar label: the highest step it covers; of a prohibition the lowest.
    :ivar without: parts of the element that it leaves out.
    :ivar citation: the law, without a link.
    """

    id: str
    effect: RuleEffect
    citation: str
    da: str
    en: str
    sources: frozenset[str]
    recipients: frozenset[str]
    roles: frozenset[Role]
    purposes: frozenset[str]
    categories: frozenset[str]
    label: Sensitivity
    conditions: frozenset[Condition] = frozenset()
    without: frozenset[Hidden] = frozenset()
    valid: Period = Period()

    def covers(self, subject: Subject, reader: Reader, at: datetime) -> bool:
        """Tell whether the rule speaks of this subject and reader at the instant."""
        return (
            reader.role in self.roles
            and names(self.sources, subject.authority)
            and names(self.recipients, reader.organisation)
            and names(self.purposes, reader.purpose)
            and self._covers_content(subject)
            and self.valid.covers(at)
            and all(_holds(condition, subject, reader) for condition in self.conditions)
        )

    def _covers_content(self, subject: Subject) -> bool:
        if self.effect is RuleEffect.PROHIBIT:
            return subject.label >= self.label and names(self.categories, subject.category or "")
        return subject.label <= self.label and subject.category is not None and names(self.categories, subject.category)


def _holds(condition: Condition, subject: Subject, reader: Reader) -> bool:
    match condition:
        case Condition.OWN_PLAN:
            return reader.person == subject.person
        case Condition.NO_THIRD_PARTY:
            return subject.concerned <= {subject.person}
        case Condition.PROTECTED_ADDRESS:
            return subject.has_protected_address


@dataclass(frozen=True, slots=True)
class Policy:
    """One version of the whole matrix.

    :ivar purposes: what may be asked for; a reader with another purpose is refused.
    :ivar categories: topics the municipality knows; they are what the withheld marker is computed over.
    """

    version: int
    purposes: frozenset[str]
    categories: frozenset[str]
    rules: tuple[Rule, ...]


_POLICY_FIELDS = ("purposes", "categories", "rule")
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
    rows = document.get("rule", [])
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        faults.append(Fault("rule", "A list of rules is needed.", "Write each rule under [[rule]]."))
        rows = []
    rules = [_parse_rule(row, place, purposes, categories, faults) for place, row in enumerate(rows, start=1)]
    ids = [row.get("id") for row in rows]
    for twice in sorted({name for name in ids if isinstance(name, str) and ids.count(name) > 1}):
        faults.append(Fault(f"rule.{twice}", "Two rules have this id.", "Give each rule an id of its own."))
    if faults:
        raise InvalidRequest("The policy cannot be used.", faults=faults)
    return Policy(version, purposes, categories, tuple(rule for rule in rules if rule))


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
        citation=read.text("citation"),
        da=read.text("da"),
        en=read.text("en"),
        sources=read.names("sources"),
        recipients=read.names("recipients"),
        roles=read.some_of("roles", {role.value: role for role in Role}),
        purposes=read.names("purposes", known=purposes | {EVERY}),
        categories=read.names("categories", known=categories | {EVERY}),
        label=label or Sensitivity.IKKE_FORTROLIGE_DATA,
        conditions=read.some_of("conditions", {value.value: value for value in Condition}, may_miss=True),
        without=read.some_of("without", {part.value: part for part in Hidden}, may_miss=True),
        valid=Period(read.midnight("valid_from", 0), read.midnight("valid_to", 1)),
    )
    if rule.valid.start and rule.valid.end and rule.valid.start >= rule.valid.end:
        found.append(Fault(read.path("valid_to"), "The last day lies before the first."))
    if rule.effect is RuleEffect.PROHIBIT and Condition.NO_THIRD_PARTY in rule.conditions:
        found.append(Fault(read.path("conditions"), "It would lift the prohibition where an element names one more."))
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

    def names(self, key: str, known: frozenset[str] | None = None) -> frozenset[str]:
        """Read a list of names; one that is not ``known`` is a fault: a prohibition misspelt would forbid nothing."""
        listed = self._list(key, may_miss=False)
        for place, name in enumerate(listed):
            if known is not None and name not in known:
                self._fault(f"{key}[{place}]", "The policy lists no such name.", "Correct it, or add it to the list.")
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
        except (TypeError, ValueError):
            self._fault(key, "A day is needed.", "Write it as year-month-day.")
            return None
        return datetime.combine(day + timedelta(days=after), time(), LOCAL)

    def _list(self, key: str, may_miss: bool) -> list[str]:
        value = self._row.get(key, [] if may_miss else None)
        if isinstance(value, list) and all(isinstance(name, str) for name in value):
            return value
        self._fault(key, "A list of texts is needed.")
        return []

    def _fault(self, key: str, sentence: str, next_step: str = "") -> None:
        self._faults.append(Fault(self.path(key), sentence, next_step))
