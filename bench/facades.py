"""A naive FHIR server, as one would write it with ``fhir.resources``: the peer of the hub's facade.

It reads the same fifty elements that the hub's reader may see, in the clear, makes a model of each, which validates it,
and answers with a searchset. It has no token to check, nothing to open, nobody to ask, no record of who read.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any
from uuid import UUID

import sqlalchemy as sa
from fastapi import FastAPI, Path
from fhir.resources.R4B.appointment import Appointment
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.careplan import CarePlan
from fhir.resources.R4B.goal import Goal
from fhir.resources.R4B.patient import Patient
from fhir.resources.R4B.servicerequest import ServiceRequest
from starlette.responses import Response

from bench.programs import Answer, served
from bench.set_ups import SetUp
from bench.views import Address, what_is_seen
from hub.cli.assembly import open_store
from hub.consent.view import Seen
from hub.plan.element import Kind
from hub.store.tables import Instant, as_dict
from hub.store.transaction import Store

_BASE = "http://127.0.0.1/fhir"
FHIR = "application/fhir+json"
MARKS = tuple(f'"resourceType":"{kind}"'.encode() for kind in ("Goal", "ServiceRequest", "Appointment"))
_tables = sa.MetaData()
_elements = sa.Table(
    "naive_elements",
    _tables,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("plan_id", sa.Uuid, nullable=False, index=True),
    sa.Column("person_id", sa.Uuid, nullable=False),
    *(sa.Column(name, sa.Text) for name in ("kind", "authority", "title", "text", "system", "code", "display")),
    *(sa.Column(name, Instant) for name in ("starts_at", "ends_at", "registered_at")),
    sa.Column("place", sa.Text),
)


@contextmanager
def naive_facade(set_up: SetUp) -> Iterator[Answer]:
    """Serve the naive server over the plan that a hub has in this set-up; any question is answered by its address."""
    store = open_store(set_up.settings())
    engine, plan, app = store.engine, _copy_in_the_clear(store), FastAPI()

    @app.get("/fhir/CarePlan/{plan}/$everything")
    def everything(plan: Annotated[UUID, Path()]) -> Response:
        with engine.connect() as connection:
            query = sa.select(_elements).where(_elements.c.plan_id == plan).order_by(_elements.c.id)
            rows = [as_dict(row) for row in connection.execute(query)]
        return Response(_searchset(plan, rows).model_dump_json(), media_type=FHIR)

    with served(app) as url:
        yield lambda _question: Address(url, f"/fhir/CarePlan/{plan}/$everything", "", FHIR, MARKS)
    store.close()


def _searchset(plan: UUID, rows: list[dict[str, Any]]) -> Bundle:
    person = str(rows[0]["person_id"])
    parts = [_resource(row, {"reference": f"Patient/{person}"}) for row in rows]
    over_all = {
        "id": str(plan),
        "status": "active",
        "intent": "plan",
        "subject": {"reference": f"Patient/{person}"},
        "goal": [_reference(one) for one in parts if isinstance(one, Goal)],
        "activity": [{"reference": _reference(one)} for one in parts if not isinstance(one, Goal)],
    }
    resources = [CarePlan.model_validate(over_all), Patient.model_validate({"id": person}), *parts]
    entries = [{"fullUrl": f"{_BASE}/{_reference(one)['reference']}", "resource": one} for one in resources]
    return Bundle.model_validate({"type": "searchset", "total": len(entries), "entry": entries})


def _resource(row: dict[str, Any], patient: dict[str, str]) -> Goal | ServiceRequest | Appointment:
    """Return an element as a model, which validates it."""
    told = {"id": str(row["id"]), "meta": {"lastUpdated": row["registered_at"].isoformat(timespec="milliseconds")}}
    code = {"coding": [{"system": row["system"], "code": row["code"], "display": row["display"]}], "text": row["title"]}
    noted, start, end = {"note": [{"text": row["text"]}]}, row["starts_at"].isoformat(), row["ends_at"].isoformat()
    match Kind(row["kind"]):
        case Kind.GOAL:
            goal = {"lifecycleStatus": "active", "description": code, "subject": patient, "startDate": start[:10]}
            return Goal.model_validate(told | goal | noted)
        case Kind.ACTIVITY:
            wanted = {"status": "active", "intent": "plan", "code": code, "subject": patient}
            by = {"requester": {"reference": f"Organization/{row['authority']}"}}
            return ServiceRequest.model_validate(
                told | wanted | by | noted | {"occurrencePeriod": {"start": start, "end": end}}
            )
        case _:
            actors = [patient, {"type": "Location", "display": row["place"]}]
            met = {"status": "booked", "serviceType": [code], "description": row["title"], "comment": row["text"]}
            who = {"participant": [{"actor": actor, "status": "needs-action"} for actor in actors]}
            return Appointment.model_validate(told | met | who | {"start": start, "end": end})


def _reference(one: Any) -> dict[str, str]:
    return {"reference": f"{one.get_resource_type()}/{one.id}"}


def _copy_in_the_clear(store: Store) -> UUID:
    """Copy what the hub shows of its plan into the naive server's table; return the plan."""
    _tables.create_all(store.engine)
    plan, shown = what_is_seen(store)
    with store.engine.begin() as connection:
        connection.execute(_elements.insert(), [_row(seen, plan, shown.person.id) for seen in shown.view.seen])
    return plan


def _row(seen: Seen, plan: UUID, person: UUID) -> dict[str, Any]:
    element = seen.element
    (code,) = element.codes
    told = {name: str(getattr(element, name)) for name in ("kind", "authority", "title", "text")}
    coded = {"system": code.system, "code": code.code, "display": code.text, "place": element.details["place"]}
    times = {"starts_at": element.valid.start, "ends_at": element.valid.end, "registered_at": element.registered_at}
    return {"id": element.id, "plan_id": plan, "person_id": person, **told, **coded, **times}
