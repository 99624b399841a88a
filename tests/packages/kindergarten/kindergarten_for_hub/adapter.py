"""The kindergartens' wire: JSON over HTTP, both ways."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import httpx
import jsonschema_rs
import orjson

from hub.authority import DeliveryKey, Document, Parcel, Receipt, ReceiptStatus
from hub.errors import ContractViolation, Fault, RecipientDown, RecipientRefused, SettingsRefused

_SCHEMA = orjson.loads((files(__package__) / "contract" / "v1" / "schema.json").read_bytes())
_VALIDATOR = jsonschema_rs.validator_for(_SCHEMA, validate_formats=True)


class KindergartenAdapter:
    """Knows how kindergartens send and receive."""

    name = "kindergarten"
    contract = "kindergarten/v1"
    channel = "rest"

    def __init__(self, settings: Mapping[str, Any]) -> None:
        if set(settings) - {"url"}:
            fault = Fault("authorities.kindergarten", "Only url can be set.")
            raise SettingsRefused("The kindergartens' settings are wrong.", faults=[fault])
        self._url = settings.get("url", "")

    @property
    def delivers(self) -> bool:
        """Tell whether a url is set."""
        return bool(self._url)

    def receive(self, parcel: Parcel) -> Document:
        """Read and check a case."""
        try:
            content = orjson.loads(parcel.body)
        except orjson.JSONDecodeError:
            raise ContractViolation("The body is no JSON.") from None
        faults = [
            Fault("/".join(map(str, error.instance_path)) or "/", "Does not fit the contract.")
            for error in _VALIDATOR.iter_errors(content)
        ]
        if faults:
            raise ContractViolation("The case does not fit the contract.", faults=faults)
        return Document(self.name, self.contract, "case", content["messageId"], content)

    def send(self, document: Document, key: DeliveryKey) -> Receipt:
        """Post an update."""
        try:
            answer = httpx.post(
                f"{self._url}/updates", content=orjson.dumps(document.content), headers={"Idempotency-Key": str(key)}
            )
        except httpx.TransportError:
            raise RecipientDown("The kindergartens' system does not answer.") from None
        if answer.is_error:
            raise RecipientRefused("The kindergartens' system refused the update.")
        return Receipt(ReceiptStatus.TAKEN_IN)
