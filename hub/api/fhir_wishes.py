"""A FHIR resource that is to be written, as a wish: read against what its writer reads now, in the same transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

import orjson

from hub.api.asking import Hub
from hub.api.fhir_answers import check_current
from hub.api.fhir_sources import resources_of
from hub.errors import Fault, InvalidRequest, NotFound
from hub.fhir.appointment_in import read_appointment
from hub.fhir.communication_in import read_communication
from hub.fhir.goal_in import read_goal
from hub.fhir.patient_in import patient_of
from hub.fhir.task_in import read_task
from hub.fhir.transaction_in import Entry
from hub.fhir.valid import check_resource
from hub.fhir.words import reference, reference_to
from hub.fhir.written_in import Where
from hub.flow.wishes import Sight, Wish
from hub.identity.tokens import Caller
from hub.plan.element import Detail, Element, Kind
from hub.plan.own import CITIZEN, OwnWords
from hub.plan.person import Role

#: What may be written: what it is in a plan, and how it is read.
WRITTEN: Mapping[str, tuple[Kind, Callable[[Mapping[str, Any], Where], OwnWords]]] = {
    "Goal": (Kind.GOAL, read_goal),
    "Task": (Kind.ACTIVITY, read_task),
    "Appointment": (Kind.APPOINTMENT, read_appointment),
    "Communication": (Kind.STATEMENT, read_communication),
}
_NONE = "There is nothing of this type and id that you may see."
_HOW_TO_NAME = "Write identifier=<system>|<value>, with an identifier of the resource."


def wish_of(entry: Entry, hub: Hub, caller: Caller) -> Wish:
    """Return what an entry wishes for. :raises InvalidRequest: it is no valid resource of its type."""
    check_resource(entry.resource, entry.kind, entry.path)
    is_new = entry.id is None
    organisation = caller.reader.organisation
    return Wish(
        WRITTEN[entry.kind][0],
        partial(_says, entry, hub),
        whose=patient_of(entry.resource, entry.kind, organisation, entry.path) if is_new else None,
        element=entry.id,
        name=entry.name,
        unless=_named_so(entry) if entry.unless else None,
        path=entry.path,
    )


def _says(entry: Entry, hub: Hub, sight: Sight) -> OwnWords:
    shown, was = sight.shown, sight.was.element if sight.was else None
    told: Mapping[str, Any] | None = resources_of(shown, hub).get((entry.kind, str(entry.id))) if was else {}
    if told is None:
        raise NotFound(_NONE)
    if was is not None:
        check_current(entry.if_match, told)
    is_citizen = sight.author == CITIZEN
    author = reference("Patient", shown.person.id) if is_citizen else reference("Organization", sight.author)
    where = Where(
        entry.path,
        shown.person.id,
        author["reference"],
        was,
        told,
        {reference_to(one.element)["reference"]: one.element.id for one in shown.view.seen} | dict(sight.named),
        frozenset(name for name, one in hub.authorities.items() if one.role is Role.AUTHORITY_SYSTEM),
    )
    return WRITTEN[entry.kind][1](entry.resource, where)


def _named_so(entry: Entry) -> Callable[[Element], bool]:
    """Return what tells whether an element has the identifier that a condition names."""
    asked = parse_qsl(entry.unless.removeprefix("?"), keep_blank_values=True)
    system, _, value = asked[0][1].partition("|") if len(asked) == 1 and asked[0][0] == "identifier" else ("", "", "")
    if not system or not value or any(sign in value for sign in ",\\|"):
        fault = Fault(entry.unless_path, "A condition names one identifier.", _HOW_TO_NAME)
        raise InvalidRequest("The request has faults.", faults=[fault])

    def has_it(element: Element) -> bool:
        known = orjson.loads(element.details.get(Detail.IDENTIFIERS, "[]"))
        return [system, value] in [one[:2] for one in known]

    return has_it
