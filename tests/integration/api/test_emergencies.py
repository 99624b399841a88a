"""Emergency access, holds and meetings over the API: by every route that reads, and by everyone who may be told."""

from __future__ import annotations

import base64
import re
from datetime import timedelta
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner

from hub.cli.commands import app
from hub.clock import now
from hub.fhir.render import TYPES
from hub.testing.clock import frozen
from tests.integration.api.served import ANNA_CPR, Served, on_both

pytestmark = pytest.mark.integration
SECRET = {"id": "s", "title": "Hemmeligt mål"}
WHY = "Barnet er fundet alene hjemme om natten."
FEAR = "Søsteren har fortalt om trusler."
DAY = timedelta(days=1)
NOT_THERE = "99999999-9999-4999-8999-999999999999"


def a_plan(hub: Served, cpr: str = "") -> tuple[str, str]:
    """Open a plan with one element that nobody has said yes to sharing; return both ids."""
    cpr, opened = hub.opens_plan(cpr)
    hub.sends(cpr, SECRET, case=f"secret-{cpr[-4:]}", id=f"{opened['plan']}-{opened['version']}")
    found = hub.ask("employment", "GET", f"/plans/{opened['plan']}").json()["elements"]
    return str(opened["plan"]), next(one["id"] for one in found if one["title"] == SECRET["title"])


def opens(hub: Served, plan: str, caller: str = "caseworker", **changed: Any) -> dict[str, Any]:
    answer = hub.ask(caller, "POST", f"/plans/{plan}/emergency", {"reason": WHY, "minutes": 60} | changed)
    assert answer.status_code == 201, answer.text
    opened: dict[str, Any] = answer.json()
    return opened


def reads(hub: Served, caller: str, plan: str, element: str, cpr: str = "") -> dict[str, bytes]:
    """Ask every route that reads of a plan; return the answers, but for when and as what they were asked for."""
    addresses = [f"/plans/{plan}", f"/explain/{plan}/{element}", f"/consents?plan={plan}"]
    addresses += [f"/fhir/{kind}/{id}" for kind in TYPES for id in (plan, f"{plan}-employment", element)]
    found = {address: hub.ask(caller, "GET", address) for address in addresses}
    if cpr:
        found["search"] = hub.ask(caller, "POST", "/plans/search", {"cpr": cpr})
    return {address: _told(answer.json()) for address, answer in found.items()}


def _told(answer: dict[str, Any]) -> bytes:
    told = {name: value for name, value in answer.items() if name not in ("correlation_id", "as_of")}
    for issue in told.get("issue", []):
        issue.pop("diagnostics")  # names the correlation id
    return orjson.dumps(told)


@on_both
def test_every_route_that_reads_shows_more_in_an_emergency_and_only_then(hub: Served) -> None:
    with frozen(now() + DAY) as clock:
        plan, element = a_plan(hub)
        before = reads(hub, "caseworker", plan, element)
        others = reads(hub, "coordinator", plan, element)
        assert not any(SECRET["title"].encode() in answer for answer in before.values())
        opened = opens(hub, plan)
        within = reads(hub, "caseworker", plan, element)
        shown = {address for address, answer in within.items() if SECRET["title"].encode() in answer}
        assert shown == {f"/plans/{plan}", f"/fhir/Goal/{element}"}
        assert b"SYS-EMERGENCY" in within[f"/explain/{plan}/{element}"]
        assert reads(hub, "coordinator", plan, element) == others
        hub.ask("coordinator", "POST", f"/emergencies/{opened['emergency']}/reject")
        assert reads(hub, "caseworker", plan, element) == before
        clock.advance(timedelta(hours=24))
        opens(hub, plan, minutes=1)
        again = reads(hub, "caseworker", plan, element)
        assert {address for address, answer in again.items() if SECRET["title"].encode() in answer} == shown
        clock.advance(timedelta(minutes=1))
        assert reads(hub, "caseworker", plan, element) == before


