"""Who can see what, why a recipient sees something, and what a change would do, over the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson
import pytest
import sqlalchemy as sa

from hub.clock import now
from hub.store.tables import consents, elements, holdings, outbox
from tests.integration.api.served import ANNA_CPR, CANARY_CPR, CANARY_NAME, Served, on_both

pytestmark = pytest.mark.integration
SECRET = {"id": "secret", "category": "goals", "label": "FOELSOMME_PERSONOPLYSNINGER", "title": CANARY_NAME}
OPEN = {"id": "open", "category": "goals"}
SYSTEM = {"role": "authority-system", "purpose": "one-plan"}


def sharing(plan: object, **said: Any) -> dict[str, Any]:
    usual = {"sources": ["employment"], "recipients": ["children"], "categories": ["goals"]}
    return {"kind": "sharing", "plan": str(plan), **usual, **said}


def who_can_see(hub: Served, plan: object, caller: str = "coordinator") -> dict[str, Any]:
    answer = hub.ask(caller, "GET", f"/plans/{plan}/who-can-see")
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def simulated(hub: Served, body: Any, caller: str = "coordinator") -> dict[str, Any]:
    answer = hub.ask(caller, "POST", "/consents/simulate", body)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def the(recipients: list[dict[str, Any]], name: str, exchange: str = "disclose") -> dict[str, Any]:
    wanted = {"recipient": name, "exchange": exchange, **SYSTEM}
    (found,) = [one for one in recipients if wanted.items() <= one.items()]
    return found


def goals(row: dict[str, Any], source: str = "employment") -> dict[str, Any]:
    cells: list[dict[str, Any]] = row["categories"]
    (cell,) = [one for one in cells if one["category"] == "goals" and source in one["sources"]]
    return cell


def a_plan(hub: Served, *drafts: dict[str, Any]) -> tuple[str, str]:
    """Return a plan with goals of employment's, and the number of its person."""
    cpr, opened = hub.opens_plan()
    hub.sends(cpr, *drafts)
    return opened["plan"], cpr


def the_open_goal(hub: Served, plan: object) -> str:
    found = hub.ask("coordinator", "GET", f"/plans/{plan}").json()["elements"]
    (goal,) = [str(one["id"]) for one in found]
    return goal


# --- who can see this -------------------------------------------------------------------------------------------------


@on_both
def test_the_matrix_says_who_could_see_what_and_why(hub: Served) -> None:
    plan, _ = a_plan(hub, OPEN)
    before = goals(the(who_can_see(hub, plan)["recipients"], "children"))
    assert (before["whole_up_to"], before["reason"]) == (None, "no-consent")
    assert before["sentence"]["da"] == "Ikke delt: borgeren har ikke sagt ja."
    given = hub.ask("coordinator", "POST", "/consents", sharing(plan)).json()
    after = goals(the(who_can_see(hub, plan)["recipients"], "children"))
    assert (after["whole_up_to"], after["reason"]) == ("FORTROLIGE_PERSONOPLYSNINGER", "consent")
    assert {"consent": given["consent"], "version": 1} in after["consents"]
    assert after["sentence"]["da"].startswith("Kan ses, fordi borgeren har sagt ja den ")
    assert after["valid_until"]
    assert after["beyond"]["reason"] == "no-consent"


def test_the_citizen_is_spoken_to(hub: Served) -> None:
    rows = who_can_see(hub, hub.plan, "anna")["recipients"]
    assert goals(the(rows, "children"), "*")["sentence"]["da"] == "Ikke delt: du har ikke sagt ja."
    assert {one["recipient"] for one in rows} >= {"children", "employment", "coordination"}


@on_both
@pytest.mark.parametrize("label", ["FOELSOMME_PERSONOPLYSNINGER", "VIP_SAGER"])
def test_content_that_a_reader_may_not_see_changes_no_byte_of_any_answer(hub: Served, label: str) -> None:
    plan, cpr = a_plan(hub, OPEN)
    goal = the_open_goal(hub, plan)
    asked: list[tuple[str, str, Any]] = [
        ("GET", f"/plans/{plan}", None),
        ("GET", f"/plans/{plan}/who-can-see", None),
        ("GET", f"/explain/{plan}/{goal}", None),
        ("GET", f"/explain/{plan}/{goal}?recipient=children", None),
        ("GET", f"/fhir/CarePlan/{plan}", None),
        ("GET", f"/fhir/Provenance/{plan}-employment", None),
        ("POST", "/consents/simulate", {"give": sharing(plan, label="VIP_SAGER", period=PERIOD)}),
    ]

    def answers() -> list[bytes]:
        told = [hub.ask("coordinator", method, path, body) for method, path, body in asked]
        assert {one.status_code for one in told} == {200}
        tags = [one.headers.get("etag", "").encode() for one in told]
        return tags + [orjson.dumps(_timeless(one.json())) for one in told]

    before = answers()
    hub.sends(cpr, OPEN, {**SECRET, "label": label}, {**SECRET, "id": "other", "category": "health"}, version=2)
    assert answers() == before
    hub.sends(cpr, {**OPEN, "title": "Et andet mål"}, version=3)
    assert answers() != before, "else this could not fail"


