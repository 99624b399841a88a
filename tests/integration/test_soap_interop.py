"""SOAP clients of others work from the served WSDL alone: zeep, and the npm package soap."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
import requests
import zeep
import zeep.exceptions
import zeep.helpers
import zeep.wsa
from lxml import etree

from hub.cli.town import Town
from hub.clock import new_id
from tests.npm_folder import node_with

pytestmark = pytest.mark.integration
NPM = Path(__file__).parent / "npm"
CPR = "3001749995"
NS = "urn:one-plan-hub:employment:1"
PORTS = pytest.mark.parametrize("version", ["1.1", "1.2"])
TITLE_FIELD = "/SubmitPersonCaseRequest/PersonCase/CaseTitle"

#: Make calls through the port of a version; return where they went, and the receipt or HubFault of each.
Caller = Callable[[str, list[dict[str, Any]]], tuple[str, list[dict[str, Any]]]]


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    with tempfile.TemporaryDirectory() as folder, Town(Path(folder)) as town:
        person = {"cpr": CPR, "name": "Niels Test Vendelboe"}
        one_plan = {"kind": "one-plan", "person": person, "authorities": ["employment", "social"]}
        assert town.ask("coordinator", "POST", "/consents", one_plan).status_code == 201
        yield town


def a_message(**changes: Any) -> dict[str, Any]:
    """Return a SubmitPersonCaseRequest with a message and a case of its own."""
    case = {
        "CaseIdentifier": str(new_id()),
        "CaseVersionIdentifier": 1,
        "ChangedDateTime": "2026-09-01T08:15:00Z",
        "CaseSubject": {"Code": "15.17.12"},
        "SensitivityCode": "FORTROLIGE_PERSONOPLYSNINGER",
        "CaseStatusIdentifier": 2,
        "CaseTitle": "Vejen til job",
        "Person": {
            "PersonCivilRegistrationIdentifier": CPR,
            "PersonFullName": "Niels Test Vendelboe",
            "PersonAddressProtectionIndicator": False,
        },
        "GoalItems": {
            "GoalItem": [{"GoalIdentifier": "g1", "GoalStatusIdentifier": 2, "GoalTitle": "Æblehøst & mere"}]
        },
    }
    return {
        "MessageIdentifier": str(new_id()),
        "SentDateTime": "2026-09-01T08:16:00Z",
        "SourceSystemName": "Jobsystem",
        "PersonCase": case | changes,
    }


def by_zeep(town: Town) -> Caller:
    """Call by zeep, as anybody would who has nothing but the address of the WSDL and a token."""

    def ask(version: str, calls: list[dict[str, Any]]) -> tuple[str, list[dict[str, Any]]]:
        with requests.Session() as session:
            session.headers["Authorization"] = f"Bearer {town.tokens['employment']}"
            transport = zeep.Transport(session=session)
            client = zeep.Client(f"{town.url('hub')}/soap/employment?wsdl", transport=transport)
            port = client.bind("OnePlanHub", f"OnePlanHubSoap{version.replace('.', '')}")
            header = client.get_element(f"{{{NS}}}ActiveOrganisationHeader")
            said = {"ActiveOrganisationHeader": header(OrganisationTypeIdentifier=7, OrganisationCode="376")}

            def call(message: dict[str, Any]) -> dict[str, Any]:
                try:
                    return {
                        "receipt": zeep.helpers.serialize_object(port.SubmitPersonCase(**message, _soapheaders=said))
                    }
                except zeep.exceptions.Fault as fault:
                    detail = fault.detail if etree.QName(fault.detail).localname == "HubFault" else fault.detail[0]
                    told = client.get_element(f"{{{NS}}}HubFault").parse(detail, client.wsdl.types)
                    return {"fault": zeep.helpers.serialize_object(told)}

            return str(port._binding_options["address"]), [call(message) for message in calls]

    return ask


def by_npm(town: Town) -> Caller:
    """Call by the npm package soap."""
    node = node_with(NPM)

    def ask(version: str, calls: list[dict[str, Any]]) -> tuple[str, list[dict[str, Any]]]:
        told = {
            "wsdl": f"{town.url('hub')}/soap/employment?wsdl",
            "token": town.tokens["employment"],
            "service": "OnePlanHub",
            "port": f"OnePlanHubSoap{version.replace('.', '')}",
            "version": version,
            "calls": calls,
        }
        done = subprocess.run([node, "submit.mjs"], cwd=NPM, input=orjson.dumps(told), capture_output=True, timeout=60)
        assert done.returncode == 0, done.stderr.decode()
        answered = orjson.loads(done.stdout)
        return answered["endpoint"], answered["answers"]

    return ask


@pytest.fixture(params=[by_zeep, pytest.param(by_npm, marks=pytest.mark.node)])
def caller(request: pytest.FixtureRequest, town: Town) -> Caller:
    made: Caller = request.param(town)
    return made


@pytest.mark.slow
@PORTS
def test_a_case_is_submitted_and_a_repeat_gets_the_same_receipt(town: Town, caller: Caller, version: str) -> None:
    message = a_message()
    endpoint, (first, again) = caller(version, [message, message])
    assert endpoint == f"{town.url('hub')}/soap/employment"
    assert first["receipt"]["RepeatIndicator"] is False
    assert again["receipt"] == first["receipt"] | {"RepeatIndicator": True}
    plan = town.ask("employment", "POST", "/plans/search", {"cpr": CPR}).json()["plan"]
    elements = town.ask("employment", "GET", f"/plans/{plan}").json()["elements"]
    case = message["PersonCase"]["CaseIdentifier"]
    assert {one["title"] for one in elements if one["source"]["case"] == case} == {"Vejen til job", "Æblehøst & mere"}


@PORTS
def test_a_case_that_is_wrong_is_answered_by_a_fault_with_its_fields(caller: Caller, version: str) -> None:
    _, (told,) = caller(version, [a_message(CaseTitle="", CaseStatusIdentifier=9)])
    fault = told["fault"]
    assert (fault["FaultCode"], int(fault["ErrorIdentifier"])) == ("contract-violation", 1014)
    fields = [item["FieldPath"] for item in fault["FieldFaultItem"]]
    assert fields == [TITLE_FIELD.replace("Title", "StatusIdentifier"), TITLE_FIELD]
    assert fault["AdviceText"]
    assert fault["CorrelationIdentifier"]


@PORTS
def test_a_person_without_a_plan_is_told_as_such(caller: Caller, version: str) -> None:
    nobody = {"PersonCivilRegistrationIdentifier": "0101019990", "PersonFullName": "A"}
    person = nobody | {"PersonAddressProtectionIndicator": False}
    _, (told,) = caller(version, [a_message(Person=person)])
    fault = told["fault"]
    assert (fault["FaultCode"], int(fault["ErrorIdentifier"])) == ("unknown-person", 1010)


def test_zeep_addresses_a_call_by_its_own_message_identifier_and_a_made_up_one_is_told(town: Town) -> None:
    addressing = "http://www.w3.org/2005/08/addressing"

    def header(name: str, text: str) -> etree._Element:
        made = etree.Element(f"{{{addressing}}}{name}")
        made.text = text
        return made

    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {town.tokens['employment']}"
        client = zeep.Client(f"{town.url('hub')}/soap/employment?wsdl", transport=zeep.Transport(session=session))
        message, action = a_message(), f"{NS}/SubmitPersonCase"
        own = [header("Action", action), header("MessageID", f"urn:uuid:{message['MessageIdentifier']}")]
        assert client.service.SubmitPersonCase(**message, _soapheaders=own)["RepeatIndicator"] is False
        client.plugins.append(zeep.wsa.WsAddressingPlugin())  # draws an id of its own
        with pytest.raises(zeep.exceptions.Fault) as caught:
            client.service.SubmitPersonCase(**message)
    assert str(caught.value.code).endswith(":InvalidAddressingHeader")
    assert "MessageIdentifier" in etree.tostring(caught.value.detail).decode()


def test_what_a_proxy_says_of_the_address_counts_for_nothing(town: Town) -> None:
    """The address behind a proxy is HUB_PUBLIC_URL; a header that anybody on the machine can send is not asked."""
    said = {
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "evil.test",
        "X-Forwarded-Port": "1",
        "X-Forwarded-For": "::1",
    }
    where = f"{town.url('hub')}/soap/employment"
    told = requests.get(f"{where}?wsdl", headers=said | {"Forwarded": "proto=https;host=evil.test"}, timeout=10).text
    assert f'location="{where}"' in told
    assert f'schemaLocation="{where}?xsd"' in told
