"""How a configured name finds its adapter."""

from __future__ import annotations

from typing import Any

import pytest

from hub.authority import Limited, Named, load
from hub.authority.joining import Authority
from hub.cli.assembly import joined
from hub.errors import SettingsRefused
from hub.plan.person import Role
from tests.integration.world import some_settings

SECRET = "whsec_dGhlIGNvbmZvcm1hbmNlIGtpdCdzIHNlY3JldA=="
SCHOOL = {"kind": "partners", "url": "https://school.example/hooks", "secret": SECRET}
TOKEN = {"token_sha256": "0" * 64}


def refused(settings: dict[str, dict[str, Any]]) -> dict[str, str]:
    with pytest.raises(SettingsRefused) as caught:
        load(settings)
    assert SECRET not in caught.value.diagnostics()
    return {fault.field: fault.sentence for fault in caught.value.faults}


def test_several_partners_use_one_adapter_each_under_its_name() -> None:
    found = load({"school": SCHOOL, "volunteers": {"kind": "partners"}})
    assert {name: one.adapter.name for name, one in found.items()} == {"school": "school", "volunteers": "volunteers"}
    assert [one.adapter.delivers for one in found.values()] == [True, False]
    assert {one.role for one in found.values()} == {Role.PARTNER}
    assert isinstance(found["school"].adapter, Limited)
    assert isinstance(type(found["school"].adapter), Named)


def test_an_authority_belongs_to_plans_as_one() -> None:
    social: Authority = load({"social": {}})["social"]
    assert social.role is Role.AUTHORITY_SYSTEM


def test_a_kind_of_its_own_name_is_no_news() -> None:
    assert load({"social": {"kind": "social"}})["social"].adapter.name == "social"


def test_an_adapter_of_one_authority_stands_under_no_other_name() -> None:
    assert "serves one authority alone" in refused({"school": {"kind": "social"}})["authorities.school.kind"]


def test_a_kind_that_is_not_installed_is_named_by_its_setting_and_not_by_its_value() -> None:
    told = refused({"school": {"kind": "kanariefugl"}, "pigeons": {}})
    assert "kanariefugl" not in told["authorities.school.kind"]
    assert "'pigeons'" in told["authorities.pigeons"]


def test_settings_that_are_wrong_are_told_under_the_partners_own_name() -> None:
    told = refused(
        {"school": SCHOOL | {"secret": "whsec_short"}, "volunteers": {"kind": "partners", "url": "https://v.example"}}
    )
    assert "24 to 64 random bytes" in told["authorities.school.secret"]
    assert "url and secret" in told["authorities.volunteers"]


@pytest.mark.parametrize("role", ["authority-system", "caseworker", "coordinator"])
def test_a_partners_client_of_another_role_stops_the_start(role: str) -> None:
    clients = {"their-system": {**TOKEN, "organisation": "school", "role": role}}
    with pytest.raises(SettingsRefused) as caught:
        joined(some_settings(authorities={"school": SCHOOL}, clients=clients))
    assert [fault.field for fault in caught.value.faults] == ["clients.their-system.role"]


def test_a_partners_client_with_the_role_of_one_may_read() -> None:
    clients = {"their-system": {**TOKEN, "organisation": "school", "role": "partner"}}
    assert "school" in joined(some_settings(authorities={"school": SCHOOL}, clients=clients))
