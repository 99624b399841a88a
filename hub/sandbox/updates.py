"""Plan updates in JSON as the sandbox systems read and answer them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema_rs
import orjson
import yaml
from fastapi import HTTPException, Response

from hub.authority import contract_folder
from hub.sandbox.proposed import kept
from hub.sandbox.system import Taken


class JsonUpdates:
    """The updates of one contract, checked by its OpenAPI document."""

    def __init__(self, contract: str, name: str) -> None:
        api = yaml.safe_load((contract_folder(contract) / "openapi.yaml").read_text("utf-8"))
        schema = {"$ref": f"#/components/schemas/{name}", "components": api["components"]}
        self._validator = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
        self._name = name

    def read(self, body: bytes) -> dict[str, Any]:
        """Read an update. :raises HTTPException: 400, it is none."""
        try:
            update = orjson.loads(body)
        except orjson.JSONDecodeError:
            raise HTTPException(400, "no JSON") from None
        if not self._validator.is_valid(update):
            raise HTTPException(400, f"no valid {self._name}")
        found: dict[str, Any] = update
        return found


def proposed(update: Mapping[str, Any], case: str) -> list[dict[str, str]]:
    """Return the other times that an update proposes. :param case: what the contract calls the system's own case."""
    names = ("ElementId", "StaarFra", "StaarTil", "ForeslaaetFra", "ForeslaaetTil")
    return [kept(one["ForslagId"], one[case], [one[name] for name in names]) for one in update.get("Forslag", [])]


def kvittering(taken: Taken) -> Response:
    """Answer with a receipt."""
    receipt: dict[str, Any] = {"Status": taken.status, "Sekvens": taken.sequence}
    receipt |= {"Begrundelse": taken.reason} if taken.reason else {}
    return Response(orjson.dumps(receipt), media_type="application/json")


def own_id(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return an item's id, and its label where it has one."""
    return {"Id": item["id"], **dict(own_label(item))}


def own_label(item: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the label of an item, or of the case, where it has one."""
    if item["label"] is not None:
        yield "Foelsomhed", item["label"]
