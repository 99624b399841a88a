"""What is refused: in which shape, with what advice, and without a word of what was sent."""

from __future__ import annotations

import logging
import re
import socket
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from structlog.testing import capture_logs

import hub.errors
from hub.api.problems import STATUS, problem_of
from hub.errors import HubError, Refused
from tests.integration.api.served import CANARY_CPR, CANARY_NAME, Served

pytestmark = pytest.mark.integration
# The last four digits alone are no canary: one random id in a few hundred holds them by chance.
CANARIES = (CANARY_CPR, f"{CANARY_CPR[:6]}-{CANARY_CPR[6:]}", *CANARY_NAME.split())
PERSON = {"cpr": "0101709999", "name": "A"}
ONE_PLAN = {"kind": "one-plan", "person": PERSON, "authorities": ["children"]}
SHARING = {"kind": "sharing", "plan": "11111111-1111-4111-8111-111111111111", "sources": ["*"], "recipients": ["*"],
           "categories": ["*"]}  # fmt: skip


def check_problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    problem: dict[str, Any] = answer.json()
    assert problem["type"] == f"urn:one-plan-hub:problem:{code}"
    assert (problem["code"], problem["status"]) == (code, status)
    assert problem["title"]
    assert problem["detail"]
    assert problem["next_step"]
    assert problem["correlation_id"] == answer.headers["x-correlation-id"]
    return problem


