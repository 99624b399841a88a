"""Whether one plan helps, on a page: of each month the measures in words, and why a number is not told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from hub.flow.evaluate import MEASURES, SETTLES, Month
from hub.ui.times import month_name
from hub.ui.words import word

#: Measures that stand together on the page, each group by the first words of its names.
_GROUPS: Mapping[str, tuple[str, ...]] = {
    "families": MEASURES[0:6],
    "overlaps": MEASURES[6:9],
    "changes": MEASURES[9:12],
    "said": MEASURES[12:],
}


@dataclass(frozen=True, slots=True)
class MonthCard:
    """One month.

    :ivar untold: why nothing of it is told; empty if it is.
    :ivar groups: of each its title, and its measures with what stands beside them.
    """

    title: str
    untold: str
    groups: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]


@dataclass(frozen=True, slots=True)
class EvaluatedPage:
    """All that the template shows. :ivar kept: the months, as they stand in the address."""

    months: tuple[MonthCard, ...]
    kept: Mapping[str, str]
    small: str


def evaluated_page(months: Sequence[Month], least: int, language: str) -> EvaluatedPage:
    """Return the page in ``da`` or ``en``, the newest month first."""
    return EvaluatedPage(
        tuple(_card(one, least, language) for one in reversed(months)),
        {"from": f"{months[0].begins:%Y-%m}", "to": f"{months[-1].begins:%Y-%m}"},
        word("evaluation.small", language, least=least),
    )


def _card(month: Month, least: int, language: str) -> MonthCard:
    if not month.is_whole:
        return MonthCard(month_name(month.begins, language), word("evaluation.untold", language, days=SETTLES.days), ())
    groups = tuple(
        (word(f"evaluation.group.{name}", language), tuple(_facts(month, names, least, language)))
        for name, names in _GROUPS.items()
    )
    return MonthCard(month_name(month.begins, language), "", groups)


def _facts(month: Month, names: Sequence[str], least: int, language: str) -> Iterator[tuple[str, str]]:
    for name in names:
        value = month.values[name]
        missing = "evaluation.not_known" if name.startswith("seconds") else "evaluation.fewer"
        told = word(missing, language, least=least) if value is None else _said(name, value, language)
        yield word(f"evaluation.measure.{name}", language), told


def _said(name: str, value: int, language: str) -> str:
    return word("evaluation.seconds", language, count=value) if name.startswith("seconds") else str(value)
