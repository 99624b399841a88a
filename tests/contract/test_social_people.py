"""Every person of the MedCom test families can have a case at social services."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from hub.adapters.social import SocialAdapter
from hub.authority import Parcel
from hub.clock import new_id
from hub.mappings.social import SocialMapping
from hub.plan.identifier import CPR, Identifier

pytestmark = pytest.mark.files

FAMILIES = Path(__file__).parents[2].parent / "shared" / "data" / "denmark" / "families.json"
WHY_NOT = "the MedCom families (../shared/data/denmark/families.json) are not on this machine"


def a_case_of(person: dict[str, Any], others: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "Nummer": "27.00.00-G01-1-26",
        "SagIdentity": str(new_id()),
        "SagVersion": 1,
        "Aendret": "2026-03-01T12:00:00+01:00",
        "SagsTitel": "Støtte",
        "SagsStatus": {"Navn": "Afgjort", "SagsTilstand": "Aktiv"},
        "PrimaryPart": {
            "PartType": "Person",
            "CPRnummer": hyphened(person["cpr"]),
            "Navn": " ".join([*person["given"], person["family"]]),
            "Adresse": {"ErBeskyttet": person["protectedAddress"]},
        },
        "Personer": [
            {"Id": f"p{number}", "Relation": "Anden", "CPRnummer": hyphened(other["cpr"])}
            for number, other in enumerate(others)
        ],
    }


def hyphened(number: str) -> str:
    return f"{number[:6]}-{number[6:]}"


@pytest.mark.files
@pytest.mark.skipif(not FAMILIES.exists(), reason=WHY_NOT)
def test_all_38_people_are_taken_in_though_their_numbers_fail_modulus_11() -> None:
    people = orjson.loads(FAMILIES.read_bytes())["people"]
    numbers = {person["cpr"] for person in people}
    for person in people:
        relatives = [other for other in people if other["family"] == person["family"] and other["cpr"] != person["cpr"]]
        body = orjson.dumps(a_case_of(person, relatives))
        document = SocialAdapter({}).receive(Parcel("social", body, "application/json"))
        (contribution,) = SocialMapping().to_plan(document)
        assert contribution.person.identifiers == (Identifier(CPR, person["cpr"]),)
        assert contribution.person.has_protected_address is person["protectedAddress"]
        assert {other.identifiers[0].value for other in contribution.others} == {other["cpr"] for other in relatives}
    assert len(numbers) == 38