PERIOD = {"from": "2026-01-01T00:00:00+01:00", "to": "2036-01-01T00:00:00+01:00"}


def _timeless(answer: dict[str, Any]) -> dict[str, Any]:
    """Leave out when it was asked, and the id that a consent which is not there yet would get."""
    return {name: value for name, value in answer.items() if name not in ("as_of", "consent")}


def test_of_a_held_plan_the_citizen_is_told_nothing_by_any_of_these(hub: Served) -> None:
    give = {"give": sharing(hub.plan, sources=["children"], period=PERIOD)}

    def answers() -> list[Any]:
        shown = _timeless(who_can_see(hub, hub.plan, "anna")), _timeless(simulated(hub, give, "anna"))
        plan = hub.ask("anna", "GET", f"/plans/{hub.plan}").json()
        said = hub.ask("anna", "GET", f"/consents?plan={hub.plan}").json()
        return [orjson.dumps(one) for one in (*shown, said, plan["may_be_partial"], plan["status"], *decided())]

    def decided() -> list[Any]:
        """Ask over FHIR what the citizen may see, and what a recipient."""
        kind = {"plan": str(hub.plan), "authority": "employment", "category": "goals"}
        questions = (kind, {**kind, "recipient": "children"})
        bodies = [
            {
                "resourceType": "Parameters",
                "parameter": [{"name": name, "valueString": value} for name, value in asked.items()],
            }
            for asked in questions
        ]
        answers = [hub.ask("anna", "POST", "/fhir/Consent/$decide", body) for body in bodies]
        assert {answer.status_code for answer in answers} == {200}, [answer.text for answer in answers]
        return [answer.json() for answer in answers]

    before = answers()
    assert (
        hub.ask("coordinator", "POST", f"/plans/{hub.plan}/hold", {"reason": "Der frygtes en konflikt."}).status_code
        == 201
    )
    try:
        assert answers() == before
        # Somebody who joins the circle now would tell that something has come in.
        letter = {"id": "held-1", "cpr": ANNA_CPR, "case": "held", "version": 1, "elements": [OPEN]}
        assert hub.ask("employment", "POST", "/in/employment", letter).status_code == 201
        assert answers() == before
    finally:
        lifted = hub.ask("coordinator", "POST", f"/plans/{hub.plan}/hold/lift", {"reason": "Risikoen er vurderet."})
        assert lifted.status_code == 200


def test_reading_the_matrix_is_written_down_without_what_it_says(hub: Served) -> None:
    plan, _ = a_plan(hub, OPEN)
    who_can_see(hub, plan)
    (row,) = [one for one in hub.audited("who-can-see-read") if str(one["plan_id"]) == plan]
    asked_by = {"organisation": "coordination", "role": "coordinator", "purpose": "one-plan"}
    assert (row["actor"], row["details"]) == ("coordinator", asked_by)


# --- why a recipient sees an element ----------------------------------------------------------------------------------


@on_both
def test_the_coordinator_may_ask_why_a_recipient_sees_an_element(hub: Served) -> None:
    plan, _ = a_plan(hub, OPEN, SECRET)
    goal = the_open_goal(hub, plan)
    address = f"/explain/{plan}/{goal}?recipient=children"
    before = the(hub.ask("coordinator", "GET", address).json()["answers"], "children")
    assert (before["outcome"], before["reason"]) == ("deny", "no-consent")
    given = hub.ask("coordinator", "POST", "/consents", sharing(plan)).json()["consent"]
    after = the(hub.ask("coordinator", "GET", address).json()["answers"], "children")
    assert (after["outcome"], after["reason"]) == ("permit", "consent")
    assert given in {one["consent"] for one in after["consents"]}
    assert (before["obligations"], before["valid_until"]) == (["audit"], None)
    assert after["obligations"] == ["audit", "purpose-bound"]
    assert after["valid_until"] is not None, "both consents end"
    own = the(
        hub.ask("coordinator", "GET", f"/explain/{plan}/{goal}?recipient=employment").json()["answers"], "employment"
    )
    assert own["reason"] == "own"
    (row, *_) = [one for one in hub.audited("explained-recipient") if str(one["plan_id"]) == plan]
    asked_by = {"organisation": "coordination", "role": "coordinator", "purpose": "one-plan"}
    assert row["details"] == {"element": goal, "recipient": "children", **asked_by}


