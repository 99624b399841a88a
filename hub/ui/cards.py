"""One element of a view as a card on a page: what it says, where it came from, and why its reader sees it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from hub.consent.decision import Decision
from hub.consent.view import Seen, View
from hub.plan.codes import code_tables
from hub.plan.element import Code, Detail, Kind, Status
from hub.plan.own import CITIZEN, is_own
from hub.plan.person import Role
from hub.ui.times import age, days, meeting, moment
from hub.ui.words import known_word, word

#: Facts that a card says elsewhere, or that are for systems.
_SAID_ELSEWHERE = frozenset(
    {Detail.ALL_DAY, Detail.IDENTIFIERS, Detail.ASKED_AT, "purpose", "booking", "organisation-code"}
)
#: Facts whose values are words of a closed list, and so the page's to say.
_CLOSED = frozenset(
    {
        Detail.RELATION, Detail.CUSTODY, Detail.PROTECTED_ADDRESS, Detail.TYPE, Detail.CONTACT,
        Detail.WITH_MORE_AUTHORITIES, Detail.TASK_STATE, "missed", "cancelled-by",
    }
)  # fmt: skip
#: What a coordinator looks for first; other facts follow by name.
_FIRST = (Detail.PLACE, "with")
_PARAGRAPH = "urn:one-plan-hub:paragraph"  # the system of laws' paragraphs (hub/plan/tables/paragraphs.toml)


@dataclass(frozen=True, slots=True)
class Why:
    """Why a reader sees an element.

    :ivar facts: rules, consents, versions and what was left out, each with its name.
    """

    sentence: str
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Card:
    """An element in the words of a page. Titles, texts and facts are as the authority wrote them.

    :ivar is_mine: the citizen who reads it has written it.
    """

    id: str
    kind: str
    title: str
    text: str
    status: str
    is_over: bool
    is_meeting: bool
    when: str
    facts: tuple[tuple[str, str], ...]
    authority: str
    source: str
    why: Why
    is_mine: bool = False


@dataclass(frozen=True, slots=True)
class Cards:
    """Makes cards of what one reader sees, at one instant."""

    view: View
    at: datetime
    language: str

    def card(self, seen: Seen) -> Card:
        """Return the card of an element."""
        element, language = seen.element, self.language
        is_all_day = element.details.get(Detail.ALL_DAY) == "yes"
        is_meeting = element.kind is Kind.APPOINTMENT
        is_mine = element.authority == CITIZEN and self.view.reader.role is Role.CITIZEN
        return Card(
            id=str(element.id),
            kind=word(f"kind.{element.kind}", language),
            title=element.title or word("card.untitled", language),
            text=element.text,
            status=word(f"status.{element.status}", language),
            is_over=element.status in (Status.COMPLETED, Status.CANCELLED, Status.ENTERED_IN_ERROR),
            is_meeting=is_meeting,
            when=meeting(element.valid, is_all_day, language) if is_meeting else days(element.valid, language),
            facts=tuple(self._facts(seen)),
            authority=word("authority.you", language)
            if is_mine
            else known_word("authority", element.authority, language),
            source=" · ".join(self._source(seen)),
            why=self._why(seen.decision),
            is_mine=is_mine,
        )

    def _facts(self, seen: Seen) -> Iterator[tuple[str, str]]:
        element, language = seen.element, self.language
        for name, value in sorted(element.details.items(), key=lambda fact: (fact[0] not in _FIRST, fact)):
            if name not in _SAID_ELSEWHERE and value != element.title:
                yield known_word("detail", name, language), _said(name, value, language)
        # A code without its text tells a reader nothing.
        if texts := [_plain(code) for code in element.codes if code.text]:
            yield word("card.codes", language), "; ".join(texts)

    def _source(self, seen: Seen) -> Iterator[str]:
        """Say where an element came from; what of it may be told is the view's to say."""
        element, language = seen.element, self.language
        yield element.provenance.source_system
        if self.view.tells_case_of(element.authority) and not is_own(element):  # which has no case that anybody knows
            yield word("card.case", language, case=element.provenance.case)
        if seen.registered_at:
            yield word("card.received", language, age=age(seen.registered_at, self.at, language))

    def _why(self, decision: Decision) -> Why:
        language = self.language
        consents = [word("why.consent", language, id=one.id, version=one.version) for one in decision.consents]
        facts = {
            "why.rules": " → ".join(decision.rule_ids),
            "why.policy": str(decision.policy_version),
            "why.consents": "; ".join(consents),
            "why.until": moment(decision.valid_until, language) if decision.valid_until else "",
            "why.hidden": ", ".join(word(f"hidden.{part}", language) for part in sorted(decision.hidden)),
        }
        told = tuple((word(key, language), fact) for key, fact in facts.items() if fact)
        return Why(decision.sentence.in_language(language), told)


def _said(name: str, value: str, language: str) -> str:
    """Return what a fact says, in the page's words where they are of a closed list."""
    if name == Detail.OWNER:
        return known_word("authority", value, language)
    return known_word("value", value, language) if name in _CLOSED else value


def _plain(code: Code) -> str:
    """Return a code's text, a paragraph's after the name of its law: ``Lov om social service (SEL §85)``."""
    law = code_tables()[_PARAGRAPH].group(code.code) if code.system == _PARAGRAPH else ""
    return f"{law} ({code.text})" if law and law not in code.text else code.text
