"""The policy: a versioned matrix of legal bases, from × to × category, that a municipality edits.

The hub ships ``danish_rules.toml`` as the first version; each rule cites its source. What no rule covers is withheld.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from hub.consent.ages import Ages
from hub.consent.consent import names
from hub.consent.reader import Exchange, Reader
from hub.consent.subject import Subject
from hub.plan.element import Period, Sensitivity
from hub.plan.person import Role


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
    HELD = "held"  # the family's view of the plan is held back, for a conflict about honour is feared
    IN_MEETING = "in-meeting"  # a meeting for the reader's purpose is open to the reader's organisation now


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
    :ivar directions: whether it speaks of what the hub sends, of what a reader fetches, or of both.
    :ivar informs: the citizen is told that something was shown on its strength.
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
    directions: frozenset[Exchange] = frozenset(Exchange)
    informs: bool = False

    def asks(self, reader: Reader, at: datetime) -> bool:
        """Tell whether the rule speaks of this reader at the instant."""
        return (
            reader.role in self.roles
            and reader.exchange in self.directions
            and names(self.recipients, reader.organisation)
            and names(self.purposes, reader.purpose)
            and self.valid.covers(at)
        )

    def describes(self, subject: Subject, reader: Reader) -> bool:
        """Tell whether the rule speaks of this subject, where it speaks of the reader."""
        if self.effect is RuleEffect.PROHIBIT:
            if subject.label < self.label or not names(self.categories, subject.category or ""):
                return False
        elif subject.label > self.label or subject.category is None or not names(self.categories, subject.category):
            return False
        if not names(self.sources, subject.authority):
            return False
        # Most rules have no condition, and this is asked of every rule and element.
        return not self.conditions or all(_holds(condition, subject, reader) for condition in self.conditions)


def _holds(condition: Condition, subject: Subject, reader: Reader) -> bool:
    match condition:
        case Condition.OWN_PLAN:
            return reader.person == subject.person
        case Condition.NO_THIRD_PARTY:
            return subject.concerned <= {subject.person}
        case Condition.PROTECTED_ADDRESS:
            return subject.has_protected_address
        case Condition.HELD:
            return subject.is_held
        case Condition.IN_MEETING:
            return subject.plan in reader.meetings


@dataclass(frozen=True, slots=True)
class Meetings:
    """How often a purpose may be met for about one plan; each meeting opens what ``in-meeting`` rules show.

    :ivar first: meetings that need no reason.
    :ivar follow_ups: meetings after those, each with a reason.
    :ivar hours: for how long a meeting may stay open.
    """

    purpose: str
    first: int
    follow_ups: int
    hours: int
    citation: str


@dataclass(frozen=True, slots=True)
class BreakGlass:
    """Emergency access; a policy without it has none.

    :ivar roles: who may open it.
    :ivar minutes: for how long at most.
    :ivar reason_letters: how long a reason must be at least.
    :ivar approval_hours: within how many hours a second person must have approved it.
    """

    roles: frozenset[Role]
    minutes: int
    reason_letters: int
    approval_hours: int
    citation: str


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
    ages: Ages = Ages()
    meetings: tuple[Meetings, ...] = ()
    break_glass: BreakGlass | None = None

    def opens_in_emergency_to(self, role: Role) -> bool:
        """Tell whether somebody of the role may break the glass."""
        return self.break_glass is not None and role in self.break_glass.roles

    def meetings_for(self, purpose: str) -> Meetings | None:
        """Return how often a purpose may be met for; None where nobody meets for it."""
        return next((one for one in self.meetings if one.purpose == purpose), None)
