"""What a decision says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from hub.consent.policy import Hidden


class Outcome(StrEnum):
    """What becomes of an element in a reader's view."""

    PERMIT = "permit"
    REDACT = "redact"  # it is shown without some of its parts
    DENY = "deny"


class Reason(StrEnum):
    """Why, as a closed list; each has a sentence in ``explain``."""

    OWN = "own"  # the reader's own authority wrote it
    DUTY = "duty"
    STATUTE = "statute"
    CONSENT = "consent"
    EMERGENCY = "emergency"  # break-glass
    UNKNOWN_PURPOSE = "unknown-purpose"
    NOT_A_MEMBER = "not-a-member"
    PROHIBITED = "prohibited"
    RESTRICTED = "restricted"  # GDPR art. 18: kept, and used for nothing but what a duty or an emergency demands
    NO_ONE_PLAN = "no-one-plan"
    DENIED = "denied"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    NOT_APPLICABLE = "not-applicable"  # who said yes cannot say it, or not any more, for the person
    NO_CONSENT = "no-consent"
    NO_GROUND = "no-ground"
    NOT_LABELLED = "not-labelled"


class Obligation(StrEnum):
    """What whoever carries out the decision must also do."""

    AUDIT = "audit"
    PURPOSE_BOUND = "purpose-bound"  # the recipient may use it for this purpose only
    INFORM_CITIZEN = "inform-citizen"  # the citizen is told that it was shown
    REVIEW = "review"  # a second person looks at it


@dataclass(frozen=True, slots=True)
class Sentence:
    """One plain sentence, in Danish and in English."""

    da: str
    en: str

    def in_language(self, language: str) -> str:
        """Return the sentence in ``da`` or ``en``; Danish for any other."""
        return self.en if language == "en" else self.da


@dataclass(frozen=True, slots=True, order=True)
class ConsentVersion:
    """Which version of which consent a decision rests on."""

    id: UUID
    version: int


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided about one element for one reader, and why.

    :ivar rule_ids: the rules that spoke, in the order in which they were asked; the last one decided.
    :ivar consents: the consents it rests on.
    :ivar valid_until: for a permit, when the first of what it rests on ends.
    """

    outcome: Outcome
    reason: Reason
    rule_ids: tuple[str, ...]
    policy_version: int
    sentence: Sentence
    consents: tuple[ConsentVersion, ...] = ()
    obligations: tuple[Obligation, ...] = (Obligation.AUDIT,)
    hidden: frozenset[Hidden] = frozenset()
    valid_until: datetime | None = None

    @property
    def permits(self) -> bool:
        """Tell whether the reader may see the element, whole or in part."""
        return self.outcome is not Outcome.DENY
