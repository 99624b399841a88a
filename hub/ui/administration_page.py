"""Clients, keys and retention on a page: names, times and counts; no secret, nothing of a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hub.ui.times import moment
from hub.ui.words import known_word, word

#: A table's rows, each a name and what stands beside it.
Rows = tuple[tuple[str, tuple[tuple[str, str], ...]], ...]


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """Which keys there are. :ivar certificates: of each its setting, when it ends, and its fingerprint."""

    master: tuple[str, ...]
    proof: str
    certificates: tuple[tuple[str, str, str], ...]


def client_rows(found: Sequence[Mapping[str, Any]], language: str) -> Rows:
    """Return each client, and in which role and by what it comes."""
    return tuple(
        (
            one["client"],
            facts_of(
                language,
                ("admin.fact.role", known_word("role", str(one["role"]), language)),
                ("admin.fact.organisation", known_word("authority", one["organisation"] or "", language)),
                ("admin.fact.holder", one["holder"]),
                ("admin.fact.signs_in_by", word(f"admin.by.{one['signs_in_by']}", language)),
                ("admin.fact.key_names", ", ".join(str(key["kid"]) for key in one["keys"])),
                ("admin.fact.fingerprint", one["certificate_sha256"] or ""),
            ),
        )
        for one in found
    )


def key_facts(found: Mapping[str, Any], language: str) -> KeyFacts:
    """Return which keys there are, by their versions."""
    return KeyFacts(
        master=tuple(
            word("admin.key_in_use" if one["is_in_use"] else "admin.key_old", language, version=one["version"])
            for one in found["master_keys"]
        ),
        proof=str(found["proof_key"]["kid"]),
        certificates=tuple(
            (one["setting"], when_or_never(one["ends_at"], language), one["sha256"]) for one in found["certificates"]
        ),
    )


def retention_rows(found: Sequence[Mapping[str, Any]], language: str) -> Rows:
    """Return of each kind of thing how long it is kept, and when it was cleared last."""
    return tuple(
        (
            one["kind"],
            facts_of(
                language,
                ("admin.fact.kept", word("admin.days", language, days=f"{one['kept_days']:g}")),
                ("admin.fact.last", when_or_never(one["last_ended_at"], language)),
                ("admin.fact.cleared", one["last_cleared"]),
                ("admin.fact.next", when_or_never(one["due_at"], language)),
            ),
        )
        for one in found
    )


def facts_of(language: str, *pairs: tuple[str, object]) -> tuple[tuple[str, str], ...]:
    """Return facts by their names in words, without those that there are none of."""
    return tuple((word(key, language), str(fact)) for key, fact in pairs if fact not in ("", None))


def when_or_never(at: Any, language: str) -> str:
    """Return a time as pages say it; of none, that it never was."""
    return moment(at, language) if at else word("ops.never", language)
