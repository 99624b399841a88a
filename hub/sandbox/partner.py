"""A partner's receiving end: takes signed updates in, as Standard Webhooks says, and has no cases of its own."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Request, Response

from hub.clock import now
from hub.sandbox.shelf import Case, Delivery
from hub.sandbox.system import Behaviour, HubAnswer, Surroundings, obey, raw_body, take_in
from hub.sandbox.updates import JsonUpdates, kvittering

_TOO_OLD = 300  # seconds
_LISTS = {"Aftaler": "appointment", "Aktiviteter": "activity", "Kontakter": "contact-person"}


class PartnerSystem:
    """A partner's own half of the sandbox. The secret it shares with the hub stands where others have the token."""

    name = "partner"
    has_no_words_for = ()

    def __init__(self, surroundings: Surroundings) -> None:
        self._own = surroundings
        self._secret = base64.b64decode(surroundings.token.removeprefix("whsec_"))
        self._updates = JsonUpdates("partners/v1", "Opdatering")
        self.behaviour = Behaviour()

    def case_id(self, number: int) -> str:
        """Refuse: a partner has no cases."""
        raise HTTPException(422, "a partner has no cases")

    def render(self, case: Case) -> bytes:
        """Refuse: a partner has no cases."""
        raise HTTPException(422, "a partner has no cases")

    def send(self, case: Case) -> HubAnswer:
        """Refuse: a partner has no cases."""
        raise HTTPException(422, "a partner has no cases")

    def open_doors(self, app: FastAPI) -> None:
        """Open the door for updates."""

        @app.post("/hooks/plan")
        def take_update(request: Request, body: Annotated[bytes, Depends(raw_body)]) -> Response:
            self._check_signature(request.headers, body)
            obey(self.behaviour)
            delivery = self._read(body, request.headers["webhook-id"])
            taken = take_in(self._own.shelf, delivery, self.behaviour)
            return kvittering(taken)

    def _check_signature(self, headers: Mapping[str, str], body: bytes) -> None:
        """Refuse what is not signed with the secret, or not now (401)."""
        own_id, sent_at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
        signed = f"{own_id}.{sent_at}.".encode() + body
        wanted = "v1," + base64.b64encode(hmac.new(self._secret, signed, hashlib.sha256).digest()).decode()
        shown = headers.get("webhook-signature", "").split(" ")
        is_signed = any(hmac.compare_digest(one.encode(), wanted.encode()) for one in shown)
        is_fresh = sent_at.isdecimal() and abs(now().timestamp() - int(sent_at)) <= _TOO_OLD
        if not (own_id and is_signed and is_fresh):
            raise HTTPException(401, "no valid signature")

    def _read(self, body: bytes, key: str) -> Delivery:
        update = self._updates.read(body)
        return Delivery(
            key=key,
            plan=update["Plan"],
            cpr="",  # a partner is told no number
            sequence=update["Sekvens"],
            disclosed={one["Id"]: _kept(one, kind) for name, kind in _LISTS.items() for one in update[name]},
            withdrawn=update["Slettes"],
        )


def _kept(one: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """Keep what the shelf's page shows, under the names that it knows."""
    details = {name: one[name] for name in ("Rolle", "Telefon", "Email") if name in one}
    kept = {"kind": kind, "title": one.get("Titel", one.get("Navn")), "codes": [], "details": details}
    names = {"Status": "status", "Fra": "valid_from", "Til": "valid_to"}
    return kept | {ours: one[theirs] for theirs, ours in names.items() if theirs in one}
