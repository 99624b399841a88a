"""The citizen's own plan in plain words: next appointments first, then what I want, whom I can call, and the rest.

A function of the citizen's view and the instant.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hub.consent.decision import Sentence
from hub.flow.ledger import Ledger
from hub.flow.ledger_rows import Disclosure
from hub.flow.show import Shown
from hub.plan.element import Kind
from hub.ui.cards import Card, Cards
from hub.ui.looked_at import LookedAt
from hub.ui.plan_page import Entry, entries, goals_with_steps, in_order, is_ahead
from hub.ui.times import moment
from hub.ui.words import known_word, word

#: Of what else is in the plan, in this order.
_REST = (Kind.STATEMENT, Kind.ACTIVITY, Kind.NEED, Kind.CASE, Kind.NOTE, Kind.HOUSEHOLD_MEMBER)


@dataclass(frozen=True, slots=True)
class CitizenPage:
    """All that the template shows.

    :ivar goals: each with the steps that serve it, and how far in each stands.
    :ivar silent: sentences on systems that the hub cannot reach.
    :ivar looked_at: what the coordinator has found all right.
    """

    status: str
    is_active: bool
    at: str
    marker: str
    ahead: tuple[Entry, ...]
    goals: tuple[tuple[tuple[int, Card], ...], ...]
    contacts: tuple[Card, ...]
    rest: tuple[Card, ...]
    silent: tuple[str, ...]
    looked_at: tuple[LookedAt, ...] = ()


@dataclass(frozen=True, slots=True)
class SeenRow:
    """One line of who has seen the plan."""

    when: str
    sentence: str
    purpose: str
    bases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SeenPage:
    """Who has seen the plan, newest first, and who holds something of it now."""

    rows: tuple[SeenRow, ...]
    held: tuple[str, ...]
    marker: str
    at: str


def citizen_page(shown: Shown, marker: Sentence, language: str, looked_at: tuple[LookedAt, ...] = ()) -> CitizenPage:
    """Return the page in ``da`` or ``en``. :param marker: whether everything can be seen."""
    cards = Cards(shown.view, shown.at, language)
    seen = in_order(shown.view.seen)
    goals = goals_with_steps(seen)
    in_goals = {one.element.id for group in goals for _, one in group}
    rest = [one for kind in _REST for one in seen if one.element.kind is kind and one.element.id not in in_goals]
    return CitizenPage(
        status=word(f"plan.status.{shown.status}", language),
        is_active=shown.status == "active",
        at=word("plan.at", language, when=moment(shown.at, language)),
        marker=marker.in_language(language),
        ahead=tuple(
            entries(cards, [one for one in seen if one.element.kind is Kind.APPOINTMENT and is_ahead(one, shown.at)])
        ),
        goals=tuple(tuple((depth, cards.card(one)) for depth, one in group) for group in goals),
        contacts=tuple(cards.card(one) for one in seen if one.element.kind is Kind.CONTACT_PERSON),
        rest=tuple(map(cards.card, rest)),
        silent=tuple(
            word("citizen.silent", language, who=known_word("authority", name, language), when=moment(at, language))
            for name, at in sorted(shown.silent.items())
            if any(one.element.authority == name for one in shown.view.seen)
        ),
        looked_at=looked_at,
    )


def seen_page(ledger: Ledger, marker: Sentence, language: str) -> SeenPage:
    """Return the page in ``da`` or ``en``."""
    held = (
        word(
            "citizen.holds" if one.is_sure else "citizen.may_hold",
            language,
            who=known_word("authority", one.recipient, language),
            what=_listed(one.categories, language),
        )
        for one in ledger.held_now
    )
    rows = tuple(_row(one, language) for one in ledger.disclosures)
    return SeenPage(
        rows,
        tuple(held),
        marker.in_language(language),
        word("plan.at", language, when=moment(ledger.at, language)),
    )


def _row(one: Disclosure, language: str) -> SeenRow:
    # In plain words; paragraphs stand in the access report.
    bases = tuple(basis.sentence.in_language(language) for basis in one.bases)
    purpose = known_word("purpose", one.purpose, language) if one.purpose else ""
    return SeenRow(moment(one.at, language), one.sentence.in_language(language), purpose, tuple(dict.fromkeys(bases)))


def _listed(categories: Sequence[str], language: str) -> str:
    return ", ".join(known_word("category", one, language) for one in categories)
