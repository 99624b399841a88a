"""What the FHIR facade says is what it said, and is R4 to three judges that know nothing of each other.

Each misses what another catches: a bad code, a date, an invariant, a reference to the wrong type, a bad id.
``make expected`` writes the files in ``fhir/`` anew; look at what has changed.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import orjson
import pytest
from fhir.resources.R4B import get_fhir_model_class

from tests.contract.fhir_outputs import every_kind_and_status, outputs
from tests.npm_folder import node_with

pytestmark = pytest.mark.files

HERE = Path(__file__).parent
EXPECTED, NPM = HERE / "fhir", HERE / "npm"
OFFICIAL = Path(__file__).parents[3] / "shared" / "data" / "fhir-r4"
OUTPUTS = outputs()


def _spelled(resource: Any) -> bytes:
    return orjson.dumps(resource, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


@pytest.mark.parametrize("name", sorted(OUTPUTS))
def test_it_says_what_it_said(name: str) -> None:
    file = EXPECTED / f"{name}.json"
    if os.environ.get("HUB_WRITE_EXPECTED") == "1":
        file.write_bytes(_spelled(OUTPUTS[name]))
    assert file.read_bytes() == _spelled(OUTPUTS[name]), "make expected"


def test_nothing_is_expected_that_is_not_said() -> None:
    assert {file.stem for file in EXPECTED.iterdir()} == OUTPUTS.keys()


@pytest.mark.parametrize("name", sorted(OUTPUTS))
def test_the_models_of_r4_take_it(name: str) -> None:
    resource = OUTPUTS[name]
    get_fhir_model_class(resource["resourceType"]).model_validate(resource)


def judged(resources: list[Any]) -> list[list[str]]:
    """Return what medplum and the npm package fhir have against each of some resources."""
    node = node_with(NPM)
    done = subprocess.run([node, "judge.mjs"], cwd=NPM, input=orjson.dumps(resources), capture_output=True, timeout=100)
    assert done.returncode == 0, done.stderr.decode()
    found: list[list[str]] = orjson.loads(done.stdout)
    return found


@pytest.mark.node
def test_two_other_judges_take_all_of_it() -> None:
    said = {**OUTPUTS, **{f"{one['resourceType']} {n}": one for n, one in enumerate(every_kind_and_status())}}
    against = dict(zip(said, judged(list(said.values())), strict=True))
    assert {name: found for name, found in against.items() if found} == {}


@pytest.mark.node
def test_the_judges_see_what_is_wrong() -> None:
    both = {"detail": {"status": "completed"}, "reference": {"reference": "Task/1"}}
    wrong: list[tuple[str, dict[str, Any]]] = [
        ("CarePlan-1", {"status": "aktiv"}),
        ("CarePlan-1", {"subject": {"reference": "Medication/1"}}),
        ("CarePlan-1", {"intent": None}),
        ("CarePlan-1", {"colour": "red"}),
        ("CarePlan-1", {"activity": [both]}),  # cpl-3
        ("Goal-summary", {"startDate": "23-11-2026"}),
        ("Goal-summary", {"lifecycleStatus": None}),
        ("Bundle-history", {"entry": [{"fullUrl": "https://hub.example/fhir/Goal/1"}]}),  # bdl-3
    ]
    spoilt = [
        {key: value for key, value in {**OUTPUTS[name], **facts}.items() if value is not None} for name, facts in wrong
    ]
    assert [facts for (_, facts), found in zip(wrong, judged(spoilt), strict=True) if not found] == []


@pytest.mark.node
def test_the_judges_take_what_hl7_gives_as_examples() -> None:
    if not OFFICIAL.is_dir():
        pytest.skip(f"the official examples of R4 are not at hand ({OFFICIAL})")
    examples = {file.name: orjson.loads(file.read_bytes()) for file in sorted(OFFICIAL.glob("*.json"))}
    against = dict(zip(examples, judged(list(examples.values())), strict=True))
    assert {name: found for name, found in against.items() if found} == {}
