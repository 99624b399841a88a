"""What is there is done for nobody who may not, and then for whoever may.

The matrix of ``test_roles.py`` asks many routes for an id that nobody has: whoever may not is told the same of it. Here
they are asked for one that is there, by every caller; those that other modules ask so are listed (``ELSEWHERE``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from hub.clock import new_id, now
from hub.store.notices import State
from hub.store.register_tasks import TaskKind
from tests.integration.api import test_findings as findings
from tests.integration.api import test_notices as notices
from tests.integration.api import test_proposals as proposals
from tests.integration.api.served import ANNA_CPR, Served
from tests.integration.api.test_policies import drafted
from tests.integration.api.test_roles import CALLERS, NOBODY, ROUTES
from tests.integration.colliding import a_collision

pytestmark = pytest.mark.integration
WHY = "Barnet er fundet alene hjemme om natten."
GOAL = {"kind": "goal", "title": "Ro om aftenen"}
FIRST = {"If-Match": '"1"'}


@dataclass(frozen=True)
class There:
    """Something that is there, and how it is asked for.

    :ivar ids: what stands in the route's address, by its name there.
    """

    ids: Mapping[str, Any]
    body: Any = None

    def asked(self, hub: Served, route: str, caller: str | None) -> tuple[int, str]:
        """Ask for it; return the status, and the answer."""
        method, _, path = route.partition(" ")
        answer = hub.ask(caller, method, path.format_map(self.ids), self.body, headers=FIRST)
        return answer.status_code, answer.text


def _said(hub: Served, caller: str, path: str, body: Any = None) -> dict[str, Any]:
    answer = hub.ask(caller, "POST", path, body)
    assert answer.is_success, answer.text
    said: dict[str, Any] = answer.json()
    return said


def _a_plan(hub: Served) -> str:
    return str(hub.opens_plan()[1]["plan"])


def _in_a_month() -> str:
    return (now() + timedelta(days=30)).isoformat()


def _a_collision(hub: Served) -> str:
    return a_collision(hub, day=_in_a_month()[:10])[1]


def _a_meeting_of_employment(hub: Served) -> tuple[str, str]:
    plan = _a_collision(hub)
    return plan, proposals.meetings(hub, plan)["employment"]


def _a_proposal(hub: Served) -> There:
    plan, element = _a_meeting_of_employment(hub)
    made = proposals.proposes(hub, plan, element, _in_a_month()).json()
    return There({"plan": plan, "id": made["proposal"]}, {"reason": WHY})


def _something_to_move(hub: Served) -> There:
    plan, element = _a_meeting_of_employment(hub)
    return There({"plan": plan}, {"element": element, "start": _in_a_month()})


def _a_finding(hub: Served) -> There:
    plan = _a_collision(hub)
    return There({"plan": plan, "finding": findings.the_one(hub, plan)["finding"]}, {"reason": WHY})


def _an_accepted_finding(hub: Served) -> There:
    found = _a_finding(hub)
    assert findings.accepts(hub, found.ids["plan"], found.ids["finding"]).status_code == 201
    return found


def _a_meeting(hub: Served) -> There:
    about = {"purpose": "ssd", "organisations": ["children"]}
    return There({"id": _said(hub, "coordinator", f"/plans/{_a_plan(hub)}/meetings", about)["meeting"]})


def _an_emergency(hub: Served) -> There:
    opened = _said(hub, "caseworker", f"/plans/{_a_plan(hub)}/emergency", {"reason": WHY, "minutes": 5})
    return There({"id": opened["emergency"]})


def _a_question_for_consent(hub: Served) -> There:
    question = {"recipient": "children", "category": "contacts", "purpose": WHY}
    asked = _said(hub, "coordinator", f"/plans/{hub.plan}/consent-requests", question)
    return There({"id": asked["request"]}, {"answer": "no"})


def _annas(hub: Served) -> str:
    """Have employment send an activity of Anna's; return its id."""
    title = f"Aktivitet {new_id()}"
    hub.sends(ANNA_CPR, {"id": "e", "kind": "activity", "category": "activities", "title": title}, case=title)
    found = hub.ask("anna", "GET", f"/plans/{hub.plan}").json()["elements"]
    return str(next(one["id"] for one in found if one["title"] == title))


