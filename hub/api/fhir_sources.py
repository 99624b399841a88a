"""Where resources of each type come from, plan by plan: the reader's view, consents, who saw what, a household.

Each comes by its own flow, which decides and writes down; here is only which one is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TypedDict
from uuid import UUID

from hub.api.asking import Hub
from hub.consent.consent import Consent
from hub.consent.view import View
from hub.errors import NotFound
from hub.fhir.audit_out import audit_events
from hub.fhir.consent_out import consent_resource
from hub.fhir.consent_provenance import provenance_of
from hub.fhir.household import household_of_plans
from hub.fhir.page import key_of
from hub.fhir.render import Resources, municipality_of, organisation, part_id, render
from hub.fhir.words import Resource
from hub.flow.choices import recorded_at, show_choices
from hub.flow.family import show_family
from hub.flow.ledger import show_ledger
from hub.flow.show import Shown
from hub.flow.show_many import show_some
from hub.identity.tokens import Caller
from hub.plan.person import Role

#: Takes what a plan shows of one type; returns what of it is told.
Take = Callable[[UUID, Sequence[Resource]], Sequence[Resource]]
#: Resources that tell of everything that is seen of a plan, or of an authority's part of it.
OF_THE_PLAN = frozenset({"CarePlan", "CareTeam", "Provenance"})


class AskedBy(TypedDict):
    """Who a flow is asked by, and what ties together all that one request causes."""

    actor: str
    correlation_id: str


@dataclass(frozen=True, slots=True)
class Asker:
    """Who looks for something."""

    hub: Hub
    caller: Caller
    correlation_id: str

    @property
    def named(self) -> AskedBy:
        """Return by what names the flows write it down."""
        return {"actor": self.caller.client, "correlation_id": self.correlation_id}


def take_of_plan(plan: UUID, kind: str, take: Take, asker: Asker) -> None:
    """Let what a plan shows be taken of. Nothing is, where there is no such plan that the caller may see."""
    elsewhere = _ELSEWHERE.get(kind)
    if elsewhere is None:
        _view(plan, take, asker)
        return
    try:
        found = elsewhere(plan, asker)
    except NotFound:
        return
    if kind != "Provenance":
        take(plan, found)
        return
    _view(plan, lambda which, shown: take(which, [*shown, *found]), asker)


def resources_of(shown: Shown, hub: Hub) -> Resources:
    """Return every resource of a view, by type and id."""
    settings = hub.settings
    return render(
        shown.view,
        shown.person,
        shown.status,
        coordinator=settings.coordinator,
        municipality=settings.municipality,
        has_protected_address=shown.has_protected_address,
        proposals=shown.proposals,
    )


def organisations(hub: Hub) -> Sequence[Resource]:
    """Return the municipality, who coordinates, and every authority and partner that is joined."""
    settings = hub.settings
    partners = {name for name, one in hub.authorities.items() if one.role is Role.PARTNER}
    names = sorted({*hub.authorities, settings.coordinator})
    own = [organisation(name, "" if name in partners else settings.municipality) for name in names]
    return [municipality_of(settings.municipality), *own]


def elements_in(resources: Collection[Resource], view: View) -> Collection[UUID]:
    """Return the elements that some resources tell of: what is written down as read."""
    keys = {key_of(one) for one in resources}
    whole = {f"{kind}/{view.plan}" for kind in OF_THE_PLAN}
    if not whole.isdisjoint(keys):
        return {seen.element.id for seen in view.seen}
    ids = {key.partition("/")[2] for key in keys}
    ids |= {one["focus"]["reference"].partition("/")[2] for one in resources if one.get("intent") == "proposal"}
    return {
        seen.element.id
        for seen in view.seen
        if str(seen.element.id) in ids or part_id(view.plan, seen.element.authority) in ids
    }


def _view(plan: UUID, take: Take, asker: Asker) -> None:
    def choose(shown: Shown) -> tuple[None, Collection[UUID]]:
        return None, elements_in(take(plan, list(resources_of(shown, asker.hub).values())), shown.view)

    show_some(plan, asker.caller.reader, asker.hub.store, choose, **asker.named)


def events_of(plan: UUID, asker: Asker) -> Sequence[Resource]:
    """Return who saw what of a plan. :raises NotFound: there is no such plan of which the caller may know that."""
    return audit_events(show_ledger(plan, asker.caller.reader, asker.hub.store, **asker.named))


def origin_of(consent: Consent, asker: Asker) -> Resource:
    """Return where a version of a consent comes from, which the caller has been shown."""
    return provenance_of(consent, recorded_at(consent, asker.hub.store), asker.caller.reader)


def _choices(plan: UUID, asker: Asker) -> Sequence[Consent]:
    hub, reader = asker.hub, asker.caller.reader
    if reader.role not in (Role.COORDINATOR, Role.CITIZEN):
        return ()
    return [one.consent for one in show_choices(plan, reader, hub.store, hub.settings, **asker.named)]


def family_of(plan: UUID, asker: Asker) -> Resource:
    """Return the household of a plan's person. :raises NotFound: there is no such plan that the caller may see."""
    shown = show_family(plan, asker.caller.reader, asker.hub.store, **asker.named)
    return household_of_plans(plan, [one.person for one in shown])


#: Types that do not come from a plan's view, or not from it alone, each with who shows it.
_ELSEWHERE: Mapping[str, Callable[[UUID, Asker], Sequence[Resource]]] = {
    "AuditEvent": events_of,
    "Consent": lambda plan, asker: [consent_resource(one) for one in _choices(plan, asker)],
    "Group": lambda plan, asker: [family_of(plan, asker)],
    "Provenance": lambda plan, asker: [origin_of(one, asker) for one in _choices(plan, asker)],
}
