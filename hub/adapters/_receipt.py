"""Read a receipt in JSON: ``Status``, ``Sekvens``, ``Reference`` and ``Begrundelse`` of a contract's ``Kvittering``."""

from __future__ import annotations

from hub.adapters._http import Answer
from hub.adapters._rest import JsonContract
from hub.adapters._wire import judged_receipt
from hub.authority import DeliveryKey, Receipt
from hub.errors import RecipientFailed, Refused


def json_receipt(contract: JsonContract, name: str, answer: Answer, key: DeliveryKey) -> Receipt:
    """Return the receipt that a system answered a delivery with.

    :raises RecipientRefused: it says that it will not take the update.
    :raises RecipientFailed: the answer is no Kvittering, or one for another sequence.
    """
    try:
        told = contract.read("Kvittering", answer.body, answer.headers.get("content-type", ""))
    except Refused:
        raise RecipientFailed(f"The {name} system gave an answer that is no valid Kvittering.") from None
    reference, reason = told.get("Reference", ""), told.get("Begrundelse", "")
    return judged_receipt(name, key, told["Status"], told["Sekvens"], reference, reason)