@on_both
def test_it_is_told_to_the_citizen_to_those_who_review_it_and_without_content_to_operators(hub: Served) -> None:
    plan, element = a_plan(hub, ANNA_CPR)
    opened = opens(hub, plan)
    assert opened.keys() == {
        "emergency", "plan", "organisation", "client", "reason", "role", "opened_at", "until", "is_open", "review",
        "approve_by", "reviewed_at", "informed_at", "categories",
    }  # fmt: skip
    assert hub.ask("caseworker", "GET", f"/explain/{plan}/{element}").status_code == 200
    assert hub.ask("caseworker", "GET", f"/plans/{plan}").status_code == 200
    mine = hub.ask("anna", "GET", f"/plans/{plan}/emergencies").json()["emergencies"][-1]
    assert "client" not in mine
    assert (mine["reason"], mine["review"], mine["is_open"], mine["informed_at"]) == (WHY, "awaited", True, None)
    assert "goals" in mine["categories"]
    theirs = hub.ask("coordinator", "GET", f"/plans/{plan}/emergencies").json()["emergencies"][-1]
    assert (theirs["reason"], theirs["categories"], theirs["client"]) == (WHY, None, "caseworker")
    told = hub.ask("operator", "GET", "/ops/emergencies")
    (row,) = [one for one in told.json()["emergencies"] if one["emergency"] == opened["emergency"]]
    assert (row["client"], row["review"], row["is_red"]) == ("caseworker", "awaited", False)
    assert WHY not in told.text
    assert plan not in told.text
    approved = hub.ask("coordinator", "POST", f"/emergencies/{opened['emergency']}/approve").json()
    assert approved["review"] == "approved"


def told_on_the_command_line(hub: Served, emergency: str, monkeypatch: pytest.MonkeyPatch) -> tuple[int, Any]:
    """Run ``hub emergencies`` on the hub's own machine; return how it ended, and the row."""
    keys = {"KEYS__1": b"\x01" * 32, "INDEX_KEY": b"\x02" * 32}
    given = {name: base64.b64encode(key).decode() for name, key in keys.items()}
    for name, value in (given | {"DATABASE_URL": f"sqlite:///{hub.store.engine.url.database}"}).items():
        monkeypatch.setenv(f"HUB_{name}", value)
    plain = CliRunner().invoke(app, ["emergencies"])
    ran = CliRunner().invoke(app, ["emergencies", "--json"])
    assert plain.exit_code == ran.exit_code
    (row,) = [one for one in orjson.loads(ran.stdout)["emergencies"] if one["emergency"] == emergency]
    return ran.exit_code, row


