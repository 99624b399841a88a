"""What the coordinator has looked at and found all right, as the citizen is told: that, and when, and by no name.

A function of the citizen's own view: what the citizen does not see is not told as accepted either.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from hub.consent.explain_findings import finding_to_citizen
from hub.flow.findings import identified
from hub.flow.show import Shown
from hub.ui.times import moment
from hub.ui.words import word


@dataclass(frozen=True, slots=True)
class LookedAt:
    """What it is, and the word on it."""

    sentence: str
    accepted: str


def looked_at(
    shown: Shown, travel: timedelta, accepted: Mapping[UUID, datetime], language: str
) -> tuple[LookedAt, ...]:
    """Return what was accepted of what the citizen sees, in ``da`` or ``en``.

    :param travel: the way between two appointments.
    :param accepted: identities of findings, and since when they are accepted.
    """
    return tuple(
        LookedAt(
            finding_to_citizen(found).in_language(language),
            word("citizen.accepted_when", language, when=moment(accepted[id_], language)),
        )
        for id_, found in identified(shown, travel)
        if id_ in accepted
    )
