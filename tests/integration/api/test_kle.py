"""A caseworker whose work is limited to subjects of KLE reads those alone, and is told nothing of the others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from hub.authority import contract_folder
from hub.consent.reader import Reader
from hub.errors import SettingsRefused
from hub.flow.correct import ask
from hub.flow.statements import Says, say
from hub.identity.tokens import Identity, new_token
from hub.plan.person import Role
from hub.settings import Client
from tests.integration.api.served import Served, served
from tests.integration.databases import EMBEDDED, OPERATED, a_database_for_a_hub

pytestmark = pytest.mark.integration
#: Of the examples: a case of 27.24.00 about this child.
CHANGED, CHILD = contract_folder("children/v1") / "examples" / "changed.xml", "0505159995"


def limited(*kle: str, role: str = "caseworker") -> tuple[str, Client]:
    token, digest = new_token()
    given = {"token_sha256": digest, "organisation": "children", "role": role, "kle": list(kle)}
    return token, Client.model_validate(given)


@pytest.fixture(scope="module", params=[EMBEDDED, OPERATED])
def hub(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    made = {"within": limited("27.24", "32.18"), "elsewhere": limited("32", "27.25")}
    clients = {name: client for name, (_, client) in made.items()}
    with (
        a_database_for_a_hub(request.param, tmp_path_factory.mktemp("kle")) as url,
        served(url, clients=clients) as running,
    ):
        running.tokens = {**running.tokens, **{name: token for name, (token, _) in made.items()}}
        yield running


def read_by(hub: Served, caller: str, plan: str) -> dict[str, Any]:
    answer = hub.ask(caller, "GET", f"/plans/{plan}")
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    del told["as_of"]  # when it was asked
    return told


def a_childs_plan(hub: Served) -> str:
    return str(hub.opens_plan(CHILD, "Lars Test Berggren")[1]["plan"])


def the_case_comes_in(hub: Served) -> None:
    sent = hub.ask("children", "POST", "/in/children", CHANGED.read_bytes(), headers={"Content-Type": "text/xml"})
    assert sent.status_code in (200, 201), sent.text  # 200: it is here already


def test_the_case_and_what_is_of_it_is_read_within_the_subject_and_not_outside(hub: Served) -> None:
    plan = a_childs_plan(hub)
    empty = read_by(hub, "elsewhere", plan)
    the_case_comes_in(hub)
    whole, within = read_by(hub, "caseworker", plan), read_by(hub, "within", plan)
    assert len(whole["elements"]) > 1
    assert [one["id"] for one in within["elements"]] == [one["id"] for one in whole["elements"]]
    assert read_by(hub, "elsewhere", plan) == empty, "what it was before there was anything"
    element = whole["elements"][0]["id"]
    assert hub.ask("elsewhere", "GET", f"/explain/{plan}/{element}").status_code == 404
    assert hub.ask("within", "GET", f"/explain/{plan}/{element}").status_code == 200


def test_what_is_said_of_a_case_is_read_and_answered_within_the_subject_and_not_outside(hub: Served) -> None:
    plan = a_childs_plan(hub)
    the_case_comes_in(hub)
    element = UUID(read_by(hub, "caseworker", plan)["elements"][0]["id"])
    said = the_child_says(hub, UUID(plan), element)
    answers = {"statements": ("answer", "answer"), "corrections": ("refuse", "reason")}
    for kind, one in said.items():
        act, word = answers[kind]
        path, answer = f"/{kind}/{one}/{act}", {word: "Det er besluttet sådan."}
        assert hub.ask("elsewhere", "GET", f"/{kind}").json()[kind] == []
        assert str(one) in hub.ask("within", "GET", f"/{kind}").text
        assert hub.ask("elsewhere", "POST", path, answer).status_code == 404
        assert hub.ask("within", "POST", path, answer).status_code == 200


def the_child_says(hub: Served, plan: UUID, element: UUID) -> dict[str, UUID]:
    """Let the plan's citizen ask about an element, and call it wrong."""
    with hub.store.begin(read_only=True) as unit:
        stored = unit.plans.get(plan)
    assert stored is not None
    child = Reader("citizen", Role.CITIZEN, "citizen-access", person=stored.plan.person)
    words = "Hvorfor lige den dag?"
    asked = say(plan, element, Says.ASK, words, child, hub.store, 10, actor="child", correlation_id="c")
    claimed = ask(plan, element, "Det er ikke rigtigt.", child, hub.store, actor="child", correlation_id="c")
    return {"statements": asked.statement.id, "corrections": claimed.correction.id}


def test_what_is_of_no_case_with_a_subject_is_withheld_from_whoever_is_limited(hub: Served) -> None:
    cpr, opened = hub.opens_plan()
    hub.sends(cpr, {"id": "g", "title": "Et mål"})
    assert read_by(hub, "within", opened["plan"])["elements"] == []


@pytest.mark.parametrize("role", ["coordinator", "operator", "auditor", "partner"])
def test_nobody_else_is_limited_by_subject(role: str) -> None:
    with pytest.raises(SettingsRefused) as refused:
        Identity({"desk": limited("27", role=role)[1]})
    assert refused.value.faults[0].field == "clients.desk.kle"


@pytest.mark.parametrize("kle", ["2", "27.", "27.24.00.1", "27-24", "børn"])
def test_what_is_no_subject_is_refused(kle: str) -> None:
    with pytest.raises(ValueError, match="kle"):
        limited(kle)
