"""Which roles no one has together."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.identity.combinations import READERS, forbidden
from hub.plan.person import OF_THE_HUB, Role

#: Every pair of roles that may meet in one person; all others must not.
MAY_MEET = {
    frozenset(pair)
    for pair in (
        (Role.COORDINATOR, Role.CASEWORKER),
        (Role.COORDINATOR, Role.AUTHORITY_SYSTEM),
        (Role.COORDINATOR, Role.PARTNER),
        (Role.CASEWORKER, Role.AUTHORITY_SYSTEM),
        (Role.CASEWORKER, Role.PARTNER),
        (Role.AUTHORITY_SYSTEM, Role.PARTNER),
        (Role.OPERATOR, Role.ADMINISTRATOR),
        (Role.OPERATOR, Role.SECURITY_ADMINISTRATOR),
        (Role.ADMINISTRATOR, Role.SECURITY_ADMINISTRATOR),
    )
}


@pytest.mark.parametrize("pair", list(combinations(sorted(Role), 2)), ids="-".join)
def test_every_pair_of_roles_is_settled(pair: tuple[Role, Role]) -> None:
    found = forbidden(frozenset(pair))
    assert bool(found) is (frozenset(pair) not in MAY_MEET)
    assert all({one.one, one.other} == set(pair) and one.why for one in found)


@pytest.mark.parametrize("role", Role)
def test_one_role_alone_is_never_forbidden(role: Role) -> None:
    assert forbidden(frozenset({role})) == ()


@given(st.frozensets(st.sampled_from(Role)), st.sampled_from(Role))
def test_one_role_more_never_mends_a_combination(roles: frozenset[Role], more: Role) -> None:
    assert set(forbidden(roles)) <= set(forbidden(roles | {more}))


def test_a_role_reads_plans_or_looks_after_the_hub() -> None:
    assert set(Role) == READERS | OF_THE_HUB
    assert READERS.isdisjoint(OF_THE_HUB)
