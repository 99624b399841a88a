"""The servers of the plan view: the hub's API, and a bare FastAPI route that reads the same elements in the clear.

The plan has fifty elements that the reader may see by the citizen's consent, and ten more that are withheld. The bare
route knows the fifty alone: it has no token to check, nothing to open, nobody to ask, no reason to give.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

import orjson
import sqlalchemy as sa
from fastapi import FastAPI, Path
from starlette.responses import Response

from bench.programs import Answer, served
from bench.set_ups import ACTOR, SetUp
from hub.api.app import create_app
from hub.authority import Authorities, Authority, DeliveryKey, Document, LedgerEntry, Parcel, PlanUpdate, Receipt
from hub.cli.assembly import open_store
from hub.clock import now
from hub.consent.reader import Reader
from hub.errors import RecipientRefused
from hub.flow.accept import accept
from hub.flow.revise import give, open_plan
from hub.flow.show import Shown, show_plan
from hub.identity.access import Access
from hub.identity.tokens import Identity, new_token
from hub.plan.contribution import Contribution
from hub.plan.element import Code, Element, Kind, Period
from hub.plan.person import Role
from hub.settings import Client
from hub.store.tables import Instant, as_dict, plans
from hub.store.transaction import Store
from hub.testing.builders import a_consent, a_consent_to_one_plan, a_contribution
from hub.testing.clock import THEN

SEEN, WITHHELD = 50, 10
_READER = Reader("social", Role.AUTHORITY_SYSTEM)
_COORDINATOR = Reader("coordination", Role.COORDINATOR)
_KINDS = (Kind.GOAL, Kind.ACTIVITY, Kind.APPOINTMENT)
_NOBODY_YET = UUID(int=0)

_tables = sa.MetaData()
_elements = sa.Table(
    "bare_elements",
    _tables,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("plan_id", sa.Uuid, nullable=False, index=True),
    *(sa.Column(name, sa.Text) for name in ("kind", "category", "label", "authority", "status", "title", "text")),
    *(sa.Column(name, Instant) for name in ("valid_from", "valid_to", "registered_at")),
    *(sa.Column(name, sa.Text) for name in ("codes", "details", "source")),
)
_audit = sa.Table(
    "bare_audit",
    _tables,
    sa.Column("row", sa.Integer, primary_key=True),
    sa.Column("at", Instant, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("plan_id", sa.Uuid, nullable=False),
    sa.Column("details", sa.Text, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server shows the plan, and the token it wants.

    :ivar marks: what stands in its answer once for each element, the one or the other.
    """

    url: str
    path: str
    token: str
    accept: str = "application/json"
    marks: tuple[bytes, ...] = (b'"registered_at"',)


@contextmanager
def hub_view(set_up: SetUp) -> Iterator[Answer]:
    """Serve the hub's API over the plan, as ``hub serve`` does; any question is answered by its address."""
    store = set_up.new_store()
    authorities: Authorities = {name: _handing_in(name) for name in ("children", "clinic")}
    plan = _fill(store, authorities)
    token, digest = new_token()
    reader = {"token_sha256": digest, "organisation": _READER.organisation, "role": _READER.role}
    settings = set_up.settings().model_copy(update={"clients": {"reader": Client.model_validate(reader)}})
    access = Access(store, Identity(settings.clients), settings.address)
    app = create_app(store, authorities, settings, access, broker_answers=lambda: None)
    with served(app) as url:
        yield lambda _question: Address(url, f"/plans/{plan}", token)
    store.close()


@contextmanager
def bare_view(set_up: SetUp) -> Iterator[Answer]:
    """Serve the bare route over the same elements; any question is answered by its address."""
    store = open_store(set_up.settings())
    engine = store.engine
    plan = _copy_in_the_clear(store)
    app = FastAPI()

    @app.get("/plans/{plan}")
    def read_plan(plan: Annotated[UUID, Path()]) -> Response:
        with engine.begin() as connection:
            query = sa.select(_elements).where(_elements.c.plan_id == plan).order_by(_elements.c.id)
            rows = [as_dict(row) for row in connection.execute(query)]
            read = orjson.dumps({"elements": [row["id"] for row in rows]}).decode()
            connection.execute(_audit.insert().values(at=now(), actor=ACTOR, plan_id=plan, details=read))
        shown = [{**row, "codes": orjson.loads(row["codes"]), "details": orjson.loads(row["details"])} for row in rows]
        return Response(orjson.dumps({"plan": plan, "elements": shown}), media_type="application/json")

    with served(app) as url:
        yield lambda _question: Address(url, f"/plans/{plan}", "")
    store.close()


