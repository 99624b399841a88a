"""Somebody's hand in one transaction: where a thing belongs, who may change it, and what is remembered of it.

Who writes a thing changes it; of what is asked of an authority, that authority changes its part (``hub.flow.tasks``).
What an authority's case message has brought is changed by its case message. What stands as it is sent is not written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from hub.authority import Authorities
from hub.clock import new_id, now
from hub.consent.reader import Reader
from hub.consent.view import Seen
from hub.errors import Conflict, NotAllowed, NotFound, Refused, RuleBroken, SeveralMatch
from hub.flow.answering import opened
from hub.flow.belonging import NO_PLAN, as_member, may_open
from hub.flow.proposals_seen import beside
from hub.flow.show import Shown, look
from hub.flow.tasks import check_answer, check_asking, check_owner_may_know, parties
from hub.flow.wishes import Became, Sight, Wish
from hub.flow.write_own import ENDS, KINDS, author_of, saved
from hub.plan.canonical import canonical
from hub.plan.element import Detail, Element, Kind, Status
from hub.plan.identifier import Identifier
from hub.plan.own import OwnWords, is_own, own_id, rewritten, written
from hub.plan.person import Role
from hub.plan.plan import PlanStatus
from hub.plan.task import Asked, asked_of
from hub.store.plans import StoredPlan
from hub.store.transaction import Unit

_NONE = "There is nothing of this type and id that you may see."
#: Facts that whoever changes a thing does not say: they were said, or known, when it was written.
_NOT_SAID = frozenset({Detail.IDENTIFIERS, Detail.ASKED_AT})
_ENDED = frozenset({*ENDS, Status.ENTERED_IN_ERROR})
_OF_AUTHORITY = (Role.AUTHORITY_SYSTEM, Role.CASEWORKER)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a wish belongs: its plan, and the id that it has or will have."""

    plan: UUID
    element: UUID
    source: UUID | None = None


