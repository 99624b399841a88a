"""Dead letters on a page: by cause and group, with what most likely mends each; codes, times and shapes, no content."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import orjson

from hub.flow.dead_causes import Cause
from hub.flow.dead_letters import Group, Wanted
from hub.ui.times import moment
from hub.ui.words import known_word, word


@dataclass(frozen=True, slots=True)
class GroupRow:
    """Those that ended alike. :ivar where: the address of the list of them alone."""

    id: str
    cause: str
    recipient: str
    type: str
    text: str
    count: int
    times: str
    fix: str
    where: str


@dataclass(frozen=True, slots=True)
class LetterRow:
    """One of them at a glance. :ivar replay: the replay that brought it back in vain; empty where none did."""

    id: str
    cause: str
    recipient: str
    note: str
    when: str
    attempts: int
    replay: str


@dataclass(frozen=True, slots=True)
class DeadLettersPage:
    """All that the list's template shows.

    :ivar filters: what the list is narrowed to, in words; empty where it is all of them.
    :ivar kept: the same as it stands in the address.
    :ivar then: address of the next page; empty at the end.
    """

    groups: tuple[GroupRow, ...]
    letters: tuple[LetterRow, ...]
    filters: tuple[str, ...]
    kept: Mapping[str, str]
    count: int
    then: str


@dataclass(frozen=True, slots=True)
class DeadLetterPage:
    """All that is shown of one. :ivar shape: of what would leave now, as text; empty where nothing would."""

    id: str
    row: LetterRow
    fix: str
    facts: tuple[tuple[str, str], ...]
    origin: tuple[tuple[str, str], ...]
    tried: tuple[tuple[str, str], ...]
    shape: str
    because: str
    trace: str
    is_delivery: bool


def dead_letters_page(
    wanted: Wanted, groups: Sequence[Group], letters: Sequence[Mapping[str, Any]], more: bool, language: str
) -> DeadLettersPage:
    """Return the list in ``da`` or ``en``. :param more: whether there are more letters than these."""
    kept = _kept(wanted)
    then = urlencode(kept | {"after": str(letters[-1]["id"])}) if more and letters else ""
    return DeadLettersPage(
        groups=tuple(_group(one, language) for one in groups),
        letters=tuple(_row(one, language) for one in letters),
        filters=tuple(_filters(wanted, language)),
        kept=kept,
        count=sum(one.count for one in groups),
        then=f"/operations/dead-letters?{then}" if then else "",
    )


def dead_letter_page(shown: Mapping[str, Any], language: str) -> DeadLetterPage:
    """Return one (:func:`hub.flow.dead_letters.show`) in ``da`` or ``en``."""
    would = shown["would_leave"] or {}
    facts = {
        "dead.fact.type": shown["type"],
        "dead.fact.channel": shown["channel"] or "",
        "dead.fact.sequence": shown["sequence"],
        "dead.fact.contract": would.get("contract") or "",
    }
    return DeadLetterPage(
        id=str(shown["id"]),
        row=_row(shown, language),
        fix=word(f"fix.{shown['cause']}", language),
        facts=tuple((word(key, language), str(fact)) for key, fact in facts.items() if fact not in ("", None)),
        origin=tuple((moment(one["at"], language), f"{one['deed']} ({one['by']})") for one in shown["origin"]),
        tried=tuple(_tried(one, language) for one in shown["tried"]),
        shape=orjson.dumps(would["shape"], option=orjson.OPT_INDENT_2).decode() if would.get("shape") else "",
        because=known_word("because", str(would.get("because") or ""), language),
        trace=str(shown["id"] if shown["would_leave"] is not None else shown["correlation_id"]),
        is_delivery=shown["would_leave"] is not None,
    )


def _kept(wanted: Wanted) -> dict[str, str]:
    given = {"cause": str(wanted.cause or ""), "recipient": wanted.recipient, "group": wanted.group}
    return {name: value for name, value in given.items() if value}


def _filters(wanted: Wanted, language: str) -> Iterator[str]:
    if wanted.cause:
        yield word(f"cause.{wanted.cause}", language)
    if wanted.recipient:
        yield known_word("authority", wanted.recipient, language)
    if wanted.group:
        yield word("dead.group", language, id=wanted.group)


def _group(one: Group, language: str) -> GroupRow:
    first, last = moment(one.oldest, language), moment(one.newest, language)
    return GroupRow(
        id=one.group,
        cause=word(f"cause.{one.cause}", language),
        recipient=known_word("authority", one.recipient, language),
        type=one.type,
        text=one.text,
        count=one.count,
        times=first if first == last else word("time.span", language, first=first, last=last),
        fix=word(f"fix.{one.cause}", language),
        where=f"/operations/dead-letters?{urlencode({'group': one.group})}",
    )


def _row(one: Mapping[str, Any], language: str) -> LetterRow:
    return LetterRow(
        id=str(one["id"]),
        cause=word(f"cause.{Cause(one['cause'])}", language),
        recipient=known_word("authority", one["recipient"], language),
        note=one["note"] or "",
        when=moment(one["dead_at"], language),
        attempts=one["attempts"],
        replay=str(one["after_replay"] or ""),
    )


def _tried(one: Mapping[str, Any], language: str) -> tuple[str, str]:
    said = known_word("result", one["outcome"] or "", language) or word("ops.none", language)
    return moment(one["started_at"], language), said
