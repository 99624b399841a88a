"""The bill of materials lists all that a running hub is made of, and the locks agree."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest

from hub import __version__
from hub.testing.sbom import assets, bill, locked

pytestmark = pytest.mark.files

ROOT = Path(__file__).parents[2]
RUN, DEV = (ROOT / "requirements" / name for name in ("run.lock", "dev.lock"))
ASSETS = ROOT / ".ci" / "assets"


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return bill([*locked(RUN.read_text("utf-8")), *assets(ASSETS.read_text("utf-8"))])


def pinned(lock: Path) -> set[tuple[str, str]]:
    """Read a lock by other means than the room that writes the document."""
    found = re.findall(r"^([a-z0-9.-]+)(?:\[.*\])?==([^\s;\\]+)", lock.read_text("utf-8"), re.MULTILINE)
    return {(name.replace(".", "-"), version) for name, version in found}


def test_every_package_of_the_lock_is_listed_with_the_hash_of_each_file_and_no_other(document: dict[str, Any]) -> None:
    listed = {
        (one["name"], one["version"]): one for one in document["components"] if one["purl"].startswith("pkg:pypi/")
    }
    assert listed.keys() == pinned(RUN)
    assert all(one["purl"] == f"pkg:pypi/{name}@{version}" for (name, version), one in listed.items())
    hashes = {file["content"] for one in listed.values() for file in one["externalReferences"][0]["hashes"]}
    assert hashes == set(re.findall(r"--hash=sha256:([0-9a-f]{64})", RUN.read_text("utf-8")))
    assert all(one["externalReferences"][0]["hashes"] for one in listed.values())


def test_every_package_that_the_pages_assets_are_of_is_listed(document: dict[str, Any]) -> None:
    listed = {one["purl"] for one in document["components"] if one["purl"].startswith("pkg:npm/")}
    folders = {one.name for one in (ROOT / "hub" / "ui" / "static" / "vendor").iterdir() if one.is_dir()}
    assert {purl.removeprefix("pkg:npm/").replace(".org", "").replace("@", "-") for purl in listed} == folders


def test_what_needs_what_is_told_and_all_of_it_is_reached_from_the_hub(document: dict[str, Any]) -> None:
    needs = {one["ref"]: one["dependsOn"] for one in document["dependencies"]}
    own = document["metadata"]["component"]["bom-ref"]
    assert own == f"pkg:pypi/one-plan-hub@{__version__}"
    reached, ahead = set[str](), [own]
    while ahead:
        one = ahead.pop()
        if one not in reached:
            reached.add(one)
            ahead += needs[one]
    assert reached == needs.keys() == {own, *(one["bom-ref"] for one in document["components"])}
    assert any(purl.startswith("pkg:pypi/anyio@") for purl in needs[_of(document, "starlette")])


def _of(document: dict[str, Any], name: str) -> str:
    return next(str(one["bom-ref"]) for one in document["components"] if one["name"] == name)


def test_a_package_whose_platform_is_limited_says_so(document: dict[str, Any]) -> None:
    limited = {one["name"]: one["properties"][0]["value"] for one in document["components"] if "properties" in one}
    assert "sys_platform" in limited["colorama"]


def test_the_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    written = []
    for name in ("one", "another"):
        out = tmp_path / name / "sbom.cdx.json"
        command = [sys.executable, "-m", "hub.testing.sbom", str(RUN), str(ASSETS), str(out)]
        subprocess.run(command, check=True, cwd=ROOT, timeout=60)
        written.append(out.read_bytes())
    assert written[0] == written[1]
    assert orjson.loads(written[0])["specVersion"] == "1.6"


def test_a_line_that_pins_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="pins no version: lxml"):
        list(locked("lxml>=6.0 \\\n    --hash=sha256:00\n"))


def test_what_a_running_hub_needs_is_of_the_versions_that_are_tested() -> None:
    assert pinned(RUN) < pinned(DEV)


def test_what_only_who_has_a_collector_needs_is_tested_and_not_in_what_runs() -> None:
    of_otel = {"opentelemetry-proto", "protobuf"}
    assert of_otel <= {name for name, _ in pinned(DEV)}
    assert not of_otel & {name for name, _ in pinned(RUN)}
