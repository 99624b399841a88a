"""The case system of children and family services: tells the hub of cases in XML and takes PlanOpdatering in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, cast

from fastapi import Depends, FastAPI, HTTPException, Request, Response
from lxml import etree

from hub.authority import contract_folder
from hub.clock import now
from hub.sandbox.shelf import Case, Delivery
from hub.sandbox.system import Behaviour, HubAnswer, Surroundings, ask_hub, obey, require_token

_NS = "urn:one-plan-hub:children:1"
_C = f"{{{_NS}}}"
_KLE, _KLE_TEXT = "27.24.00", "Generelle sager om børn og unge"
_RELATION = {"mother": "mor", "father": "far", "sibling": "soeskende", "partner": "partner"}
_XML = "application/xml; charset=utf-8"
_NAMES = {
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
}

#: A name, and text or further nodes; None leaves it out.
Node = tuple[str, "str | Sequence[Node] | None"]


async def raw_body(request: Request) -> bytes:
    """Read the request's body."""
    return await request.body()


class ChildrenSystem:
    """The authority's own half of the sandbox."""

    name = "children"

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
        return etree.tostring(
            _element(("SagOpdatering", [head, ("Sag", _case(case))])), xml_declaration=True, encoding="utf-8"
        )

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
            hold = self.behaviour.legal_hold
            status = self._own.shelf.take_in(delivery, legal_hold=bool(hold))
            reason = hold if status == "legal-hold" else None
            receipt = _element(
                ("Kvittering", [("Status", status), ("Sekvens", str(delivery.sequence)), ("Begrundelse", reason)])
            )
            return Response(etree.tostring(receipt, xml_declaration=True, encoding="utf-8"), media_type=_XML)

    def _drop(self, case: Case) -> HubAnswer:
        if self._own.folder is None:
            raise HTTPException(409, "this system was started without --folder")
        waiting = self._own.folder / "in"
        waiting.mkdir(parents=True, exist_ok=True)
        whole = waiting / f"{case.message_id}.xml"
        unfinished = whole.with_suffix(".xml.part")
        unfinished.write_bytes(case.message)
        unfinished.rename(whole)
        return HubAnswer(None, "dropped into the folder")

    def _read(self, body: bytes) -> Delivery:
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
        try:
            root = etree.fromstring(body, parser)
        except etree.XMLSyntaxError:
            raise HTTPException(400, "not well-formed") from None
        if root.tag != f"{_C}PlanOpdatering" or not etree.XMLSchema(file=self._schema).validate(root):
            raise HTTPException(400, "no valid PlanOpdatering")
        return Delivery(
            key=_text(root, "Noegle"),
            plan=_text(root, "PlanId"),
            sequence=int(_text(root, "Sekvens")),
            disclosed={_text(part, "ElementId"): _kept(part) for part in root.iterchildren(f"{_C}Delt")},
            withdrawn=[_text(part, "ElementId") for part in root.iterchildren(f"{_C}Tilbagekaldt")],
        )


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
            [("CPR", told["cpr"]), ("Navn", told["name"]), ("AdresseBeskyttet", _bool(told["protected_address"]))],
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
            ("Foraeldremyndighed", _bool(member["custody"])),
            ("AdresseBeskyttet", "false"),
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
        ("Status", "Planlagt"),
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


def _element(node: Node) -> etree._Element:
    name, content = node
    namespaces: dict[str | None, str] = {None: _NS}
    element = etree.Element(_C + name, nsmap=cast("dict[str, str]", namespaces))
    if isinstance(content, str):
        element.text = content
    else:
        element.extend([_element(child) for child in content or () if child[1] is not None])
    return element


def _kept(part: etree._Element) -> dict[str, Any]:
    kept: dict[str, Any] = {
        ours: part.findtext(_C + theirs) for theirs, ours in _NAMES.items() if part.find(_C + theirs) is not None
    }
    kept["codes"] = [
        {"system": _text(code, "System"), "code": _text(code, "Kode"), "text": _text(code, "Tekst")}
        for code in part.iterchildren(f"{_C}Kode")
    ]
    kept["details"] = {_text(detail, "Navn"): _text(detail, "Vaerdi") for detail in part.iterchildren(f"{_C}Detalje")}
    return kept


def _text(parent: etree._Element, name: str) -> str:
    return parent.findtext(_C + name) or ""


def _bool(answer: bool) -> str:
    return "true" if answer else "false"
