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

    @property
    def opposite(self) -> Effect:
        """Return what an exemption from it says."""
        return Effect.DENY if self is Effect.PERMIT else Effect.PERMIT


class ConsentStatus(StrEnum):
    """Where a consent stands; only an active one counts."""

    ACTIVE = "active"
    WITHDRAWN = "withdrawn"
    #: Nobody who said it may say it now (``hub.consent.standing``). Computed whenever it is asked for, never stored.
    NOT_APPLICABLE = "not-applicable"


class Capacity(StrEnum):
    """As what somebody speaks for the person whose data it is."""

    SELF = "self"
    CUSTODY = "custody"
    GUARDIAN = "guardian"


@dataclass(frozen=True, slots=True)
class Grant:
    """The word of one of those who gave a consent, and how it was given.

    :ivar by: the person, a holder of custody or a guardian.
    :ivar period: for how long they said it; the consent holds as long as all of them did.
    :ivar text_version: which wording they were shown.
    :ivar channel: at a meeting, by letter, on the page.
    :ivar evidence: where it is kept, such as the number of a journal entry; never its content.
    """

    by: UUID
    capacity: Capacity
    at: datetime
    period: Period = Period()
    text_version: str = ""
    language: str = "da"
    channel: str = ""
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a consent, or an exemption from one, is about.

    :ivar sources: authorities whose elements it covers (``*`` for every one).
    :ivar recipients: organisations it names (``*`` for every one).
    :ivar label: of a yes the highest step it covers, of a no the lowest.
    :ivar elements: single elements it is about; empty for all that the rest describes.
    :ivar data_period: of which time the elements are; open for any.
    """

    sources: frozenset[str] = frozenset()
    recipients: frozenset[str] = frozenset()
    purposes: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    label: Sensitivity = Sensitivity.FORTROLIGE_PERSONOPLYSNINGER
    elements: frozenset[UUID] = frozenset()
    data_period: Period = Period()

    def asks(self, reader: Reader) -> bool:
        """Tell whether it names who is asking, and what for."""
        return names(self.recipients, reader.organisation) and names(self.purposes, reader.purpose)

    def is_about(self, category: str | None) -> bool:
        """Tell whether it names a category; what has none is named by ``*`` alone."""
        return names(self.categories, category or "")

    def describes(self, subject: Subject, effect: Effect) -> bool:
        """Tell whether it describes what is asked about.

        A yes covers neither what has no category, nor what is above its label, nor what may be of another time; a no
        covers all three, where it says ``*``, the subject is at or above its label, or may be of its time.
        """
        if self.elements and subject.element not in self.elements:
            return False
        if not names(self.sources, subject.authority):
            return False
        if effect is Effect.DENY:
            return (
                subject.label >= self.label
                and self.is_about(subject.category)
                and _may_lie_in(subject.valid, self.data_period)
            )
        return (
            subject.label <= self.label
            and subject.category is not None
            and self.is_about(subject.category)
            and _lies_in(subject.valid, self.data_period)
        )


@dataclass(frozen=True, slots=True)
class Exemption:
    """A part of a consent for which the opposite holds: of a yes a no, of a no a yes."""

    scope: Scope
    period: Period = Period()


@dataclass(frozen=True, slots=True)
class Consent:
    """One version of one consent. A new version supersedes the same consent; nothing is overwritten.

    :ivar person: whose data it is about.
    :ivar grants: who gave it, and how; see ``hub.consent.standing`` for who must.
    :ivar exemptions: parts for which the opposite holds; one level.
    :ivar replaces: of a consent to one plan, the sector plans that it stands in for.
    :ivar about: where it came from, if not from the hub: an identifier at whoever imported it.
    """

    id: UUID
    version: int
    kind: ConsentKind
    person: UUID
    grants: tuple[Grant, ...]
    period: Period
    status: ConsentStatus = ConsentStatus.ACTIVE
    effect: Effect = Effect.PERMIT
    scope: Scope = Scope()
    exemptions: tuple[Exemption, ...] = ()
    replaces: frozenset[str] = frozenset()
    about: str = ""

    def __post_init__(self) -> None:
        if not self.grants:
            raise ValueError("A consent is given by somebody.")
        # Else what is more sensitive would be shown, and what is less not: raising a label would add access.
        if self.effect is Effect.DENY and self.exemptions and self.scope.label is not min(Sensitivity):
            raise ValueError("A no with exemptions is a no from the lowest step up.")

    @property
    def given_at(self) -> datetime:
        """Return when the last word that it needed was given."""
        return max(grant.at for grant in self.grants)

    def is_in_force(self, at: datetime) -> bool:
        """Tell whether it counts at the instant."""
        return self.status is ConsentStatus.ACTIVE and self.period.covers(at)

    def is_over(self, at: datetime) -> bool:
        """Tell whether its time has ended."""
        return self.period.end is not None and self.period.end <= at

    def speaks_to(self, reader: Reader) -> bool:
        """Tell whether it is about sharing with the reader, for the reader's purpose."""
        return self.kind is ConsentKind.SHARING and self.scope.asks(reader)

    def says(self, subject: Subject, reader: Reader, at: datetime) -> Effect | None:
        """Return yes, no or nothing about this subject and reader, were it in force.

        :param at: decides which exemptions count.
        """
        if self.person not in subject.concerned or not self.speaks_to(reader):
            return None
        return self.word_on(subject, reader, at)

    def word_on(self, subject: Subject, reader: Reader, at: datetime) -> Effect | None:
        """Return what it says, for a reader it speaks to and a subject that concerns its person."""
        if not self.scope.describes(subject, self.effect):
            return None
        for exemption in self.exemptions:
            scope, opposite = exemption.scope, self.effect.opposite
            if exemption.period.covers(at) and scope.asks(reader) and scope.describes(subject, opposite):
                return opposite
        return self.effect

    def edges(self) -> Iterable[datetime]:
        """Yield the instants at which what it says may change."""
        for period in (self.period, *(exemption.period for exemption in self.exemptions)):
            yield from (edge for edge in (period.start, period.end) if edge is not None)

    def tells_elements_apart(self) -> bool:
        """Tell whether single elements, or their times, matter to it."""
        scopes = (self.scope, *(exemption.scope for exemption in self.exemptions))
        return any(scope.elements or scope.data_period != Period() for scope in scopes)


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


def _lies_in(valid: Period, wanted: Period) -> bool:
    """Tell whether a time lies wholly within another; one without a beginning or an end only within an open one."""
    begins = wanted.start is None or (valid.start is not None and valid.start >= wanted.start)
    return begins and (wanted.end is None or (valid.end is not None and valid.end <= wanted.end))


def _may_lie_in(valid: Period, wanted: Period) -> bool:
    """Tell whether a time and another meet, or may."""
    starts_before = wanted.end is None or valid.start is None or valid.start < wanted.end
    return starts_before and (wanted.start is None or valid.end is None or valid.end > wanted.start)