def _fill(store: Store, authorities: Authorities) -> UUID:
    """Open a plan, hand in its elements, and let the reader see those of children and family services alone."""
    opened = open_plan(
        a_contribution("children").build().person,
        a_consent_to_one_plan(_NOBODY_YET).build(),
        [*authorities, _READER.organisation],
        _COORDINATOR,
        store,
        authorities,
        coordinator=_COORDINATOR.organisation,
        actor=ACTOR,
        correlation_id="c",
    )
    for name, elements in (("children", SEEN), ("clinic", WITHHELD)):
        parcel = Parcel(name, orjson.dumps(elements), correlation_id="c")
        accept(parcel, store, authorities)
    shared = a_consent(_NOBODY_YET).to(_READER.organisation).from_("children")
    shared = shared.for_categories("goals", "activities", "appointments")
    give(opened.plan, shared.build(), _COORDINATOR, store, actor=ACTOR, correlation_id="c")
    return opened.plan


def what_is_seen(store: Store) -> tuple[UUID, Shown]:
    """Return the plan of a set-up, and what its reader sees of it. :raises AssertionError: not the fifty elements."""
    with store.begin(read_only=True) as unit:
        plan: UUID = unit.connection.execute(sa.select(plans.c.id)).scalar_one()
    shown = show_plan(plan, _READER, store, actor=ACTOR, correlation_id="c")
    if len(shown.view.seen) != SEEN:
        raise AssertionError(f"The reader sees {len(shown.view.seen)} elements, not {SEEN}.")
    return plan, shown


def _copy_in_the_clear(store: Store) -> UUID:
    """Copy what the hub shows of the plan into the bare table."""
    _tables.create_all(store.engine)
    plan, shown = what_is_seen(store)
    with store.engine.begin() as connection:
        connection.execute(_elements.insert(), [_bare(one.element, plan) for one in shown.view.seen])
    return plan


def _bare(element: Element, plan: UUID) -> dict[str, Any]:
    return {
        "id": element.id,
        "plan_id": plan,
        **{name: str(getattr(element, name)) for name in ("kind", "category", "status", "authority", "title", "text")},
        "label": element.label.name if element.label else None,
        "valid_from": element.valid.start,
        "valid_to": element.valid.end,
        "registered_at": element.registered_at,
        "codes": orjson.dumps([[code.system, code.code, code.text] for code in element.codes]).decode(),
        "details": orjson.dumps(dict(element.details)).decode(),
        "source": element.provenance.source_system,
    }


class _HandedIn:
    """An authority whose letters say how many elements it has."""

    channel = "rest"
    delivers = False

    def __init__(self, name: str) -> None:
        self.name, self.contract = name, f"{name}/v1"

    def receive(self, parcel: Parcel) -> Document:
        return Document(self.name, self.contract, "letter", "letter-1", orjson.loads(parcel.body))

    def to_plan(self, document: Document) -> Sequence[Contribution]:
        told = a_contribution(self.name)
        for number in range(document.content):
            start = THEN + timedelta(days=number)
            told = told.with_draft(
                f"e{number}",
                _KINDS[number % len(_KINDS)],
                title=f"Aftalt skridt nummer {number}",
                text="Det er aftalt med familien, hvem der gør hvad inden næste møde.",
                valid=Period(start, start + timedelta(hours=1)),
                codes=(Code("urn:one-plan-hub:paragraph", "BL-32-1-3", "Familiebehandling"),),
                details={"place": "Familiehuset"},
            )
        return [told.build()]

    def send(self, document: Document, key: DeliveryKey) -> Receipt:
        raise RecipientRefused("Nothing is delivered here.")

    def from_plan(self, update: PlanUpdate) -> Document:
        raise RecipientRefused("Nothing is delivered here.")

    def ledger(self, contract: str) -> Sequence[LedgerEntry]:
        return ()


def _handing_in(name: str) -> Authority:
    both = _HandedIn(name)
    return Authority(name, both, both)
