"""The contracts, as this hub has them: what an integrator reads, and a program validates against."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fastapi import APIRouter
from starlette.responses import Response
from typing_extensions import TypedDict

from hub.api.answers import Json, json_response
from hub.api.asking import ANYONE
from hub.authority import contract_folder
from hub.errors import NotFound

router = APIRouter(tags=["contracts"])
_TYPES = {
    ".xsd": "application/xml",
    ".wsdl": "application/xml",
    ".xml": "application/xml",
    ".json": "application/json",
    ".yaml": "application/yaml",
    ".md": "text/markdown; charset=utf-8",
}
#: Of each contract: what is agreed and examples; not what we remember for our own tests.
_SERVED = (
    "*/*/*.wsdl", "*/*/*.xsd", "*/*/openapi.yaml", "*/*/asyncapi.yaml", "*/*/*.schema.json", "*/*/README.md",
    "*/*/examples/**/*.*",
)  # fmt: skip


class ContractFileAnswer(TypedDict):
    """A file of a contract: where it is, and the SHA-256 of its bytes."""

    path: str
    type: str
    sha256: str


class ContractAnswer(TypedDict):
    """A contract by its name, and its files."""

    contract: str
    files: list[ContractFileAnswer]


@dataclass(frozen=True, slots=True)
class _File:
    body: bytes
    content_type: str
    digest: str


@router.get("/contracts", dependencies=[ANYONE])
def list_contracts() -> Json[list[ContractAnswer]]:
    """Name every file of every contract, with the SHA-256 of its bytes."""
    files = _files()
    names = sorted({"/".join(path.split("/")[:2]) for path in files})
    return json_response(
        [
            {
                "contract": name,
                "files": [
                    {"path": f"/contracts/{path}", "type": file.content_type, "sha256": file.digest}
                    for path, file in files.items()
                    if path.startswith(f"{name}/")
                ],
            }
            for name in names
        ]
    )


@router.get("/contracts/{path:path}", dependencies=[ANYONE])
def read_contract(path: str) -> Response:
    """Give one of the files, as it is."""
    file = _files().get(path)
    if file is None:
        raise NotFound("No contract has this file.", "GET /contracts names every one.")
    return Response(file.body, media_type=file.content_type)


@cache
def _files() -> Mapping[str, _File]:
    """Read every file once: what is asked for is looked up among these and never becomes a path."""
    return dict(sorted(_read(contract_folder(""))))


def _read(root: Path) -> Iterator[tuple[str, _File]]:
    for pattern in _SERVED:
        for path in root.glob(pattern):
            if path.suffix in _TYPES:
                body = path.read_bytes()
                name = path.relative_to(root).as_posix()
                yield name, _File(body, _TYPES[path.suffix], hashlib.sha256(body).hexdigest())
