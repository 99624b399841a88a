"""What the conformance kit must be told of a contract and cannot guess: its sheet, ``conformance.toml`` beside it.

contract = "youth/v1"

[in]                                    # left out by a contract by which nothing comes in
content_type = "application/json"
schema = "openapi.yaml"                 # an OpenAPI document, a JSON Schema or an XSD
roots = ["UngeForloeb"]                 # documents in it; none for a JSON Schema of one document

[example."get-person-case-response"]    # where one example needs it
content_type = "application/soap+xml"
headers = { x-hub-asked-for = "…" }

[out]                                   # left out by a contract by which nothing goes out
schema = "openapi.yaml"
root = "PlanOpdatering"
settings = { url = "{url}", token = "a-token" }

[out.answer]                            # what their system says when it has taken an update in
content_type = "application/json"
body = '{"Status": "taken-in", "Sekvens": {sequence}}'
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hub.authority import Adapter, Parcel, contract_folder
from hub.errors import Fault, SettingsRefused

SHEET = "conformance.toml"


@dataclass(frozen=True, slots=True)
class Incoming:
    """What comes in by a contract."""

    content_type: str
    schema: Path
    roots: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What goes out by a contract, and what answers it. ``{url}`` and ``{sequence}`` stand for what they say."""

    schema: Path
    root: str
    settings: Mapping[str, Any]
    answer_type: str
    answer: str
    answer_status: int

    def answered(self, sequence: int) -> bytes:
        """Return the body by which their system says that it has taken a sequence in."""
        return self.answer.replace("{sequence}", str(sequence)).encode()

    def reaching(self, url: str) -> dict[str, Any]:
        """Return settings that lead to a system."""
        return {
            name: value.replace("{url}", url) if isinstance(value, str) else value
            for name, value in self.settings.items()
        }


@dataclass(frozen=True, slots=True)
class Sheet:
    """One contract as the kit sees it."""

    folder: Path
    contract: str
    comes_in: Incoming | None
    goes_out: Outgoing | None
    special: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def expected(self, *, refused: bool = False) -> list[tuple[Path, Path]]:
        """Return each example that has an expected outcome, with the file that tells it."""
        place = "refused" if refused else ""
        files = sorted((self.folder / "expected" / place).glob("*.json"))
        return [(self._example(place, file.stem), file) for file in files]

    def parcel(self, authority: str, example: Path) -> Parcel:
        """Return an example as it comes to the hub's door."""
        special = self.special.get(example.stem, {})
        usual = self.comes_in.content_type if self.comes_in else "application/json"
        return Parcel(
            authority, example.read_bytes(), special.get("content_type", usual), dict(special.get("headers", {}))
        )

    def _example(self, place: str, stem: str) -> Path:
        found = sorted((self.folder / "examples" / place).glob(f"{stem}.*"))
        return found[0] if found else self.folder / "examples" / place / stem


def sheets_of(adapter: Adapter, folder: Path | None = None) -> tuple[Sheet, ...]:
    """Find the sheets of an adapter's contracts.

    They lie in the named folder; else in the hub's ``contracts/<authority>/<version>``; else, for a package of its own,
    in ``contract/<version>`` beside the adapter's module.

    :raises SettingsRefused: there is none, or one cannot be read.
    """
    if folder is not None:
        return (read_sheet(folder),)
    module = sys.modules[type(adapter).__module__]
    own = Path(module.__file__ or "").parent / "contract"
    places = (contract_folder(adapter.contract).parent, own)
    found = [path for place in places for path in sorted(place.glob(f"*/{SHEET}"))]
    if not found:
        raise SettingsRefused(
            f"No {SHEET} is found for the contract {adapter.contract}.",
            f"Write one beside the contract, in contract/<version>/{SHEET} of your package, or name its folder.",
        )
    return tuple(read_sheet(path.parent) for path in found)


def read_sheet(folder: Path) -> Sheet:
    """Read a contract's sheet. :raises SettingsRefused: it is not there, is no TOML, or lacks something."""
    try:
        told = tomllib.loads((folder / SHEET).read_text("utf-8"))
        return Sheet(
            folder, told["contract"], _incoming(told, folder), _outgoing(told, folder), told.get("example", {})
        )
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise SettingsRefused(f"{folder / SHEET} cannot be read ({type(error).__name__}).") from None
    except KeyError as missing:
        fault = Fault(str(missing.args[0]), "It is missing.", "See hub/testing/conformance_sheet.py.")
        raise SettingsRefused(f"{folder / SHEET} lacks something.", faults=[fault]) from None


def _incoming(told: Mapping[str, Any], folder: Path) -> Incoming | None:
    part = told.get("in")
    return part and Incoming(part["content_type"], folder / part["schema"], tuple(part.get("roots", ("",))))


def _outgoing(told: Mapping[str, Any], folder: Path) -> Outgoing | None:
    part = told.get("out")
    if part is None:
        return None
    answer = part["answer"]
    return Outgoing(
        schema=folder / part["schema"],
        root=part.get("root", ""),
        settings=part["settings"],
        answer_type=answer.get("content_type", "text/plain"),
        answer=answer.get("body", ""),
        answer_status=answer.get("status", 200),
    )
