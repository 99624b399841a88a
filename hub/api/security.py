"""What a security administrator looks after: clients and keys by their names, never a secret and never a plan."""

from __future__ import annotations

from fastapi import APIRouter
from typing_extensions import TypedDict

from hub.api.answers import Json, json_response
from hub.api.asking import ASecurityAdministrator, CorrelationId, TheHub
from hub.flow.keyring_told import ClientAnswer, KeysAnswer, clients_told, keys_told

router = APIRouter(tags=["security"])


class ClientsAnswer(TypedDict):
    """Who may call the hub, in the order of their names."""

    clients: list[ClientAnswer]


@router.get("/security/clients")
def clients(hub: TheHub, administrator: ASecurityAdministrator, correlation_id: CorrelationId) -> Json[ClientsAnswer]:
    """Say who may call the hub, in which role, and by which keys; no token, and no hash of one."""
    found = clients_told(hub.store, hub.settings, actor=administrator.client, correlation_id=correlation_id)
    return json_response({"clients": found})


@router.get("/security/keys")
def keys(hub: TheHub, administrator: ASecurityAdministrator, correlation_id: CorrelationId) -> Json[KeysAnswer]:
    """Say which versions of the master key there are, which key signs proofs, and when certificates end."""
    return json_response(keys_told(hub.store, hub.settings, actor=administrator.client, correlation_id=correlation_id))
