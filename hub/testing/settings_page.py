"""Write into the reference page of settings what their model knows: which there are, what each may be, its default.

python -m hub.testing.settings_page docs/reference/settings.md

The page's prose is written by hand and stays: what a row says of a setting, and a default that is told in words where
the model has none. A setting that is new gets its row with the description of the model, and one that is gone loses it.
"""

from __future__ import annotations

import re
import sys
import types
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import annotated_types
import orjson
from pydantic import BaseModel, SecretBytes, SecretStr
from pydantic.fields import FieldInfo

from hub.settings import Client, Settings, SignIn
from hub.settings.sign_in import RoleRule

NEEDED = "**needed**"
_WORDS: dict[Any, str] = {
    bool: "true or false",
    int: "whole number",
    float: "number",
    str: "text",
    Path: "file",
    SecretBytes: "32 bytes in base64",
    SecretStr: "text",
}
#: How a limit is said of whole numbers, and of others: a word, and what is added to the limit.
_LIMITS = {"gt": ("from", 1, "above"), "ge": ("from", 0, "from"), "lt": ("to", -1, "below"), "le": ("to", 0, "to")}


@dataclass(frozen=True, slots=True)
class _Table:
    """A table of the page. :ivar first: the head of its first column. :ivar below: the heading it stands under."""

    first: str
    below: str
    model: type[BaseModel]
    prefix: str = ""


_TABLES = (
    _Table("setting", "# Settings", Settings, "HUB_"),
    _Table("field", "## Clients", Client),
    _Table("field", "## Signing in", SignIn),
    _Table("field of a rule", "## Signing in", RoleRule),
)


def written(page: str) -> str:
    """Return the page with its tables as the model has them. :raises ValueError: a table is not there."""
    for table in _TABLES:
        page = _with(page, table)
    return page


def _with(page: str, table: _Table) -> str:
    begin = page.index(f"{table.below}\n")
    found = re.compile(rf"^\| {table.first} \|.*\n\|[-|]+\n((?:\|.*\n)*)", re.MULTILINE).search(page, begin)
    if found is None:
        raise ValueError(f"The page has no table of {table.first} under {table.below!r}.")
    rows = {cells[0]: cells[1:] for cells in map(_cells, found[1].splitlines())}
    lines = [f"| {table.first} | what it says | values | default |", "|---|---|---|---|"]
    lines += ["| " + " | ".join(row) + " |" for row in _rows(table, rows)]
    return page[: found.start()] + "\n".join(lines) + "\n" + page[found.end() :]


def _rows(table: _Table, known: dict[str, Sequence[str]]) -> Iterator[Sequence[str]]:
    for name, field in table.model.model_fields.items():
        shown = f"`{table.prefix + name.upper()}`" if table.prefix else f"`{name}`"
        row = known.get(shown, ())
        said = row[0] if row else (field.description or "").replace("|", "\\|")
        yield shown, said, _values(field.annotation, field.metadata), _default(field, row[-1] if row else "")


def _cells(line: str) -> Sequence[str]:
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def _default(field: FieldInfo, told: str) -> str:
    """Return the default; where the model has nothing to show, the words of the page."""
    if field.is_required():
        return told if NEEDED in told else NEEDED
    value = field.get_default(call_default_factory=True)
    if isinstance(value, str | bool | int | float) and value != "":
        shown = f"`{value}`" if isinstance(value, str) else f"`{orjson.dumps(value).decode().removesuffix('.0')}`"
        return told if told.partition(" ")[0] == shown else shown
    return told or "none"


def _values(annotation: Any, metadata: Sequence[Any] = ()) -> str:
    """Say what may stand there: a kind, and its limits."""
    if get_origin(annotation) is Annotated:
        inner, *more = get_args(annotation)
        return _values(inner, [*more, *metadata])
    if get_origin(annotation) in (Union, types.UnionType):
        kinds = [one for one in get_args(annotation) if one is not type(None) and one != Literal[""]]
        return " or ".join(dict.fromkeys(_values(one, metadata) for one in kinds))
    if get_origin(annotation) is Literal:
        return ", ".join(map(str, get_args(annotation)))
    if get_origin(annotation) is list:
        return "list"
    if get_origin(annotation) is dict or (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
        return "table"
    return " ".join([_WORDS.get(annotation, "text"), *_limits(metadata, is_whole=annotation is int)])


def _limits(metadata: Sequence[Any], *, is_whole: bool) -> Iterator[str]:
    for one in metadata:
        inner = getattr(one, "metadata", None)
        if isinstance(inner, list):  # a Field within Annotated
            yield from _limits(inner, is_whole=is_whole)
        for sign, (of_whole, more, of_others) in _LIMITS.items():
            if isinstance(one, annotated_types.BaseMetadata) and (limit := getattr(one, sign, None)) is not None:
                yield f"{of_whole} {limit + more}" if is_whole else f"{of_others} {limit}"


if __name__ == "__main__":
    _file = Path(sys.argv[1])
    _file.write_text(written(_file.read_text("utf-8")), "utf-8")
