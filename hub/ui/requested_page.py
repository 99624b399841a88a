"""Citizens' requests on a page: of what kind, since when, by when, and what was done; of whom or what, nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlencode

from hub.flow.rights_asked import MOST, REPORT_DAYS, Listed, Requests, Wanted
from hub.store.rights_asked import OPEN, Right, Stands
from hub.ui.times import calendar_day, moment
from hub.ui.words import known_word, word

_BADGES = {Stands.REFUSED: "warning", Stands.TO_BE_LIFTED: "info", Stands.IN_FORCE: "info"}
_WHERE = "/administration/requests"


class Show(StrEnum):
    """How much is shown."""

    OPEN = "open"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class RequestCard:
    """One request. :ivar badge: ``success``, ``info``, ``warning`` or ``error``, after the design system's badges."""

    title: str
    stands: str
    badge: str
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Narrowed:
    """One way to narrow the list. :ivar where: its address."""

    name: str
    where: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class RequestedPage:
    """All that the template shows.

    :ivar summary: how many are open, and how many of them overdue; the badge says which is which.
    :ivar none: why the list is empty; empty where it is not.
    :ivar kept: what the list is narrowed to, as it stands in the address.
    """

    summary: str
    badge: str
    cards: tuple[RequestCard, ...]
    shows: tuple[Narrowed, ...]
    rights: tuple[Narrowed, ...]
    none: str
    limits: str
    kept: Mapping[str, str]


def requested_page(wanted: Wanted, found: Requests, language: str) -> RequestedPage:
    """Return the page in ``da`` or ``en``."""
    kept = {"show": Show.OPEN if wanted.only_open else Show.ALL, "right": wanted.right}
    still = [one for one in found.listed if one.due is not None]
    overdue = sum(one.is_overdue for one in still)
    return RequestedPage(
        summary=word(_summary(len(still), overdue), language, count=len(still), overdue=overdue),
        badge="error" if overdue else "info" if still else "success",
        cards=tuple(_card(one, language) for one in found.listed),
        shows=tuple(
            Narrowed(word(f"requests.show.{one}", language), _address({**kept, "show": one}), kept["show"] is one)
            for one in Show
        ),
        rights=tuple(
            Narrowed(
                word(f"requests.right.{one or 'every'}", language),
                _address({**kept, "right": one}),
                wanted.right is one,
            )
            for one in (None, *Right)
        ),
        none="" if found.listed else word(_why_none(wanted), language, days=REPORT_DAYS),
        limits="" if found.is_all else word("requests.limits", language, most=MOST),
        kept={name: str(value) for name, value in kept.items() if value},
    )


def _summary(count: int, overdue: int) -> str:
    if not count:
        return "requests.summary_none"
    return "requests.summary_overdue" if overdue else "requests.summary"


def _address(kept: Mapping[str, str | None]) -> str:
    return f"{_WHERE}?{urlencode({name: value for name, value in kept.items() if value})}"


def _why_none(wanted: Wanted) -> str:
    if not wanted.only_open:
        return "requests.none.reports" if wanted.right is Right.REPORT else "requests.none.all"
    if wanted.right in (Right.RESTRICTION, Right.REPORT):
        return f"requests.none.{wanted.right}"
    return "requests.none.open"


def _card(one: Listed, language: str) -> RequestCard:
    asked = one.asked
    badge = "error" if one.is_overdue else "warning" if asked.stands in OPEN else _BADGES.get(asked.stands, "success")
    who = known_word("authority", asked.organisation, language)
    return RequestCard(
        title=f"{word(f'requests.right.{asked.right}', language)}: {who}",
        stands=word(f"requests.stands.{asked.stands}", language),
        badge=badge,
        facts=tuple((word(f"requests.fact.{name}", language), fact) for name, fact in _facts(one, language)),
    )


def _facts(one: Listed, language: str) -> Iterator[tuple[str, str]]:
    asked = one.asked
    yield "asked", moment(asked.asked_at, language)
    if one.due is not None:
        day = calendar_day(one.due, language)
        yield "due", word("requests.overdue", language, day=day) if one.is_overdue else day
    elif asked.ended_at is not None and asked.ended_at != asked.asked_at:
        yield "ended", moment(asked.ended_at, language)
    if one.waits_for:
        yield "waits_for", ", ".join(known_word("authority", name, language) for name in one.waits_for)
    if one.is_held:
        yield "held", word("requests.held", language)
    if asked.id is not None:
        yield "id", str(asked.id)
