"""A family: the plans of one household side by side, and what is asked of it together.

What a plan withholds from the reader is in no count here, and a plan that the reader does not belong to is not here.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from hub.flow.show import Shown
from hub.plan.contact_load import contact_load, together
from hub.plan.danish_time import IsoWeek
from hub.ui.load import WEEKS, WeekRow, week_rows
from hub.ui.plan_page import PlanPage, plan_page


@dataclass(frozen=True, slots=True)
class FamilyPage:
    """All that the template shows: the plan asked for first, and the household's contacts per week."""

    plans: tuple[PlanPage, ...]
    load: tuple[WeekRow, ...]


def family_page(
    shown: Sequence[Shown], travel: timedelta, language: str, accepted: Collection[UUID] = ()
) -> FamilyPage:
    """Return the page in ``da`` or ``en``.

    :param travel: the way between two appointments of one person.
    :param accepted: identities of the findings that a coordinator has accepted.
    """
    first = IsoWeek.of(shown[0].at)
    of_each = [contact_load(one.view.in_detail(), first, WEEKS) for one in shown]
    load = [together(one[number] for one in of_each) for number in range(WEEKS)]
    at_least = any(one.view.may_be_partial or one.silent for one in shown)
    return FamilyPage(
        tuple(plan_page(one, travel, language, accepted) for one in shown), week_rows(load, language, at_least=at_least)
    )
