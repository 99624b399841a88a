"""The case system of the municipal youth services: posts courses to the hub, and takes plan updates in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import orjson
from fastapi import Depends, FastAPI, Header, HTTPException, Request, Response

from hub.clock import now
from hub.sandbox.shelf import Case, Delivery
from hub.sandbox.system import Behaviour, HubAnswer, Surroundings, ask_hub, obey, raw_body, require_token, take_in
from hub.sandbox.updates import JsonUpdates, kvittering, own_id, own_label, proposed

_JSON = "application/json"
_RELATION = {"mother": "Mor", "father": "Far"}
_MEETING_STATUS = {"planned": "planlagt", "held": "afholdt", "missed": "udeblevet", "cancelled": "aflyst"}
_NAMES = {
    "Aftryk": "version",
    "Myndighed": "authority",
    "Art": "kind",
    "Kategori": "category",
    "Foelsomhed": "label",
    "Status": "status",
    "Titel": "title",
    "Tekst": "text",
    "Fra": "valid_from",
    "Til": "valid_to",
    "DelAf": "part_of",
    "Oplysninger": "details",
    "Begrundelse": "why",
}


class YouthSystem:
    """The authority's own half of the sandbox."""

    name = "youth"
    has_no_words_for = ("health", "appointments.interview_type")

    def __init__(self, surroundings: Surroundings) -> None:
        self._own = surroundings
        self._updates = JsonUpdates("youth/v1", "PlanOpdatering")
        self.behaviour = Behaviour()

    def case_id(self, number: int) -> str:
        """Return the id of a course."""
        return f"UF-{now():%Y}-{number:04}"

    def render(self, case: Case) -> bytes:
        """Write an UngeForloeb."""
        return orjson.dumps(dict(_course(case)))

    def send(self, case: Case) -> HubAnswer:
        """Post the course."""
        headers = {"Authorization": f"Bearer {self._own.hub_token}", "Content-Type": _JSON}
        return ask_hub(f"{self._own.hub_url}/in/youth", case.message, headers)

    def open_doors(self, app: FastAPI) -> None:
        """Open the door of contracts/youth/v1/openapi.yaml."""

        @app.put("/plan-opdateringer/{plan}")
        def take_update(
            plan: str,
            request: Request,
            body: Annotated[bytes, Depends(raw_body)],
            idempotency_key: Annotated[str, Header(min_length=1, max_length=200)],
        ) -> Response:
            require_token(request, self._own.token)
            obey(self.behaviour)
            taken = take_in(self._own.shelf, self._read(plan, body, idempotency_key), self.behaviour)
            return kvittering(taken)

    def _read(self, plan: str, body: bytes, key: str) -> Delivery:
        update = self._updates.read(body)
        if update["PlanId"] != plan:
            raise HTTPException(400, "this is an update of another plan")
        return Delivery(
            key=key,
            plan=plan,
            cpr=update["CPR"].replace("-", ""),
            sequence=update["Sekvens"],
            disclosed={element["ElementId"]: _kept(element) for element in update["Delt"]},
            withdrawn=update["Tilbagekaldt"],
            proposals=proposed(update, "ForloebId"),
        )


def _kept(element: Mapping[str, Any]) -> dict[str, Any]:
    codes = [
        {"system": code["System"], "code": code["Kode"], "text": code.get("Tekst", "")}
        for code in element.get("Koder", [])
    ]
    told = {ours: element[theirs] for theirs, ours in _NAMES.items() if theirs in element}
    return {"text": "", "details": {}, "codes": codes, **told}


def _course(case: Case) -> Iterator[tuple[str, Any]]:
    told = case.content
    if len(told["previous_cprs"]) > 1:
        raise HTTPException(422, "a course tells one number that came before")
    young = {"CPR": told["cpr"], "Navn": told["name"], "AdresseBeskyttet": told["protected_address"]}
    yield "MeddelelseId", case.message_id
    yield "ForloebId", case.id
    yield "Version", case.version
    yield "Aendret", case.changed_at
    yield "Titel", told["title"]
    yield "Status", "afsluttet" if told["close"] else "i gang"
    yield from own_label(told)
    yield "Ung", young | ({"TidligereCPR": told["previous_cprs"][0]} if told["previous_cprs"] else {})
    yield "Foraeldre", [_parent(number, member) for number, member in enumerate(told["household"], 1)]
    yield from _contact(told["contacts"])
    yield "Maal", [{**own_id(item), "Titel": item["title"]} for item in told["goals"]]
    yield "Aktiviteter", [_activity(item) for item in told["activities"]]
    yield "Samtaler", [_meeting(item) for item in told["appointments"]]
    yield (
        "Notater",
        [{**own_id(item), "Titel": "Notat", "Tekst": item["text"], "Emne": "forløb"} for item in told["notes"]],
    )


def _parent(number: int, member: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "Id": f"f{number}",
        "Relation": _RELATION.get(member["relation"], "Anden"),
        "CPR": member["cpr"],
        "Navn": member["name"],
        "HarForaeldremyndighed": member["custody"],
        "AdresseBeskyttet": member["protected_address"],
    }


def _contact(contacts: list[Mapping[str, Any]]) -> Iterator[tuple[str, Any]]:
    if len(contacts) > 1:
        raise HTTPException(422, "a course has one contact person")
    for contact in contacts:
        fields = {"Navn": contact["name"], "Rolle": contact["role"], "Telefon": contact["phone"]}
        yield "Kontaktperson", {name: text for name, text in fields.items() if text}


def _activity(item: Mapping[str, Any]) -> dict[str, Any]:
    fields = {"Titel": item["title"], "Art": item["code"], "Start": item["start"], "Slut": item["end"]}
    return own_id(item) | {name: value for name, value in fields.items() if value is not None}


def _meeting(item: Mapping[str, Any]) -> dict[str, Any]:
    fields = {"Titel": item["title"], "Start": item["start"], "Slut": item["end"], "Sted": item["place"]}
    return own_id(item) | fields | {"Status": _MEETING_STATUS[item["status"]]}
