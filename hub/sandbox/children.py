"""The case system of children and family services: tells the hub of cases in XML and takes PlanOpdatering in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Request, Response
from lxml import etree

from hub.authority import contract_folder
from hub.clock import now
from hub.sandbox.nodes import Namespace, Node, parsed, to_bytes, xml_bool
from hub.sandbox.proposed import kept
from hub.sandbox.shelf import Case, Delivery
from hub.sandbox.system import Behaviour, HubAnswer, Surroundings, ask_hub, obey, raw_body, require_token, take_in

_KLE, _KLE_TEXT = "27.24.00", "Generelle sager om børn og unge"
_RELATION = {"mother": "mor", "father": "far", "sibling": "soeskende", "partner": "partner"}
_MEETING_STATUS = {"planned": "Planlagt", "held": "Gennemfoert", "missed": "Udeblevet", "cancelled": "Aflyst"}
_XML = "application/xml; charset=utf-8"
_WORDS = Namespace(
    "urn:one-plan-hub:children:1",
    {
        "Version": "version",
        "Myndighed": "authority",
        "Art": "kind",
        "Kategori": "category",
        "Foelsomhed": "label",
        "Status": "status",
        "Titel": "title",
        "Tekst": "text",
        "GyldigFra": "valid_from",
        "GyldigTil": "valid_to",
        "DelAf": "part_of",
        "Begrundelse": "why",
    },
    code=("Kode", ("System", "Kode", "Tekst")),
    detail=("Detalje", ("Navn", "Vaerdi")),
)


class ChildrenSystem:
    """The authority's own half of the sandbox."""

    name = "children"
    has_no_words_for = ("previous_cprs", "appointments.interview_type")

    def __init__(self, surroundings: Surroundings) -> None:
        self._own = surroundings
        self._schema = contract_folder("children/v1") / "children.xsd"
        self.behaviour = Behaviour()

    def case_id(self, number: int) -> str:
        """Return a case number in the style of the municipality's case systems."""
        return f"{_KLE}-G01-{number}-{now():%y}"

    def render(self, case: Case) -> bytes:
        """Write a SagOpdatering."""
        head: Node = (
            "Hoved",
            [
                ("MeddelelseId", case.message_id),
                ("Afsendelsestidspunkt", case.changed_at),
                ("Kildesystem", "Sandbox Familie 1.0"),
            ],
        )
        return to_bytes(_WORDS.element(("SagOpdatering", [head, ("Sag", _case(case))])))

    def send(self, case: Case) -> HubAnswer:
        """Post the case's message, or drop it into the folder."""
        if case.content["via"] == "folder":
            return self._drop(case)
        headers = {"Authorization": f"Bearer {self._own.hub_token}", "Content-Type": _XML}
        return ask_hub(f"{self._own.hub_url}/in/children", case.message, headers)

    def open_doors(self, app: FastAPI) -> None:
        """Open the door for plan updates."""

        @app.post("/plan-updates")
        def take_update(request: Request, body: Annotated[bytes, Depends(raw_body)]) -> Response:
            require_token(request, self._own.token)
            obey(self.behaviour)
            delivery = self._read(body)
            if request.headers.get("idempotency-key") != delivery.key:
                raise HTTPException(400, "Idempotency-Key and Noegle differ")
            taken = take_in(self._own.shelf, delivery, self.behaviour)
            fields: list[Node] = [("Status", taken.status), ("Sekvens", str(taken.sequence))]
            receipt = _WORDS.element(("Kvittering", [*fields, ("Begrundelse", taken.reason)]))
            return Response(to_bytes(receipt), media_type=_XML)

    def _drop(self, case: Case) -> HubAnswer:
        assert self._own.folder is not None  # noqa: S101 - the desk takes no case for a folder that is not there
        waiting = self._own.folder / "in"
        waiting.mkdir(parents=True, exist_ok=True)
        whole = waiting / f"{case.message_id}.xml"
        unfinished = whole.with_suffix(".xml.part")
        unfinished.write_bytes(case.message)
        unfinished.rename(whole)
        return HubAnswer(None, "dropped into the folder")

    def _read(self, body: bytes) -> Delivery:
        root = parsed(body)
        if root is None:
            raise HTTPException(400, "not well-formed")
        if root.tag != _WORDS.tag("PlanOpdatering") or not etree.XMLSchema(file=self._schema).validate(root):
            raise HTTPException(400, "no valid PlanOpdatering")
        return Delivery(
            key=_WORDS.text(root, "Noegle"),
            plan=_WORDS.text(root, "PlanId"),
            cpr=_WORDS.text(root, "CPR"),
            sequence=int(_WORDS.text(root, "Sekvens")),
            disclosed={_WORDS.text(part, "ElementId"): _WORDS.kept(part) for part in _WORDS.all(root, "Delt")},
            withdrawn=[_WORDS.text(part, "ElementId") for part in _WORDS.all(root, "Tilbagekaldt")],
            proposals=[
                kept(_WORDS.text(part, "ForslagId"), _WORDS.text(part, "SagId"), _told(part))
                for part in _WORDS.all(root, "Forslag")
            ],
        )


