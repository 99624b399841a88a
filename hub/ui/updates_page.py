"""Who has what of the plan, and who lacks something of it: a list of recipients, as far as its reader sees the plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from hub.flow.updates import State, Update
from hub.ui.cards import Card, Cards
from hub.ui.times import moment
from hub.ui.words import known_word, word


@dataclass(frozen=True, slots=True)
class UpdateRow:
    """One recipient.

    :ivar state: in a word or two; and ``sentences`` say what that means.
    :ivar is_well: nothing is missing.
    :ivar lacks: what it has not got, and ``keeps`` what it has not confirmed to have deleted.
    """

    recipient: str
    name: str
    state: str
    sentences: tuple[str, ...]
    is_well: bool
    is_refused: bool
    lacks: tuple[Card, ...]
    keeps: tuple[Card, ...]


def update_rows(updates: Sequence[Update], cards: Cards, language: str) -> tuple[UpdateRow, ...]:
    """Return the rows in ``da`` or ``en``, who lacks something first. :param cards: of what its reader sees."""
    rows = [_row(one, cards, language) for one in updates]
    return tuple(sorted(rows, key=lambda row: (row.is_well, row.name)))


def _row(one: Update, cards: Cards, language: str) -> UpdateRow:
    who = known_word("authority", one.recipient, language)
    when = moment(one.since, language) if one.since else ""
    sentences = []
    if one.lacks:
        sentences.append(word("update.saved", language, recipient=who))
    if one.keeps:
        sentences.append(word("update.kept", language, recipient=who))
    if one.state is State.REFUSED:
        cause = f"update.cause.{one.cause}" if one.cause else "update.cause.unknown"
        sentences.append(word("update.refused_why", language, why=word(cause, language)))
        sentences.append(word("update.call" if one.contact else "update.call_them", language, contact=one.contact))
    elif one.state is not State.RECEIVED:
        sentences.append(word(f"update.{one.state}.what", language))
    return UpdateRow(
        one.recipient,
        who,
        word(f"update.{one.state}", language, when=when),
        tuple(sentences),
        one.state is State.RECEIVED,
        one.state is State.REFUSED,
        _of(one.lacks, cards),
        _of(one.keeps, cards),
    )


def _of(elements: Sequence[UUID], cards: Cards) -> tuple[Card, ...]:
    found = (cards.view.element(element) for element in elements)
    return tuple(cards.card(seen) for seen in found if seen is not None)
