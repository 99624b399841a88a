"""SOAP envelopes from outside: one grammar, both versions, and every hostile form refused without being repeated."""

from __future__ import annotations

import codecs
import random
import socket
from collections.abc import Iterator

import pytest
from lxml import etree

from hub.adapters._soap import SOAP11, SOAP12, Version, fault_code, fault_status, parts_of, read_root, write_envelope
from hub.adapters.employment import ASKED_FOR, EmploymentAdapter
from hub.authority import Document, Parcel, contract_folder
from hub.errors import ContractViolation, Refused
from hub.testing.effort import worked

NS = "urn:one-plan-hub:employment:1"
EXAMPLES = contract_folder("employment/v1") / "examples"
ADAPTER = EmploymentAdapter({})
CANARY = "Kanariefugl"
#: The one child of the Body of a valid call.
CASE = (
    (EXAMPLES / "submit-minimal.xml")
    .read_text("utf-8")
    .partition("<soap:Body>")[2]
    .partition("</soap:Body>")[0]
    .strip()
    .replace("Revalidering", CANARY)
)
BOTH = pytest.mark.parametrize("version", [SOAP11, SOAP12], ids=["1.1", "1.2"])


def envelope(
    version: Version = SOAP11, body: str = CASE, header: str = "", of_envelope: str = "", after: str = ""
) -> str:
    head = f"<s:Header>{header}</s:Header>" if header else ""
    return f'<s:Envelope xmlns:s="{version.namespace}" {of_envelope}>{head}<s:Body>{body}</s:Body>{after}</s:Envelope>'


def receive(body: str | bytes, content_type: str = "text/xml; charset=utf-8", **headers: str) -> Document:
    raw = body if isinstance(body, bytes) else body.encode()
    return ADAPTER.receive(Parcel("employment", raw, content_type, headers))


def refused(body: str | bytes, content_type: str = "text/xml; charset=utf-8", **headers: str) -> Refused:
    """Return the refusal; it says what to do and repeats nothing."""
    with pytest.raises(Refused) as caught:
        receive(body, content_type, **headers)
    assert CANARY not in caught.value.diagnostics()
    assert caught.value.next_step
    return caught.value


def code_of(error: Refused, version: Version = SOAP11) -> str:
    return fault_code(version, error.faults, is_callers=True)


# --- what is taken ------------------------------------------------------------------------------------------------


@BOTH
def test_a_call_is_taken_in_both_versions(version: Version) -> None:
    document = receive(envelope(version), version.content_type)
    assert document.kind == "SubmitPersonCaseRequest"
    assert document.message_id == "7b2f0c0e-3b52-4a86-9c7e-0d8f5b1a2c02"
    assert document.content.getroottree().getroot() is document.content


def test_a_prefix_of_the_envelope_is_known_to_a_value_of_the_document() -> None:
    typed = CASE.replace(
        "<SubmitPersonCaseRequest ", '<SubmitPersonCaseRequest x:type="e:SubmitPersonCaseRequestType" '
    )
    typed = typed.replace("<Person>", '<Person x:type="e:PersonType">')
    scope = f'xmlns:e="{NS}" xmlns:x="http://www.w3.org/2001/XMLSchema-instance"'
    assert receive(envelope(body=typed, of_envelope=scope)).kind == "SubmitPersonCaseRequest"
    refused(envelope(body=typed.replace("e:PersonType", "e:CodeItemType"), of_envelope=scope))
    refused(envelope(body=typed, of_envelope=scope.replace(f'xmlns:e="{NS}"', "")))


def test_the_path_of_a_fault_is_that_of_the_document() -> None:
    error = refused(envelope(body=CASE.replace(CANARY, "")))
    assert [fault.field for fault in error.faults] == ["/SubmitPersonCaseRequest/PersonCase/CaseTitle"]


def test_a_comment_does_not_part_a_text() -> None:
    document = receive(envelope(body=CASE.replace(CANARY, "Kana<!-- x -->rie<?y z?>fugl")))
    assert document.content.findtext(f"{{{NS}}}PersonCase/{{{NS}}}CaseTitle") == "Kanariefugl"


@pytest.mark.parametrize("encoding", ["utf-8", "iso-8859-1", "utf-16"])
def test_a_call_is_taken_in_each_agreed_encoding(encoding: str) -> None:
    text = f'<?xml version="1.0" encoding="{encoding}"?>' + envelope(body=CASE.replace(CANARY, "Rådighed"))
    document = receive(text.encode(encoding), f"text/xml; charset={encoding}")
    assert document.content.findtext(f".//{{{NS}}}CaseTitle") == "Rådighed"


