"""The limit of somebody's work by subject: groups and subjects of KLE, the municipalities' classification.

A caseworker who works with 27 and 32.18 is shown what lies there. What says no subject, or another one beside, is
withheld: what cannot be judged is never shown.
"""

from __future__ import annotations

from collections.abc import Collection

from hub.plan.element import Element

KLE = "https://data.gov.dk/id/classification/KLE"


def kle_of(element: Element) -> frozenset[str]:
    """Return the codes of KLE that an element itself carries."""
    return frozenset([code.code for code in element.codes if code.system == KLE])


def lies_within(codes: Collection[str], limits: Collection[str]) -> bool:
    """Tell whether all codes lie within groups or subjects; none lies nowhere."""
    return bool(codes) and all(any(_is_part(code, limit) for limit in limits) for code in codes)


def _is_part(code: str, limit: str) -> bool:
    """Tell whether a code is a limit or of it: 27.24.00 is of 27 and of 27.24, and not of 27.2."""
    return code == limit or code.startswith((f"{limit}.", f"{limit}-", f"{limit} "))
