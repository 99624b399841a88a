"""The case system of social services: announces changes, serves cases and changes, and takes plan updates in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import orjson
from fastapi import Depends, FastAPI, Header, HTTPException, Query, Request, Response

from hub.clock import new_id
from hub.sandbox.shelf import Case, Delivery
from hub.sandbox.system import Behaviour, HubAnswer, Surroundings, ask_hub, obey, raw_body, require_token, take_in
from hub.sandbox.updates import JsonUpdates, kvittering, own_id, own_label, proposed

_JSON = "application/json"
_CURSOR = r"^[0-9]{0,18}$"
_RELATION = {"mother": "Mor", "father": "Far", "sibling": "Søskende", "partner": "Partner", "child": "Barn"}
_MEETING_STATUS = {"planned": "Planlagt", "held": "Afholdt", "missed": "Udeblevet", "cancelled": "Aflyst"}
_NAMES = {
    "Fingeraftryk": "version",
    "Myndighed": "authority",
    "Art": "kind",
    "Emne": "category",
    "Foelsomhed": "label",
    "Status": "status",
    "Titel": "title",
    "Tekst": "text",
    "Fra": "valid_from",
    "Til": "valid_to",
    "DelAf": "part_of",
    "Oplysninger": "details",
    "Hvorfor": "why",
}


class SocialSystem:
    """The authority's own half of the sandbox."""

    name = "social"
    has_no_words_for = ("previous_cprs", "appointments.interview_type")

    def __init__(self, surroundings: Surroundings) -> None:
        self._own = surroundings
        self._updates = JsonUpdates("social/v1", "PlanOpdatering")
        self.behaviour = Behaviour()

    def case_id(self, number: int) -> str:
        """Return a new SagIdentity; the number is part of Nummer alone."""
        return str(new_id())

    def render(self, case: Case) -> bytes:
        """Write a Sag; kept by the shelf, so that a version is always the same bytes."""
        return orjson.dumps(dict(_sag(case)))

    def send(self, case: Case) -> HubAnswer:
        """Announce the change, unless the case was told with ``notify: false``."""
        if not case.content["notify"]:
            return HubAnswer(None, "not announced")
        # The event's id is the version's message id: telling it again is the same event.
        what = "SagOprettet" if case.version == 1 else "SagAfsluttet" if case.content["close"] else "SagAendret"
        event = {"EventId": case.message_id, "SagId": case.id, "Haendelse": what}
        headers = {"Authorization": f"Bearer {self._own.hub_token}", "Content-Type": _JSON}
        return ask_hub(f"{self._own.hub_url}/in/social/events", orjson.dumps(event), headers)

    def open_doors(self, app: FastAPI) -> None:
        """Open the doors of contracts/social/v1/openapi.yaml."""
        guarded = [Depends(self._admit)]
        app.get("/api/sager/aendringer", dependencies=guarded)(self.list_changes)  # before the case: a UUID is no word
        app.get("/api/sager/{case}", dependencies=guarded)(self.read_case)
        app.put("/api/planer/{plan}", dependencies=guarded)(self.take_update)

    def list_changes(
        self,
        efter: Annotated[str, Query(pattern=_CURSOR)] = "",
        antal: Annotated[int, Query(ge=1, le=500)] = 100,
    ) -> Response:
        """List the cases that changed since a cursor."""
        found = self._own.shelf.changes(int(efter or 0), antal + 1)
        page = found[:antal]
        answer = {
            "Aendringer": [{"SagIdentity": case, "Loebenummer": number} for number, case in page],
            "Naeste": str(page[-1][0]) if page else efter,
            "Flere": len(found) > antal,
        }
        return Response(orjson.dumps(answer), media_type=_JSON)

    def read_case(self, case: str, if_none_match: Annotated[str, Header()] = "") -> Response:
        """Serve one case as it is now."""
        found = self._own.shelf.case(case)
        if found is None:
            raise HTTPException(404, "no such case")
        etag = {"ETag": f'"{found.version}"'}
        if if_none_match == etag["ETag"]:
            return Response(status_code=304, headers=etag)
        return Response(found.message, media_type=_JSON, headers=etag)

    def take_update(
        self,
        plan: str,
        body: Annotated[bytes, Depends(raw_body)],
        idempotency_key: Annotated[str, Header(min_length=1, max_length=200)],
    ) -> Response:
        """Take a plan update in, by its sequence."""
        delivery = self._read(plan, body, idempotency_key)
        taken = take_in(self._own.shelf, delivery, self.behaviour)
        return kvittering(taken)

    def _admit(self, request: Request) -> None:
        require_token(request, self._own.token)
        obey(self.behaviour)

    def _read(self, plan: str, body: bytes, key: str) -> Delivery:
        update = self._updates.read(body)
        if update["PlanId"] != plan:
            raise HTTPException(400, "this is an update of another plan")
        return Delivery(
            key=key,
            plan=plan,
            cpr=update["CPRnummer"].replace("-", ""),
            sequence=update["Sekvens"],
            disclosed={element["Id"]: _kept(element) for element in update["Elementer"]},
            withdrawn=update["TrukketTilbage"],
            proposals=proposed(update, "SagIdentity"),
        )


