"""What became of a message, step by step, for an operator: ids, times, codes and counts."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from hub.api.answers import Json, json_response
from hub.api.asking import AnOperator, TheHub
from hub.flow.trace import as_told, trace
from hub.flow.trace_shapes import MessageTrace

router = APIRouter(tags=["operations"])
#: A correlation id, a UUID, a UUID with a sequence, or 32 hexadecimal digits.
AnId = Annotated[str, Path(pattern="^[A-Za-z0-9-]{1,64}$")]


@router.get("/ops/trace/{id}")
def trace_message(id: AnId, hub: TheHub, operator: AnOperator) -> Json[MessageTrace]:
    """Say what became of a message: each step with its two times, what was decided and by which rules."""
    return json_response(as_told(trace(id, hub.store)))
