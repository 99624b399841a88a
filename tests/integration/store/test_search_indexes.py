"""A search reads no table through, and costs what one page costs, however many plans there are."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from uuid import UUID

import pytest

from hub.clock import new_id, now
from hub.consent.reader import Reader
from hub.flow.show_many import find_plan_of_case, plans_named, plans_open_to
from hub.plan.person import Role
from hub.plan.plan import CaseRef
from hub.store.tables import memberships, people, plans
from hub.store.transaction import Store, Unit
from tests.integration.databases import EMBEDDED, MUNICIPALITY, OPERATED, a_filled_store
from tests.integration.explained import explaining

pytestmark = pytest.mark.integration

PLANS = 100_000 if os.environ.get("HUB_TEST_FULL") == "1" else 20_000
AT_ONCE = 50
MEMBER = "ix_memberships_member_plan_id"
_SYSTEM = Reader("children", Role.AUTHORITY_SYSTEM)
#: One who belongs to a plan in a thousand: going through all plans for theirs would cost as much as there are.
_PARTNER = Reader("school", Role.PARTNER)
#: Each question of a search, and an index by which it is answered.
QUESTIONS: Mapping[str, tuple[str, Callable[[Store], object]]] = {
    "a system's plans": (MEMBER, lambda store: plans_open_to(_SYSTEM, store, None, AT_ONCE)),
    "a system's plans from here on": (MEMBER, lambda store: plans_open_to(_SYSTEM, store, new_id(), AT_ONCE)),
    "a partner's plans": (MEMBER, lambda store: plans_open_to(_PARTNER, store, None, AT_ONCE)),
    "a coordinator's plans": (
        MEMBER,
        lambda store: plans_open_to(Reader("coordination", Role.COORDINATOR), store, None, AT_ONCE),
    ),
    "whose an id is": ("uq_plans_person_id|ix_elements_id", lambda store: plans_named([new_id()], store)),
    "whose a case is": (
        "case_plans",
        lambda store: find_plan_of_case(CaseRef("children", "1"), _SYSTEM, store, actor="test", correlation_id="c"),
    ),
}


@pytest.fixture(scope="module", params=[EMBEDDED, OPERATED])
def big(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Many plans, each with a coordinator and an authority, and one in a thousand with a school."""
    with a_filled_store(request.param, tmp_path_factory.mktemp("many"), _fill) as store:
        yield store


def _fill(unit: Unit) -> None:
    connection = unit.connection
    at = now() - timedelta(days=1)
    ids = [(new_id(), new_id()) for _ in range(PLANS)]
    of_hub = {"municipality": MUNICIPALITY}
    sealed = {"wrapped_key": b"k", "identity": b"i", **of_hub}
    plan = {
        "status": "active", "opened_at": at, "version": 1, "consent_version": 1, "wrapped_key": b"k", "state": b"s",
    }  # fmt: skip
    connection.execute(people.insert(), [{"id": person, **sealed} for person, _ in ids])
    connection.execute(plans.insert(), [{"id": one, "person_id": person, **plan, **of_hub} for person, one in ids])
    for member, role, every in (
        ("coordination", Role.COORDINATOR, 1), ("children", Role.AUTHORITY_SYSTEM, 1), ("school", Role.PARTNER, 1_000),
    ):  # fmt: skip
        belongs = {"member": member, "role": role, "valid_from": at}
        connection.execute(memberships.insert(), [{"plan_id": one, **belongs} for _, one in ids[::every]])


def explained(store: Store, question: Callable[[Store], object]) -> str:
    """Return how the database answers a question, as it is: with all that it knows of its tables."""
    with explaining(store.engine) as told:
        question(store)
    return "\n".join(told)


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_of_a_search_is_answered_by_an_index(big: Store, name: str) -> None:
    index, question = QUESTIONS[name]
    said = explained(big, question)
    assert re.search(index, said), said
    # A table that is empty here is read through by PostgreSQL, since that costs nothing.
    assert not re.search(r"Seq Scan on (memberships|plans|people)|^SCAN ", said, re.MULTILINE), said
    if name != "a partner's plans":  # the few of somebody who has few may be put in order
        assert not re.search(r"\bSort\b|TEMP B-TREE", said), f"the index has them in order: {said}"


def test_pages_follow_each_other_through_all_plans(big: Store) -> None:
    found: list[UUID] = []
    after: UUID | None = None
    for _ in range(3):
        page = plans_open_to(_PARTNER, big, after, 10)
        found += page
        after = page[-1] if page else after
    assert found == sorted(set(found))
    assert len(found) == min(30, PLANS // 1_000)
