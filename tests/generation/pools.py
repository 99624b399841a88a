"""Texts that fit a pattern, and texts of any characters: drawn by hypothesis, again the same for the same seed."""

from __future__ import annotations

import re
from functools import cache

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.generation.contract import Value

_WANTED = 60
#: What both wires can carry: no control characters, no lone surrogates, no non-characters of XML.
CARRIABLE = st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff")
_LIKE_A_NUMBER = re.compile(r"[0-9]{6}[ -]?[0-9]{4}")


class Pools:
    """Texts to draw from, made once for each pattern."""

    def __init__(self, start: int) -> None:
        self._seed = start
        self._like: dict[tuple[tuple[str, ...], ...], tuple[str, ...]] = {}
        self.any_text = self._drawn(st.text(CARRIABLE, min_size=1, max_size=60))

    def like(self, value: Value) -> tuple[str, ...]:
        """Return texts that a value's patterns allow and that hold no digits like a person's number."""
        if value.patterns not in self._like:
            first, *_ = value.patterns
            # Of an alternative that lookaheads make rare, the others give enough.
            options = st.one_of(*(st.from_regex(each, fullmatch=True, alphabet=CARRIABLE) for each in first))
            self._like[value.patterns] = self._drawn(
                options.filter(lambda text: value.fits(text) and not _LIKE_A_NUMBER.search(text))
            )
        return self._like[value.patterns]

    def _drawn(self, strategy: st.SearchStrategy[str]) -> tuple[str, ...]:
        found: dict[str, None] = {}

        @seed(self._seed)
        @settings(
            max_examples=_WANTED,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(strategy)
        def note(text: str) -> None:
            found[text] = None

        note()
        return tuple(found)


@cache
def pools(start: int) -> Pools:
    """Return the pools of a seed, which all contracts draw from."""
    return Pools(start)
