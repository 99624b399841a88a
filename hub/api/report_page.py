"""The access report as one page to read and print: no script, nothing fetched, so that the citizen can keep the file.

Everything that is shown is escaped here and nowhere else: what is put together are ``Html``, and text becomes that by
``_text`` alone.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import NewType

from starlette.responses import Response

from hub.api.report_answers import KEPT, RIGHTS
from hub.consent.consent import Consent
from hub.consent.decision import Sentence
from hub.consent.explain import completeness, day_da, day_en
from hub.consent.view import Seen
from hub.flow.ledger_rows import Disclosure
from hub.flow.ledger_words import category_word, organisation_word
from hub.flow.report import AccessReport, Kept
from hub.store.accepted_findings import AcceptedFinding
from hub.store.consent_requests import ConsentRequest
from hub.store.corrections import Correction
from hub.store.proposals import Proposal
from hub.store.restrictions import Restriction
from hub.store.statements import Statement

Html = NewType("Html", str)
_STYLE = (
    "body{font:11pt/1.45 sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;color:#111}"
    "table{border-collapse:collapse;width:100%;font-size:10pt}caption{text-align:left;font-weight:bold}"
    "th,td{border-bottom:1px solid #bbb;text-align:left;vertical-align:top;padding:.25rem .5rem .25rem 0}"
    "h2{margin-top:2rem}@page{size:A4;margin:18mm}"
    "@media print{body{margin:0;max-width:none}tr,li{break-inside:avoid}h2{break-after:avoid}"
    "thead{display:table-header-group}}"
)
_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_HASH}'; frame-ancestors 'none'",
    "Content-Disposition": 'inline; filename="report.html"',
}
_TITLE = Sentence("Det, hubben har om dig", "What the hub has about you")
_ON_BEHALF = Sentence(
    "Udskrevet af koordinatoren for dig. Logger du selv ind, kan der stå mere.",
    "Printed for you by the coordinator. If you sign in yourself, there may be more.",
)
_ABOUT = Sentence("Om dig", "About you")
_PLAN = Sentence("I din plan", "In your plan")
_CIRCLE = Sentence("Hvem der er med i planen", "Who takes part in the plan")
_CONSENTS = Sentence("Dine samtykker", "Your consents")
_LEDGER = Sentence("Hvem der har set eller fået hvad", "Who saw or got what")
_HELD = Sentence("Hvad andre har nu", "What others hold now")
_RESTRICTED = Sentence("Begrænsninger", "Restrictions")
_WRONG = Sentence("Det, der er kaldt forkert", "What was called wrong")
_ASKED = Sentence("Det, du er blevet spurgt om at give lov til", "What you were asked to allow")
_ALL_RIGHT = Sentence("Det, din koordinator har fundet i orden", "What your coordinator found all right")
_OTHER_TIMES = Sentence("Nye tider, din koordinator har foreslået", "Other times your coordinator proposed")
_SAID = Sentence("Det, du har sagt om planen", "What you have said of the plan")
_LETTERS = Sentence("Breve til dig", "Letters to you")
_URGENT = Sentence("Nødadgang", "Emergency access")
_TIMES = Sentence("Hvor længe det gemmes", "How long it is kept")
_YOURS = Sentence("Dine rettigheder", "Your rights")
_AS_LONG = Sentence("så længe planen findes", "as long as the plan is there")
_DAYS = Sentence("dage", "days")
_PROTECTED = Sentence("Adressen er beskyttet.", "The address is protected.")
_NONE = Sentence("Intet.", "Nothing.")
_SAYS = {
    "agree": Sentence("Du er enig.", "You agree."), "disagree": Sentence("Du er ikke enig.", "You do not agree."),
    "ask": Sentence("Du spørger.", "You ask."),
}  # fmt: skip
_HEADS = {
    "what": Sentence("Hvad", "What"), "who": Sentence("Hvem", "Who"), "when": Sentence("Hvornår", "When"),
    "why": Sentence("Hvorfor det er lovligt", "Why it is lawful"), "text": Sentence("Tekst", "Text"),
    "from": Sentence("Fra", "From"), "state": Sentence("Status", "State"),
}  # fmt: skip


def report_page(report: AccessReport, language: str) -> Response:
    """Return the report in ``da`` or ``en``."""
    page = _Page("en" if language == "en" else "da")
    head = _tag(
        "head", Html('<meta charset="utf-8">'), _tag("title", page.say(_TITLE)), Html(f"<style>{_STYLE}</style>")
    )
    body = _tag("body", _tag("main", *page.beginning(report), *page.sections(report)))
    html = f'<!doctype html>\n<html lang="{page.language}">{head}{body}</html>\n'
    return Response(html, headers=_HEADERS, media_type="text/html")


@dataclass(frozen=True, slots=True)
class _Page:
    """Puts together what is shown, in one language."""

    language: str

    def beginning(self, report: AccessReport) -> Iterator[Html]:
        yield _tag("h1", self.say(_TITLE))
        yield _tag("p", _text(self.day(report.at)))
        yield _tag("p", self.say(completeness(report.may_be_partial)))
        if report.is_on_behalf:
            yield _tag("p", self.say(_ON_BEHALF))

    def sections(self, report: AccessReport) -> Iterator[Html]:
        who, day = self._who, self.day
        for title, shown in (
            (_ABOUT, self._about(report)),
            (_PLAN, self._elements(report.elements)),
            (_CIRCLE, self._listed(who(one.member) for one in report.members)),
            (_CONSENTS, self._consents(report.consents)),
            (_LEDGER, self._ledger(report.ledger.disclosures)),
            (
                _HELD,
                self._table(
                    ("who", "what"),
                    ((who(one.recipient), self._about_what(one.categories)) for one in report.ledger.held_now),
                ),
            ),
            (
                _URGENT,
                self._table(
                    ("who", "when", "text"),
                    ((who(one.organisation), day(one.opened_at), one.reason) for one in report.emergencies),
                ),
            ),
            (_RESTRICTED, self._restrictions(report.restrictions)),
            (_WRONG, self._corrections(report.corrections)),
            (_SAID, self._statements(report.statements)),
            (_ASKED, self._requests(report.requests)),
            (_ALL_RIGHT, self._accepted(report.accepted)),
            (_OTHER_TIMES, self._proposals(report.proposals)),
            (
                _LETTERS,
                self._table(
                    ("what", "when", "state"), ((one.kind, day(one.made_at), one.state) for one in report.notices)
                ),
            ),
            (_TIMES, self._listed(self._kept(one) for one in report.kept)),
            (_YOURS, self._listed(one.in_language(self.language) for one in RIGHTS.values())),
        ):
            yield _tag("h2", self.say(title))
            yield shown

    def say(self, sentence: Sentence) -> Html:
        return _text(sentence.in_language(self.language))

    def day(self, at: datetime) -> str:
        return day_en(at) if self.language == "en" else day_da(at)

    def _about(self, report: AccessReport) -> Html:
        facts = [report.person.name, *(number for number, _ in report.register.numbers)]
        if report.has_protected_address:
            facts.append(_PROTECTED.in_language(self.language))
        return self._listed(one for one in facts if one)

    def _elements(self, elements: Sequence[Seen]) -> Html:
        rows = []
        for seen in elements:
            element = seen.element
            told = [element.title, element.text, *(code.text for code in element.codes), *element.details.values()]
            text = " · ".join(one for one in told if one)
            why = seen.decision.sentence.in_language(self.language)
            about = self._about_what((element.category or "",))
            rows.append((about, text, self._who(element.authority), element.status, why))
        return self._table(("what", "text", "from", "state", "why"), rows)

    def _consents(self, consents: Sequence[Consent]) -> Html:
        rows = []
        for one in consents:
            names = ", ".join(self._who(name) for name in sorted(one.scope.recipients))
            rows.append((f"{one.kind}: {one.effect}", names, self.day(one.given_at), one.status))
        return self._table(("what", "who", "when", "state"), rows)

    def _ledger(self, disclosures: Sequence[Disclosure]) -> Html:
        rows = []
        for one in disclosures:
            laws = [f"{basis.citation} {basis.sentence.in_language(self.language)}".strip() for basis in one.bases]
            rows.append((self.day(one.at), one.sentence.in_language(self.language), " · ".join(laws)))
        return self._table(("when", "what", "why"), rows)

    def _restrictions(self, restrictions: Sequence[Restriction]) -> Html:
        rows = []
        for one in restrictions:
            until = self.day(one.lifted_at) if one.lifted_at else "–"
            rows.append((self._who(one.organisation), f"{self.day(one.set_at)} – {until}", one.reason))
        return self._table(("who", "when", "text"), rows)

    def _corrections(self, corrections: Sequence[Correction]) -> Html:
        rows = []
        for one in corrections:
            rows.append((self._who(one.authority), self.day(one.asked_at), f"{one.claim} · {one.answer}".strip(" ·")))
        return self._table(("from", "when", "text"), rows)

    def _statements(self, statements: Sequence[Statement]) -> Html:
        rows = []
        for one in statements:
            words = f"{_SAYS[one.says].in_language(self.language)} {one.words} · {one.answer}".strip(" ·")
            rows.append((self._who(one.authority), self.day(one.said_at), words))
        return self._table(("who", "when", "text"), rows)

    def _proposals(self, proposals: Sequence[Proposal]) -> Html:
        rows = []
        for one in proposals:
            start = self.day(one.proposed.start) if one.proposed.start else ""
            rows.append((self._who(one.authority), self.day(one.proposed_at), f"{start} · {one.answer}".strip(" ·")))
        return self._table(("who", "when", "text"), rows)

    def _requests(self, requests: Sequence[ConsentRequest]) -> Html:
        rows = (
            (self._who(one.recipient), self._about_what((one.category,)), self.day(one.asked_at), one.purpose)
            for one in requests
        )
        return self._table(("who", "what", "when", "text"), rows)

    def _accepted(self, accepted: Sequence[AcceptedFinding]) -> Html:
        rows = ((self._who(one.organisation), self.day(one.accepted_at), one.reason) for one in accepted)
        return self._table(("who", "when", "text"), rows)

    def _kept(self, kept: Kept) -> str:
        how_long = _AS_LONG.in_language(self.language)
        if kept.days is not None:
            how_long = f"{kept.days:g} {_DAYS.in_language(self.language)}"
        return f"{KEPT[kept.what].in_language(self.language)}: {how_long}"

    def _who(self, name: str) -> str:
        return organisation_word(name).in_language(self.language)

    def _about_what(self, categories: Iterable[str]) -> str:
        return ", ".join(category_word(one).in_language(self.language) for one in categories)

    def _listed(self, texts: Iterable[str]) -> Html:
        shown = [_tag("li", _text(one)) for one in texts]
        return _tag("ul", *shown) if shown else _tag("p", self.say(_NONE))

    def _table(self, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Html:
        shown = [_tag("tr", *(_tag("td", _text(cell)) for cell in row)) for row in rows]
        if not shown:
            return _tag("p", self.say(_NONE))
        head = _tag("thead", _tag("tr", *(_tag("th", self.say(_HEADS[one])) for one in heads)))
        return _tag("table", head, _tag("tbody", *shown))


def _text(text: str) -> Html:
    """Return text as it is shown, whatever it holds."""
    return Html(escape(text, quote=True))


def _tag(name: str, *inside: Html) -> Html:
    return Html(f"<{name}>{''.join(inside)}</{name}>")
