"""A recipient that subscribes over FHIR, in the world of stories: its endpoint listens on a real socket."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from hub.adapters._endpoints import EndpointSettings, HookEndpoints
from hub.authority.feeding import Topic
from hub.consent.reader import Reader
from hub.flow import subscriptions as flow
from hub.flow.notify import due, notify
from hub.flow.subscriptions import Subscriber
from hub.plan.person import Role
from hub.store.subscriptions import Status, Subscription, Terms
from hub.testing.builders import a_consent, a_contribution
from tests.integration import subscribers
from tests.integration.world import SOMEBODY, World

SOCIAL = Subscriber(Reader("social", Role.AUTHORITY_SYSTEM), "social-system", "c")
NO_CHECK: Any = lambda one: None  # noqa: E731 - what a client has read is asked over HTTP


def may_be_told(world: World, *urls: str, recipient: str = "social") -> HookEndpoints:
    """Let a recipient's subscriptions be told at these addresses."""
    endpoints = HookEndpoints(recipient, EndpointSettings(urls=frozenset(urls)))
    world.systems[recipient].endpoints = endpoints  # type: ignore[attr-defined]
    return endpoints


def subscribes(world: World, listening: subscribers.Subscriber, topic: Topic = Topic.CHANGED, **more: Any) -> UUID:
    """Subscribe the social system, and let its endpoint be asked."""
    endpoints = may_be_told(world, listening.url)
    wanted = flow.subscribe(Terms(topic, listening.url, "Følge med", **more), SOCIAL, endpoints, world.store).id
    tells(world)
    return wanted


def tells(world: World) -> list[str]:
    """Tell everybody what there is to tell now; return what came of each."""
    return [notify(one, world.store, world.authorities, world.settings) for one in due(world.systems, world.store)]


def stands(world: World, wanted: UUID) -> Subscription:
    return flow.shown(wanted, SOCIAL, world.store)


def status_of(heard: subscribers.Heard) -> Mapping[str, Any]:
    """Return the parameters of the status that a notification begins with, events as a list."""
    (entry,) = heard.event["entry"]
    told: dict[str, Any] = {"notification-event": []}
    for one in entry["resource"]["parameter"]:
        value = next((value for name, value in one.items() if name.startswith("value")), None)
        if one["name"] == "notification-event":
            told["notification-event"].append({part["name"]: _value(part) for part in one["part"]})
        else:
            told[one["name"]] = value
    return told


def _value(part: Mapping[str, Any]) -> Any:
    found = next(value for name, value in part.items() if name.startswith("value"))
    return found["reference"] if isinstance(found, dict) else found


def numbers(listening: subscribers.Subscriber) -> list[int]:
    """Return the numbers of all events that were heard, in order."""
    return [int(one["event-number"]) for heard in listening.heard for one in status_of(heard)["notification-event"]]


def kinds(listening: subscribers.Subscriber) -> list[str]:
    return [status_of(heard)["type"] for heard in listening.heard]


def a_shared_plan(world: World, *goals: str) -> tuple[UUID, UUID]:
    """A plan that children writes goals into, which the citizen shares with social; return it and the consent."""
    (plan,) = world.opens_plan().plans
    yes = world.says(a_consent(SOMEBODY).to("social").build(), plan)
    world.drains()
    if goals:
        writes(world, 1, *goals)
    return plan, yes.id


def writes(world: World, version: int, *goals: str) -> None:
    """Let the children authority send goals."""
    told = a_contribution("children").version(version)
    for goal in goals:
        told = told.with_draft(goal)
    world.accepts(told.build())


def asked_anew(world: World, wanted: UUID) -> None:
    flow.change(wanted, Status.REQUESTED, SOCIAL, world.store, NO_CHECK)


def events_of(world: World, wanted: UUID, since: int = 0, until: int = 10_000) -> Sequence[tuple[int, UUID | None]]:
    return [(one.number, one.plan) for one in flow.events(wanted, since, until, SOCIAL, world.store)[1]]
