"""Which leaves a contract in JSON has: for tests of a ledger."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def leaves(schema: Mapping[str, Any], schemas: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """Return the path of each leaf below a schema, such as ``Maal[].Titel``.

    :param schemas: those that a reference may lead to, by name.
    """
    while "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    if "properties" in schema:
        for name, inner in schema["properties"].items():
            yield from leaves(inner, schemas, f"{path}.{name}" if path else name)
    elif "items" in schema:
        yield from leaves(schema["items"], schemas, f"{path}[]")
    else:
        yield path
