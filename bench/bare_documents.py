"""The least that reading a document takes: parse, check against the schema, and find every field the mapping reads.

No hardening, no naming of faults, no words of ours: what a program of an afternoon would do with the bare libraries.
Which fields there are to find is the mapping's own ledger, so that the baseline reads as much as the mapping does.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema_rs
import orjson
import yaml
from lxml import etree


class BareReader(ABC):
    """Reads a document with bare libraries."""

    name: str

    @abstractmethod
    def read(self, body: bytes) -> list[Any]:
        """Return the value of every field that the mapping reads and the document has."""

    @abstractmethod
    def count(self, body: bytes) -> int:
        """Count such fields another way, one leaf of the document after the other."""

    def check_reads_all(self, body: bytes) -> None:
        """Make sure of a fair comparison. :raises AssertionError: the baseline leaves a field out."""
        read, there = len(self.read(body)), self.count(body)
        if read != there or not there:
            raise AssertionError(f"The bare reader reads {read} of {there} fields.")


class BareXml(BareReader):
    """lxml: parse, XSD, find."""

    name = "lxml: parse, XSD, find"

    def __init__(
        self, schema: Path, namespace: str, root: str, leaves: Collection[str], *, repeated: Collection[str] = ()
    ) -> None:
        """Compile the schema.

        :param root: the document's name; leaves of other documents are left out.
        :param leaves: paths such as ``/SagOpdatering/Sag/Maal/Titel``, of names in the namespace.
        :param repeated: names of leaves that may be there several times in one branch.
        """
        self._schema = etree.XMLSchema(etree.parse(schema))
        self._namespace = f"{{{namespace}}}"
        self._root = self._qualified(root)
        self._leaves = frozenset(leaf for leaf in leaves if leaf.startswith(f"/{root}/"))
        branches: dict[str, tuple[list[str], list[str]]] = {}
        for leaf in sorted(self._leaves):
            _, _, *path, name = leaf.split("/")
            found = branches.setdefault("/".join(map(self._qualified, path)), ([], []))
            found[name in repeated].append(self._qualified(name))
        self._branches = [(path, *names) for path, names in branches.items()]

    def read(self, body: bytes) -> list[Any]:
        """Return the text of every field."""
        root = self._document(body)
        self._schema.assertValid(root)
        texts: list[Any] = []
        for path, single, repeated in self._branches:
            for branch in root.iterfind(path) if path else (root,):
                for name in single:
                    text = branch.findtext(name)
                    if text is not None:
                        texts.append(text)
                for name in repeated:
                    texts += [found.text for found in branch.iterfind(name)]
        return texts

    def count(self, body: bytes) -> int:
        """Count the leaves whose path is one of those to read."""
        root = self._document(body)
        return sum(self._path(element, root) in self._leaves for element in root.iter(etree.Element))

    def _document(self, body: bytes) -> etree._Element:
        """Parse; what lies inside a SOAP envelope is found by its name."""
        root = etree.fromstring(body)
        found = root if root.tag == self._root else root.find(f".//{self._root}")
        if found is None:
            raise AssertionError("The example holds no document of the contract.")
        return found

    def _qualified(self, name: str) -> str:
        return self._namespace + name

    def _path(self, element: etree._Element, root: etree._Element) -> str:
        steps = [element]
        while steps[-1] is not root and (parent := steps[-1].getparent()) is not None:
            steps.append(parent)
        return "".join(f"/{etree.QName(step).localname}" for step in reversed(steps))


class BareJson(BareReader):
    """orjson and jsonschema-rs: parse, schema, walk the dicts."""

    name = "orjson, jsonschema-rs: parse, schema, walk"

    def __init__(self, openapi: Path, schema: str, leaves: Collection[str]) -> None:
        """Compile the schema.

        :param leaves: paths such as ``Indsatsmaal[].FFB.Kode``.
        """
        components = yaml.safe_load(openapi.read_text("utf-8"))["components"]
        whole = {"$ref": f"#/components/schemas/{schema}", "components": components}
        self._validator = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
        self._leaves = frozenset(leaves)
        branches: dict[tuple[str, ...], list[str]] = {}
        for leaf in leaves:
            *path, name = leaf.split(".")
            branches.setdefault(tuple(path), []).append(name)
        self._branches = list(branches.items())

    def read(self, body: bytes) -> list[Any]:
        """Return the value of every field."""
        root = orjson.loads(body)
        self._validator.validate(root)
        values: list[Any] = []
        for path, names in self._branches:
            for branch in _branches(root, path):
                values += [branch[name] for name in names if name in branch]
        return values

    def count(self, body: bytes) -> int:
        """Count the leaves whose path is one of those to read."""
        return sum(path in self._leaves for path in _leaf_paths(orjson.loads(body)))


def _branches(root: Mapping[str, Any], path: tuple[str, ...]) -> list[Mapping[str, Any]]:
    """Return every object at a path; ``[]`` behind a step says that it is a list."""
    found = [root]
    for step in path:
        if step.endswith("[]"):
            found = [item for branch in found for item in branch.get(step[:-2], ())]
        else:
            found = [branch[step] for branch in found if step in branch]
    return found


def _leaf_paths(value: Any, path: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaf_paths(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaf_paths(inner, f"{path}[]")
    else:
        yield path
