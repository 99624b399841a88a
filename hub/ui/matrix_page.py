"""The rules in force as a table: who may get what from whom, up to which step, on which ground, and by which law."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from hub.consent.policy import Policy, Rule, RuleEffect
from hub.plan.element import Sensitivity
from hub.ui.words import known_word, word

_ALL = "*"
_BADGES = {RuleEffect.PROHIBIT: "error", RuleEffect.DUTY: "warning", RuleEffect.PERMIT: "info"}


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """One rule.

    :ivar badge: of its ground: ``success``, ``info``, ``warning`` or ``error``, after the design system's badges.
    :ivar recipients: who, and as what.
    :ivar step: of how sensitive it may be; empty where that does not matter.
    :ivar limits: what must hold besides, and which parts are left out; empty where there is nothing of the kind.
    """

    id: str
    sentence: str
    ground: str
    badge: str
    sources: str
    recipients: str
    topics: str
    step: str
    limits: tuple[str, ...]
    citation: str


def matrix_rows(policy: Policy, language: str) -> tuple[MatrixRow, ...]:
    """Return the rules in the order in which they are asked: ``RuleEffect`` says it, then the document."""
    asked = list(RuleEffect)
    return tuple(_row(rule, language) for rule in sorted(policy.rules, key=lambda rule: asked.index(rule.effect)))


def _row(rule: Rule, language: str) -> MatrixRow:
    roles = ", ".join(known_word("role", role, language) for role in sorted(rule.roles))
    return MatrixRow(
        id=rule.id,
        sentence=rule.en if language == "en" else rule.da,
        ground=word(f"rules.ground.{rule.effect}", language),
        badge=_BADGES.get(rule.effect, "success"),
        sources=_named("authority", rule.sources, "matrix.everybody", language),
        recipients=f"{_named('authority', rule.recipients, 'matrix.everybody', language)} ({roles})",
        topics=_named("category", rule.categories, "matrix.every_topic", language),
        step=_step(rule, language),
        limits=tuple(_limits(rule, language)),
        citation=rule.citation,
    )


def _step(rule: Rule, language: str) -> str:
    """Return up to which step a rule reaches, and a prohibition from which; empty where that is all there are."""
    is_prohibited = rule.effect is RuleEffect.PROHIBIT
    if rule.label is (min(Sensitivity) if is_prohibited else max(Sensitivity)):
        return ""
    step = word(f"ladder.{rule.label.name.lower()}", language)
    return word("matrix.from_step" if is_prohibited else "matrix.up_to_step", language, step=step)


def _limits(rule: Rule, language: str) -> list[str]:
    found = [word(f"condition.{one}", language) for one in sorted(rule.conditions)]
    if _ALL not in rule.purposes:
        purposes = ", ".join(known_word("purpose", one, language) for one in sorted(rule.purposes))
        found.append(word("matrix.purposes", language, purposes=purposes))
    if rule.without:
        parts = ", ".join(word(f"hidden.{part}", language) for part in sorted(rule.without))
        found.append(word("matrix.without", language, parts=parts))
    return found


def _named(group: str, names: Collection[str], every: str, language: str) -> str:
    if _ALL in names:
        return word(every, language)
    return ", ".join(known_word(group, name, language) for name in sorted(names))
