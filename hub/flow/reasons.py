"""What somebody must write, such as a reason: it says something, or it is refused."""

from __future__ import annotations

from hub.errors import Fault, InvalidRequest
from hub.plan.identifier import holds_cpr

#: A sentence of twenty letters has more; a key held down, or a pattern of a few, has not.
_DIFFERENT_LETTERS = 5
#: Signs of what somebody writes at length; in a form, each of them percent-encoded, it stays within a form's bounds.
MOST_WORDS = 1_200


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


def worded(name: str, words: str, letters: int, most: int = MOST_WORDS) -> str:
    """Return what somebody has written without the blanks around it; lines end as on paper, with a line feed.

    :param name: of the field.
    :param letters: how many it has at least.
    :param most: how many signs it has at most.
    :raises InvalidRequest: it is too short or too long, or has a sign that no contract can carry.
    """
    said = words.replace("\r\n", "\n").strip()
    fault = None
    if sum(sign.isalpha() for sign in said) < letters:
        fault = Fault(name, f"The text has fewer than {letters} letters.", "Write it in words.")
    elif len(said) > most:
        fault = Fault(name, f"The text has over {most} signs.", "Write it shorter.")
    elif any(sign < " " and sign != "\n" for sign in said):
        fault = Fault(name, "The text holds a control character.", "Remove it.")
    if fault:
        raise InvalidRequest("The request has faults.", faults=[fault])
    return said
