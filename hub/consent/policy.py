"""The policy: a versioned matrix of legal bases, from × to × category, that a municipality edits.

The hub ships ``danish_rules.toml`` as the first version; each rule cites its source. What no rule covers is withheld.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from hub.consent.consent import names
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


def parse_policy(document: Mapping[str, Any], version: int) -> Policy:
    """Read a policy as a municipality writes it (TOML or JSON, already parsed).

    :raises InvalidRequest: naming every fault of every rule at once.
    """
    faults: list[Fault] = []
    rules = [rule for row in document.get("rule", ()) if (rule := _parse_rule(row, faults))]
    seen: set[str] = set()
    for rule in rules:
        if rule.id in seen:
            faults.append(Fault(f"rule.{rule.id}", "Two rules have this id.", "Give each rule an id of its own."))
        seen.add(rule.id)
    for name in ("purposes", "categories"):
        if not document.get(name):
            faults.append(Fault(name, "The policy names none.", "List at least one."))
    if faults:
        raise InvalidRequest("The policy cannot be used.", faults=faults)
    return Policy(version, frozenset(document["purposes"]), frozenset(document["categories"]), tuple(rules))


_LISTS = ("sources", "recipients", "roles", "purposes", "categories")
_TEXTS = ("id", "citation", "da", "en")
_MAY_MISS = ("conditions", "without", "valid_from", "valid_to")


def _parse_rule(row: Mapping[str, Any], faults: list[Fault]) -> Rule | None:
    name = f"rule.{row.get('id', '?')}"
    known = {field.name for field in fields(Rule)} - {"valid"} | set(_MAY_MISS)
    found = [Fault(f"{name}.{key}", "No rule has this field.") for key in row if key not in known]
    found += [Fault(f"{name}.{key}", "Missing.") for key in known - set(_MAY_MISS) - set(row)]
    found += [Fault(f"{name}.{key}", "A text is needed.") for key in _TEXTS if not isinstance(row.get(key, ""), str)]
    found += [Fault(f"{name}.{key}", "A list is needed.") for key in _LISTS if not isinstance(row.get(key, []), list)]
    if found:
        faults.extend(found)
        return None
    try:
        return Rule(
            **{key: row[key] for key in _TEXTS},
            effect=RuleEffect(row["effect"]),
            sources=frozenset(row["sources"]),
            recipients=frozenset(row["recipients"]),
            roles=frozenset(Role(role) for role in row["roles"]),
            purposes=frozenset(row["purposes"]),
            categories=frozenset(row["categories"]),
            label=Sensitivity[row["label"]],
            conditions=frozenset(Condition(condition) for condition in row.get("conditions", ())),
            without=frozenset(Hidden(part) for part in row.get("without", ())),
            valid=Period(_midnight(row.get("valid_from"), 0), _midnight(row.get("valid_to"), 1)),
        )
    except (KeyError, ValueError) as error:
        faults.append(Fault(name, f"{error} is no value this field takes."))
        return None


def _midnight(day: date | str | None, after: int) -> datetime | None:
    """Return Danish midnight at the start of a day, or, with ``after`` 1, of the day after: a last day counts whole."""
    if day is None:
        return None
    parsed = date.fromisoformat(day) if isinstance(day, str) else day
    return datetime.combine(parsed + timedelta(days=after), time(), LOCAL)
