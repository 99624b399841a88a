"""Why a recipient keeps what was withdrawn, as a code of a closed list.

A recipient says it in its own words, which name a law or a rule and, by its contract, never a person. Whether they keep
to that nobody can know, so the words are sealed, and what operators and proofs are told is the code alone.
"""

from __future__ import annotations

import re
from enum import StrEnum


class LegalHold(StrEnum):
    """By what law or rule it is kept, as far as the recipient's words tell."""

    ARCHIVES = "archives"  # arkivloven
    BOOKKEEPING = "bookkeeping"  # bogføringsloven
    RECORDS = "records"  # offentlighedsloven § 13 (notatpligt), § 15 (journalisering)
    CASE = "case"  # it is part of a decision or of a case that is going on
    OTHER = "other"  # a reason that is none of these, or none


#: The first that is found in the words wins: a law that is named says more than that there is a case.
_WORDS = (
    (LegalHold.ARCHIVES, "arkivlov"),
    (LegalHold.BOOKKEEPING, "bogføring|bogfoering|regnskab"),
    (LegalHold.RECORDS, "notatpligt|journal|offentlighedslov|offentleglov"),
    (LegalHold.CASE, "afgørelse|afgoerelse|ankesag|klagesag|retssag|sagsbehandling"),
)


def legal_hold(words: str) -> LegalHold:
    """Return the code of a recipient's words."""
    return next((code for code, found in _WORDS if re.search(found, words, re.IGNORECASE)), LegalHold.OTHER)
