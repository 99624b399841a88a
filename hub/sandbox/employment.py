"""The case system of the employment authority: a SOAP service, and a SOAP client of the hub's."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException, Request, Response
from lxml import etree

from hub.authority import contract_folder
from hub.clock import new_id
from hub.sandbox.nodes import Namespace, Node, xml_bool
from hub.sandbox.person_case import ORGANISATION, USER, person_case
from hub.sandbox.proposed import kept
from hub.sandbox.shelf import Case, Delivery
from hub.sandbox.soap import (
    CALLER,
    SOAP_11,
    SoapFault,
    Version,
    check_headers,
    envelope,
    fault_of,
    fault_status,
    read_call,
    version_of,
)
from hub.sandbox.soap_security import SECURITY, UNDERSTOOD, Keys, addressed, answering
from hub.sandbox.system import Behaviour, HubAnswer, Surroundings, ask_hub, obey, raw_body, require_token, take_in

_URI = "urn:one-plan-hub:employment:1"
_WORDS = Namespace(
    _URI,
    {
        "ElementVersionIdentifier": "version",
        "AuthorityName": "authority",
        "ElementKindCode": "kind",
        "CategoryCode": "category",
        "SensitivityCode": "label",
        "StatusCode": "status",
        "Title": "title",
        "Text": "text",
        "ValidFromDateTime": "valid_from",
        "ValidToDateTime": "valid_to",
        "PartOfElementIdentifier": "part_of",
        "DisclosureReasonText": "why",
    },
    code=("ClassificationItem", ("ClassificationIdentifier", "Code", "CodeText")),
    detail=("DetailItem", ("DetailName", "DetailValue")),
)
_HEADERS = (_WORDS.tag("ActiveOrganisationHeader"), _WORDS.tag("RequestUserMetadata"))
_SUBMIT = f"{_URI}/SubmitPersonCase"
_SYSTEM = "Sandbox Job 1.0"
_CURSOR = re.compile("[0-9]{0,18}")


class EmploymentSystem:
    """The authority's own half of the sandbox."""

    name = "employment"
    has_no_words_for = ("household", "contacts.role")

    def __init__(self, surroundings: Surroundings) -> None:
        self._own = surroundings
        self._contract = contract_folder("employment/v1")
        self._schema = etree.XMLSchema(file=self._contract / "employment.xsd")
        self._keys = Keys(surroundings.keys) if surroundings.keys else None
        self._hub = f"{surroundings.hub_url}/soap/employment"
        self.behaviour = Behaviour()
        self._operations = {
            _WORDS.tag("GetChangedPersonCasesRequest"): self._changed_cases,
            _WORDS.tag("GetPersonCaseRequest"): self._case,
            _WORDS.tag("UpdatePlanRequest"): self._update,
        }

    def case_id(self, number: int) -> str:
        """Return a new CaseIdentifier."""
        return str(new_id())

    def render(self, case: Case) -> bytes:
        """Write the envelope of a SubmitPersonCaseRequest. :raises HTTPException: 422, the contract cannot say it."""
        request = _WORDS.element(
            (
                "SubmitPersonCaseRequest",
                [
                    ("MessageIdentifier", case.message_id),
                    ("SentDateTime", case.changed_at),
                    ("SourceSystemName", _SYSTEM),
                    person_case(case),
                ],
            )
        )
        if not self._schema.validate(request):
            raise HTTPException(422, "this system has no such case: the contract's schema refuses it")
        to_hub = addressed(_SUBMIT, f"urn:uuid:{case.message_id}", self._hub)
        return envelope(SOAP_11, request, *to_hub, _WORDS.element(ORGANISATION), _WORDS.element(USER))

    def send(self, case: Case) -> HubAnswer:
        """Call the hub's SubmitPersonCase, unless the case was told with ``notify: false``."""
        if not case.content["notify"]:
            return HubAnswer(None, "left to the hub's poll")
        headers = {
            "Authorization": f"Bearer {self._own.hub_token}",
            "Content-Type": f"{SOAP_11.media_type}; charset=utf-8",
            "SOAPAction": f'"{_SUBMIT}"',
        }
        if self._keys is None:
            return ask_hub(self._hub, case.message, headers)
        told = ask_hub(self._hub, self._keys.sign(SOAP_11, case.message), headers)
        try:
            if told.status is not None:
                self._keys.check(SOAP_11, str(told.answer).encode(), f"urn:uuid:{case.message_id}")
        except SoapFault as fault:
            return HubAnswer(None, fault.reason)
        return told

    def open_doors(self, app: FastAPI) -> None:
        """Open the service of contracts/employment/v1/employment.wsdl."""
        app.get("/soap")(self.describe)
        app.post("/soap")(self.call)

    def describe(self, request: Request) -> Response:
        """Serve the WSDL and its XSD, with the addresses they have here; both are public."""
        obey(self.behaviour)
        here = f"{request.base_url}soap"
        asked = request.url.query.lower()
        if asked == "wsdl":
            text = (self._contract / "employment.wsdl").read_text("utf-8")
            text = text.replace("https://employment.example/soap", here)
            return Response(text.replace('"employment.xsd"', f'"{here}?xsd"'), media_type="text/xml")
        if asked == "xsd":
            return Response((self._contract / "employment.xsd").read_bytes(), media_type="text/xml")
        raise HTTPException(404, "ask for ?wsdl or ?xsd")

    def call(self, request: Request, body: Annotated[bytes, Depends(raw_body)]) -> Response:
        """Answer a call by the version of SOAP it is made in."""
        require_token(request, self._own.token)
        version = version_of(request.headers.get("content-type", ""))
        if version is None:
            raise HTTPException(415, "SOAP 1.1 is sent as text/xml, SOAP 1.2 as application/soap+xml")
        headers: list[etree._Element] = []
        try:
            obey(self.behaviour, SoapFault(CALLER, "This system takes nothing at present.", "refused"))
            headers, asked = read_call(version, body)
            check_headers(version, headers, (*_HEADERS, *UNDERSTOOD, *([SECURITY] if self._keys else [])))
            if self._keys is not None:
                self._keys.check(version, body)
            self._check_caller(headers)
            if asked.tag not in self._operations or not self._schema.validate(asked):
                raise SoapFault(CALLER, "The Body holds no valid request of this service.")
            return self._answer(version, _WORDS.element(self._operations[asked.tag](asked)), headers)
        except SoapFault as fault:
            detail: Node = ("SystemFault", [("FaultCode", fault.code), ("FaultText", fault.reason)])
            told = fault_of(version, fault, _WORDS.element(detail))
            return self._answer(version, told, headers, fault_status(version, fault))

    def _answer(
        self, version: Version, content: etree._Element, asked: list[etree._Element], status: int = 200
    ) -> Response:
        """Answer a call, signed where this system signs."""
        name = etree.QName(content).localname
        answered = answering(asked, f"{_URI}:PersonCases:{name}")
        body = envelope(version, content, *answered)
        if self._keys is not None and answered:
            body = self._keys.sign(version, body)
        return Response(body, status, media_type=f"{version.media_type}; charset=utf-8")

    def _check_caller(self, headers: Sequence[etree._Element]) -> None:
        """Require both headers, as DFDG does."""
        ours = [one for one in headers if one.tag in _HEADERS]
        if {one.tag for one in ours} != set(_HEADERS) or not all(self._schema.validate(one) for one in ours):
            raise SoapFault(CALLER, "ActiveOrganisationHeader and RequestUserMetadata are needed, and valid.")

    def _changed_cases(self, asked: etree._Element) -> Node:
        after = _WORDS.text(asked, "ChangedAfterCursor").strip()
        if not _CURSOR.fullmatch(after):
            raise SoapFault(CALLER, "The cursor is none that this system gave.")
        most = int(_WORDS.text(asked, "MaximumQuantity"))
        found = self._own.shelf.changes(int(after or 0), most + 1)
        page = found[:most]
        items: list[Node] = [("ChangedPersonCaseItem", [("CaseIdentifier", case)]) for _, case in page]
        cursor = str(page[-1][0]) if page else after
        more = ("MoreIndicator", xml_bool(len(found) > most))
        return "GetChangedPersonCasesResponse", [*items, ("NextCursor", cursor), more]

    def _case(self, asked: etree._Element) -> Node:
        case = self._own.shelf.case(_WORDS.text(asked, "CaseIdentifier").strip().lower())
        if case is None:
            raise SoapFault(CALLER, "There is no such case.", "not-found")
        return "GetPersonCaseResponse", [("SourceSystemName", _SYSTEM), person_case(case)]

    def _update(self, asked: etree._Element) -> Node:
        delivery = Delivery(
            key=_WORDS.text(asked, "DeliveryIdentifier"),
            plan=_WORDS.text(asked, "PlanIdentifier"),
            cpr=_WORDS.text(asked, "PersonCivilRegistrationIdentifier"),
            sequence=int(_WORDS.text(asked, "SequenceIdentifier")),
            disclosed={
                _WORDS.text(part, "ElementIdentifier"): _WORDS.kept(part)
                for part in _WORDS.all(asked, "PlanElementItem")
            },
            withdrawn=[_WORDS.text(part, "ElementIdentifier") for part in _WORDS.all(asked, "WithdrawnElementItem")],
            proposals=[_proposed(part) for part in _WORDS.all(asked, "ProposedTimeItem")],
        )
        taken = take_in(self._own.shelf, delivery, self.behaviour)
        fields: list[Node] = [("ReceiptStatusCode", taken.status), ("SequenceIdentifier", str(taken.sequence))]
        return "UpdatePlanResponse", [*fields, ("ReasonText", taken.reason)]


def _proposed(part: etree._Element) -> dict[str, str]:
    hours = ("StandsFromDateTime", "StandsToDateTime", "ProposedFromDateTime", "ProposedToDateTime")
    proposal, case, *told = (
        _WORDS.text(part, name) for name in ("ProposalIdentifier", "CaseIdentifier", "ElementIdentifier", *hours)
    )
    return kept(proposal, case, told)