def _kept(element: Mapping[str, Any]) -> dict[str, Any]:
    kept = {ours: element[theirs] for theirs, ours in _NAMES.items() if element[theirs] is not None}
    codes = [{"system": code["System"], "code": code["Kode"], "text": code["Tekst"]} for code in element["Koder"]]
    return kept | {"codes": codes}


def _sag(case: Case) -> Iterator[tuple[str, Any]]:
    told = case.content
    yield "Nummer", f"27.00.00-G01-{case.number}-{case.changed_at[2:4]}"
    yield "SagIdentity", case.id
    yield "SagVersion", case.version
    yield "Aendret", case.changed_at
    yield "SagsTitel", told["title"]
    yield from own_label(told)
    stage = "Afsluttet" if told["close"] else "Afgjort"
    yield "SagsStatus", {"Navn": stage, "SagsTilstand": "Afsluttet" if told["close"] else "Aktiv"}
    yield (
        "PrimaryPart",
        {
            "PartType": "Person",
            "CPRnummer": f"{told['cpr'][:6]}-{told['cpr'][-4:]}",
            "Navn": told["name"],
            "Adresse": {"ErBeskyttet": told["protected_address"]},
            "MorCPR": "      -",  # as SBSYS leaves it
        },
    )
    yield "Personer", [_person(number, member) for number, member in enumerate(told["household"], 1)]
    yield from _caseworker(told["contacts"])
    yield "Indsatsmaal", [{**own_id(item), "Titel": item["title"]} for item in told["goals"]]
    yield "Indsatser", [_intervention(item) for item in told["activities"]]
    yield "Aftaler", [_meeting(item) for item in told["appointments"]]
    yield (
        "Notater",
        [{**own_id(item), "Titel": "Notat", "Tekst": item["text"], "Emne": "sag"} for item in told["notes"]],
    )
    yield "Helbred", [{**own_id(item), "Titel": "Helbred", "Beskrivelse": item["text"]} for item in told["health"]]


def _person(number: int, member: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "Id": f"p{number}",
        "Relation": _RELATION.get(member["relation"], "Anden"),
        "CPRnummer": f"{member['cpr'][:6]}-{member['cpr'][-4:]}",
        "Navn": member["name"],
        "HarForaeldremyndighed": member["custody"],
        "Adresse": {"ErBeskyttet": member["protected_address"]},
    }


def _caseworker(contacts: list[Mapping[str, Any]]) -> Iterator[tuple[str, Any]]:
    if len(contacts) > 1:
        raise HTTPException(422, "a case of this system has one caseworker")
    for contact in contacts:
        fields = {"Navn": contact["name"], "Rolle": contact["role"], "Telefon": contact["phone"]}
        yield "Behandler", {name: text for name, text in fields.items() if text}


def _intervention(item: Mapping[str, Any]) -> dict[str, Any]:
    fields = {
        "Titel": item["title"],
        "Paragraf": item["code"] or "SEL §85",
        "Status": "Bevilget",
        "Start": item["start"],
        "Slut": item["end"],
    }
    return own_id(item) | {name: value for name, value in fields.items() if value is not None}


def _meeting(item: Mapping[str, Any]) -> dict[str, Any]:
    fields = {"Titel": item["title"], "Start": item["start"], "Slut": item["end"], "Sted": item["place"]}
    return own_id(item) | fields | {"Status": _MEETING_STATUS[item["status"]]}