def test_a_content_type_is_read_in_any_case_and_order() -> None:
    receive(envelope(), 'TEXT/XML ; Charset="UTF-8"')
    receive(envelope(SOAP12), f'application/soap+xml;action="{NS}/SubmitPersonCase";charset=utf-8')


# --- headers ------------------------------------------------------------------------------------------------------

OURS = (
    f'<e:ActiveOrganisationHeader xmlns:e="{NS}" MARK><e:OrganisationTypeIdentifier>8</e:OrganisationTypeIdentifier>'
    "<e:OrganisationCode>376</e:OrganisationCode></e:ActiveOrganisationHeader>"
)
OTHER = '<o:Trace xmlns:o="urn:other" MARK>x</o:Trace>'


@BOTH
@pytest.mark.parametrize("mark", ["", 's:mustUnderstand="1"', 's:mustUnderstand="true"', 's:mustUnderstand="0"'])
def test_a_header_of_the_contract_is_understood(version: Version, mark: str) -> None:
    receive(envelope(version, header=OURS.replace("MARK", mark)), version.content_type)


@BOTH
@pytest.mark.parametrize("mark", ["", 's:mustUnderstand="0"', 's:mustUnderstand="false"'])
def test_another_header_is_passed_over(version: Version, mark: str) -> None:
    receive(envelope(version, header=OTHER.replace("MARK", mark)), version.content_type)


@BOTH
@pytest.mark.parametrize("mark", ["1", "true", " 1 ", "yes"])
def test_a_header_that_must_be_understood_and_is_not_is_refused(version: Version, mark: str) -> None:
    error = refused(envelope(version, header=OTHER.replace("MARK", f's:mustUnderstand="{mark}"')), version.content_type)
    assert code_of(error, version) == "MustUnderstand"
    assert "Trace" not in error.diagnostics()


@BOTH
def test_a_header_for_someone_else_on_the_way_need_not_be_understood(version: Version) -> None:
    elsewhere = OTHER.replace("MARK", f's:mustUnderstand="1" s:{version.role}="urn:somebody-else"')
    receive(envelope(version, header=elsewhere), version.content_type)
    for own in version.own_roles:
        here = OTHER.replace("MARK", f's:mustUnderstand="1" s:{version.role}="{own}"')
        assert code_of(refused(envelope(version, header=here), version.content_type), version) == "MustUnderstand"


def test_a_header_of_the_contract_is_checked_against_it() -> None:
    error = refused(envelope(header=OURS.replace("MARK", "").replace(">8<", ">5<")))
    assert [fault.field for fault in error.faults] == ["/ActiveOrganisationHeader/OrganisationTypeIdentifier"]
    refused(envelope(header=OURS.replace("MARK", 'mustUnderstand="1"')))


def test_a_header_is_there_once() -> None:
    refused(envelope(header=OURS.replace("MARK", "") * 2))


# --- which operation ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("named", ["", '""', f"{NS}/SubmitPersonCase", f'"{NS}/SubmitPersonCase"'])
def test_a_soapaction_names_the_operation_or_nothing(named: str) -> None:
    receive(envelope(), soapaction=named)


@pytest.mark.parametrize("named", [f"{NS}/UpdatePlan", f'"{NS}/Kanariefugl"', "x", f'"{NS}/SubmitPersonCase", "x"'])
def test_a_soapaction_of_another_operation_is_refused(named: str) -> None:
    assert [fault.field for fault in refused(envelope(), soapaction=named).faults] == ["SOAPAction"]


@pytest.mark.parametrize("parameters", [f'action="{NS}/UpdatePlan"', f"action={CANARY}", f'action="{NS}/A"; action=x'])
def test_an_action_of_another_operation_is_refused(parameters: str) -> None:
    error = refused(envelope(SOAP12), f"application/soap+xml; {parameters}")
    assert [fault.field for fault in error.faults] == ["Content-Type"]


def test_an_answer_is_taken_only_when_it_was_asked_for() -> None:
    body = (EXAMPLES / "get-person-case-response.xml").read_text("utf-8")
    case = "c1a2b3c4-d5e6-4f70-8a91-b2c3d4e5f609"
    refused(body)
    assert receive(body, **{ASKED_FOR: case}).message_id == f"{case}:1"
    other = refused(body, **{ASKED_FOR: "11111111-1111-4111-8111-111111111111"})
    assert [fault.field for fault in other.faults] == ["/GetPersonCaseResponse/PersonCase/CaseIdentifier"]
    refused(envelope(), **{ASKED_FOR: case})


# --- what is refused ----------------------------------------------------------------------------------------------

LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
XSI = 'xmlns:x="http://www.w3.org/2001/XMLSchema-instance"'
HOSTILE: dict[str, str | bytes] = {
    "nothing": "",
    "no xml": CANARY,
    "a document without envelope": CASE,
    "a doctype": f"<!DOCTYPE s>{envelope()}",
    "a doctype from elsewhere": f'<!DOCTYPE s SYSTEM "http://127.0.0.1:9/x.dtd">{envelope()}',
    "a billion laughs": f'<!DOCTYPE s [<!ENTITY l0 "ha">{LAUGHS}]>{envelope(body=CASE.replace(CANARY, "&l9;"))}',
    "an entity": envelope(body=CASE.replace(CANARY, "&xxe;")),
    "a doctype in utf-16": f"<!DOCTYPE s>{envelope()}".encode("utf-16"),
    "two bodies": envelope(after=f"<s:Body>{CASE}</s:Body>"),
    "two bodies, the first empty": envelope(body="", after=f"<s:Body>{CASE}</s:Body>"),
    "a body in a header": envelope(header=f"<s:Body>{CASE}</s:Body>", body=""),
    "a body in a wrapper": f'<s:Envelope xmlns:s="{SOAP11.namespace}"><w><s:Body>{CASE}</s:Body></w></s:Envelope>',
    "no body": f'<s:Envelope xmlns:s="{SOAP11.namespace}"/>',
    "an empty body": envelope(body=""),
    "text for a body": envelope(body=CANARY),
    "text beside the child": envelope(body=f"{CASE}{CANARY}"),
    "text before the child": envelope(body=f"{CANARY}{CASE}"),
    "two children": envelope(body=CASE * 2),
    "a child beside the case": envelope(body=f"{CASE}<a/>"),
    "something after the body": envelope(after="<a/>"),
    "text after the body": envelope(after=CANARY),
    "a header after the body": envelope(after="<s:Header/>"),
    "two headers": envelope().replace("<s:Body>", "<s:Header/><s:Header/><s:Body>"),
    "a body of no namespace": envelope().replace("s:Body", "Body"),
    "a body of the other version": envelope().replace(
        "<s:Body>", f'<t:Body xmlns:t="{SOAP12.namespace}">'
    ).replace("</s:Body>", "</t:Body>"),
    "an envelope in an envelope": envelope(body=envelope()),
    "a fault": envelope(body="<s:Fault><faultcode>s:Client</faultcode><faultstring>x</faultstring></s:Fault>"),
    "an operation that is not served": envelope(body=(f'<UpdatePlanRequest xmlns="{NS}"/>')),
    "a request of another namespace": envelope(body=CASE.replace(NS, "urn:other:1")),
    "a request of no namespace": envelope(body=CASE.replace(f'xmlns="{NS}"', "")),
    "deep nesting": envelope(body="<a>" * 60 + "</a>" * 60),
    "very deep nesting": envelope(body="<a>" * 20_000 + "</a>" * 20_000),
    "a flood of elements": envelope(body="<a>" + "<b/>" * 100_001 + "</a>"),
    "a flood of prefixes at the envelope": envelope(
        of_envelope=" ".join(f'xmlns:p{n}="u"' for n in range(10_000))
    ),
    "a great flood of prefixes": envelope(of_envelope=" ".join(f'xmlns:p{n}="u{n}"' for n in range(300_000))),
    "a namespace that is no uri": envelope(of_envelope='xmlns:p="%%% Kanariefugl \u00e6 ["'),
    "an attribute that is not agreed": envelope(body=CASE.replace("<PersonCase>", '<PersonCase id="Kanariefugl">')),
    "an encoding style": envelope(
        body=CASE.replace("<PersonCase>", f'<PersonCase s:encodingStyle="{SOAP11.namespace}">')
    ),
    "an unknown xsi:type": envelope(body=CASE.replace("<Person>", f'<Person {XSI} x:type="Kanariefugl">')),
    "xsi:nil": envelope(body=CASE.replace("<Person>", f'<Person {XSI} x:nil="true">')),
    "an xinclude": envelope(
        body=CASE.replace(CANARY, '<i:include xmlns:i="http://www.w3.org/2001/XInclude" href="/etc/passwd"/>')
    ),
    "a notification of concern in the body": envelope(
        body=CASE.replace("<Person>", '<u:Underretning xmlns:u="urn:u">Kanariefugl</u:Underretning><Person>')
    ),
    "a notification of concern in a header": envelope(header='<u:UNDERRETNING xmlns:u="urn:u">x</u:UNDERRETNING>'),
    "a null": envelope(body=CASE.replace(CANARY, "\0")),
    "half an envelope": envelope()[:-40],
    "two documents": envelope() * 2,
    "xml 1.1": f'<?xml version="1.1"?>{envelope()}',
    "utf-7": codecs.encode(f'<?xml version="1.0" encoding="utf-7"?>{envelope()}', "utf-7"),
    "bytes that are no utf-8": envelope().encode().replace(CANARY.encode(), b"\xff\xfe"),
    "more than 10 MB": envelope(body=CASE.replace(CANARY, "x" * 10_000_000)),
    "a multipart": f"--b\r\nContent-Type: text/xml\r\n\r\n{envelope()}\r\n--b--",
}  # fmt: skip