def _a_question(hub: Served) -> There:
    words = {"element": _annas(hub), "says": "ask", "words": WHY}
    return There({"id": _said(hub, "anna", f"/plans/{hub.plan}/statements", words)["statement"]}, {"answer": WHY})


def _something_to_say(hub: Served) -> There:
    return There({"plan": hub.plan}, {"element": _annas(hub), "says": "ask", "words": WHY})


def _something_wrong(hub: Served) -> There:
    return There({"plan": hub.plan}, {"element": _annas(hub), "claim": WHY})


def _a_correction(hub: Served) -> There:
    claim = {"element": _annas(hub), "claim": WHY}
    return There({"id": _said(hub, "anna", f"/plans/{hub.plan}/corrections", claim)["correction"]}, {"reason": WHY})


def _a_restriction(hub: Served) -> There:
    why = {"element": _annas(hub), "reason": WHY}
    return There({"id": _said(hub, "anna", f"/plans/{hub.plan}/restrictions", why)["restriction"]})


def _a_goal(hub: Served) -> There:
    plan = _a_plan(hub)
    return There({"plan": plan, "id": _said(hub, "coordinator", f"/plans/{plan}/goals", GOAL)["id"]}, GOAL)


def _a_goal_to_end(hub: Served) -> There:
    return There(_a_goal(hub).ids, {"status": "completed"})


def _a_letter_to_tell(hub: Served) -> There:
    return There({"id": notices.made(hub, by_hand="no-custodian")})


def _a_dead_letter_to_a_citizen(hub: Served) -> There:
    key = notices.made(hub)
    with hub.store.begin() as unit:
        assert unit.notices.move(key, (State.WAITING,), State.DEAD, now(), cause="recipient-failed")
    return There({"id": key})


def _a_task_of_the_register(hub: Served) -> There:
    plan = _a_plan(hub)
    with hub.store.begin() as unit:
        unit.register.tasks.add(UUID(plan), TaskKind.DEATH, now())
    (task,) = [one for one in hub.ask("coordinator", "GET", "/register-tasks").json()["tasks"] if one["plan"] == plan]
    return There({"id": task["task"]})


def _a_dead_letter(hub: Served) -> There:
    return There({"id": hub.a_dead_letter()}, {"reason": WHY})


def _a_dead_letter_to_read(hub: Served) -> There:
    return There({"id": hub.a_dead_letter()})


def _a_replay(hub: Served) -> There:
    chosen = {"ids": [str(hub.a_dead_letter())], "reason": WHY, "canary": 1, "per_minute": 60}
    return There({"id": _said(hub, "operator", "/ops/replays", chosen)["id"]})


def _a_draft(hub: Served) -> There:
    return There({"id": drafted(hub)["draft"]}, {"reason": "rejected"})


