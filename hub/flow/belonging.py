"""Who belongs to a plan: the one rule behind every read and every choice.

Whoever does not belong is answered as if the plan did not exist.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from hub.consent.reader import Reader
from hub.errors import NotAllowed
from hub.flow.circumstances import circumstances_of
from hub.plan.person import OF_THE_HUB, Membership, Role
from hub.store.transaction import Unit

#: Tells whether two clients are one person's.
Same = Callable[[str, str], bool]
#: What is said of a plan that is not there, and of one that the reader may not know of: the same.
NO_PLAN = "There is no plan with this id that you may see."
#: Who may read the citizen's consents, give one in the citizen's name, and withdraw it.
_MAY_CHOOSE = (Role.COORDINATOR, Role.CITIZEN)
#: Who speaks for an organisation, and so may turn out to speak for a partner.
_MAY_BE_LESS = (Role.AUTHORITY_SYSTEM, Role.CASEWORKER)


def coordinated_by(
    reader: Reader, unit: Unit, after: UUID | None, at_most: int, at: datetime
) -> tuple[Sequence[UUID], UUID | None]:
    """Return the plans that the reader coordinates, so many at most, and where to go on; None at the end.

    :param after: where an earlier answer has stopped.
    :raises NotAllowed: the reader coordinates nothing.
    """
    if reader.role is not Role.COORDINATOR:
        raise NotAllowed("Only a coordinator has this list.")
    plans = unit.memberships.coordinated_by(reader.organisation, at, after, at_most)
    return plans, plans[-1] if len(plans) == at_most else None


def may_open(unit: Unit, plan: UUID, person: UUID | None, reader: Reader, at: datetime) -> bool:
    """Tell whether the reader may know that the plan exists: it is the reader's own, or the reader belongs to it.

    Whoever looks after the hub belongs to no plan, whichever organisation employs them; and a coordinator only to
    those that their organisation coordinates.

    :param person: whose plan it is.
    """
    asks_nobody = reader.role in OF_THE_HUB or reader.role is Role.CITIZEN
    return is_open_to(reader, person, () if asks_nobody else unit.memberships.of_plan(plan, at))


def is_open_to(reader: Reader, person: UUID | None, members: Iterable[Membership]) -> bool:
    """Tell the same (:func:`may_open`) of a plan whose members are at hand."""
    if reader.role in OF_THE_HUB:
        return False
    own = [one for one in members if one.member == reader.organisation]
    match reader.role:
        case Role.CITIZEN:
            return reader.person is not None and reader.person == person
        case Role.COORDINATOR:
            return any(one.role is Role.COORDINATOR for one in own)
        case _:
            return bool(own)


def may_choose(unit: Unit, plan: UUID | None, person: UUID, reader: Reader, at: datetime) -> bool:
    """Tell whether the reader may see and change the person's consents: the person, and the plan's coordinator."""
    return plan is not None and reader.role in _MAY_CHOOSE and may_open(unit, plan, person, reader, at)


def custodian(unit: Unit, plan: UUID, person: UUID, reader: Reader, at: datetime) -> UUID | None:
    """Return the reader who holds custody of a child, by what the authorities say of the child's household.

    Such a parent may give the child's consent, and take the own word back; the plan itself is not opened to them, nor
    while it is held back from the family is anything said of it.
    """
    if reader.role is not Role.CITIZEN or reader.person in (None, person) or unit.plans.is_held(plan):
        return None
    known, ages = circumstances_of(unit, person), unit.policies.in_force().ages
    age = known.age(at)
    holds = any(one.person == reader.person and one.period.covers(at) for one in known.custody)
    return reader.person if holds and age is not None and age < ages.of_age else None


def as_member(unit: Unit, plan: UUID, reader: Reader, at: datetime) -> Reader:
    """Return the reader as it belongs to the plan now."""
    return as_one_of(plan, unit.memberships.of_plan(plan, at), reader)


def as_one_of(plan: UUID, members: Iterable[Membership], reader: Reader) -> Reader:
    """Return the reader as it belongs to the plan, if its organisation is among the members.

    Whoever belongs to it as a partner reads as one by every door, whatever else its client calls itself.
    """
    own = [one for one in members if one.member == reader.organisation]
    is_partner = reader.role in _MAY_BE_LESS and any(one.role is Role.PARTNER for one in own)
    role = Role.PARTNER if is_partner else reader.role
    return replace(reader, role=role, memberships=frozenset({plan}) if own else frozenset())


def check_may_open_one(reader: Reader, person: UUID, coordinator: str) -> None:
    """A plan is opened by its person, or by the organisation that will coordinate it in the person's name.

    :raises NotAllowed: the reader is neither.
    """
    is_coordinator = reader.role is Role.COORDINATOR and reader.organisation == coordinator
    is_the_person = reader.role is Role.CITIZEN and reader.person == person
    if not (is_coordinator or is_the_person):
        raise NotAllowed("A plan is opened by the citizen or by the coordinator.")