def test_of_what_the_asker_does_not_see_or_whom_nobody_knows_nothing_is_said(hub: Served) -> None:
    plan, _ = a_plan(hub, OPEN, SECRET)
    goal = the_open_goal(hub, plan)
    with hub.store.begin(read_only=True) as unit:
        all_of_it = unit.connection.execute(sa.select(elements.c.id).where(elements.c.plan_id == UUID(plan))).scalars()
        (secret,) = [one for one in all_of_it if str(one) != goal]
    asked = [
        ("coordinator", f"/explain/{plan}/{secret}?recipient=children"),
        ("coordinator", f"/explain/{plan}/{UUID(int=1)}?recipient=children"),
        ("coordinator", f"/explain/{plan}/{goal}?recipient=nobody"),
        ("employment", f"/explain/{plan}/{goal}?recipient=children"),
        ("anna", f"/explain/{plan}/{goal}?recipient=children"),
    ]
    told = [hub.ask(caller, "GET", path) for caller, path in asked]
    assert {one.status_code for one in told} == {404}
    assert hub.ask("coordinator", "GET", f"/explain/{plan}/{goal}?recipient=Ikke%20et%20navn").status_code == 400


# --- simulation -------------------------------------------------------------------------------------------------------


@on_both
def test_a_simulation_says_what_the_matrix_then_says_and_writes_nothing_but_that_it_was_asked(hub: Served) -> None:
    plan, _ = a_plan(hub, OPEN)
    goal, give = the_open_goal(hub, plan), sharing(plan, period=PERIOD)
    before = hub.ask("coordinator", "GET", f"/consents?plan={plan}").json()
    rows = how_many(hub)
    told = simulated(hub, {"give": give})
    assert how_many(hub) == rows
    assert hub.ask("coordinator", "GET", f"/consents?plan={plan}").json() == before
    assert [one["element"] for one in the(told["recipients"], "children")["gains"]] == [goal]
    predicted = goals(the(told["recipients"], "children"))
    assert predicted["before"] == {"whole_up_to": None, "in_part_up_to": None, "left_out": []}
    hub.ask("coordinator", "POST", "/consents", give)
    happened = goals(the(who_can_see(hub, plan)["recipients"], "children"))
    assert predicted["after"] == {name: happened[name] for name in predicted["after"]}
    (row,) = [one for one in hub.audited("simulated") if str(one["plan_id"]) == plan]
    assert row["actor"] == "coordinator"


def how_many(hub: Served) -> int:
    with hub.store.begin(read_only=True) as unit:
        return unit.connection.execute(sa.select(sa.func.count()).select_from(consents)).scalar_one()


def test_what_the_coordinator_does_not_see_is_neither_named_nor_counted(hub: Served) -> None:
    plan, _ = a_plan(hub, SECRET)
    told = simulated(hub, {"give": sharing(plan, recipients=["children", "coordination"], label="VIP_SAGER")})
    assert all(not (one["gains"] or one["loses"] or one["changes"]) for one in told["recipients"])
    assert {(one["additions"], one["withdrawals"]) for one in told["deliveries"]} == {(0, 0)}
    assert goals(the(told["recipients"], "children"))["after"]["whole_up_to"] == "FOELSOMME_PERSONOPLYSNINGER"
    assert CANARY_NAME not in orjson.dumps(told).decode()


def test_a_withdrawal_is_simulated_with_what_must_be_given_up(hub: Served) -> None:
    plan, _ = a_plan(hub, OPEN)
    goal = the_open_goal(hub, plan)
    given = hub.ask("coordinator", "POST", "/consents", sharing(plan)).json()["consent"]
    with hub.store.begin() as unit:  # no system of theirs runs here: say that they have taken it in
        unit.outbox.ensure(UUID(plan), "children", "xml", now())
        whose = (outbox.c.plan_id == UUID(plan)) & (outbox.c.recipient == "children")
        row = unit.connection.execute(sa.select(outbox.c.id).where(whose)).scalar_one()
        held = {"outbox_id": row, "element_id": UUID(goal), "digest": "d", "since": now()}
        unit.connection.execute(holdings.insert().values(held))
    told = simulated(hub, {"withdraw": given})
    assert told["consent"] == {"consent": given, "version": 2}
    assert [one["element"] for one in the(told["recipients"], "children")["loses"]] == [goal]
    assert {"recipient": "children", "additions": 0, "withdrawals": 1} in told["deliveries"]
    assert hub.ask("coordinator", "GET", f"/consents?plan={plan}").json()["consents"][1]["status"] == "active"


