"""Clients of one person, key or certificate must not have roles that never meet."""

from __future__ import annotations

from typing import Any

import pytest
from joserfc.jwk import ECKey

from hub.errors import SettingsRefused
from hub.identity.tokens import Identity, new_token
from hub.settings import Client


def a_client(role: str, **facts: object) -> Client:
    return Client.model_validate(
        {"token_sha256": "" if "keys" in facts else new_token()[1], "organisation": "children", "role": role, **facts}
    )


def faults_of(**clients: Client) -> tuple[str, ...]:
    with pytest.raises(SettingsRefused) as refused:
        Identity({name.replace("_", "-"): client for name, client in clients.items()})
    return tuple(f"{fault.field}: {fault.sentence}" for fault in refused.value.faults)


def test_every_forbidden_combination_is_named_at_once() -> None:
    faults = faults_of(
        desk=a_client("coordinator", holder="mette"),
        queues=a_client("operator", holder="mette"),
        rules=a_client("administrator", holder="ib"),
        review=a_client("auditor", holder="ib"),
    )
    assert faults == (
        "clients.desk.role: desk, queues have one holder, and coordinator with operator is forbidden. "
        "Who runs the hub must not read what it carries.",
        "clients.review.role: review, rules have one holder, and administrator with auditor is forbidden. "
        "Who audits a deed must not be who may do it.",
    )


@pytest.mark.parametrize("shared", ["key", "certificate"])
def test_clients_that_share_a_key_or_a_certificate_are_one_persons(shared: str) -> None:
    key = ECKey.generate_key("P-256").as_dict(private=False)
    facts: list[dict[str, Any]] = [{"keys": [{**key, "kid": kid}]} for kid in "ab"]
    if shared == "certificate":
        facts = [{"certificate_sha256": "ab" * 32}] * 2
    faults = faults_of(one=a_client("security-administrator", **facts[0]), two=a_client("caseworker", **facts[1]))
    assert len(faults) == 1
    assert f"one, two have one {shared}" in faults[0]
    assert str(key["x"]) not in faults[0]


def test_roles_that_may_meet_and_persons_of_their_own_are_taken() -> None:
    identity = Identity(
        {
            "desk": a_client("coordinator", holder="mette"),
            "case": a_client("caseworker", holder="mette"),
            "audit": a_client("auditor"),
            "queues": a_client("operator"),
        }
    )
    assert identity.person_of("desk") == identity.person_of("case") == "mette"
    assert identity.person_of("audit") == "audit"


def test_a_citizens_client_has_no_other_holder() -> None:
    person = "99999999-9999-4999-8999-999999999999"
    assert faults_of(anna=a_client("citizen", person=person, holder="mette")) == (
        "clients.anna.holder: A citizen's client is its person's, and has no other holder.",
    )
