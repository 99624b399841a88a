"""Why deliveries need a person: seven causes, and of each what most likely mends it.

A row of the outbox remembers the code of what ended it; here a code becomes a cause. What no code tells is a bug.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Cause(StrEnum):
    """Why something needs a person."""

    CONTRACT = "contract"  # it cannot be put into the words that were agreed
    BUSINESS_REFUSAL = "business-refusal"  # its recipient understands it, and will not take it
    CONSENT_CHANGED = "consent-changed"  # what it was to bring may not be seen any more
    UNKNOWN_PERSON = "unknown-person"  # one side does not know whom it is about
    BUG = "bug"  # the hub's own mistake, or stored bytes that are not what was written
    POISON = "poison"  # it was begun too often and never ended well
    AUTH = "auth"  # the hub is not let in, or knows no way in


#: What a row's code means; a code that is not here is a bug.
CODES: Mapping[str, Cause] = {
    "contract-violation": Cause.CONTRACT,
    "too-large": Cause.CONTRACT,
    "invalid-request": Cause.CONTRACT,
    "recipient-refused": Cause.BUSINESS_REFUSAL,
    "business-refusal": Cause.BUSINESS_REFUSAL,
    "conflict": Cause.BUSINESS_REFUSAL,
    "not-found": Cause.BUSINESS_REFUSAL,
    "consent-changed": Cause.CONSENT_CHANGED,
    "unknown-person": Cause.UNKNOWN_PERSON,
    "poison": Cause.POISON,
    "recipient-failed": Cause.POISON,
    "recipient-down": Cause.POISON,
    "unavailable": Cause.POISON,
    "recipient-denied": Cause.AUTH,
    "recipient-unauthenticated": Cause.AUTH,
    "not-authenticated": Cause.AUTH,
    "not-allowed": Cause.AUTH,
    "wrong-sender": Cause.AUTH,
}

#: One sentence for whoever must mend it. The how-to has the same table (``docs/how-to/handle-an-incident.md``).
FIXES: Mapping[Cause, str] = {
    Cause.CONTRACT: (
        "Compare the shape (hub dlq show ID) with the contract, mend the mapping or agree on a new version, check it "
        "with hub adapters check NAME, then replay."
    ),
    Cause.BUSINESS_REFUSAL: (
        "Ask the recipient why, by the name that hub trace ID gives; when it is settled there replay, else discard."
    ),
    Cause.CONSENT_CHANGED: "Nothing is wrong: it may not be sent any more. Discard it; withdrawals leave all the same.",
    Cause.UNKNOWN_PERSON: (
        "Ask the coordinator to have the plan opened or the number registered; what was to be fetched follows by "
        "itself, a delivery is then replayed."
    ),
    Cause.BUG: "Read the log at the time of the last attempt and report it; replay once a mended version runs.",
    Cause.POISON: (
        "Ask the recipient what its system made of it (hub trace ID); replay one when it is mended, else discard."
    ),
    Cause.AUTH: (
        "Correct the address, token or certificate in the settings, see that hub adapters probe NAME reaches it, then "
        "replay."
    ),
}


def cause_of(code: str) -> Cause:
    """Return the cause that the code of an error stands for.

    :param code: what the row remembers as ``dead_cause``, or a fetch as its last result.
    """
    return CODES.get(code, Cause.BUG)
