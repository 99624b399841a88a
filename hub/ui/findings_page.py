"""What is worth a look in one plan, with its rule and whose it is: what is open, and beneath a fold what is accepted.

A function of the reader's view and of the words on what is found in it; nothing withheld is in either.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from hub.consent.explain import completeness
from hub.consent.explain_findings import finding, rule_of
from hub.flow.findings import ShownFinding, ShownFindings
from hub.flow.proposed import ShownProposal
from hub.plan.severity import Severity, severity_of
from hub.store.accepted_findings import AcceptedFinding
from hub.ui.cards import Card, Cards
from hub.ui.proposed import ProposalRow, can_be_moved, proposal_rows
from hub.ui.times import moment
from hub.ui.words import known_word, word

_BADGES = {Severity.SERIOUS: "error", Severity.WORTH_A_LOOK: "warning", Severity.GOOD_TO_KNOW: "info"}


@dataclass(frozen=True, slots=True)
class AcceptedWord:
    """By whom something was accepted, when and why."""

    who: str
    when: str
    reason: str


@dataclass(frozen=True, slots=True)
class FoundCard:
    """One finding.

    :ivar badge: the colour of its severity, never told by colour alone.
    :ivar movable: those of its sides for which another time can be proposed.
    :ivar about: the titles of what it is about, so that two buttons of one name are told apart.
    """

    id: str
    severity: str
    badge: str
    sentence: str
    rule: str
    cards: tuple[Card, ...]
    movable: tuple[Card, ...]
    accepted: AcceptedWord | None

    @property
    def about(self) -> str:
        """Return the titles of what it is about."""
        return ", ".join(card.title for card in self.cards)


@dataclass(frozen=True, slots=True)
class FindingsPage:
    """All that the template shows."""

    plan: str
    name: str
    marker: str
    at: str
    open: tuple[FoundCard, ...]
    accepted: tuple[FoundCard, ...]
    proposals: tuple[ProposalRow, ...] = ()

    @property
    def movable(self) -> tuple[Card, ...]:
        """Return the appointments in open findings for which another time can be proposed, each once."""
        return tuple({card.id: card for one in self.open for card in one.movable}.values())


def findings_page(
    found: ShownFindings, proposed: Sequence[ShownProposal], travel: timedelta, language: str, client: str
) -> FindingsPage:
    """Return the page in ``da`` or ``en``.

    :param proposed: which other times were proposed.
    :param travel: the way between two appointments.
    :param client: who reads; what they have accepted themselves says so.
    """
    shown = found.shown
    cards = Cards(shown.view, shown.at, language)
    every = [_card(one, cards, travel, client) for one in _most_pressing_first(found.findings)]
    return FindingsPage(
        plan=str(shown.view.plan),
        name=shown.person.name or word("plan.no_name", language),
        marker=completeness(shown.view.may_be_partial).in_language(language),
        at=word("plan.at", language, when=moment(shown.at, language)),
        open=tuple(one for one in every if one.accepted is None),
        accepted=tuple(one for one in every if one.accepted is not None),
        proposals=proposal_rows(proposed, language),
    )


def _most_pressing_first(found: Sequence[ShownFinding]) -> Sequence[ShownFinding]:
    steps = list(Severity)
    return sorted(found, key=lambda one: steps.index(severity_of(one.finding)))


def _card(one: ShownFinding, cards: Cards, travel: timedelta, client: str) -> FoundCard:
    language, severity = cards.language, severity_of(one.finding)
    seen = {each.element.id: each for each in cards.view.seen}
    return FoundCard(
        id=str(one.id),
        severity=word(f"severity.{severity}", language),
        badge=_BADGES[severity],
        sentence=finding(one.finding).in_language(language),
        rule=rule_of(one.finding, travel).in_language(language),
        cards=tuple(cards.card(seen[element]) for element in one.finding.elements),
        movable=tuple(
            cards.card(seen[element]) for element in one.finding.elements if can_be_moved(seen[element], cards.at)
        ),
        accepted=_word(one.accepted, language, client) if one.accepted else None,
    )


def _word(accepted: AcceptedFinding, language: str, client: str) -> AcceptedWord:
    organisation = known_word("authority", accepted.organisation, language)
    who = word("findings.by", language, who=accepted.accepted_by, organisation=organisation)
    is_own = accepted.accepted_by == client
    return AcceptedWord(
        word("findings.by_you", language) if is_own else who, moment(accepted.accepted_at, language), accepted.reason
    )