@pytest.mark.files
@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_hostile_input_is_refused_soon_and_in_silence(body: str | bytes) -> None:
    error, seconds = worked(lambda: refused(body))
    assert code_of(error) == "Client"
    assert seconds < 5


@BOTH
def test_an_envelope_of_another_version_is_told_by_its_own_code(version: Version) -> None:
    other = SOAP12 if version is SOAP11 else SOAP11
    assert code_of(refused(envelope(other), version.content_type), version) == "VersionMismatch"
    unknown = envelope().replace(SOAP11.namespace, "http://www.w3.org/2001/09/soap-envelope")
    assert code_of(refused(unknown, version.content_type), version) == "VersionMismatch"


@pytest.mark.parametrize(
    "content_type",
    [
        "", "text/plain", "application/xml", "application/json", "multipart/related; type=text/xml", "text/xml/x",
        "text/xml, application/soap+xml", f"text/{CANARY}", "text/xml; charset=utf-7", "text/xml; charset=utf-16",
        "text/xml; charset=utf-8; charset=iso-8859-1", "text/xml; charset=x'y'z",
    ],
)  # fmt: skip
def test_a_content_type_that_lies_is_refused(content_type: str) -> None:
    refused(envelope(), content_type)


def test_a_parameter_whose_encoding_cannot_be_read_fits_nothing() -> None:
    receive(envelope(), "text/xml; x*=idna''%ff; charset=utf-8")
    refused(envelope(), "text/xml; charset*=idna''%ff")


@pytest.mark.files
def test_a_schema_location_is_not_followed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.2)
        place = f"http://127.0.0.1:{listening.getsockname()[1]}/x.xsd"
        located = CASE.replace(
            "<SubmitPersonCaseRequest ", f'<SubmitPersonCaseRequest {XSI} x:schemaLocation="{NS} {place}" '
        )
        receive(envelope(body=located))
        with pytest.raises(TimeoutError):
            listening.accept()


def mutilated(count: int) -> Iterator[bytes]:
    """Yield valid calls with a few bytes turned, cut out, doubled or moved."""
    chance = random.Random(20_261_123)
    whole = (EXAMPLES / "submit-maximal.xml").read_bytes()
    for _ in range(count):
        body = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            at, length = chance.randrange(len(body)), chance.randint(1, 60)
            match chance.randrange(4):
                case 0:
                    body[at] = chance.randrange(256)
                case 1:
                    del body[at : at + length]
                case 2:
                    body[at:at] = body[at : at + length]
                case _:
                    part = body[at : at + length]
                    del body[at : at + length]
                    to = chance.randrange(len(body))
                    body[to:to] = part
        yield bytes(body)


def test_a_mutilated_call_is_a_document_or_refused() -> None:
    outcomes = {True: 0, False: 0}
    for body in mutilated(1_500):
        try:
            receive(body)
            outcomes[True] += 1
        except Refused:
            outcomes[False] += 1
    assert all(outcomes.values()), outcomes


# --- writing ------------------------------------------------------------------------------------------------------


@BOTH
def test_what_is_written_is_read(version: Version) -> None:
    content, header = etree.Element(f"{{{NS}}}A"), etree.Element(f"{{{NS}}}B")
    told, root = read_root(write_envelope(version, content, [header]), version.content_type)
    headers, body = parts_of(root, told)
    assert (told, [one.tag for one in body], [one.tag for one in headers]) == (version, [content.tag], [header.tag])


def test_a_fault_of_soap_1_2_has_the_status_of_its_code() -> None:
    assert [fault_status(SOAP11, code) for code in ("Client", "Server", "VersionMismatch")] == [500, 500, 500]
    assert [fault_status(SOAP12, code) for code in ("Sender", "Receiver", "MustUnderstand")] == [400, 500, 500]


def test_a_reader_may_know_no_headers() -> None:
    version, root = read_root(envelope(header=OTHER.replace("MARK", 's:mustUnderstand="1"')).encode(), "text/xml")
    with pytest.raises(ContractViolation):
        parts_of(root, version)
