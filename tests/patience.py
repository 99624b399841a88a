"""Waiting for what another process does."""

from __future__ import annotations

from typing import Any

import httpx
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed


def wait_for(ask: Any, is_there: Any, seconds: float = 25) -> Any:
    """Ask until the answer is as wanted; the last answer otherwise."""

    def patient_ask() -> Any:
        try:
            return ask()
        except httpx.TransportError:
            return None

    patient = Retrying(
        stop=stop_after_delay(seconds),
        wait=wait_fixed(0.1),
        retry=retry_if_result(lambda answer: answer is None or not is_there(answer)),
        retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
    )
    return patient(patient_ask)
