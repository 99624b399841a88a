"""The numbers a person is known by: which is the newest, and which an authority's system finds the person by."""

from __future__ import annotations

from datetime import timedelta
from functools import reduce
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from hub.plan.element import Kind
from hub.plan.identifier import REPLACEMENT, Identifier, cpr_identifier
from hub.plan.person import Person
from hub.testing.builders import THEN, a_plan

OLDEST, OLD, NEW = (cpr_identifier(cpr, "children") for cpr in ("0201609995", "0201609996", "0201609989"))
THEIR_OWN = cpr_identifier("6201609995", "children")
LATER = THEN + timedelta(days=1)
NOBODY = Person(UUID(int=1), ())

namings = st.tuples(
    st.lists(st.sampled_from((OLDEST, OLD, NEW, THEIR_OWN)), min_size=1, max_size=3, unique=True),
    st.sampled_from(("children", "social")),
    st.integers(0, 2).map(lambda days: THEN + timedelta(days=days)),
)


def known(*said: tuple[list[Identifier], str] | tuple[list[Identifier], str, timedelta]) -> Person:
    """Return a person as known after authorities have named it, each some time after THEN."""
    return reduce(
        lambda person, one: person.named(one[0], one[1], THEN + (one[2] if len(one) > 2 else timedelta())), said, NOBODY
    )


def newest(person: Person) -> Identifier:
    return person.numbers_for("coordination")[0]


def test_the_number_that_took_anothers_place_is_the_newest_whoever_still_uses_the_other() -> None:
    changed = known(([OLD], "social"), ([NEW, OLD], "children"))
    assert newest(changed) == NEW
    assert newest(changed.named([OLD], "social", LATER)) == NEW
    assert newest(changed.named([OLD, OLDEST], "social", LATER)) == NEW, "it has only not heard of the change"


def test_a_number_that_changed_twice_is_followed_to_its_end_in_any_order() -> None:
    changes = [([OLD, OLDEST], "children"), ([NEW, OLD], "social")]
    assert newest(known(*changes)) == newest(known(*reversed(changes))) == NEW


def test_a_number_given_back_is_the_newest_again_though_the_change_before_is_told_once_more() -> None:
    day = timedelta(days=1)
    back = known(([NEW, OLD], "children"), ([OLD, NEW], "children", day))
    assert newest(back) == OLD
    assert newest(back.named([NEW, OLD], "social", THEN + 2 * day)) == OLD


def test_an_authority_finds_the_person_by_the_newest_number_that_it_has_used_itself() -> None:
    person = known(([OLD], "social"), ([OLD], "children"), ([NEW, OLD], "children"))
    assert (person.identifier_for("social"), person.identifier_for("children")) == (OLD, NEW)
    assert person.identifier_for("employment") == NEW, "who has never named the person gets the newest"
    assert person.named([OLD], "children", LATER).identifier_for("children") == NEW, "a late message turns nothing back"


def test_a_replacement_number_is_its_issuers_until_there_is_a_cpr_number() -> None:
    assert THEIR_OWN.system == f"{REPLACEMENT}children"
    newborn = known(([THEIR_OWN], "children"))
    assert (newborn.identifier_for("children"), newborn.identifier_for("social")) == (THEIR_OWN, None)
    registered = newborn.named([NEW, THEIR_OWN], "children", LATER)
    assert (registered.identifier_for("children"), registered.identifier_for("social")) == (NEW, NEW)
    assert registered.numbers_for("children") == (NEW, THEIR_OWN)
    assert registered.numbers_for("social") == (NEW,)


@given(st.lists(namings, max_size=5).flatmap(lambda said: st.tuples(st.just(said), st.permutations(said))))
def test_the_order_in_which_a_person_is_named_does_not_matter(orders: tuple[list[tuple], list[tuple]]) -> None:  # type: ignore[type-arg]
    first, second = (reduce(lambda person, one: person.named(*one), said, NOBODY) for said in orders)
    assert set(first.identifiers) == set(second.identifiers)
    for organisation in ("children", "social", "employment"):
        assert first.numbers_for(organisation) == second.numbers_for(organisation)
        assert first.identifier_for(organisation) == second.identifier_for(organisation)
    assert reduce(lambda person, one: person.named(*one), orders[0], first) == first


def test_what_was_known_of_two_who_are_one_is_known_of_the_one() -> None:
    one, other = known(([OLD], "social")), known(([NEW, OLDEST], "children"))
    both = one.with_numbers_of(other)
    assert set(both.identifiers) == {OLD, NEW, OLDEST}
    assert (both.identifier_for("social"), both.identifier_for("children")) == (OLD, NEW)
    assert newest(both.named([NEW, OLD], "social", LATER)) == NEW


def test_elements_that_concern_one_of_two_who_are_one_concern_the_one_who_stays() -> None:
    gone, stays, other = UUID(int=1), UUID(int=2), UUID(int=3)
    plan = a_plan().with_element("children", Kind.NOTE, source_id="n", concerns=(gone, other))
    plan = plan.with_goal("social", source_id="g").with_element("social", Kind.NOTE, concerns=(gone, stays))
    united = plan.build().uniting(gone, stays, LATER)
    assert [set(one.concerns) for one in united.elements.values()] == [{stays, other}, set(), {stays}]
    assert [one.registered_at for one in united.elements.values()] == [LATER, THEN, LATER]
    assert united.people() == {plan.plan.person, stays, other}
