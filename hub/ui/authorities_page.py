"""Authorities on an administrator's page: how each stands in each direction, and what its contract's checks found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from hub.authority import Authorities
from hub.flow.contract_check import Checked
from hub.ui.administration_page import facts_of, when_or_never
from hub.ui.words import known_word, word


@dataclass(frozen=True, slots=True)
class AuthorityCard:
    """One system that the hub is connected to.

    :ivar facts: the contract that it speaks, and by what; none of the person register and the post.
    :ivar ways: each direction, and how it stands.
    """

    name: str
    title: str
    facts: tuple[tuple[str, str], ...]
    ways: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]


@dataclass(frozen=True, slots=True)
class CheckRow:
    """What one check found. :ivar said: in the kit's own English, as at a terminal."""

    name: str
    is_well: bool
    said: str
    next_step: str


@dataclass(frozen=True, slots=True)
class CheckPage:
    """What all checks of one adapter found. :ivar failed: how many are not as the port asks."""

    authority: str
    contract: str
    rows: tuple[CheckRow, ...]
    failed: int


def authority_cards(
    found: Sequence[Mapping[str, Any]], authorities: Authorities, language: str
) -> tuple[AuthorityCard, ...]:
    """Return a card of each system. :param found: each in each direction (:func:`hub.flow.standing.standings`)."""
    return tuple(
        AuthorityCard(
            name,
            known_word("authority", name, language),
            _spoken(name, authorities, language),
            tuple((word(f"ops.way.{one['direction']}", language), _stands(one, language)) for one in ways),
        )
        for name, ways in groupby(found, key=lambda one: str(one["authority"]))
    )


def check_page(authority: str, contract: str, found: Sequence[Checked], language: str) -> CheckPage:
    """Return what the checks of an adapter found, in ``da`` or ``en``; what failed stands first."""
    rows = [CheckRow(word(f"contract.{one.check}", language), one.is_well, one.said, one.next_step) for one in found]
    failed = sum(not one.is_well for one in rows)
    return CheckPage(
        known_word("authority", authority, language), contract, tuple(sorted(rows, key=lambda one: one.is_well)), failed
    )


def _spoken(name: str, authorities: Authorities, language: str) -> tuple[tuple[str, str], ...]:
    if name not in authorities:
        return ()
    one = authorities[name]
    return facts_of(language, ("admin.fact.contract", one.adapter.contract), ("admin.fact.channel", one.channel))


def _stands(one: Mapping[str, Any], language: str) -> tuple[tuple[str, str], ...]:
    return facts_of(
        language,
        ("admin.fact.state", word(f"circuit.{one['state']}", language)),
        ("admin.fact.success", when_or_never(one["last_success_at"], language)),
        ("admin.fact.attempt", when_or_never(one["last_attempt_at"], language)),
        ("admin.fact.at_most", one["at_most"]),
    )
