"""What a citizen has said yes or no to.

Two different things share one shape. Consent to *have one plan* replaces named sector plans (LAB § 40 stk. 3,
serviceloven § 141 stk. 7, barnets lov § 110); withdrawn, the plan dissolves into its sector plans. Permission to
*share* says from whom, to whom, what for and which categories.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from hub.consent.reader import Reader
from hub.consent.subject import Subject
from hub.plan.element import Period, Sensitivity

#: Stands for every name in a list. An empty list names nobody: what is missing never widens sharing.
EVERY = "*"


class ConsentKind(StrEnum):
    """What the consent is about."""

    ONE_PLAN = "one-plan"
    SHARING = "sharing"


class Effect(StrEnum):
    """Yes or no. A no among different consents in force always wins; the newer never does."""

    PERMIT = "permit"
    DENY = "deny"


class ConsentStatus(StrEnum):
    """Where a consent stands; only an active one counts."""

    ACTIVE = "active"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Consent:
    """One version of one consent. A new version supersedes the same consent; nothing is overwritten.

    :ivar person: whose data it is about.
    :ivar given_by: who gave it: the person, a guardian or a holder of custody.
    :ivar sources: authorities whose elements it covers (``*`` for every one).
    :ivar recipients: organisations it names (``*`` for every one).
    :ivar label: of a yes the highest step it covers, of a no the lowest.
    :ivar elements: single elements it is about; empty for all that the rest describes.
    :ivar text_version: which wording the person was shown.
    """

    id: UUID
    version: int
    kind: ConsentKind
    person: UUID
    given_by: UUID
    given_at: datetime
    period: Period
    status: ConsentStatus = ConsentStatus.ACTIVE
    effect: Effect = Effect.PERMIT
    sources: frozenset[str] = frozenset()
    recipients: frozenset[str] = frozenset()
    purposes: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    label: Sensitivity = Sensitivity.FORTROLIGE_PERSONOPLYSNINGER
    elements: frozenset[UUID] = frozenset()
    replaces: frozenset[str] = frozenset()
    text_version: str = ""
    language: str = "da"
    channel: str = ""

    def is_in_force(self, at: datetime) -> bool:
        """Tell whether it counts at the instant."""
        return self.status is ConsentStatus.ACTIVE and self.period.covers(at)

    def covers(self, subject: Subject, reader: Reader) -> bool:
        """Tell whether the consent speaks of this subject and reader, whenever that may be.

        A yes covers neither what has no category nor what is above its label; a no covers both, where it says ``*``
        or the subject is at or above its label.
        """
        if self.kind is not ConsentKind.SHARING or self.person not in subject.concerned:
            return False
        if self.elements and subject.element not in self.elements:
            return False
        return (
            names(self.sources, subject.authority)
            and names(self.recipients, reader.organisation)
            and names(self.purposes, reader.purpose)
            and self._covers_category(subject.category)
            and (subject.label <= self.label if self.effect is Effect.PERMIT else subject.label >= self.label)
        )

    def _covers_category(self, category: str | None) -> bool:
        if category is None:
            return self.effect is Effect.DENY and EVERY in self.categories
        return names(self.categories, category)


def names(listed: frozenset[str], name: str) -> bool:
    """Tell whether a list names someone, by name or by ``*``."""
    return name in listed or EVERY in listed


#: All consents, newest version of each, by the person whose data they are about.
ConsentsByPerson = Mapping[UUID, Sequence[Consent]]


def by_person(consents: Iterable[Consent]) -> ConsentsByPerson:
    """Group the newest version of each consent by person, in an order that does not depend on the input's."""
    newest: dict[UUID, Consent] = {}
    for consent in consents:
        if consent.id not in newest or consent.version > newest[consent.id].version:
            newest[consent.id] = consent
    grouped: dict[UUID, list[Consent]] = {}
    for consent in sorted(newest.values(), key=lambda consent: consent.id):
        grouped.setdefault(consent.person, []).append(consent)
    return grouped


def one_plan_of(person: UUID, consents: ConsentsByPerson, at: datetime) -> tuple[Consent, ...]:
    """Return the person's consents to have one plan that are in force; none where one of them is a no: it wins."""
    spoken = tuple(
        consent
        for consent in consents.get(person, ())
        if consent.kind is ConsentKind.ONE_PLAN and consent.is_in_force(at)
    )
    return () if any(consent.effect is Effect.DENY for consent in spoken) else spoken


def has_one_plan(person: UUID, consents: ConsentsByPerson, at: datetime) -> bool:
    """Tell whether the person's consent to have one plan is in force; a no to it wins over a yes."""
    return bool(one_plan_of(person, consents, at))