def _told(part: etree._Element) -> list[str]:
    names = ("ElementId", "StaarFra", "StaarTil", "ForeslaaetFra", "ForeslaaetTil")
    return [_WORDS.text(part, name) for name in names]


def _case(case: Case) -> list[Node]:
    told = case.content
    return [
        ("SagId", case.id),
        ("SagVersion", str(case.version)),
        ("Aendringstidspunkt", case.changed_at),
        ("KLEEmne", [("Kode", _KLE), ("Tekst", _KLE_TEXT)]),
        ("Foelsomhed", told["label"]),
        ("Sagsstatus", "Afsluttet" if told["close"] else "Afgjort"),
        ("Titel", told["title"]),
        (
            "Barn",
            [("CPR", told["cpr"]), ("Navn", told["name"]), ("AdresseBeskyttet", xml_bool(told["protected_address"]))],
        ),
        ("Husstand", [_person(number, member) for number, member in enumerate(told["household"], 1)] or None),
        *[_need(item) for item in told["health"]],
        *_plan(told),
        *[_meeting(item) for item in told["appointments"]],
        *[_contact(item) for item in told["contacts"]],
        *[_note(item) for item in told["notes"]],
    ]


def _person(number: int, member: Mapping[str, Any]) -> Node:
    return (
        "Person",
        [
            ("Id", f"p{number}"),
            ("CPR", member["cpr"]),
            ("Navn", member["name"]),
            ("Relation", _RELATION.get(member["relation"], "anden")),
            ("Foraeldremyndighed", xml_bool(member["custody"])),
            ("AdresseBeskyttet", xml_bool(member["protected_address"])),
        ],
    )


def _need(item: Mapping[str, Any]) -> Node:
    fields: list[Node] = [("Omraade", "Sundhedsforhold"), ("Titel", "Helbred"), ("Tekst", item["text"])]
    return "Behov", [*_identity(item), *fields]


def _plan(told: Mapping[str, Any]) -> list[Node]:
    goals, measures = told["goals"], told["activities"]
    if not (goals or measures):
        return []
    status = "Afsluttet" if told["close"] else "IGang"
    fields: list[Node] = [("Id", "plan"), ("Type", "BarnetsPlan"), ("Titel", "Barnets plan"), ("Status", status)]
    fields += [("Maal", [*_identity(item), ("Titel", item["title"]), ("Status", "IGang")]) for item in goals]
    fields += [_measure(item) for item in measures]
    return [("Plan", fields)]


def _measure(item: Mapping[str, Any]) -> Node:
    fields: list[Node] = [
        ("Paragraf", [("Kode", item["code"] or "BL-32-1")]),
        ("Titel", item["title"]),
        ("Status", "Bevilget"),
        ("Startdato", item["start"]),
        ("Slutdato", item["end"]),
    ]
    return "Indsats", [*_identity(item), *fields]


def _meeting(item: Mapping[str, Any]) -> Node:
    fields: list[Node] = [
        ("Titel", item["title"]),
        ("Status", _MEETING_STATUS[item["status"]]),
        ("Start", item["start"]),
        ("Slut", item["end"]),
        ("Sted", item["place"] or None),
    ]
    return "Aftale", [*_identity(item), *fields]


def _contact(item: Mapping[str, Any]) -> Node:
    fields: list[Node] = [
        ("Navn", item["name"]),
        ("Rolle", item["role"] or "kontakt"),
        ("Telefon", item["phone"] or None),
    ]
    return "Kontaktperson", [*_identity(item), *fields]


def _note(item: Mapping[str, Any]) -> Node:
    return "Notat", [*_identity(item), ("Emne", "Generelt"), ("Tekst", item["text"])]


def _identity(item: Mapping[str, Any]) -> list[Node]:
    return [("Id", item["id"]), ("Foelsomhed", item.get("label"))]
