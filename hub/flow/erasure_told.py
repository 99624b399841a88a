"""What a citizen is told of who holds something of a plan that is to be erased.

As in the ledger (docs/adr/0040): of what the citizen may see, today and by its last version. Who holds only what is
withheld is told as who holds nothing. Of a plan that is held back it is the circle of before, and of what they hold the
citizen's own words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import orjson

from hub.crypto.envelope import UNOPENED
from hub.flow.before_hold import circle_as_held
from hub.flow.erasure_statement import citizens_statement
from hub.flow.ledger import as_citizen, own_views
from hub.store.erasures import Erasure, Recipient
from hub.store.plans import StoredPlan
from hub.store.transaction import Unit


def recipients_told(unit: Unit, one: Erasure, found: Sequence[Recipient]) -> Sequence[Recipient] | None:
    """Return how recipients stand, as the citizen is told; None: the plan does not open, so that is not known.

    :raises Tampered: the plan opens, and something else that decides what the citizen may see does not.
    """
    try:
        stored = unit.plans.get(one.plan)
    except UNOPENED:
        return None
    return () if stored is None else _as_seen(unit, stored, found)


def _as_seen(unit: Unit, stored: StoredPlan, found: Sequence[Recipient]) -> Sequence[Recipient]:
    plan = stored.plan.id
    held = {name: unit.holdings.of(row) for row, name, _ in unit.outbox.of_plan(plan)}
    holding = {name: each.maybe_anything_of() | each.owed for name, each in held.items()}
    kept = unit.withdrawals.kept_by_law(plan)
    named = {element for elements in holding.values() for element in elements} | {element for _, element, _ in kept}
    (view,) = own_views(unit, stored, as_citizen(stored), named)
    seen, circle, told = {one.element.id for one in view.seen}, circle_as_held(unit, stored), []
    for each in found:
        if circle is None or each.name in circle:
            holds = not seen.isdisjoint(holding.get(each.name, frozenset()))
            codes = {code for name, element, code in kept if name == each.name and element in seen}
            since = each.since if holds else None
            told.append(replace(each, holds=holds, hold_codes=tuple(sorted(codes)), since=since))
    return told


def citizens_copy(unit: Unit, certificate: bytes) -> bytes:
    """Return a certificate as its citizen has it, signed anew."""
    return unit.keyring.signing_key.sign(citizens_statement(orjson.loads(certificate)["statement"]))
