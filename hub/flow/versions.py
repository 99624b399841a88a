"""Which version of which consent is being said: a new one, or the next of what was said before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from hub.consent.consent import Capacity, Consent, ConsentKind, ConsentStatus, Effect, Grant
from hub.consent.reader import Reader
from hub.consent.standing import has_no_say, is_of_age, lacks
from hub.consent.told import common
from hub.errors import Conflict, NotAllowed
from hub.flow.circumstances import circumstances_of
from hub.plan.contribution import PersonFacts
from hub.plan.person import Role
from hub.store.transaction import Unit


@dataclass(frozen=True, slots=True)
class Giver:
    """Who says it: somebody else than the person, by what numbers and name the hub knows or shall know them."""

    capacity: Capacity
    facts: PersonFacts


def in_the_name_of(
    unit: Unit,
    person: UUID,
    consent: Consent,
    givers: Sequence[Giver] = (),
    custodian: UUID | None = None,
    *,
    known_as: Callable[[PersonFacts], UUID] | None = None,
    as_said: bool = False,
) -> Consent:
    """Return the consent as the person's own, with the word of each who gives it.

    Said before in the same words and still standing, it is the next version of what was said: were there two of it,
    one would go on sharing after the citizen has withdrawn the other. Where it takes the word of others too, theirs
    stands beside, for as long as each of them has said.

    :param consent: its first grant tells when and how it is said.
    :param givers: nobody where whoever is signed in speaks with the own voice.
    :param custodian: who that is, if not the person.
    :param as_said: its grants are complete: they tell who has said it.
    :param known_as: returns who a giver is; whoever is new to the hub is added, unless told otherwise.
    """
    known_as = known_as or unit.people.find_or_add
    grants = consent.grants if as_said else tuple(_words(known_as, person, consent, givers, custodian))
    given = replace(consent, person=person, grants=grants)
    if unit.consents.get(given.id) is not None:
        return given
    same = next((known for known in unit.consents.of([person]) if _says_the_same(known, given)), None)
    if same is None:
        return given
    alone = replace(given, id=same.id, version=same.version + 1, replaces=given.replaces or same.replaces)
    if not lacks(alone, circumstances_of(unit, person), unit.policies.in_force().ages, given.given_at):
        return alone
    said_now = {(grant.by, grant.capacity) for grant in grants}
    earlier = tuple(grant for grant in same.grants if (grant.by, grant.capacity) not in said_now)
    together = (*earlier, *grants)
    period = common(grant.period for grant in together) if earlier else given.period
    return replace(alone, grants=together, period=period)


def taken_back(unit: Unit, before: Consent, reader: Reader | None, parent: UUID | None, at: datetime) -> Consent:
    """Return the next version of a consent, once the reader has taken it back.

    A yes falls with any of the words that it needs. Of a no everybody takes back the own word, and what others have
    said stands: else one would open what another has refused. The coordinator writes down what all have said.

    :param reader: None for whoever may do all.
    :param parent: the reader, where they speak for a child.
    :raises NotAllowed: nothing of it is the reader's.
    """
    kept: tuple[Grant, ...] = ()
    if before.effect is Effect.DENY and reader is not None and reader.role is not Role.COORDINATOR:
        known, ages = circumstances_of(unit, before.person), unit.policies.in_force().ages
        speaks_alone = parent is None and is_of_age(known, ages, at)
        kept = tuple(
            grant
            for grant in before.grants
            if grant.by != reader.person and not (speaks_alone and has_no_say(grant, known, at))
        )
    if len(kept) == len(before.grants):
        raise NotAllowed("Others have said this no.", "Ask them, or the plan's coordinator, to take it back.")
    status = ConsentStatus.ACTIVE if kept else ConsentStatus.WITHDRAWN
    return replace(before, version=before.version + 1, status=status, grants=kept or before.grants)


def check_next(before: Consent | None, after: Consent) -> None:
    """A version follows the one before it, and stays the same kind of consent about the same person."""
    if after.version != (before.version + 1 if before else 1):
        raise Conflict("This consent has another version by now.")
    if before is not None and (before.person, before.kind) != (after.person, after.kind):
        raise Conflict("A consent stays of its kind and about its person.", "Withdraw it and give a new one.")


def givers_for(reader: Reader, givers: Sequence[Giver]) -> Sequence[Giver]:
    """A citizen speaks with the own voice; for others, the coordinator writes down what they have said.

    :raises NotAllowed: somebody else is to do that.
    """
    if givers and reader.role is not Role.COORDINATOR:
        raise NotAllowed("Only the coordinator writes down what somebody else has said.")
    return givers


def check_words(unit: Unit, reader: Reader, custodian: UUID | None, grants: Sequence[Grant]) -> None:
    """Check who a complete consent says has given it: a citizen brings the own word alone, a coordinator anybody's.

    :raises NotAllowed: a citizen brings somebody else's.
    :raises NotFound: the hub does not know one of them.
    """
    own = (custodian, Capacity.CUSTODY) if custodian else (reader.person, Capacity.SELF)
    if reader.role is not Role.COORDINATOR and any((grant.by, grant.capacity) != own for grant in grants):
        raise NotAllowed("Only the coordinator writes down what somebody else has said.")
    for grant in grants:
        unit.people.get(grant.by)


def _words(
    known_as: Callable[[PersonFacts], UUID],
    person: UUID,
    consent: Consent,
    givers: Sequence[Giver],
    custodian: UUID | None,
) -> Iterable[Grant]:
    how = replace(consent.grants[0], period=consent.period)
    if not givers and custodian is not None:
        yield replace(how, by=custodian, capacity=Capacity.CUSTODY)
    elif not givers:
        yield replace(how, by=person, capacity=Capacity.SELF)
    for giver in givers:
        by = known_as(giver.facts)
        yield replace(how, by=by, capacity=Capacity.SELF if by == person else giver.capacity)


def _says_the_same(known: Consent, given: Consent) -> bool:
    if known.status is not ConsentStatus.ACTIVE or (known.kind, known.effect) != (given.kind, given.effect):
        return False
    if known.kind is ConsentKind.ONE_PLAN:
        return True
    if known.effect is Effect.DENY and not _same_voices(known, given):
        return False  # each one's no stands by itself: were it one, whoever took it back would take back the other's
    return (known.scope, known.exemptions) == (given.scope, given.exemptions)


def _same_voices(known: Consent, given: Consent) -> bool:
    one, other = ({(grant.by, grant.capacity) for grant in consent.grants} for consent in (known, given))
    return one == other
