"""Which version of which consent is being said: a new one, or the next of what was said before."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from hub.consent.consent import Consent, ConsentKind, ConsentStatus
from hub.errors import Conflict
from hub.store.transaction import Unit


def in_the_name_of(unit: Unit, person: UUID, consent: Consent) -> Consent:
    """Return the consent as the person's own.

    Said before in the same words and still standing, it is the next version of what was said: were there two of it,
    one would go on sharing after the citizen has withdrawn the other.
    """
    given = replace(consent, person=person, given_by=person)
    if unit.consents.get(given.id) is not None:
        return given
    same = next((known for known in unit.consents.of([person]) if _says_the_same(known, given)), None)
    return replace(given, id=same.id, version=same.version + 1) if same else given


def _says_the_same(known: Consent, given: Consent) -> bool:
    if known.status is not ConsentStatus.ACTIVE or (known.kind, known.effect) != (given.kind, given.effect):
        return False
    return known.kind is ConsentKind.ONE_PLAN or all(
        getattr(known, scope) == getattr(given, scope)
        for scope in ("sources", "recipients", "purposes", "categories", "label", "elements")
    )


def check_next(before: Consent | None, after: Consent) -> None:
    """A version follows the one before it, and stays the same kind of consent about the same person."""
    if after.version != (before.version + 1 if before else 1):
        raise Conflict("This consent has another version by now.")
    if before is not None and (before.person, before.kind) != (after.person, after.kind):
        raise Conflict("A consent stays of its kind and about its person.", "Withdraw it and give a new one.")
