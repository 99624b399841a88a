"""The employment authority's system on loopback, spoken to by zeep from the WSDL that it serves itself."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from requests import Session
from zeep import Client
from zeep.exceptions import Fault
from zeep.transports import Transport

from hub.authority import contract_folder
from hub.clock import new_id
from tests.integration.sandboxes import TOKEN, Sandbox, a_sandbox, a_server

pytestmark = pytest.mark.integration
URI = "urn:one-plan-hub:employment:1"
E = f"{{{URI}}}"
WSA = "http://www.w3.org/2005/08/addressing"
SCHEMA = etree.XMLSchema(file=contract_folder("employment/v1") / "employment.xsd")
SOAP_11 = ("text/xml; charset=utf-8", "http://schemas.xmlsoap.org/soap/envelope/")
SOAP_12 = ("application/soap+xml; charset=utf-8", "http://www.w3.org/2003/05/soap-envelope")
CASE: dict[str, Any] = {
    "cpr": "0201609995",
    "name": "Einer Test Lauridsen",
    "title": "Vej til job",
    "label": "FORTROLIGE_PERSONOPLYSNINGER",
    "goals": [{"id": "g1", "title": "Et deltidsjob"}],
    "activities": [{"id": "i1", "title": "Virksomhedspraktik", "start": "2026-03-01", "code": "12"}],
    "appointments": [
        {
            "id": "a1",
            "title": "Jobsamtale",
            "start": "2026-03-10T10:00:00+01:00",
            "end": "2026-03-10T11:00:00+01:00",
            "interview_type": 7,
        }
    ],
    "contacts": [{"id": "k1", "name": "Signe Test Bro", "phone": "54731000"}],
    "notes": [{"id": "n1", "text": "Ringede."}],
    "health": [{"id": "h1", "text": "Ondt i ryggen"}],
    "notify": False,
}
HEADERS = {
    "ActiveOrganisationHeader": {"OrganisationTypeIdentifier": 7, "OrganisationCode": "376"},
    "RequestUserMetadata": {
        "RequestUserStructure": {"UserFullName": "Hub", "RequestUserTypeIdentifier": 3, "UserIdentifier": "hub"}
    },
}
ORGANISATION = f"""<e:ActiveOrganisationHeader xmlns:e="{URI}">
    <e:OrganisationTypeIdentifier>7</e:OrganisationTypeIdentifier>
    <e:OrganisationCode>376</e:OrganisationCode></e:ActiveOrganisationHeader>"""
USER = f"""<e:RequestUserMetadata xmlns:e="{URI}"><e:RequestUserStructure><e:UserFullName>Hub</e:UserFullName>
    <e:RequestUserTypeIdentifier>3</e:RequestUserTypeIdentifier><e:UserIdentifier>hub</e:UserIdentifier>
    </e:RequestUserStructure></e:RequestUserMetadata>"""
NO_CASE = "3f6c1d7a-8a51-4c0e-9a64-2c3d4e5f6a7b"
ASKED = f"""<e:GetPersonCaseRequest xmlns:e="{URI}"><e:CaseIdentifier>{NO_CASE}</e:CaseIdentifier>
    </e:GetPersonCaseRequest>"""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with a_sandbox("employment", tmp_path_factory.mktemp("employment")) as running:
        yield running


@pytest.fixture
def system(running: Sandbox) -> Sandbox:
    """The one system of this module, behaving well; each test tells it cases and brings it plans of its own."""
    running.ask("PUT", "/sandbox/behaviour", {})
    return running


@pytest.fixture(params=["EmploymentSystemSoap11", "EmploymentSystemSoap12"])
def service(system: Sandbox, request: pytest.FixtureRequest) -> Any:
    session = Session()
    session.headers["Authorization"] = f"Bearer {TOKEN}"
    client = Client(f"{system.url}/soap?wsdl", transport=Transport(session=session, timeout=10, operation_timeout=10))
    client.set_default_soapheaders(HEADERS)
    return client.bind("EmploymentSystem", request.param)


def tell(system: Sandbox, **changes: Any) -> str:
    case: str = system.ask("POST", "/sandbox/cases", CASE | changes)["case"]
    return case


def refusal(system: Sandbox, method: str, path: str, content: Any) -> tuple[int, str]:
    with pytest.raises(urllib.error.HTTPError) as caught:
        system.ask(method, path, content)
    with caught.value as answer:
        return answer.code, answer.read().decode()


def an_update(plan: str, **changes: Any) -> dict[str, Any]:
    sequence = changes.pop("sequence", 1)
    meeting = {
        "ElementIdentifier": "9b2c3d4e-5f60-5172-8394-a5b6c7d8e9f0",
        "ElementVersionIdentifier": "digest-1",
        "AuthorityName": "social",
        "ElementKindCode": "appointment",
        "StatusCode": "planned",
        "Title": "Møde om bostøtte",
        "ClassificationItem": [{"ClassificationIdentifier": "urn:law", "Code": "SEL-85", "CodeText": "Støtte"}],
        "DetailItem": [{"DetailName": "place", "DetailValue": "hjemmet"}],
        "DisclosureReasonText": "Borgeren har samtykket.",
    }
    return {
        "PlanIdentifier": plan,
        "SequenceIdentifier": sequence,
        "DeliveryIdentifier": f"employment:{plan}:{sequence}",
        "PersonCivilRegistrationIdentifier": "0201609995",
        "CreatedDateTime": "2026-09-01T12:00:00Z",
        "PlanElementItem": [meeting],
        **changes,
    }


# --- what it serves ---------------------------------------------------------------------------------------------------


def test_a_case_is_served_as_it_was_told(system: Sandbox, service: Any) -> None:
    case = tell(system)
    found = service.GetPersonCase(CaseIdentifier=case)["PersonCase"]
    assert (found["CaseIdentifier"], found["CaseVersionIdentifier"], found["CaseTitle"]) == (case, 1, "Vej til job")
    assert found["Person"]["PersonCivilRegistrationIdentifier"] == "0201609995"
    assert found["ResponsibleAuthority"]["CaseWorker"]["CaseWorkerSurname"] == "Bro"
    assert found["GoalItems"]["GoalItem"][0]["GoalTitle"] == "Et deltidsjob"
    assert found["ActivityItems"]["ActivityItem"][0]["ActivityCoreItem"]["ActivationTypeIdentifier"] == 12
    interview = found["InterviewItems"]["InterviewItem"][0]
    assert (interview["InterviewTypeIdentifier"], interview["ParticipationStatusTypeIdentifier"]) == (7, 1)
    assert found["BarrierItems"]["BarrierItem"][0]["HealthIndicator"] is True
    assert found["NoteItems"]["NoteItem"][0]["NoteText"] == "Ringede."


def test_changes_are_walked_page_by_page_and_then_only_what_changed(system: Sandbox, service: Any) -> None:
    def after(cursor: str, most: int) -> Any:
        return service.GetChangedPersonCases(ChangedAfterCursor=cursor, MaximumQuantity=most)

    beginning = after("", 500)["NextCursor"]
    cases = [tell(system) for _ in range(3)]
    first = after(beginning, 2)
    second = after(first["NextCursor"], 2)
    told = [one["CaseIdentifier"] for page in (first, second) for one in page["ChangedPersonCaseItem"]]
    assert (told, first["MoreIndicator"], second["MoreIndicator"]) == (cases, True, False)
    system.ask("PATCH", f"/sandbox/cases/{cases[0]}", {"title": "Ændret"})
    last = after(second["NextCursor"], 2)
    assert [one["CaseIdentifier"] for one in last["ChangedPersonCaseItem"]] == [cases[0]]
    assert after(last["NextCursor"], 2)["NextCursor"] == last["NextCursor"]


def test_a_new_number_is_told_with_the_former_one(system: Sandbox, service: Any) -> None:
    case = tell(system)
    system.ask("PATCH", f"/sandbox/cases/{case}", {"cpr": "0201609996"})
    system.ask("PATCH", f"/sandbox/cases/{case}", {"cpr": "0201609997"})
    person = service.GetPersonCase(CaseIdentifier=case)["PersonCase"]["Person"]
    assert person["PersonCivilRegistrationIdentifier"] == "0201609997"
    assert person["PreviousPersonCivilRegistrationIdentifier"] == ["0201609996", "0201609995"]


@pytest.mark.parametrize(("status", "number"), [("held", 2), ("missed", 3), ("cancelled", 5)])
def test_what_became_of_an_interview_is_told(system: Sandbox, service: Any, status: str, number: int) -> None:
    case = tell(system)
    moved = [{**CASE["appointments"][0], "status": status, "start": "2026-03-10T09:00:00+01:00"}]
    system.ask("PATCH", f"/sandbox/cases/{case}", {"appointments": moved})
    (interview,) = service.GetPersonCase(CaseIdentifier=case)["PersonCase"]["InterviewItems"]["InterviewItem"]
    assert interview["ParticipationStatusTypeIdentifier"] == number
    assert interview["InterviewStartDateTime"].isoformat() == "2026-03-10T09:00:00+01:00"


@pytest.mark.parametrize(
    "told",
    [
        {"household": [{"cpr": "0201609996", "name": "Lonni Test Lauridsen"}]},
        {"contacts": [{"id": "k1", "name": "Signe Test Bro", "role": "Jobkonsulent"}]},
        {"contacts": [{"id": "k1", "name": "Signe Bro"}, {"id": "k2", "name": "Ole Bro"}]},
        {"contacts": [{"id": "k1", "name": "Signe"}]},
        {"activities": [{"id": "i1", "title": "Uden første dag"}]},
        {"activities": [{"id": "i1", "title": "Praktik", "start": "2026-03-01", "code": "§ 57"}]},
        {"goals": [{"id": "g1", "title": "Et mål"}, {"id": "g1", "title": "Samme id"}]},
        {"cpr": "12"},
    ],
)
def test_what_the_contract_has_no_words_for_is_refused_and_not_kept(system: Sandbox, told: dict[str, Any]) -> None:
    case = tell(system)
    assert refusal(system, "POST", "/sandbox/cases", CASE | told)[0] == 422
    assert refusal(system, "PATCH", f"/sandbox/cases/{case}", told)[0] == 422
    assert system.ask("POST", f"/sandbox/cases/{case}/resend")["case"] == case


@pytest.mark.parametrize("name", ["children", "social"])
@pytest.mark.parametrize("told", [{"previous_cprs": ["0201609996"]}, {"appointments": CASE["appointments"]}])
def test_the_other_systems_have_no_words_for_former_numbers_and_kinds_of_interview(
    name: str, told: dict[str, Any], tmp_path: Path
) -> None:
    plain = {"cpr": "0201609995", "name": "Einer Test Lauridsen", "title": "Sag"}
    with a_sandbox(name, tmp_path / name) as other:
        status, why = refusal(other, "POST", "/sandbox/cases", plain | told)
        assert (status, next(iter(told)) in why) == (422, True)
        other.ask(
            "PATCH", f"/sandbox/cases/{other.ask('POST', '/sandbox/cases', plain)['case']}", {"cpr": "0201609996"}
        )


# --- what it takes in -------------------------------------------------------------------------------------------------


def test_an_update_is_taken_in_once_and_kept(system: Sandbox, service: Any) -> None:
    plan = str(new_id())
    answers = [service.UpdatePlan(**an_update(plan)) for _ in range(2)]
    assert [one["ReceiptStatusCode"] for one in answers] == ["taken-in", "already-held"]
    assert system.ask("GET", "/sandbox/plans")[plan]["elements"] == {
        "9b2c3d4e-5f60-5172-8394-a5b6c7d8e9f0": {
            "version": "digest-1",
            "authority": "social",
            "kind": "appointment",
            "status": "planned",
            "title": "Møde om bostøtte",
            "why": "Borgeren har samtykket.",
            "codes": [{"system": "urn:law", "code": "SEL-85", "text": "Støtte"}],
            "details": {"place": "hjemmet"},
        }
    }


def test_a_withdrawal_deletes_unless_there_is_a_legal_hold(system: Sandbox, service: Any) -> None:
    plan, element = str(new_id()), "9b2c3d4e-5f60-5172-8394-a5b6c7d8e9f0"
    withdrawn = {"PlanElementItem": [], "WithdrawnElementItem": [{"ElementIdentifier": element}]}
    service.UpdatePlan(**an_update(plan))
    system.ask("PUT", "/sandbox/behaviour", {"legal_hold": "Arkivloven"})
    kept = service.UpdatePlan(**an_update(plan, sequence=2, **withdrawn))
    assert (kept["ReceiptStatusCode"], kept["ReasonText"]) == ("legal-hold", "Arkivloven")
    assert element in system.ask("GET", "/sandbox/plans")[plan]["elements"]
    system.ask("PUT", "/sandbox/behaviour", {})
    gone = service.UpdatePlan(**an_update(plan, sequence=3, **withdrawn))
    assert (gone["ReceiptStatusCode"], gone["SequenceIdentifier"]) == ("taken-in", 3)
    assert system.ask("GET", "/sandbox/plans")[plan]["elements"] == {}


def test_a_case_that_is_not_there_is_a_fault(service: Any) -> None:
    with pytest.raises(Fault, match="no such case") as caught:
        service.GetPersonCase(CaseIdentifier=str(new_id()))
    detail = caught.value.detail.find(f"{E}SystemFault")
    assert SCHEMA.validate(detail)
    assert detail.findtext(f"{E}FaultCode") == "not-found"


@pytest.mark.parametrize("cursor", ["x", "9" * 80])
def test_a_cursor_that_it_never_gave_is_a_fault(service: Any, cursor: str) -> None:
    with pytest.raises(Fault, match="cursor"):
        service.GetChangedPersonCases(ChangedAfterCursor=cursor, MaximumQuantity=1)


# --- what is no call --------------------------------------------------------------------------------------------------


def post(system: Sandbox, body: str, content_type: str, token: str = TOKEN) -> tuple[int, bytes, str]:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": content_type}
    request = urllib.request.Request(f"{system.url}/soap", body.encode(), headers)  # noqa: S310
    try:
        answer = urllib.request.urlopen(request, timeout=10)  # noqa: S310
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        return answer.status, answer.read(), answer.headers["Content-Type"]


def a_call(namespace: str, headers: str = ORGANISATION + USER, body: str = ASKED) -> str:
    return f'<s:Envelope xmlns:s="{namespace}"><s:Header>{headers}</s:Header><s:Body>{body}</s:Body></s:Envelope>'


@pytest.mark.parametrize("version", [SOAP_11, SOAP_12], ids=["1.1", "1.2"])
@pytest.mark.parametrize(
    ("make", "codes"),
    [
        (lambda own, other: "<not>closed", ("Client", "Sender")),
        (lambda own, other: "<!DOCTYPE x []>" + a_call(own), ("Client", "Sender")),
        (lambda own, other: "<Letter/>", ("Client", "Sender")),
        (lambda own, other: a_call(other), ("VersionMismatch", "VersionMismatch")),
        (lambda own, other: a_call(own, body=""), ("Client", "Sender")),
        (lambda own, other: a_call(own, body=ASKED + ASKED), ("Client", "Sender")),
        (lambda own, other: a_call(own, body=ASKED.replace("-4c0e-", "-")), ("Client", "Sender")),
        (lambda own, other: a_call(own, body=f'<UpdatePlanResponse xmlns="{URI}"/>'), ("Client", "Sender")),
        (lambda own, other: a_call(own, headers=ORGANISATION), ("Client", "Sender")),
        (lambda own, other: a_call(own, headers=USER + ORGANISATION.replace("376", "x")), ("Client", "Sender")),
        (
            lambda own, other: a_call(
                own, f'{ORGANISATION}{USER}<h:Signed xmlns:h="urn:h" xmlns:s="{own}" s:mustUnderstand="1"/>'
            ),
            ("MustUnderstand", "MustUnderstand"),
        ),
    ],
)
def test_what_is_no_call_is_a_fault_of_its_version(
    system: Sandbox, version: tuple[str, str], make: Any, codes: tuple[str, str]
) -> None:
    (content_type, own), is_12 = version, version is SOAP_12
    status, body, answered_as = post(system, make(own, (SOAP_11 if is_12 else SOAP_12)[1]), content_type)
    fault = etree.fromstring(body).find(f"{{{own}}}Body/{{{own}}}Fault")
    assert fault is not None
    code = fault.findtext(f"{{{own}}}Code/{{{own}}}Value") if is_12 else fault.findtext("faultcode")
    assert code == f"soap:{codes[is_12]}"
    assert (status, answered_as) == (400 if is_12 and codes[1] == "Sender" else 500, content_type)


def test_a_header_that_needs_no_understanding_is_passed_over(system: Sandbox, service: Any) -> None:
    headers = f'{ORGANISATION}{USER}<h:Trace xmlns:h="urn:h"/>'
    body = ASKED.replace(NO_CASE, tell(system))
    assert post(system, a_call(SOAP_11[1], headers, body), SOAP_11[0])[0] == 200


def test_a_caller_without_the_token_or_with_another_content_is_no_caller(system: Sandbox) -> None:
    assert post(system, a_call(SOAP_11[1]), SOAP_11[0], token="another")[0] == 401
    assert post(system, a_call(SOAP_11[1]), "application/json")[0] == 415


# --- what it tells the hub --------------------------------------------------------------------------------------------


def test_a_case_is_submitted_to_the_hub_by_soap_and_a_repeat_is_the_same_bytes(tmp_path: Path) -> None:
    with a_server(500, b"<fault/>") as (hub, asked), a_sandbox("employment", tmp_path / "x", hub_url=hub) as system:
        told = system.ask("POST", "/sandbox/cases", CASE | {"notify": True})
        system.ask("POST", f"/sandbox/cases/{told['case']}/resend")
        system.ask("PATCH", f"/sandbox/cases/{told['case']}", {"close": True})
        system.ask("PATCH", f"/sandbox/cases/{told['case']}", {"notify": False})
    assert told["hub"] == {"status": 500, "answer": "<fault/>"}
    assert {(method, path) for method, path, _, _ in asked} == {("POST", "/soap/employment")}
    assert asked[0][2]["authorization"] == "Bearer the system's token at the hub"
    assert asked[0][2]["soapaction"] == f'"{URI}/SubmitPersonCase"'
    assert len(asked) == 3
    assert asked[0][3] == asked[1][3]
    first, _, closed = [etree.fromstring(body) for *_, body in asked]
    for root in (first, closed):
        parts = [part for block in root for part in block if str(part.tag).startswith(E)]
        assert [SCHEMA.validate(part) for part in parts] == [True] * 3
        message_id = root.findtext(f".//{E}MessageIdentifier") or ""
        assert root.findtext(f".//{{{WSA}}}MessageID") == f"urn:uuid:{message_id}"
    assert [root.findtext(f".//{E}CaseStatusIdentifier") for root in (first, closed)] == ["2", "4"]
