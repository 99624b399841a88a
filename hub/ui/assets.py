"""What a page is shown with: stylesheets, scripts, fonts and pictures, each at an address that changes when it does.

All lies in the package and is read once; what others made lies in ``static/vendor``, where its README says whose it is.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from fastapi import APIRouter, Request
from starlette.responses import Response

from hub.errors import NotFound

router = APIRouter(include_in_schema=False)

#: By the end of a name: its media type, and whether it is worth packing.
_KINDS: Mapping[str, tuple[str, bool]] = {
    "css": ("text/css", True),
    "js": ("text/javascript", True),
    "svg": ("image/svg+xml", True),
    "woff2": ("font/woff2", False),
}


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is sent. :ivar packed: by gzip; None where that saves nothing."""

    content: bytes
    packed: bytes | None
    media_type: str
    version: str


def address(name: str) -> str:
    """Return where a browser gets a file, such as ``hub.css``; it may keep it for good. :raises KeyError: no file."""
    return f"/static/{name}?v={_assets()[name].version}"


@router.get("/static/{name:path}")
def get_asset(name: str, request: Request) -> Response:
    """Send a file, packed for whoever can unpack it."""
    asset = _assets().get(name)
    if asset is None:
        raise NotFound("There is no such file.")
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}
    if asset.packed and "gzip" in request.headers.get("accept-encoding", ""):
        return Response(asset.packed, headers=headers | {"Content-Encoding": "gzip"}, media_type=asset.media_type)
    return Response(asset.content, headers=headers, media_type=asset.media_type)


def _found(folder: Traversable, above: str = "") -> Iterator[tuple[str, Asset]]:
    for entry in folder.iterdir():
        name, kind = above + entry.name, entry.name.rpartition(".")[2]
        if entry.is_dir():
            yield from _found(entry, f"{name}/")
        elif kind in _KINDS:  # and no licence: it is for who takes the package, not for a browser
            content, (media_type, is_packed) = entry.read_bytes(), _KINDS[kind]
            packed = gzip.compress(content, mtime=0) if is_packed else None
            yield name, Asset(content, packed, media_type, hashlib.sha256(content).hexdigest()[:8])


@cache
def _assets() -> Mapping[str, Asset]:
    return dict(_found(files("hub.ui") / "static"))