def test_every_error_has_a_status_and_the_codes_of_the_tree() -> None:
    kinds: list[type[HubError]] = [HubError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    own = [kind for kind in kinds if kind.__module__ == hub.errors.__name__]
    assert {problem_of(kind("It is so.")).status for kind in own} == set(STATUS.values())
    assert all(problem_of(kind("It is so.")).code == kind.code for kind in own)
    assert issubclass(Refused, HubError)


def test_no_token_and_a_wrong_one_are_not_authenticated(hub: Served) -> None:
    for headers in ({}, {"Authorization": "Bearer nonsense"}, {"Authorization": "Basic eDp5"}):
        answer = httpx.get(f"{hub.url}/plans/{hub.plan}", headers=headers)
        check_problem(answer, 401, "not-authenticated")
        assert answer.headers["www-authenticate"].startswith("Bearer")


def test_two_tokens_are_none(hub: Served) -> None:
    token = f"Bearer {hub.tokens['coordinator']}"
    answer = httpx.get(f"{hub.url}/plans/{hub.plan}", headers=[("Authorization", token), ("Authorization", token)])
    check_problem(answer, 401, "not-authenticated")


def test_a_body_is_not_read_for_someone_unknown(hub: Served) -> None:
    assert httpx.post(f"{hub.url}/in/employment", content=b"x" * 1000).status_code == 401


def test_a_role_that_may_not_is_told_so(hub: Served) -> None:
    check_problem(hub.ask("coordinator", "GET", "/ops/queues"), 403, "not-allowed")


@pytest.mark.parametrize("path", ["/", "/nowhere", "/plans", "/plans/", "/docs", "/redoc"])
def test_a_route_that_is_not_there_is_a_problem(hub: Served, path: str) -> None:
    check_problem(hub.ask("coordinator", "GET", path), 404, "not-found")


def test_a_method_that_a_route_does_not_take_is_a_problem(hub: Served) -> None:
    answer = hub.ask("coordinator", "DELETE", f"/plans/{hub.plan}")
    check_problem(answer, 405, "method-not-allowed")
    assert answer.headers["allow"] == "GET"


def test_an_id_that_is_none_names_its_place(hub: Served) -> None:
    problem = check_problem(hub.ask("coordinator", "GET", "/plans/nonsense"), 400, "invalid-request")
    assert [fault["field"] for fault in problem["faults"]] == ["path.plan"]
    missing = check_problem(hub.ask("coordinator", "GET", "/consents"), 400, "invalid-request")
    assert [fault["field"] for fault in missing["faults"]] == ["query.plan"]


@pytest.mark.parametrize(
    ("request_", "fields"),
    [
        ({}, ["kind"]),
        ({"kind": CANARY_NAME}, ["kind"]),
        ([], ["(body)"]),
        (CANARY_CPR, ["(body)"]),
        ({**ONE_PLAN, CANARY_CPR: 1}, ["(unknown)"]),
        ({**ONE_PLAN, "authorities": []}, ["authorities"]),
        ({**ONE_PLAN, "authorities": [CANARY_NAME]}, ["authorities.0"]),
        ({**ONE_PLAN, "authorities": ["*"]}, ["authorities.0"]),
        ({**ONE_PLAN, "replaces": []}, ["replaces"]),
        ({**ONE_PLAN, "person": {"cpr": f"{CANARY_CPR}1", "name": "A"}}, ["person.cpr"]),
        ({**ONE_PLAN, "person": {"cpr": "3201609995", "name": ""}}, ["person.cpr", "person.name"]),
        ({**ONE_PLAN, "person": {"cpr": CANARY_CPR}}, ["person.name"]),
        ({**ONE_PLAN, "person": {"cpr": 201609995, "name": CANARY_NAME}}, ["person.cpr"]),
        ({**ONE_PLAN, "person": {"cpr": CANARY_CPR, "name": f"{CANARY_NAME}\x00"}}, ["person.name"]),
        ({**ONE_PLAN, "period": {"from": "2026-11-23T09:00:00"}}, ["period.from"]),
        ({**ONE_PLAN, "period": {"from": "2026-11-23T09:00:00+01:00", "to": "2025-11-23T09:00:00+01:00"}}, ["period"]),
        ({**ONE_PLAN, "period": {"to": "2020-11-23T09:00:00+01:00"}}, ["period.to"]),
        ({**ONE_PLAN, "period": CANARY_CPR}, ["period"]),
        ({**ONE_PLAN, "period": {"from": 201609995, "to": "0201609995"}}, ["period.from", "period.to"]),
        ({**ONE_PLAN, "language": CANARY_NAME}, ["language"]),
        ({**SHARING, "plan": CANARY_CPR}, ["plan"]),
        ({**SHARING, "label": CANARY_NAME}, ["label"]),
        ({**SHARING, "effect": CANARY_NAME}, ["effect"]),
        ({**SHARING, "elements": []}, ["elements"]),
        ({**SHARING, "sources": [], "recipients": [], "categories": [], "purposes": []},
         ["sources", "recipients", "purposes", "categories"]),
        ({"kind": "sharing"}, ["sources", "recipients", "categories", "plan"]),
    ],
)  # fmt: skip
def test_faults_are_named_all_at_once_and_no_value_is_repeated(hub: Served, request_: Any, fields: list[str]) -> None:
    answer = hub.ask("coordinator", "POST", "/consents", request_)
    problem = check_problem(answer, 400, "invalid-request")
    assert [fault["field"] for fault in problem["faults"]] == fields
    assert not [canary for canary in CANARIES if canary in answer.text]


@pytest.mark.parametrize("digits", [-1, 1.5, 0, 1_764_460_800])
def test_digits_are_no_time_wherever_one_is_asked_for(hub: Served, digits: float) -> None:
    answers = [
        hub.ask("auditor", "GET", f"/audit?since={digits}"),
        hub.ask("auditor", "GET", f"/audit?until={digits}"),
        *(
            hub.ask("operator", "POST", "/ops/replays", {"until": given, "dry_run": True})
            for given in (digits, str(digits))
        ),
        hub.ask("coordinator", "POST", f"/plans/{hub.plan}/proposals", {"element": str(hub.plan), "start": digits}),
    ]
    for answer in answers:
        problem = check_problem(answer, 400, "invalid-request")
        assert [fault["next_step"] for fault in problem["faults"]] == ["Write it as 2026-11-23T09:00:00+01:00."]
    assert hub.ask("coordinator", "GET", f"/fhir/CarePlan/{hub.plan}/$everything?_since={digits}").status_code == 400


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"NaN", b'{"cpr": NaN}', b"\xff\xfe", b'\xef\xbb\xbf{"cpr": "1"}', b"[" * 5000,
        b'{"cpr": "0201609995", "cpr": "0201609995"}', b'{"cpr": "0201609995" "x"}', b"Kanariefugl",
    ],
)  # fmt: skip
def test_json_is_read_strictly(hub: Served, body: bytes) -> None:
    answer = hub.ask("coordinator", "POST", "/plans/search", body, headers={"Content-Type": "application/json"})
    check_problem(answer, 400, "invalid-request")
    assert not [canary for canary in CANARIES if canary in answer.text]