def test_one_plan_given_anew_says_who_would_join(hub: Served) -> None:
    cpr, opened = hub.opens_plan(authorities=["children"])
    give = {"kind": "one-plan", "person": {"cpr": cpr, "name": "Test"}, "authorities": ["children", "employment"]}
    told = simulated(hub, {"give": give})
    assert told["plan"] == opened["plan"]
    assert the(told["recipients"], "employment")["categories"], "an authority sees its own once it takes part"
    assert {"recipient": "employment", "additions": 0, "withdrawals": 0} in told["deliveries"]
    nobody = {**give, "person": {"cpr": hub.a_cpr(), "name": "Ingen"}}
    assert hub.ask("coordinator", "POST", "/consents/simulate", {"give": nobody}).status_code == 404
    assert "employment" not in {one["recipient"] for one in who_can_see(hub, opened["plan"])["recipients"]}


def test_a_childs_own_yes_lacks_a_word_and_opens_nothing(hub: Served) -> None:
    cpr, number = "0505159995", {"capacity": "custody", "cpr": "1106849994", "name": "Mor"}
    _, opened = hub.opens_plan(cpr, given_by=[number])
    told = simulated(hub, {"give": sharing(opened["plan"])})
    assert (told["applies"], told["lacks"]) == (False, ["custody"])
    assert told["recipients"] == []


@pytest.mark.parametrize(
    "caller", ["caseworker", "partner", "employment", "bo", "another-coordinator", "operator", "administrator"]
)
def test_nobody_else_may_simulate_a_choice(hub: Served, caller: str) -> None:
    plan, _ = a_plan(hub, OPEN)
    given = hub.ask("coordinator", "POST", "/consents", sharing(plan)).json()["consent"]
    for body in ({"give": sharing(plan)}, {"withdraw": given}):
        assert hub.ask(caller, "POST", "/consents/simulate", body).status_code == 404


def test_a_policy_is_tried_out_on_synthetic_citizens_alone(hub: Served) -> None:
    document = hub.ask("administrator", "GET", "/policies/1").json()
    rules = [rule for rule in document["rule"] if rule["id"] != "CON-SEL141"]
    told = simulated(hub, {"policy": document | {"rule": rules}}, "administrator")
    assert told["compared_with"] == 1
    assert told["plans"] > 0
    assert "goals" in told["categories"]
    assert {one["recipient"] for one in told["synthetic"]} == {"social"}
    assert max(one["loses"] for one in told["synthetic"]) > 0
    same = simulated(hub, {"policy": document}, "administrator")
    assert (same["plans"], same["categories"], same["synthetic"]) == (0, [], [])
    assert hub.audited("policy-simulated")[-1]["details"] == {"draft": None, "compared_with": 1}


def test_a_draft_is_tried_out_by_its_id(hub: Served) -> None:
    document = hub.ask("administrator", "GET", "/policies/1").json()
    rules = [rule for rule in document["rule"] if rule["id"] != "LAW-O-COORDINATOR"]
    draft = hub.ask("administrator", "POST", "/policies/drafts", document | {"rule": rules}).json()["draft"]
    told = simulated(hub, {"policy": draft}, "administrator")
    assert {one["role"] for one in told["synthetic"]} == {"coordinator"}
    unknown = hub.ask("administrator", "POST", "/consents/simulate", {"policy": str(UUID(int=1))})
    assert unknown.status_code == 404


@pytest.mark.parametrize(
    ("caller", "told"), [("coordinator", 403), ("anna", 403), ("operator", 404), ("children", 404)]
)
def test_only_an_administrator_tries_out_a_policy(hub: Served, caller: str, told: int) -> None:
    """Who may try out consents is told that a policy is not theirs; to everybody else there is nothing here."""
    assert hub.ask(caller, "POST", "/consents/simulate", {"policy": {"rule": []}}).status_code == told


@pytest.mark.parametrize(
    ("body", "caller"),
    [
        ({}, "coordinator"),
        ({"withdraw": str(UUID(int=1)), "policy": {}}, "administrator"),
        ({"give": {"kind": "sharing"}}, "coordinator"),
        ({"withdraw": "no id"}, "coordinator"),
        ({"policy": {"rule": "none"}}, "administrator"),
        (
            {"give": {"kind": "one-plan", "person": {"cpr": CANARY_CPR + "1", "name": "A"}, "authorities": ["x"]}},
            "anna",
        ),
    ],
)
def test_a_simulation_of_nothing_or_of_two_things_names_its_faults(hub: Served, body: Any, caller: str) -> None:
    answer = hub.ask(caller, "POST", "/consents/simulate", body)
    assert answer.status_code == 400
    assert answer.json()["faults"]
    assert CANARY_CPR not in answer.text
