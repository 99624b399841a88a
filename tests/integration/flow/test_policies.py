"""The policy changes by two people, once at a time, and each municipality has its own."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest

from hub.errors import Conflict, HubError, NotFound, Unavailable
from hub.flow.policies import (
    Editor,
    discard_draft,
    draft_policy,
    history,
    publish_draft,
    publish_first_policy,
    show_draft,
    show_policy,
)
from hub.store.policy_drafts import DiscardReason
from hub.store.transaction import Store
from tests.integration.databases import a_keyring, a_store
from tests.integration.policy import a_generous_policy

pytestmark = pytest.mark.integration
METTE, OLE = Editor("mette", "mette"), Editor("ole", "ole")


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    opened = a_store(url)
    publish_first_policy(a_generous_policy(), opened, actor="test", correlation_id="c")
    yield opened
    opened.close()


@pytest.fixture
def neighbour(url: str) -> Iterator[Store]:
    """Another municipality in the same database."""
    opened = Store(url, a_keyring(), "0101")
    yield opened
    opened.close()


def test_two_municipalities_in_one_database_do_not_see_each_others_policies(store: Store, neighbour: Store) -> None:
    with pytest.raises(Unavailable):
        show_policy(neighbour)
    others = {**a_generous_policy(), "categories": ["goals"], "rule": []}
    assert publish_first_policy(others, neighbour, actor="test", correlation_id="c")
    ours = draft_policy(a_generous_policy(), store, METTE, correlation_id="c")
    publish_draft(ours.id, store, OLE, correlation_id="c")
    assert (show_policy(store).version, show_policy(neighbour).version) == (2, 1)
    assert show_policy(neighbour).categories == {"goals"}
    assert show_policy(store).rules
    with pytest.raises(NotFound):
        show_policy(neighbour, 2)
    assert [one.version for one in history(neighbour).versions] == [1]
    assert history(neighbour).authors == {}


def test_a_draft_of_another_municipality_is_not_there(store: Store, neighbour: Store) -> None:
    publish_first_policy(a_generous_policy(), neighbour, actor="test", correlation_id="c")
    ours = draft_policy(a_generous_policy(), store, METTE, correlation_id="c")
    assert history(neighbour).drafts == []
    with pytest.raises(NotFound):
        show_draft(ours.id, neighbour)
    with pytest.raises(NotFound):
        publish_draft(ours.id, neighbour, OLE, correlation_id="c")
    with pytest.raises(NotFound):
        discard_draft(ours.id, DiscardReason.REJECTED, neighbour, OLE, correlation_id="c")
    assert [one.id for one in history(store).drafts] == [ours.id]


def test_of_several_drafts_published_at_once_one_comes_and_the_others_are_told(store: Store) -> None:
    drafts = [draft_policy(a_generous_policy(), store, METTE, correlation_id="c").id for _ in range(4)]
    assert sorted(_published_at_once(store, drafts)) == ["Conflict", "Conflict", "Conflict", "version 2"]
    assert show_policy(store).version == 2


def test_a_draft_published_by_several_at_once_is_published_once(store: Store) -> None:
    draft = draft_policy(a_generous_policy(), store, METTE, correlation_id="c").id
    assert sorted(_published_at_once(store, [draft] * 4)) == ["Conflict", "Conflict", "Conflict", "version 2"]
    assert [one.version for one in history(store).versions] == [2, 1]


def _published_at_once(store: Store, drafts: list[UUID]) -> list[str]:
    def publishes(draft: UUID) -> str:
        try:
            return f"version {publish_draft(draft, store, OLE, correlation_id='c').version}"
        except HubError as error:
            return type(error).__name__

    with ThreadPoolExecutor(len(drafts)) as pool:
        return list(pool.map(publishes, drafts))


def test_a_draft_that_was_decided_is_compared_with_what_it_was_based_on(store: Store) -> None:
    changed = {**a_generous_policy(), "rule": []}
    draft = draft_policy(changed, store, METTE, correlation_id="c")
    publish_draft(draft.id, store, OLE, correlation_id="c")
    shown = show_draft(draft.id, store)
    assert (shown.compared_with, shown.is_current) == (1, False)
    assert [rule.id for rule in shown.changes.rules_removed] == ["CON-ALL"]


def test_a_draft_is_not_written_where_no_policy_is_in_force(neighbour: Store) -> None:
    with pytest.raises(Unavailable):
        draft_policy(a_generous_policy(), neighbour, METTE, correlation_id="c")


def test_a_stale_draft_is_refused_however_often_it_is_tried(store: Store) -> None:
    stale, newer = (draft_policy(a_generous_policy(), store, METTE, correlation_id="c").id for _ in range(2))
    publish_draft(newer, store, OLE, correlation_id="c")
    for _ in range(2):
        with pytest.raises(Conflict, match="Version 2"):
            publish_draft(stale, store, OLE, correlation_id="c")
    assert not show_draft(stale, store).is_current