_OPERATORS, _ADMINISTRATORS = ("operator-of-children", "operator"), ("administrator", "another-administrator")
#: Route → what is there, who may (the last of them does it), and who is told that it is there, but may not.
ASKED: Mapping[str, tuple[Callable[[Served], There], tuple[str, ...], tuple[str, ...]]] = {
    "POST /plans/{plan}/proposals": (_something_to_move, ("coordinator",), ()),
    "POST /plans/{plan}/proposals/{id}/cancel": (_a_proposal, ("coordinator",), ()),
    "POST /proposals/{id}/accept": (_a_proposal, ("employment",), ()),
    "POST /proposals/{id}/reject": (_a_proposal, ("employment",), ()),
    "POST /plans/{plan}/findings/{finding}/accept": (_a_finding, ("coordinator",), ()),
    "POST /plans/{plan}/findings/{finding}/reopen": (_an_accepted_finding, ("coordinator",), ()),
    "POST /meetings/{id}/close": (_a_meeting, ("caseworker", "coordinator"), ()),
    "POST /emergencies/{id}/approve": (_an_emergency, ("coordinator",), ("caseworker",)),
    "POST /emergencies/{id}/reject": (_an_emergency, ("coordinator",), ("caseworker",)),
    "POST /consent-requests/{id}/answer": (_a_question_for_consent, ("anna",), ()),
    "POST /plans/{plan}/statements": (_something_to_say, ("coordinator", "anna"), ()),
    "POST /statements/{id}/answer": (_a_question, ("employment",), ()),
    "POST /plans/{plan}/corrections": (_something_wrong, ("coordinator", "anna"), ()),
    "POST /corrections/{id}/refuse": (_a_correction, ("employment",), ()),
    "POST /restrictions/{id}/announce": (_a_restriction, ("coordinator", "anna"), ()),
    "PUT /plans/{plan}/goals/{id}": (_a_goal, ("coordinator",), ()),
    "POST /plans/{plan}/goals/{id}/end": (_a_goal_to_end, ("coordinator",), ()),
    "POST /notices/{id}/told": (_a_letter_to_tell, ("coordinator",), ()),
    "POST /register-tasks/{id}/done": (_a_task_of_the_register, ("coordinator",), ()),
    "GET /ops/dead-letters/{id}": (_a_dead_letter_to_read, _OPERATORS, ()),
    "POST /ops/dead-letters/{id}/discard": (_a_dead_letter, _OPERATORS, ()),
    "POST /ops/dead-letters/{id}/reveal": (_a_dead_letter, ("coordinator",), ()),
    "POST /ops/dead-letters/{id}/replay": (_a_dead_letter_to_read, _OPERATORS, ()),
    "POST /ops/notices/{id}/replay": (_a_dead_letter_to_a_citizen, _OPERATORS, ()),
    "GET /ops/trace/{id}": (_a_dead_letter_to_read, _OPERATORS, ()),
    "GET /ops/replays/{id}": (_a_replay, _OPERATORS, ()),
    "POST /ops/replays/{id}/start": (_a_replay, _OPERATORS, ()),
    "POST /ops/replays/{id}/cancel": (_a_replay, _OPERATORS, ()),
    "GET /policies/drafts/{id}": (_a_draft, (*_OPERATORS, *_ADMINISTRATORS), ()),
    # Whoever has drafted it may not publish it.
    "POST /policies/drafts/{id}/publish": (_a_draft, ("another-administrator",), ("administrator",)),
    "POST /policies/drafts/{id}/discard": (_a_draft, _ADMINISTRATORS, ()),
}
#: Asked for what is there by another module.
ELSEWHERE = {
    "test_rights.py": {
        "POST /restrictions/{id}/lift", "POST /legal-holds/{id}/lift", "GET /plans/{plan}/erasure",
        "POST /plans/{plan}/erasure/approve", "GET /plans/{plan}/erasure/certificate",
    },
    "test_fhir_subscriptions.py": {
        "GET /fhir/Subscription/{subscription}", "GET /fhir/Subscription/{subscription}/$status",
        "GET /fhir/Subscription/{subscription}/$events",
    },
    "test_fhir_writes.py": {"PUT /fhir/{kind}/{id}"},
    "test_receipts.py": {"POST /receipts"},
    "test_soap_door.py": {"GET /soap/{authority}", "POST /soap/{authority}"},
    "test_reading.py": {"GET /contracts/{path}"},
}  # fmt: skip


@pytest.mark.parametrize("route", ASKED)
def test_what_is_there_is_done_for_nobody_who_may_not(hub: Served, route: str) -> None:
    make, may, are_told = ASKED[route]
    _, are_let_in, otherwise = ROUTES[route]
    there = make(hub)
    for caller in [one for one in CALLERS if one not in may]:
        status, told = there.asked(hub, route, caller)
        if caller is NOBODY:
            assert status == 401
        elif caller in are_told:
            assert status == 403, (caller, told)
        else:
            assert status == (404 if caller in are_let_in else otherwise), (caller, told)
    status, told = there.asked(hub, route, may[-1])
    assert status in (200, 201, 202), f"it is there still, for whoever may: {told}"


def test_every_route_is_asked_for_what_is_there_somewhere() -> None:
    elsewhere = set().union(*ELSEWHERE.values())
    assert {route for route, (granted, _, _) in ROUTES.items() if granted == {404}} == ASKED.keys() | elsewhere
    assert not ASKED.keys() & elsewhere
