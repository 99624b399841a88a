"""Write what a running hub is made of, as a CycloneDX 1.6 document, from the lock file and the pages' assets.

python -m hub.testing.sbom requirements/run.lock .ci/assets dist/sbom.cdx.json

The same files give the same bytes: no time, and a serial number made from what is listed (docs/adr/0058).
"""

from __future__ import annotations

import base64
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import orjson

from hub import __version__

_OF = UUID("6b8f9e0e-5a57-5f0e-9a6f-0f8f5c8e5a11")  # the name space of our documents; any would do
_SELF = "one-plan-hub"
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^ ;\\]+)(?: *; *([^\\]*?))? *\\?$")
_HASH = re.compile(r"--hash=(sha\d+):([0-9a-f]+)")
_FETCHED = re.compile(r'^fetch (\S+) "\$(\w+)"', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Part:
    """One package.

    :ivar kind: of registry, as a purl has it: pypi or npm.
    :ivar hashes: CycloneDX's name of the algorithm, and the hash in hex; of a package of PyPI those of all its files.
    :ivar needed_by: names of packages; the hub itself is one.
    :ivar marker: where it is needed, as PEP 508 has it; empty: everywhere.
    """

    kind: str
    name: str
    version: str
    hashes: tuple[tuple[str, str], ...]
    needed_by: tuple[str, ...]
    marker: str = ""

    @property
    def purl(self) -> str:
        """Return its package URL (https://github.com/package-url/purl-spec)."""
        return f"pkg:{self.kind}/{self.name}@{self.version.replace('+', '%2B')}"


def locked(text: str) -> Iterator[Part]:
    """Read a lock file as uv and pip-tools write it. :raises ValueError: a line pins nothing by version."""
    for block in re.split(r"\n(?=[A-Za-z0-9])", "\n" + re.sub(r"^#.*\n", "", text, flags=re.MULTILINE))[1:]:
        first = block.splitlines()[0].strip()
        found = _PINNED.match(first)
        if found is None:
            raise ValueError(f"This line pins no version: {first}")
        hashes = tuple((one[1].upper().replace("SHA", "SHA-"), one[2]) for one in _HASH.finditer(block))
        comment = re.sub(r"^ *# *(via)? *", "", block.partition("# via")[2], flags=re.MULTILINE)
        by = (line.split(" (")[0].strip() for line in comment.splitlines())
        needed_by = tuple(_name(one) for one in by if one and not one.startswith("-"))
        yield Part("pypi", _name(found[1]), found[2], hashes, needed_by, (found[3] or "").strip())


def assets(script: str) -> Iterator[Part]:
    """Read which packages of npm the pages' assets are taken from, out of the script that takes them."""
    for name, variable in _FETCHED.findall(script):
        said = dict(re.findall(rf"^({variable}|{variable}_HASH)=(\S+)$", script, re.MULTILINE))
        digest = base64.b64decode(said[f"{variable}_HASH"]).hex()
        yield Part("npm", name, said[variable], (("SHA-512", digest),), (_SELF,))


def bill(parts: list[Part]) -> dict[str, Any]:
    """Return the document."""
    parts = sorted(parts, key=lambda one: one.purl)
    own = f"pkg:pypi/{_SELF}@{__version__}"
    refs = {one.name: one.purl for one in parts} | {_SELF: own}
    needs: dict[str, list[str]] = {ref: [] for ref in refs.values()}
    for one in parts:
        for name in one.needed_by:
            needs[refs[name]].append(one.purl)
    components = [_component(one) for one in parts]
    listed = orjson.dumps([own, components]).decode()
    component = {"type": "application", "bom-ref": own, "name": _SELF, "version": __version__, "purl": own}
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid5(_OF, listed)}",
        "version": 1,
        "metadata": {"component": {**component, "licenses": [{"license": {"id": "EUPL-1.2"}}]}},
        "components": components,
        "dependencies": [{"ref": ref, "dependsOn": sorted(needs[ref])} for ref in sorted(needs)],
    }


def _component(one: Part) -> dict[str, Any]:
    registry = {"pypi": "https://pypi.org/project/{}/{}/", "npm": "https://www.npmjs.com/package/{}/v/{}"}[one.kind]
    files = {
        "type": "distribution",
        "url": registry.format(one.name, one.version),
        "hashes": [{"alg": algorithm, "content": content} for algorithm, content in one.hashes],
    }
    told = {"type": "library", "bom-ref": one.purl, "name": one.name, "version": one.version, "purl": one.purl}
    marker = {"properties": [{"name": "one-plan-hub:marker", "value": one.marker}]} if one.marker else {}
    return {**told, "externalReferences": [files], **marker}


def _name(text: str) -> str:
    """Return a name as PyPI compares it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", text).lower()


if __name__ == "__main__":
    _lock, _assets, _out = map(Path, sys.argv[1:])
    _parts = [*locked(_lock.read_text("utf-8")), *assets(_assets.read_text("utf-8"))]
    _out.parent.mkdir(exist_ok=True)
    _out.write_bytes(orjson.dumps(bill(_parts), option=orjson.OPT_INDENT_2) + b"\n")
