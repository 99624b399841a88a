"""The official R4 examples of Consent: what becomes of each is what the page says; and told clearly, each is read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest

from hub.consent.consent import Consent, Effect
from hub.errors import InvalidRequest
from hub.fhir.consent_in import read_consent
from hub.plan.element import Sensitivity

pytestmark = pytest.mark.files

ROOT = Path(__file__).parents[3]
EXAMPLES = ROOT.parent / "shared" / "data" / "fhir-r4"
PAGE = ROOT / "docs" / "reference" / "fhir-consent.md"
NAMES = ("Out", "basic", "notAuthor", "notOrg", "notThis", "notTime", "signature", "smartonfhir")
#: Their patients are none of ours.
PERSON, ID = UUID(int=2), UUID(int=3)


def example(name: str) -> dict[str, Any]:
    path = EXAMPLES / f"Consent-consent-example-{name}.json"
    if not path.is_file():
        pytest.skip("../shared/data/fhir-r4 is not there")
    found: dict[str, Any] = orjson.loads(path.read_bytes())
    return found


def told(name: str) -> str:
    rows = re.findall(rf"^\| `consent-example-{name}` \| ([^|]+) \| (.+) \|$", PAGE.read_text("utf-8"), re.MULTILINE)
    assert len(rows) == 1, "each has one row"
    return " ".join(rows[0])


def test_the_page_has_every_example_there_is() -> None:
    if not EXAMPLES.is_dir():
        pytest.skip("../shared/data/fhir-r4 is not there")
    assert {path.stem.removeprefix("Consent-consent-example-") for path in EXAMPLES.glob("Consent-*.json")} == {*NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_each_is_refused_for_the_reasons_that_the_page_tells(name: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read_consent(example(name), PERSON, ID)
    said = told(name)
    assert said.startswith("refused")
    for fault in refused.value.faults:
        assert f"`{fault.field}`: {fault.sentence}" in said


def mended(name: str, root: str, **changes: Any) -> Consent:
    """Read an example once it says what is ambiguous in it: the root's type, and the role of an actor."""
    resource = example(name)
    resource["policyRule"]["coding"][0]["code"] = {"permit": "OPTIN", "deny": "OPTOUT"}[root]
    resource["provision"] = {"type": root, **changes}
    return read_consent(resource, PERSON, ID)


def actor(role: str, name: str) -> dict[str, Any]:
    system = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
    coded = {"coding": [{"system": system, "code": role}]}
    return {"role": coded, "reference": {"reference": f"Organization/{name}"}}


def test_told_clearly_a_yes_to_all_for_a_time_is_read() -> None:
    consent = mended("basic", "permit", period=example("basic")["provision"]["period"])
    assert (consent.effect, consent.exemptions, consent.scope.label) == (Effect.PERMIT, (), Sensitivity.VIP_SAGER)
    assert consent.period.end is not None


def test_told_clearly_an_exception_for_a_time_is_read() -> None:
    time = example("notTime")["provision"]["period"]
    consent = mended("notTime", "permit", provision=[{"type": "deny", "dataPeriod": time}])
    assert (consent.effect, len(consent.exemptions)) == (Effect.PERMIT, 1)
    assert consent.exemptions[0].scope.data_period.start is not None


def test_told_clearly_who_is_left_out_is_read() -> None:
    consent = mended("notOrg", "permit", provision=[{"type": "deny", "actor": [actor("PRCP", "f001")]}])
    assert [one.scope.recipients for one in consent.exemptions] == [frozenset({"f001"})]


def test_told_clearly_whose_data_is_left_out_is_read() -> None:
    consent = mended("notAuthor", "permit", provision=[{"type": "deny", "actor": [actor("AUT", "f001")]}])
    assert [one.scope.sources for one in consent.exemptions] == [frozenset({"f001"})]


def test_told_clearly_a_no_to_everybody_is_read() -> None:
    consent = mended("Out", "deny")
    assert (consent.effect, consent.scope.recipients) == (Effect.DENY, frozenset({"*"}))
    assert consent.scope.label is Sensitivity.IKKE_FORTROLIGE_DATA
