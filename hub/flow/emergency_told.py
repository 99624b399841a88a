"""Which categories were shown on the strength of emergency access, as the citizen may know of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from hub.flow.ledger import as_citizen, own_views
from hub.flow.reading import named_in
from hub.store.emergencies import EmergencyAccess
from hub.store.plans import StoredPlan
from hub.store.transaction import Unit


def categories_told(unit: Unit, stored: StoredPlan, access: EmergencyAccess) -> Sequence[str]:
    """Return the categories of what was shown by it and the citizen may see; "" stands for no category.

    An emergency shows what concerns others too. As in the ledger: today, and what is gone by its last version.
    """
    reads = unit.emergencies.reads(access)
    named = {UUID(one) for read in reads for one in _named(read)}
    (view,) = own_views(unit, stored, as_citizen(stored), named)
    known = {str(one.element.id): one.element.category or "" for one in view.seen}
    return sorted({category for read in reads for category in _told(read, known)})


def _named(read: Mapping[str, Any]) -> Sequence[str]:
    """Return what an emergency alone has shown in a read; where a row does not say that, all that the read has shown.

    An earlier release wrote none of it down.
    """
    return read["emergency_elements"] if "emergency_elements" in read else named_in(read)


def _told(read: Mapping[str, Any], known: Mapping[str, str]) -> Iterable[str]:
    categories = {known[one] for one in _named(read) if one in known}
    return categories if "emergency_elements" in read else categories & set(read.get("emergency_categories", ()))