@dataclass(frozen=True, slots=True)
class Writer:
    """Somebody who writes, in one transaction."""

    unit: Unit
    reader: Reader
    authorities: Authorities
    actor: str
    correlation_id: str

    def _opened(self, plan: UUID | None) -> tuple[StoredPlan, datetime]:
        """Return a plan to whoever may write into it. :raises NotFound: the reader may not."""
        unit, reader = self.unit, self.reader
        if plan is None:
            raise NotFound(NO_PLAN)
        if reader.role not in _OF_AUTHORITY:
            return opened(unit, plan, reader)
        stored, at = unit.plans.get(plan), now()
        if stored is None or not may_open(unit, plan, None, reader, at):
            raise NotFound(NO_PLAN)
        if as_member(unit, plan, reader, at).role is not reader.role:  # who belongs to it as a partner reads alone
            raise NotFound(NO_PLAN)
        return stored, at

    def plan_of(self, wish: Wish) -> UUID:
        """Return the plan that a wish is about. :raises NotFound: there is none that the reader may write into."""
        if wish.element is not None:
            plan = self.unit.plans.of_element(wish.element) or self.unit.proposals.plan_of(wish.element)
        else:
            person = self.unit.people.find([wish.whose]) if isinstance(wish.whose, Identifier) else wish.whose
            plan = self.unit.plans.of_person(person) if person else None
        try:
            return self._opened(plan)[0].plan.id
        except NotFound:
            if wish.element is not None:  # told as of one that is withheld
                raise NotFound(_NONE) from None
            raise

    def place(self, wish: Wish, plan: UUID) -> Place:
        """Find where a wish belongs. :raises SeveralMatch: its condition fits several."""
        if wish.element is not None:
            return Place(plan, wish.element)
        author, source = author_of(self.reader), new_id()
        new = Place(plan, own_id(plan, author, source), source)
        if wish.unless is None:
            return new
        shown = look(self.unit, plan, self.reader, self.actor)
        mine = [one.element for one in shown.view.seen if is_own(one.element) and one.element.authority == author]
        found = [one.id for one in mine if one.kind is wish.kind and wish.unless(one)]
        if len(found) > 1:
            raise SeveralMatch("You have written several with this identifier.")
        return Place(plan, found[0]) if found else new

    def writes(self, wish: Wish, place: Place, named: Mapping[str, UUID]) -> Became:
        """Write a wish. :param named: what else is written by the same request. Errors: see ``write_many``."""
        if wish.element is None and place.source is None:
            return Became.AS_IT_WAS
        stored, at = self._opened(place.plan)
        shown = look(self.unit, place.plan, self.reader, self.actor)
        if place.source is not None:
            return self._adds(wish, place.source, Sight(shown, None, author_of(self.reader), named), stored, at)
        seen = shown.view.element(place.element)
        if seen is None:
            raise self._why_not(wish, shown)
        _check_may_change(seen, self.reader)
        return self._changes(wish, Sight(shown, seen, author_of(self.reader), named), stored, at)

    def _why_not(self, wish: Wish, shown: Shown) -> Refused:
        """Return why what is not there cannot be changed: it may be a proposal, which is answered otherwise."""
        proposals = beside(self.unit, shown).proposals if wish.kind is Kind.ACTIVITY else ()
        if any(one.proposal.id == wish.element for one in proposals):
            step = "Its owner answers it by POST /proposals/{id}/accept or …/reject, and its proposer takes it back."
            return RuleBroken("This is a proposal of another time.", step)
        return NotFound(_NONE)

    def _adds(self, wish: Wish, source: UUID, sight: Sight, stored: StoredPlan, at: datetime) -> Became:
        if wish.kind not in KINDS.get(self.reader.role, ()):
            raise NotAllowed("Your role does not write this.", "See the page of FHIR for who writes what.")
        if sight.shown.status is PlanStatus.DISSOLVED:
            raise RuleBroken(
                "There is no one plan of this person any more.", "Ask the citizen for consent to have one."
            )
        said = wish.says(sight)
        element = written(stored.plan.id, sight.author, source, said, at)
        asked = asked_of(element)
        if asked is not None:
            check_asking(asked, self.reader)
            element = replace(element, details={**element.details, Detail.ASKED_AT: at.isoformat()})
        self._saves(stored, element, asked, at)
        return Became.CREATED

    def _changes(self, wish: Wish, sight: Sight, stored: StoredPlan, at: datetime) -> Became:
        assert sight.was is not None  # noqa: S101 - whoever calls this has looked
        seen = sight.was.element
        base, said = _as_it_stands(stored.plan.elements[seen.id], seen), wish.says(sight)
        becomes = rewritten(base, _kept(base, seen, said), at, new_id())
        if canonical(becomes) == canonical(base):
            return Became.AS_IT_WAS
        asked = None
        if asked_of(seen) is not None:
            asked = asked_of(becomes) if check_answer(seen, said, becomes, self.reader) else None
        elif seen.status in _ENDED:
            raise RuleBroken("This has ended.", "Write a new one.")
        self._saves(stored, becomes, asked, at)
        return Became.CHANGED

    def _saves(self, stored: StoredPlan, element: Element, asked: Asked | None, at: datetime) -> None:
        """Remember a version. :param asked: what it asks of an authority, which must be able to know of it."""
        saved(self.unit, stored, element, self.reader, self.actor, at, self.correlation_id)
        if asked is not None:
            plan = stored.plan.id
            check_owner_may_know(self.unit, plan, element.id, asked.owner, self.authorities, at)


def _check_may_change(seen: Seen, reader: Reader) -> None:
    """Check whose a thing is. :raises Refused: another's, or from a case message, or seen in part alone."""
    element, asked = seen.element, asked_of(seen.element)
    is_theirs = element.authority == author_of(reader)
    if is_theirs and not is_own(element):
        raise RuleBroken("Your case message has brought this.", "Change it in your system, and send its case.")
    if not (parties(element, asked, reader) if asked else is_theirs):
        raise NotAllowed("Somebody else has written this.", "Ask them to change it.")
    if seen.decision.hidden:
        raise Conflict("You see a part of this, so what you send would take the rest away.", "Ask its requester.")


def _as_it_stands(stored: Element, seen: Element) -> Element:
    """Return a stored element as it stands; that its owner has it is derived, and not stored."""
    state = seen.details.get(Detail.TASK_STATE)
    return stored if state is None else replace(stored, details={**stored.details, Detail.TASK_STATE: state})


def _kept(base: Element, seen: Element, said: OwnWords) -> OwnWords:
    """Return what is said, with what its writer does not see as it was: a link, and what its author calls it."""
    part_of = base.part_of if said.part_of == seen.part_of else said.part_of
    own = {name: one for name, one in base.details.items() if name in _NOT_SAID}
    return replace(said, part_of=part_of, details={**said.details, **own})
