"""Which numbers of a report may be told, so that nobody is known by them.

A number is told if it is none, or of enough families. Parts of a whole are told all or none, but for those that are
none: whoever knows the whole, the other parts and this rule must be left with more than one answer for each that is not
told. To hold back only the next smallest part does not do: of 4, 6 and 6 it would leave 10 for two of which the larger
is at most 6 and the smaller below 5.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from uuid import UUID

#: Things by the family that they are of.
Tally = Counter[UUID]


def told(tally: Tally, least: int) -> int | None:
    """Return how many things there are, if they are of nobody or of ``least`` families."""
    families = sum(1 for count in tally.values() if count)
    return tally.total() if families == 0 or families >= least else None


def whole_and_parts_told(parts: Mapping[str, Tally], least: int) -> tuple[int | None, Mapping[str, int | None]]:
    """Return a whole and its parts, such as may be told.

    Where a part may not be, no part is, but for those that are none. The whole is not either where it is of too few
    families, or so small that each part that is held back must be one; then nothing is.
    """
    whole: Tally = sum(parts.values(), Tally())
    found = {name: told(part, least) for name, part in parts.items()}
    if None not in found.values():
        return whole.total(), found
    held_back = [name for name, part in parts.items() if part.total()]
    if told(whole, least) is None or whole.total() <= len(held_back):
        return None, dict.fromkeys(parts)
    return whole.total(), {name: None if name in held_back else 0 for name in parts}
