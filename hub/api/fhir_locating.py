"""Which plans a search is about, by what it asks for: a patient, a plan, an element, a case number.

Nothing is shown here. Whether the caller may see any of them is asked of each plan by itself, when it is looked at.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from uuid import UUID

from hub.api.fhir_sources import Asker
from hub.errors import Fault, InvalidRequest, NotFound
from hub.fhir.search_parameters import Sort
from hub.fhir.search_query import Criterion, Query
from hub.fhir.search_values import reference_of
from hub.fhir.words import CASE_OF
from hub.flow.show import find_plan
from hub.flow.show_many import find_plan_of_case, plans_named, plans_of_people
from hub.plan.identifier import CPR, Identifier, NotAnIdentifier, cpr_identifier
from hub.plan.plan import CaseRef

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LENGTH = 36
#: Types whose ids tell neither of a plan nor of an element.
_WITH_IDS_OF_THEIR_OWN = frozenset({"Consent"})


def located(query: Query, asker: Asker) -> Sequence[UUID] | None:
    """Return the plans that a search names, in order; None: it names none, and is about all of the caller's.

    Of each thing that names plans the plan must be one. Some of them say whose the plan is and nothing that stands in
    what is found (``Parameter.paths``): so it is here alone that they are heeded.

    :raises InvalidRequest: it asks for an identifier alone by which no plan is found.
    """
    found = [plans for one in query.criteria if (plans := _located(one, query.kind, asker)) is not None]
    return sorted(set(found[0]).intersection(*found[1:])) if found else None


def search_fault(field: str, sentence: str, next_step: str) -> InvalidRequest:
    """Return why a search cannot be made."""
    return InvalidRequest("The search has faults.", faults=[Fault(field, sentence, next_step)])


def _located(one: Criterion, kind: str, asker: Asker) -> Sequence[UUID] | None:
    """Return the plans that a criterion names; None: it names none."""
    if one.modifier in ("not", "missing"):
        return None
    if one.parameter.tells_who:
        return _by_identifier(one, asker)
    named = _named(one, kind)
    if named is None:
        return None
    return (plans_named if one.parameter.paths else plans_of_people)(named, asker.hub.store)


def _named(one: Criterion, kind: str) -> Sequence[UUID] | None:
    """Return the ids that a criterion asks for, if each of its values is one of the hub's."""
    if one.name == "_id" and kind not in _WITH_IDS_OF_THEIR_OWN:
        ids = list(one.values)
    elif one.parameter.sort is Sort.REFERENCE:
        names = [reference_of(one.parameter, value) for value in one.values]
        ids = [name[1] for name in names if name is not None]
    else:
        return None
    plans = [UUID(id[:_LENGTH]) for id in ids if _UUID.fullmatch(id[:_LENGTH])]
    return plans if len(plans) == len(ids) else None


def _by_identifier(one: Criterion, asker: Asker) -> Sequence[UUID]:
    plans = []
    for value in one.values:
        system, bar, code = value.rpartition("|")
        if system.startswith(CASE_OF):
            case = CaseRef(system.removeprefix(CASE_OF), code)
            plans.append(find_plan_of_case(case, asker.caller.reader, asker.hub.store, **asker.named))
        elif system == CPR or not bar:
            plans.append(_plan_of(code, asker))
        else:
            step = f"Name the patient too, or an identifier of system {CPR} or {CASE_OF}<authority>."
            raise search_fault(one.name, "No plan is found by an identifier of this system.", step)
    return sorted({plan for plan in plans if plan is not None})


def _plan_of(number: str, asker: Asker) -> UUID | None:
    caller, hub = asker.caller, asker.hub
    try:
        person: Identifier = cpr_identifier(number, caller.reader.organisation)
    except NotAnIdentifier as error:
        raise search_fault("identifier", str(error), "Send the number as it is.") from None
    most = hub.settings.lookups_at_most(caller.client)
    try:
        return find_plan([person], caller.reader, hub.store, **asker.named, most=most)
    except NotFound:
        return None
