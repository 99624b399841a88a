"""Banners of a plan's page: which systems are silent, since when, what that means for the reader, and whom to call.

A function of how the hub stands with systems, and of nothing in the plan; so an open page may ask again and again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hub.flow.troubles import Silence, Trouble
from hub.ui.rendering import version_of
from hub.ui.times import moment
from hub.ui.words import WORDS, known_word, word


@dataclass(frozen=True, slots=True)
class Banner:
    """One authority whose system is in trouble.

    :ivar authority: its name in the settings; the banner's id is made of it.
    :ivar sentences: what is the matter and what it affects.
    :ivar clocks: when data last came, and the last attempt with its result; each fact with its name.
    """

    authority: str
    heading: str
    sentences: tuple[str, ...]
    clocks: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Banners:
    """All banners of a plan's page.

    :ivar version: the same for the same banners: a page that has them need not be sent them again.
    """

    plan: str
    banners: tuple[Banner, ...]
    version: str


def banners_of(plan: UUID, troubles: Sequence[Trouble], language: str) -> Banners:
    """Return the banners in ``da`` or ``en``."""
    found = tuple(_banner(one, language) for one in troubles)
    return Banners(str(plan), found, version_of(language, found))


def _banner(one: Trouble, language: str) -> Banner:
    who = known_word("authority", one.authority, language)
    key = "banner.silent" if one.asked or one.told else "banner.quiet"
    ways = [way for way in (one.asked, one.told) if way]
    if ways and all(way.is_held for way in ways):
        key = "banner.held"
    return Banner(
        one.authority,
        word(key, language, who=who),
        tuple(_sentences(one, who, language)),
        tuple(_clocks(one, language)),
    )


def _sentences(one: Trouble, who: str, language: str) -> Iterator[str]:
    if one.asked is not None:
        key = "banner.asked_held" if one.asked.is_held else "banner.asked"
        yield word(key, language, who=who, when=moment(one.asked.since, language))
    elif one.is_stale and one.last_data_at is not None:
        yield word("banner.stale", language, who=who, when=moment(one.last_data_at, language))
    if one.asked is not None or one.is_stale:
        yield word("banner.affects_seen", language, who=who)
    if one.told is not None:
        key = "banner.told_held" if one.told.is_held else "banner.told"
        yield word(key, language, who=who, when=moment(one.told.since, language))
        yield word("banner.affects_sent", language, who=who)


def _clocks(one: Trouble, language: str) -> Iterator[tuple[str, str]]:
    if one.asked is not None or one.is_stale:
        known = moment(one.last_data_at, language) if one.last_data_at else word("clock.unknown", language)
        yield word("clock.data", language), known
        last = _attempt(one.last_attempt_at, one.last_result, language)
        yield word("clock.attempt", language), last or word("clock.never", language)
    if one.told is not None:
        yield word("clock.sent", language), _sent(one.told, language)
    if one.contact:
        yield word("banner.contact", language), one.contact


def _sent(told: Silence, language: str) -> str:
    return _attempt(told.last_attempt_at, told.last_result, language) or word("clock.unknown", language)


def _attempt(at: datetime | None, result: str, language: str) -> str:
    if at is None:
        return ""
    said = known_word("result", result or "done", language)
    key = "clock.tried" if f"result.{result or 'done'}" in WORDS[language] else "clock.tried_in_vain"
    return word(key, language, when=moment(at, language), result=said)
