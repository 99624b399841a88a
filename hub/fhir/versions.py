"""Which version of a resource a reader has read: a mark of what it says to that reader, and no count.

A number would count versions of which the reader may see none. The mark is the version id (``Resource.meta.versionId``)
and the ETag; letters alone, for the door refuses an address with ten digits in a row.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import orjson

from hub.fhir.words import Resource
from hub.plan.identifier import in_letters

_OCTETS = 16


def version_of(resource: Mapping[str, Any]) -> str:
    """Return the mark of what a resource says; the same for the same words, whatever version it bears."""
    said = {**resource, "meta": {name: told for name, told in resource.get("meta", {}).items() if name != "versionId"}}
    return in_letters(sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).digest()[:_OCTETS])


def versioned(resource: Resource) -> Resource:
    """Return a resource that bears its version id."""
    return {**resource, "meta": {"versionId": version_of(resource), **resource.get("meta", {})}}


def etag(version: str) -> str:
    """Return a version as FHIR writes it into ``ETag`` and ``If-Match``: weak, for the spelling may differ."""
    return f'W/"{version}"'
