"""The page of a proof: what the signed document states, in a citizen's words, to read and to print."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import orjson

from hub.consent.explain import completeness
from hub.flow.revocation import ShownRevocation, Withdrawn
from hub.store.revocations import UnderWay
from hub.ui.times import moment
from hub.ui.words import known_word, word


@dataclass(frozen=True, slots=True)
class Became:
    """What became of what one recipient had: each fact with its name."""

    recipient: str
    sentence: str
    is_missing: bool
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ProofPage:
    """All that the template shows."""

    consent: str
    facts: tuple[tuple[str, str], ...]
    recipients: tuple[Became, ...]
    under_way: tuple[str, ...]
    marker: str
    signed: tuple[tuple[str, str], ...]


def proof_page(shown: ShownRevocation, document: bytes, language: str) -> ProofPage:
    """Return the page of a proof in ``da`` or ``en``."""
    signed = orjson.loads(document)
    return ProofPage(
        consent=str(shown.consent.id),
        facts=tuple(_facts(shown, language)),
        recipients=tuple(_became(one, language) for one in shown.withdrawn),
        under_way=tuple(_on_the_way(one, language) for one in shown.under_way),
        marker=completeness(shown.may_be_partial).in_language(language),
        signed=(
            (word("proof.revocation", language), str(shown.revocation.id)),
            (word("proof.key", language), signed["key"]),
            (word("proof.signature", language), signed["signature"]),
        ),
    )


def _facts(shown: ShownRevocation, language: str) -> Iterator[tuple[str, str]]:
    consent = shown.consent
    version = word("proof.version", language, consent=consent.id, number=consent.version)
    yield word("proof.consent", language), version
    yield word("proof.what", language), word(f"proof.kind.{consent.kind}", language)
    scope = consent.scope
    for name, group, listed in (
        ("proof.from", "authority", scope.sources),
        ("proof.to", "authority", scope.recipients),
        ("proof.about", "category", scope.categories),
    ):
        if listed:
            yield word(name, language), _named(group, listed, language)
    yield word("proof.withdrawn_at", language), moment(shown.revocation.at, language)
    yield word("proof.as_of", language), moment(shown.at, language)


def _became(one: Withdrawn, language: str) -> Became:
    times = (
        ("proof.owed_at", one.owed_at),
        ("proof.sent_at", one.sent_at),
        ("proof.ended_at", one.ended_at),
        ("proof.due_by", None if one.ended_at else one.due_by),
    )
    facts = [(word(name, language), moment(at, language)) for name, at in times if at]
    categories = {element.category for element in one.elements if element.category}
    if categories:
        facts.insert(0, (word("proof.about", language), _named("category", categories, language)))
    return Became(
        recipient=known_word("authority", one.recipient, language),
        sentence=one.sentence.in_language(language),
        is_missing=one.is_missing,
        facts=tuple(facts),
    )


def _on_the_way(one: UnderWay, language: str) -> str:
    recipient = known_word("authority", one.recipient, language)
    if one.settled_at is None:
        return word("proof.not_settled", language, recipient=recipient)
    return word("proof.settled", language, recipient=recipient, when=moment(one.settled_at, language))


def _named(group: str, names: Collection[str], language: str) -> str:
    if "*" in names:
        return word(f"proof.every.{group}", language)
    return ", ".join(sorted(known_word(group, name, language) for name in names))
