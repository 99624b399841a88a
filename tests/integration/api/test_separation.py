"""One person with two clients is one person: what takes two, they do not do alone."""

from __future__ import annotations

from collections.abc import Iterator

import orjson
import pytest

from hub.identity.tokens import new_token
from hub.plan.person import Role
from hub.settings import Client
from tests.integration.api.served import Served, on_the_command_line, served
from tests.integration.databases import EMBEDDED, OPERATED, a_database_for_a_hub

pytestmark = pytest.mark.integration
REASON = {"reason": "Barnet er fundet alene hjemme om natten.", "minutes": 5}


def of_one_holder(*roles: tuple[str, Role]) -> tuple[dict[str, str], dict[str, Client]]:
    tokens = {name: new_token() for name, _ in roles}
    given = {"organisation": "children", "holder": "mette-h"}
    clients = {
        name: Client.model_validate({"token_sha256": tokens[name][1], "role": role, **given}) for name, role in roles
    }
    return {name: token for name, (token, _) in tokens.items()}, clients


@pytest.fixture(scope="module", params=[EMBEDDED, OPERATED])
def hub(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    tokens, clients = of_one_holder(("ward", Role.CASEWORKER), ("desk", Role.CASEWORKER))
    rule_tokens, rule_clients = of_one_holder(("rules", Role.ADMINISTRATOR), ("more-rules", Role.ADMINISTRATOR))
    others = {name: client.model_copy(update={"holder": "ib"}) for name, client in rule_clients.items()}
    lead_tokens, lead_clients = of_one_holder(("lead", Role.COORDINATOR), ("lead-again", Role.COORDINATOR))
    of_the_plan = {"holder": "karl", "organisation": "coordination"}
    others |= {name: client.model_copy(update=of_the_plan) for name, client in lead_clients.items()}
    with (
        a_database_for_a_hub(request.param, tmp_path_factory.mktemp("separation")) as url,
        served(url, clients=clients | others) as running,
    ):
        running.tokens = {**running.tokens, **tokens, **rule_tokens, **lead_tokens}
        yield running


def test_nobody_reviews_by_another_client_what_they_opened_by_one(hub: Served) -> None:
    plan = hub.opens_plan()[1]["plan"]
    emergency = hub.ask("ward", "POST", f"/plans/{plan}/emergency", REASON).json()["emergency"]
    assert hub.ask("desk", "POST", f"/emergencies/{emergency}/approve").status_code == 403
    assert hub.ask("caseworker", "POST", f"/emergencies/{emergency}/approve").status_code == 200


def test_nobody_publishes_by_another_client_what_they_drafted_by_one(hub: Served) -> None:
    policy = hub.ask("rules", "GET", "/policies/1").json()
    change = {**policy, "rule": policy["rule"][:-1]}
    draft = hub.ask("rules", "POST", "/policies/drafts", change).json()["draft"]
    assert hub.ask("more-rules", "POST", f"/policies/drafts/{draft}/publish").status_code == 403
    assert hub.ask("administrator", "POST", f"/policies/drafts/{draft}/publish").status_code == 200


def test_nobody_approves_by_another_client_an_erasure_that_they_asked_for_by_one(hub: Served) -> None:
    plan = hub.opens_plan()[1]["plan"]
    assert hub.ask("lead", "POST", f"/plans/{plan}/erasure").is_success
    assert hub.ask("lead-again", "POST", f"/plans/{plan}/erasure/approve").status_code == 403
    assert hub.ask("coordinator", "POST", f"/plans/{plan}/erasure/approve").is_success


@pytest.mark.slow
def test_a_hub_does_not_start_with_a_forbidden_combination(hub: Served) -> None:
    _, clients = of_one_holder(("desk", Role.COORDINATOR), ("queues", Role.OPERATOR))
    given = orjson.dumps({name: client.model_dump(mode="json") for name, client in clients.items()}).decode()
    for command in ("serve", "check"):
        ended = on_the_command_line(hub, command, HUB_CLIENTS=given)
        assert ended.returncode != 0
        assert "coordinator with operator is forbidden" in ended.stdout + ended.stderr
