"""Asked whatever its own description allows, and what it does not, the API gives the answers that it describes.

schemathesis makes the requests, other ones in each run, half of them of a plan, a consent and an element that are
there; ``HUB_TEST_REQUESTS`` is how many for each role and route. Three of the roles ask in a run, others in each
(``HUB_TEST_SEED``); ``HUB_TEST_FULL=1`` has all of them ask.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import count
from typing import Any

import hypothesis
import pytest
import schemathesis
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from hub.authority import load
from tests.generation.seed import SEED
from tests.integration.api.served import ANNA_CPR, Served, served

pytestmark = pytest.mark.integration
REQUESTS = int(os.environ.get("HUB_TEST_REQUESTS", "5"))
ROLES = ("coordinator", "caseworker", "partner", "operator", "administrator", "employment", "anna", None)
ASKING = ROLES if os.environ.get("HUB_TEST_FULL") == "1" else random.Random(f"{SEED} roles").sample(ROLES, 3)
#: SOAP binds Faults to HTTP 500; tests/hostile looks at whom they blame.
FAULTS = "/soap/{authority}"
#: Routes that are taken for what they ask, at the least; most say no to what is made up.
FEWEST: Mapping[str | None, int] = {"coordinator": 20, "operator": 15, "caseworker": 10}
CHECKS = [status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    url = f"sqlite:///{tmp_path_factory.mktemp('described') / 'hub.db'}"
    with served(url, load({"employment": {}})["employment"], also=["youth"]) as running:
        yield running


def what_is_there(hub: Served) -> dict[str, str]:
    """Open a citizen's plan in which something is shared; return what can stand in an address, by its name there."""
    plan = str(hub.opens_plan(ANNA_CPR)[1]["plan"])
    shared = {"kind": "sharing", "plan": plan, "sources": ["*"], "recipients": ["*"], "categories": ["*"]}
    consent = hub.ask("coordinator", "POST", "/consents", {**shared, "channel": "meeting"}).json()["consent"]
    goal = hub.ask("coordinator", "POST", f"/plans/{plan}/goals", {"kind": "goal", "title": "Ro"}).json()["id"]
    return {"plan": plan, "consent": consent, "element": goal, "id": goal, "authority": "employment", "version": "1"}


def ask(
    operation: Any, mode: GenerationMode, url: str, headers: dict[str, str], there: Mapping[str, str] | None = None
) -> set[int]:
    """Make requests to one route; return the statuses of the answers. Of two, one is of what is there.

    :raises AssertionError: an answer is none that is described.
    """
    statuses, turns = set[int](), count()
    checks = [*CHECKS, *([] if operation.path == FAULTS else [not_a_server_error])]

    @hypothesis.seed(SEED)
    @hypothesis.settings(max_examples=REQUESTS, database=None, suppress_health_check=list(hypothesis.HealthCheck))
    @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
    def asks(case: Any) -> None:
        for name in [one for one in case.headers if one.lower() == "authorization"]:
            del case.headers[name]
        if next(turns) % 2 == 0:
            case.path_parameters |= {name: there[name] for name in case.path_parameters if there and name in there}
        statuses.add(case.call_and_validate(base_url=url, headers=headers, checks=checks).status_code)

    asks()
    return statuses


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("role", ASKING)
def test_every_answer_is_a_described_one(hub: Served, role: str | None) -> None:
    schema = schemathesis.openapi.from_dict(hub.ask(role, "GET", "/openapi.json").json())
    headers = {"Authorization": f"Bearer {hub.tokens[role]}"} if role else {}
    wrong, there, reached = list[str](), what_is_there(hub), set[str]()
    found: list[Any] = list(schema.get_all_operations())
    operations = [one.ok() for one in found]
    assert len(operations) >= 23
    for operation in operations:
        try:
            if {200, 201, 202, 204} & ask(operation, GenerationMode.POSITIVE, hub.url, headers, there):
                reached.add(f"{operation.method} {operation.path}")
            with suppress(Unsatisfiable):  # where any text will do, nothing can be made that will not
                ask(operation, GenerationMode.NEGATIVE, hub.url, headers, there)
        except Exception as error:  # all routes are asked before any is told of
            told = [str(one) for one in getattr(error, "exceptions", [error])]
            wrong.append(f"{operation.method} {operation.path}: {told}")
    assert not wrong, "\n".join(wrong)
    assert len(reached) >= FEWEST.get(role, 3), reached


def test_an_answer_that_is_not_described_is_noticed(hub: Served) -> None:
    document = hub.ask(None, "GET", "/openapi.json").json()
    del document["paths"]["/plans/search"]["post"]["responses"]["401"]
    operation: Any = schemathesis.openapi.from_dict(document)["/plans/search"]["POST"]
    with pytest.raises(BaseException, match="401"):
        ask(operation, GenerationMode.POSITIVE, hub.url, {})