def test_not_approved_in_time_it_is_red_for_operators_here_and_on_the_command_line(
    hub: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan, _ = a_plan(hub)
    with frozen(now() + 2 * DAY) as clock:
        opened = opens(hub, plan)
        assert told_on_the_command_line(hub, opened["emergency"], monkeypatch)[1]["is_red"] is False
        clock.advance(timedelta(hours=24))
        rows = hub.ask("operator", "GET", "/ops/emergencies").json()["emergencies"]
        assert [one["is_red"] for one in rows if one["emergency"] == opened["emergency"]] == [True]
        code, row = told_on_the_command_line(hub, opened["emergency"], monkeypatch)
        assert (code, row["is_red"], row["review"]) == (1, True, "overdue")
        again = hub.ask("caseworker", "POST", f"/plans/{plan}/emergency", {"reason": WHY, "minutes": 60})
        assert (again.status_code, again.json()["code"]) == (409, "conflict")
        hub.ask("coordinator", "POST", f"/emergencies/{opened['emergency']}/approve")
        assert told_on_the_command_line(hub, opened["emergency"], monkeypatch)[1]["is_red"] is False


@pytest.mark.parametrize(
    "body",
    [
        {"reason": WHY}, {"minutes": 5}, {"reason": WHY, "minutes": 61}, {"reason": WHY, "minutes": 0},
        {"reason": WHY, "minutes": "5"}, {"reason": WHY, "minutes": 5, "client": "x"}, {"reason": "a", "minutes": 5},
        {"reason": f"{WHY}\n", "minutes": 5},
    ],
)  # fmt: skip
def test_a_request_that_says_too_little_or_too_much_is_refused_without_repeating_it(
    hub: Served, body: dict[str, Any]
) -> None:
    plan, _ = a_plan(hub)
    answer = hub.ask("caseworker", "POST", f"/plans/{plan}/emergency", body)
    assert answer.status_code == 400
    assert answer.json()["faults"]
    assert "alene hjemme" not in answer.text


def test_nobody_approves_their_own_over_the_api(hub: Served) -> None:
    plan, _ = a_plan(hub)
    opened = opens(hub, plan)
    answer = hub.ask("caseworker", "POST", f"/emergencies/{opened['emergency']}/approve")
    assert (answer.status_code, answer.json()["code"]) == (403, "not-allowed")
    hub.ask("coordinator", "POST", f"/emergencies/{opened['emergency']}/approve")


def test_the_coordinators_page_shows_what_the_api_shows(hub: Served) -> None:
    cpr, opened = hub.opens_plan()
    health = {"id": "h", "title": "Om helbredet", "category": "health", "label": "FOELSOMME_PERSONOPLYSNINGER"}
    hub.sends(cpr, health)
    plan = opened["plan"]
    titles = [one["title"] for one in hub.ask("coordinator", "GET", f"/plans/{plan}").json()["elements"]]
    assert health["title"] not in titles
    emergency = opens(hub, plan, "coordinator")["emergency"]
    titles = [one["title"] for one in hub.ask("coordinator", "GET", f"/plans/{plan}").json()["elements"]]
    assert health["title"] in titles
    hub.ask("caseworker", "POST", f"/emergencies/{emergency}/approve")


@on_both
def test_a_held_plan_answers_its_citizen_by_every_route_as_if_there_were_nothing_and_no_hold(hub: Served) -> None:
    with frozen(now() + 3 * DAY):
        plan, element = a_plan(hub, ANNA_CPR)
        opens(hub, plan, "coordinator")
        circle = ["children", "coordination"]
        met = hub.ask("caseworker", "POST", f"/plans/{plan}/meetings", {"purpose": "ssd", "organisations": circle})
        assert met.status_code == 201, met.text
        unheld = reads(hub, "anna", plan, element, ANNA_CPR)
        held = hub.ask("caseworker", "POST", f"/plans/{plan}/hold", {"reason": FEAR})
        assert (held.status_code, held.json()["reason"]) == (201, FEAR)
        first = reads(hub, "anna", plan, element, ANNA_CPR)
        assert first != unheld
        for number, more in enumerate(
            ({"id": "x", "title": "Mere"}, {"id": "y", "kind": "note", "label": "VIP_SAGER"})
        ):
            hub.sends(ANNA_CPR, more, case=f"while-held-{number}", id=f"{plan}-held-{number}-{held.json()['hold']}")
            assert reads(hub, "anna", plan, element, ANNA_CPR) == first
        for address in ("emergencies", "meetings"):
            assert hub.ask("anna", "GET", f"/plans/{plan}/{address}").json() == {"plan": plan, address: []}
        asked = [("GET", "holds", None), ("POST", "hold", {"reason": FEAR}), ("POST", "hold/lift", {"reason": FEAR})]
        while_held = [hub.ask("anna", method, f"/plans/{plan}/{path}", body) for method, path, body in asked]
        assert [answer.status_code for answer in while_held] == [404, 404, 404]
        assert len({answer.json()["detail"] for answer in while_held}) == 1
        # but for ids of FHIR, which are 32 of the letters a to p: four of them are a word now and then
        words = re.sub(r"\b[a-p]{32}\b", "", str(first.values()).lower())
        assert not any(word in words for word in ("hold", "held", "tilbageholdt", "trusler"))
        lifted = hub.ask("caseworker", "POST", f"/plans/{plan}/hold/lift", {"reason": "Risikoen er vurderet"})
        assert lifted.json()["lift_reason"] == "Risikoen er vurderet"
        assert len(hub.ask("anna", "GET", f"/plans/{plan}/meetings").json()["meetings"]) == 1
        (hold,) = hub.ask("coordinator", "GET", f"/plans/{plan}/holds").json()["holds"]
        assert (hold["reason"], hold["held_by"], hold["lifted_by"]) == (FEAR, "caseworker", "caseworker")


def test_meetings_over_the_api_are_counted_and_say_which_law_says_so(hub: Served) -> None:
    plan, _ = a_plan(hub)
    wanted: dict[str, Any] = {"purpose": "ssd", "organisations": ["children", "social"]}

    def meets(**changed: Any) -> Any:
        return hub.ask("caseworker", "POST", f"/plans/{plan}/meetings", wanted | changed)

    employment = meets(organisations=["children", "employment"])
    assert employment.status_code == 400
    assert employment.json()["faults"][0]["field"] == "organisations.1"
    assert "not part of the SSD cooperation" in employment.json()["faults"][0]["sentence"]
    for reason, number in (({}, 1), ({"reason": WHY}, 2)):
        opened = meets(**reason)
        assert (opened.status_code, opened.json()["number"], opened.json()["is_open"]) == (201, number, True)
        closed = hub.ask("coordinator", "POST", f"/meetings/{opened.json()['meeting']}/close")
        assert (closed.status_code, closed.json()["is_open"]) == (200, False)
    refused = meets(reason=WHY)
    assert refused.status_code == 409
    assert "Barnets lov" in refused.json()["detail"]
    assert hub.ask("coordinator", "POST", f"/meetings/{NOT_THERE}/close").status_code == 404
