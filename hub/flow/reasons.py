"""A reason that somebody must give: it says something, or it is refused."""

from __future__ import annotations

from hub.errors import Fault, InvalidRequest
from hub.plan.identifier import holds_cpr

#: A sentence of twenty letters has more; a key held down, or a pattern of a few, has not.
_DIFFERENT_LETTERS = 5


def stated(reason: str, letters: int) -> str:
    """Return a reason without the blanks around it.

    :param letters: how many it has at least; blanks, digits and signs do not count.
    :raises InvalidRequest: it is too short, or of a few letters repeated.
    """
    said = reason.strip()
    found = [sign for sign in said.casefold() if sign.isalpha()]
    if len(found) < letters or len(set(found)) < min(letters, _DIFFERENT_LETTERS):
        fault = Fault("reason", f"The reason has fewer than {letters} letters, or repeats a few.", "Say why, in words.")
        raise InvalidRequest("The request has faults.", faults=[fault])
    return said


def stated_for_operators(reason: str, letters: int) -> str:
    """Return a reason that operators read, who see nobody's number.

    :raises InvalidRequest: it is too short, or holds what looks like a CPR number.
    """
    if holds_cpr(reason):
        raise InvalidRequest(
            "The reason holds what looks like a CPR number, and operators read it.",
            "Write it without names and numbers.",
        )
    return stated(reason, letters)
