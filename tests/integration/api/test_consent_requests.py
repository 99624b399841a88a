"""Questions for a consent over the API: who asks, who answers, and that the citizen's access report has them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.api.served import Served, on_both

pytestmark = pytest.mark.integration
WHY = "Så møderne ikke falder samtidig"


def asks(hub: Served, category: str) -> dict[str, Any]:
    question = {"recipient": "children", "category": category, "purpose": WHY}
    answer = hub.ask("coordinator", "POST", f"/plans/{hub.plan}/consent-requests", question)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def answers(hub: Served, request: str, said: str, caller: str = "anna") -> int:
    return hub.ask(caller, "POST", f"/consent-requests/{request}/answer", {"answer": said}).status_code


@on_both
def test_a_citizen_answers_once_and_for_all_and_the_coordinator_reads_it(hub: Served) -> None:
    request = asks(hub, "contacts")["request"]
    assert answers(hub, request, "not-now") == 200
    assert answers(hub, request, "no") == 200
    assert answers(hub, request, "no") == 409
    found = hub.ask("coordinator", "GET", f"/plans/{hub.plan}/consent-requests").json()["requests"]
    assert [(one["purpose"], one["answer"]) for one in found if one["request"] == request] == [(WHY, "no")]


def test_a_yes_is_no_answer_here(hub: Served) -> None:
    request = asks(hub, "cases")["request"]
    assert answers(hub, request, "yes") == 400
    assert answers(hub, request, "no", "coordinator") == 404
    assert answers(hub, request, "taken-back") == 404
    assert answers(hub, request, "taken-back", "coordinator") == 200


@pytest.mark.parametrize("caller", ["children", "caseworker", "another-coordinator", "bo", "operator"])
def test_nobody_else_knows_of_a_question(hub: Served, caller: str) -> None:
    request = asks(hub, "activities")["request"]
    assert answers(hub, request, "no", caller) == 404
    assert answers(hub, request, "taken-back", "coordinator") == 200


def test_what_somebody_was_asked_is_in_their_access_report(hub: Served) -> None:
    asks(hub, "needs")
    report = hub.ask("anna", "GET", f"/plans/{hub.plan}/report").json()
    assert (WHY, "needs") in [(one["purpose"], one["category"]) for one in report["consent_requests"]]
    assert "asked_by" not in str(report["consent_requests"]), "no member of staff"
    page = hub.ask("anna", "GET", f"/plans/{hub.plan}/report?as=html")
    assert WHY in page.text
