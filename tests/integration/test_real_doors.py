"""What really comes to the doors: people as they are, deliveries in bulk, and everything that is wrong."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from hub.cli.town import Town
from tests.patience import wait_for

pytestmark = pytest.mark.integration
ROOT = Path(__file__).parents[2]
CHILDREN, L201, SOCIAL = (
    ROOT / "contracts" / "children" / "v1" / "examples",
    ROOT / "contracts" / "children" / "l201-v1" / "examples",
    ROOT / "contracts" / "social" / "v1" / "examples",
)
FAMILIES = ROOT.parent / "shared" / "data" / "denmark" / "families.json"
#: Who the contract's examples are about.
JULIANE, LARS, PARENT = "1110109996", "0505159995", "2911829996"
XML, JSON = "application/xml", "application/json"
CASE = (CHILDREN / "minimal.xml").read_bytes()


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    with tempfile.TemporaryDirectory() as folder, Town(Path(folder)) as town:
        for cpr in (JULIANE, LARS):
            opens_plan(town, cpr)
        yield town


def opens_plan(town: Town, cpr: str) -> str:
    person = {"cpr": cpr, "name": "Test"}
    # Whatever their age: their own word, and that of a parent.
    said_by = [{**person, "capacity": "self"}, {"cpr": PARENT, "name": "Test", "capacity": "custody"}]
    one_plan = {"kind": "one-plan", "person": person, "authorities": ["children", "social"], "given_by": said_by}
    answer = town.ask("coordinator", "POST", "/consents", one_plan)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["plan"])


def post(town: Town, path: str, body: bytes, content_type: str, caller: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {town.tokens[caller]}", "Content-Type": content_type}
    return httpx.post(town.url("hub") + path, content=body, headers=headers, timeout=30)


def elements(town: Town, plan: str, caller: str = "coordinator") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = town.ask(caller, "GET", f"/plans/{plan}").json()["elements"]
    return found


@pytest.mark.slow
def test_all_people_of_the_medcom_families_are_accepted_by_xml_and_by_rest(town: Town) -> None:
    if not FAMILIES.is_file():
        pytest.skip("../shared/data/denmark/families.json is not there")
    people = orjson.loads(FAMILIES.read_bytes())["people"]
    assert len(people) == 38
    for person in people:
        name = " ".join([*person["given"], person["family"]])
        plan = opens_plan(town, person["cpr"])
        case = {"cpr": person["cpr"], "name": name, "title": "Sag", "label": "FORTROLIGE_PERSONOPLYSNINGER"}
        goal = {"id": "m1", "title": "Et mål"}
        told = town.tell("children", "POST", "/sandbox/cases", {**case, "goals": [goal], "via": "http"})
        assert told["hub"]["status"] == 201, told
        told = town.tell("social", "POST", "/sandbox/cases", {**case, "goals": [goal]})
        assert told["hub"]["status"] == 202, told
        assert "children" in {element["authority"] for element in elements(town, plan)}


def test_an_l201_delivery_takes_in_who_has_a_plan_and_names_the_positions_of_the_others(town: Town) -> None:
    plan = opens_plan(town, LARS)
    answer = post(town, "/in/children", (L201 / "delivery.xml").read_bytes(), XML, "children")
    assert answer.status_code == 201, answer.text
    assert "<Optaget>" in answer.text
    measures = [element for element in elements(town, plan, "children") if element["kind"] == "activity"]
    assert measures, "measures are activities"
    assert not [one for one in elements(town, plan) if one["kind"] == "activity"], "and sensitive: no yes, no sight"


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        (b"<SagOpdatering><unclosed>", XML, 400, "contract-violation"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', XML, 400, "contract-violation"),
        (b'<!DOCTYPE SagOpdatering SYSTEM "http://127.0.0.1:1/x.dtd"><x/>', XML, 400, "contract-violation"),
        (b"<Noget/>", XML, 400, "contract-violation"),
        (b"", XML, 400, "contract-violation"),
        (CASE, "text/plain", 400, "contract-violation"),
        (CASE.replace(b"1110109996", b"0101019990"), XML, 422, "unknown-person"),
        (CASE.replace(b"<SagVersion>1", b"<SagVersion>x"), XML, 400, "contract-violation"),
    ],
)
def test_bad_xml_is_refused_with_what_to_do(town: Town, body: bytes, content_type: str, status: int, code: str) -> None:
    answer = post(town, "/in/children", body, content_type, "children")
    assert answer.status_code == status, answer.text
    assert code in answer.text
    assert "next_step" in answer.text
    assert "1110109996" not in answer.text
    assert "0101019990" not in answer.text


@pytest.mark.parametrize("path", sorted((CHILDREN / "refused").glob("*.xml")), ids=lambda path: path.stem)
def test_every_refused_example_of_children_is_refused_at_the_door(town: Town, path: Path) -> None:
    answer = post(town, "/in/children", path.read_bytes(), XML, "children")
    assert answer.status_code == 400, answer.text


@pytest.mark.parametrize("path", sorted((SOCIAL / "refused").glob("*.json")), ids=lambda path: path.stem)
def test_every_refused_case_of_social_services_is_refused_at_the_door(town: Town, path: Path) -> None:
    answer = post(town, "/in/social", path.read_bytes(), JSON, "social")
    assert answer.status_code in (400, 422), answer.text


def test_bad_json_names_the_field_and_no_value(town: Town) -> None:
    case = orjson.loads((SOCIAL / "sag-normal.json").read_bytes())
    case["PrimaryPart"]["CPRnummer"] = "canary-cpr"
    answer = post(town, "/in/social", orjson.dumps(case), JSON, "social")
    assert answer.status_code == 400
    assert [fault["field"] for fault in answer.json()["faults"]] == ["PrimaryPart.CPRnummer"]
    assert "canary" not in answer.text
    assert post(town, "/in/social", b'{"Nummer": NaN}', JSON, "social").status_code == 400
    assert post(town, "/in/social/events", b"{}", JSON, "social").status_code == 400


def test_a_token_of_another_authority_opens_no_door(town: Town) -> None:
    body = CASE
    assert post(town, "/in/children", body, XML, "social").status_code == 403
    assert post(town, "/in/children", body, XML, "coordinator").status_code == 403
    nobody = httpx.post(town.url("hub") + "/in/children", content=body, headers={"Content-Type": XML})
    assert nobody.status_code == 401


def test_a_message_sent_again_gets_the_same_answer_and_another_body_under_its_id_is_a_conflict(town: Town) -> None:
    body = CASE
    first = post(town, "/in/children", body, XML, "children")
    again = post(town, "/in/children", body, XML, "children")
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.content == first.content
    other = post(town, "/in/children", body.replace("Afdækning".encode(), b"Noget andet"), XML, "children")
    assert other.status_code == 409
    assert "id-reused" in other.text
    plan = opens_plan(town, JULIANE)
    assert "Noget andet" not in str(town.ask("coordinator", "GET", f"/plans/{plan}").text)


def test_a_body_over_ten_megabytes_is_refused_without_being_read(town: Town) -> None:
    answer = post(town, "/in/children", b"<x>" + b" " * 10_000_000 + b"</x>", XML, "children")
    assert answer.status_code == 413
    assert "too-large" in answer.text


def test_every_mapped_example_of_both_contracts_is_taken_in_or_has_no_plan(town: Town) -> None:
    for path in ("normal", "changed", "closed", "dirty", "maximal"):
        status = post(town, "/in/children", (CHILDREN / f"{path}.xml").read_bytes(), XML, "children").status_code
        assert status in (201, 422), path
    for path in ("normal", "changed", "closed", "dirty", "maximal", "vip"):
        status = post(town, "/in/social", (SOCIAL / f"sag-{path}.json").read_bytes(), JSON, "social").status_code
        assert status in (201, 422), path


def test_a_dropped_file_that_is_refused_is_kept_sealed_beside_a_report(town: Town) -> None:
    folder = town.folder / "children-files"
    (folder / "in").mkdir(parents=True, exist_ok=True)
    whole = folder / "in" / "case.xml"
    whole.write_bytes(CASE.replace(b"1110109996", b"0101019990").replace(b"1a2c02", b"1a2c99"))
    reports = wait_for(lambda: list((folder / "refused").glob("*.error.json")), bool)
    told = orjson.loads(reports[0].read_bytes())
    assert told["code"] == "unknown-person"
    sealed = reports[0].with_name(reports[0].name.replace(".error.json", ".sealed")).read_bytes()
    assert b"0101019990" not in sealed
    assert not whole.exists()