def test_a_colon_in_a_text_is_no_field(hub: Served) -> None:
    request = {**ONE_PLAN, "person": {**PERSON, "name": 'A: "b": \\'}, "channel": "::"}
    assert hub.ask("coordinator", "POST", "/consents", request).status_code == 201


def test_a_request_of_a_client_is_small(hub: Served) -> None:
    check_problem(hub.ask("coordinator", "POST", "/plans/search", {"cpr": "1" * 150_000}), 413, "too-large")


@pytest.mark.parametrize("number", ["0201609995", "020160-9995", "6201609995", "020160 9995"])
@pytest.mark.parametrize(
    "place", ["/plans/{}", "/nowhere/x{}", "/consents?plan={}", "/healthz?q=a%20{}b", "/in/{}", "/fhir/Goal/{}"]
)
@pytest.mark.parametrize("encode", [str, quote, lambda text: "".join(f"%{ord(sign):02X}" for sign in text),
                                    lambda text: "".join(f"%25{ord(sign):02X}" for sign in text)])  # fmt: skip
def test_a_number_in_an_address_is_refused_and_never_repeated(
    hub: Served, number: str, place: str, encode: Any, caplog: pytest.LogCaptureFixture
) -> None:
    address = place.format(encode(number))
    with caplog.at_level(logging.DEBUG), capture_logs() as logged:
        answer = raw(hub, f"GET {address.replace(' ', '%20')} HTTP/1.1\r\nHost: hub\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"Use POST" in answer
    assert number.encode() not in answer
    assert number not in caplog.text + str(logged)


@pytest.mark.parametrize(
    "address", ["/healthz?q=3201609995", "/healthz?q=02016099951", "/healthz?q=1234", "/healthz?q=0213609995"]
)
def test_other_digits_in_an_address_are_no_number(hub: Served, address: str) -> None:
    assert hub.ask(None, "GET", address).status_code == 200


def test_an_id_of_digits_is_no_number(hub: Served) -> None:
    digits = "01016099-9501-4016-8099-010160999501"
    assert hub.ask("coordinator", "GET", f"/plans/{digits}").status_code == 404


@pytest.mark.parametrize("accept", ["application/xml", "text/xml, */*", "application/problem+xml"])
def test_who_asks_for_xml_gets_the_problem_in_xml(hub: Served, accept: str) -> None:
    answer = hub.ask("coordinator", "GET", "/nowhere", headers={"Accept": accept})
    assert answer.headers["content-type"] == "application/problem+xml"
    assert answer.text.startswith('<?xml version="1.0" encoding="UTF-8"?><problem xmlns="urn:ietf:rfc:7807"><type>')
    assert "<status>404</status>" in answer.text


def test_faults_in_xml_are_a_list_of_items(hub: Served) -> None:
    answer = hub.ask("employment", "POST", "/in/employment", b"{}", headers={"Content-Type": "application/xml"})
    assert "<faults><i><field>id</field><sentence>The field is missing.</sentence>" in answer.text


@pytest.mark.parametrize(
    ("caller", "method", "path", "status", "code"),
    [
        (None, "GET", "/fhir/CarePlan/x", 401, "login"),
        ("coordinator", "GET", "/fhir/nowhere", 404, "not-found"),
        ("coordinator", "POST", "/fhir/CarePlan/x", 405, "not-supported"),
        ("coordinator", "GET", "/fhir/Patient/0201609995", 400, "invalid"),
    ],
)
def test_under_fhir_a_refusal_is_an_operation_outcome(
    hub: Served, caller: str | None, method: str, path: str, status: int, code: str
) -> None:
    answer = hub.ask(caller, method, path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/fhir+json")
    assert answer.json()["resourceType"] == "OperationOutcome"
    assert answer.json()["issue"][0]["code"] == code


def test_an_error_nobody_expected_says_and_logs_nothing_of_what_it_quotes(
    hub: Served, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG), capture_logs() as logged:
        answer = hub.ask("employment", "POST", "/in/employment", b"BUG", headers={"X-Correlation-Id": "bug-1"})
    check_problem(answer, 500, "failed")
    assert [(one["error"], one["code"], one["correlation_id"]) for one in logged] == [("RuntimeError", "bug", "bug-1")]
    assert re.search(r"served\.py:[0-9]+$", logged[0]["where"])
    said = answer.text + str(logged) + caplog.text + "".join(capfd.readouterr())
    assert not [canary for canary in CANARIES if canary in said]
    assert "Traceback" not in said


@pytest.mark.parametrize(
    "document",
    [
        b"<Sag><CPR>0201609995</CPR><Navn>Kanariefugl</Navn>",
        b'<Sag xmlns="urn:one-plan-hub:children:1"><CPR>0201609995</CPR><Navn>Kanariefugl</Navn></Sag>',
        b'<!DOCTYPE a SYSTEM "file:///0201609995"><a>Kanariefugl</a>',
        b'<Kanariefugl cpr="0201609995"/>',
        b"\xff0201609995",
        b"0201609995 Kanariefugl",
        b"",
    ],
)
def test_no_refusal_of_a_document_repeats_or_logs_a_value(
    hub: Served, document: bytes, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG), capture_logs() as logged:
        answer = hub.ask("children", "POST", "/in/children", document, headers={"Content-Type": "application/xml"})
    assert answer.status_code == 400
    said = answer.text + str(logged) + caplog.text + "".join(capfd.readouterr())
    assert not [canary for canary in CANARIES if canary in said]


def test_no_token_is_ever_logged(
    hub: Served, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG), capture_logs() as logged:
        for caller in hub.tokens:
            hub.ask(caller, "GET", f"/plans/{hub.plan}")
            hub.ask(caller, "POST", "/in/employment", b"BUG")
    said = str(logged) + caplog.text + "".join(capfd.readouterr())
    assert not [token for token in hub.tokens.values() if token in said]


def test_every_answer_carries_the_headers_that_keep_it_private(hub: Served) -> None:
    for answer in (
        hub.ask(None, "GET", "/healthz"),
        hub.ask("coordinator", "GET", f"/plans/{hub.plan}"),
        hub.ask(None, "GET", "/plans/x"),
        hub.ask("coordinator", "GET", "/nowhere"),
        hub.ask("employment", "POST", "/in/employment", b"BUG"),
        hub.ask(None, "GET", "/healthz?q=0201609995"),
    ):
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert re.fullmatch(r"[A-Za-z0-9-]{1,64}", answer.headers["x-correlation-id"])


# --- below HTTP's manners -----------------------------------------------------------------------------------------


def raw(hub: Served, request: str) -> bytes:
    """Send bytes as they are; return all that comes back."""
    host, _, port = hub.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as wire:
        wire.sendall(request.encode("latin-1"))
        answer = b""
        while part := wire.recv(65536):
            answer += part
    return answer


@pytest.mark.parametrize("length", ["5", "0"])
def test_a_length_beside_chunks_is_refused(hub: Served, length: str) -> None:
    answer = raw(
        hub,
        "POST /plans/search HTTP/1.1\r\nHost: hub\r\nConnection: close\r\n"
        f"Content-Length: {length}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    )
    assert answer.startswith(b"HTTP/1.1 400")


def test_a_body_that_does_not_arrive_is_not_waited_for(hub: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.api.asking.BODY_SECONDS", 0.2)
    token = hub.tokens["employment"]
    answer = raw(
        hub,
        f"POST /in/employment HTTP/1.1\r\nHost: hub\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n"
        "Content-Length: 100\r\n\r\n{",
    )
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"did not arrive within" in answer


@pytest.mark.parametrize("hosts", ["", "Host: hub\r\nHost: hub\r\n", "Host: hub\r\nHost: other\r\n"])
def test_exactly_one_host_is_named(hub: Served, hosts: str) -> None:
    answer = raw(hub, f"GET /healthz HTTP/1.1\r\n{hosts}Connection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400")


def test_one_host_is_served(hub: Served) -> None:
    assert raw(hub, "GET /healthz HTTP/1.1\r\nHost: hub\r\nConnection: close\r\n\r\n").startswith(b"HTTP/1.1 200")


def test_an_address_without_end_is_refused(hub: Served) -> None:
    answer = raw(hub, f"GET /healthz?q={'x' * 5000} HTTP/1.1\r\nHost: hub\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400")


def test_a_body_longer_than_its_length_says_is_not_read_on(hub: Served) -> None:
    token = hub.tokens["employment"]
    answer = raw(
        hub,
        f"POST /in/employment HTTP/1.1\r\nHost: hub\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n"
        f"Content-Length: 2\r\n\r\n{{}}{'x' * 500}",
    )
    assert answer.startswith(b"HTTP/1.1 400")
    assert answer.count(b"HTTP/1.1") == 1
