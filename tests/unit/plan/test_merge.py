"""How two truths meet, told one case at a time."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from hub.plan.element import OrderKey, Status
from hub.plan.identifier import Identifier
from hub.plan.merge import NOT_IN_SNAPSHOT, merge
from hub.plan.plan import Plan
from hub.testing.builders import THEN, a_contribution, a_draft, a_plan, an_id

GOAL = an_id("children", "g1")


def test_a_newer_version_replaces_an_older_one() -> None:
    plan = (
        a_plan()
        .with_contribution(a_contribution("children").version(1).with_draft("g1", title="first").build())
        .with_contribution(a_contribution("children").version(2).with_draft("g1", title="second").build())
        .build()
    )
    assert plan.elements[GOAL].title == "second"


def test_an_older_version_that_comes_late_changes_nothing() -> None:
    plan = a_plan().with_contribution(a_contribution("children").version(2).with_draft("g1", title="second").build())
    late = plan.with_contribution(a_contribution("children").version(1).with_draft("g1", title="first").build())
    assert late.build() is plan.build()


def test_of_two_messages_with_one_version_the_one_changed_later_stands() -> None:
    early = a_contribution("children").message("b").changed_at(THEN).with_draft("g1", title="early").build()
    later = (
        a_contribution("children").message("a").changed_at(THEN + timedelta(seconds=1)).with_draft("g1", title="later")
    )
    plan = a_plan().with_contribution(later.build()).with_contribution(early).build()
    assert plan.elements[GOAL].title == "later"


def test_a_deletion_leaves_a_tombstone_with_its_reason() -> None:
    plan = (
        a_plan()
        .with_contribution(a_contribution("children").with_draft("g1").build())
        .with_contribution(a_contribution("children").version(2).removing("g1", "withdrawn by the family").build())
        .build()
    )
    assert GOAL not in plan.elements
    assert plan.tombstones[GOAL].reason == "withdrawn by the family"


def test_a_deletion_that_overtakes_what_it_deletes_still_deletes_it() -> None:
    plan = (
        a_plan()
        .with_contribution(a_contribution("children").version(2).removing("g1").build())
        .with_contribution(a_contribution("children").version(1).with_draft("g1").build())
        .build()
    )
    assert not plan.elements


def test_a_deleted_element_that_its_authority_sends_again_lives() -> None:
    plan = (
        a_plan()
        .with_contribution(a_contribution("children").version(1).removing("g1").build())
        .with_contribution(a_contribution("children").version(2).with_draft("g1").build())
        .build()
    )
    assert GOAL in plan.elements
    assert not plan.tombstones


def test_what_a_snapshot_does_not_name_is_gone_from_that_case_alone() -> None:
    plan = (
        a_plan()
        .with_contribution(a_contribution("children").with_draft("g1").with_draft("g2").build())
        .with_contribution(a_contribution("children", case="C2").with_draft("g1").build())
        .with_contribution(a_contribution("social").with_draft("g1").build())
        .with_contribution(a_contribution("children").version(2).snapshot().with_draft("g2").build())
        .build()
    )
    assert plan.elements.keys() == {
        an_id("children", "g2"), an_id("children", "g1", case="C2"), an_id("social", "g1")
    }  # fmt: skip
    assert plan.tombstones[GOAL].reason == NOT_IN_SNAPSHOT


def test_what_a_change_does_not_name_stays() -> None:
    plan = (
        a_plan()
        .with_contribution(a_contribution("children").with_draft("g1").build())
        .with_contribution(a_contribution("children").version(2).with_draft("g2").build())
        .build()
    )
    assert GOAL in plan.elements


def test_a_change_newer_than_a_snapshot_outlives_the_snapshot_that_comes_late() -> None:
    plan = (
        a_plan()
        .with_contribution(a_contribution("children").version(3).with_draft("g1").build())
        .with_contribution(a_contribution("children").version(2).snapshot().build())
        .build()
    )
    assert GOAL in plan.elements


def test_one_authority_that_says_the_address_is_protected_is_enough() -> None:
    plan = (
        a_plan()
        .with_contribution(a_contribution("children").with_protected_address().build())
        .with_contribution(a_contribution("social").version(9).build())
        .build()
    )
    assert plan.has_protected_address
    lifted = merge(plan, a_contribution("children").version(2).build(), {}, THEN)
    assert not lifted.has_protected_address


def test_a_draft_that_names_a_person_the_hub_was_not_told_of_fails_without_the_number() -> None:
    number = Identifier("urn:test", "0201609995")
    contribution = a_contribution("children").with_draft("g1", concerns=(number,)).build()
    with pytest.raises(KeyError) as caught:
        merge(Plan(UUID(int=1), UUID(int=2)), contribution, {}, THEN)
    assert "0201609995" not in str(caught.value)


def test_an_element_says_which_message_it_came_from_and_when_it_was_registered() -> None:
    contribution = a_contribution("children").version(7).with_draft("g1", status=Status.PLANNED).build()
    element = a_plan().with_contribution(contribution).build().elements[GOAL]
    assert (element.provenance.message_id, element.order.version, element.registered_at) == ("C1-7", 7, THEN)


def test_part_of_means_an_element_of_the_same_case() -> None:
    contribution = a_contribution("children").with_draft("g1").with_draft("s1", part_of="g1").build()
    plan = a_plan().with_contribution(contribution).build()
    assert plan.elements[an_id("children", "s1")].part_of == GOAL


def test_an_order_key_needs_an_aware_time() -> None:
    with pytest.raises(ValueError, match="aware"):
        OrderKey(1, THEN.replace(tzinfo=None), "m")


def test_a_draft_is_an_active_confidential_goal_unless_told_otherwise() -> None:
    assert a_draft("g1").category == "goals"
