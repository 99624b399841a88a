"""Contact load on a page: how many contacts each week asks of a person, as a table with its picture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hub.plan.contact_load import ContactLoad
from hub.ui.times import since
from hub.ui.words import known_word, word

#: This week and those after it.
WEEKS = 5
#: From so many contacts in a week a family is asked for much, and for very much. A proposal: agree on it with families.
MUCH, VERY_MUCH = 4, 6
#: By how many there are, and whether there may be more: of none, of one, of several.
_COUNTED = {
    False: ("load.none", "load.counted_one", "load.counted"),
    True: ("load.none_seen", "load.at_least_one", "load.at_least"),
}
_WIDEST = 12  # contacts; a longer bar says nothing more


@dataclass(frozen=True, slots=True)
class WeekRow:
    """One week.

    :ivar counted: "3 contacts" or "at least 3 contacts".
    :ivar width: of its bar, of 100.
    :ivar burden: what the number means for the family; empty where it is not much.
    """

    week: str
    dates: str
    counted: str
    width: int
    is_very_much: bool
    burden: str
    authorities: str
    ways: str


def week_rows(loads: Iterable[ContactLoad], language: str, *, at_least: bool) -> tuple[WeekRow, ...]:
    """Return the rows of some weeks, in ``da`` or ``en``.

    :param at_least: the reader may not see everything, or a source is silent: a function of permissions and not of what
        is there.
    """
    return tuple(_row(load, language, at_least=at_least) for load in loads)


def _row(load: ContactLoad, language: str, *, at_least: bool) -> WeekRow:
    burden = "load.very_much" if load.total >= VERY_MUCH else "load.much" if load.total >= MUCH else ""
    return WeekRow(
        week=word("load.week", language, number=load.week.number),
        dates=since(load.week.monday, language),
        counted=word(_COUNTED[at_least][min(load.total, 2)], language, count=load.total),
        width=min(load.total, _WIDEST) * 100 // _WIDEST,
        is_very_much=load.total >= VERY_MUCH,
        burden=word(burden, language) if burden else "",
        authorities=_listed([(known_word("authority", name, language), n) for name, n in load.authorities.items()]),
        ways=_listed([(word(f"value.{way}", language), n) for way, n in load.ways.items()]),
    )


def _listed(counted: Sequence[tuple[str, int]]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counted))
