"""From which age a child has a say: data of the policy, for the numbers are rules of law that change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum

from hub.plan.danish_time import LOCAL

#: No policy sets an age above it.
MOST = 30


class Custodians(StrEnum):
    """Of several holders of custody, how many must say yes."""

    ALL = "all"
    ONE = "one"


@dataclass(frozen=True, slots=True)
class Ages:
    """Ages in whole years.

    :ivar own_no: from here the child's own no counts (party rights, barnets lov § 3).
    :ivar own_yes: from here a yes needs the young person's own beside the custodians' (barnets lov § 110 stk. 3).
    :ivar of_age: from here the person alone speaks.
    :ivar citation: the law, without a link.
    """

    own_no: int = 10
    own_yes: int = 16
    of_age: int = 18
    custodians: Custodians = Custodians.ALL
    citation: str = ""


def birthday(born: date, age: int) -> datetime:
    """Return the Danish midnight at which a person turns an age; who is born on 29 February turns it on 1 March."""
    try:
        day = born.replace(year=born.year + age)
    except ValueError:
        day = date(born.year + age, 3, 1)
    return datetime.combine(day, time(), LOCAL)
