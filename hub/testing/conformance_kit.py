"""What the checks of the conformance kit work with: the adapter under test, how it is made, and how it may fail."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import orjson

from hub.authority import Adapter, Authority, Document, Parcel, load
from hub.authority import Mapping as Words
from hub.errors import HubError
from hub.testing.conformance_sheet import Incoming, Outgoing, Sheet, sheets_of

T = TypeVar("T")
_WORD = re.compile(r"[\w@.+-]{5,}")
#: A number that is nobody's: the hub's own sentence about it says it.
_NOBODY = "0000000000"


class Unfit(AssertionError):
    """An adapter does not do what the port asks: what was seen, and what to do."""

    def __init__(self, sentence: str, next_step: str) -> None:
        super().__init__(f"{sentence} {next_step}")
        self.sentence, self.next_step = sentence, next_step


@dataclass(frozen=True, slots=True)
class Kit:
    """An adapter and its mapping, with the sheets of its contracts.

    :ivar make: makes an adapter from settings, or raises SettingsRefused.
    """

    name: str
    make: Callable[[Mapping[str, Any]], Adapter]
    words: Words
    sheets: tuple[Sheet, ...]

    def adapter(self) -> Adapter:
        """Return one that knows no address."""
        return self.make({})

    def incoming(self) -> list[tuple[Sheet, Incoming]]:
        """Return the contracts by which something comes in."""
        return [(sheet, sheet.comes_in) for sheet in self.sheets if sheet.comes_in]

    def outgoing(self) -> list[tuple[Sheet, Outgoing]]:
        """Return the contracts by which something goes out."""
        return [(sheet, sheet.goes_out) for sheet in self.sheets if sheet.goes_out]

    def examples(self, *, refused: bool = False) -> list[tuple[Sheet, Path, Path]]:
        """Return each example with an expected outcome: its sheet, itself, and the file that tells the outcome."""
        return [(sheet, *pair) for sheet in self.sheets for pair in sheet.expected(refused=refused)]


def kit_of(name: str, settings: Mapping[str, Any] | None = None, folder: Path | None = None) -> Kit:
    """Return the kit of an installed adapter.

    :param settings: its settings, for what its address is not enough; ``kind`` where its name is not the entry point's.
    :param folder: where ``conformance.toml`` lies, when it is not where the kit looks.
    :raises SettingsRefused: it cannot be joined, or has no sheet.
    """
    given = dict(settings or {})

    def joined(more: Mapping[str, Any]) -> Authority:
        return load({name: {**given, **more}})[name]

    authority = joined({})
    return Kit(name, lambda more: joined(more).adapter, authority.mapping, sheets_of(authority.adapter, folder))


def tried(call: Callable[[], T]) -> tuple[T | None, Exception | None]:
    """Return what a call returns or raises, whatever it is: what an adapter raises is what is asked here."""
    try:
        return call(), None
    except Exception as error:
        return None, error


def taken_in(kit: Kit, adapter: Adapter, parcel: Parcel) -> tuple[Document, Any]:
    """Return a document and its contributions. :raises Exception: what the adapter or the mapping raises."""
    document = adapter.receive(parcel)
    return document, kit.words.to_plan(document)


def repeats(error: HubError, body: bytes, folder: Path) -> bool:
    """Tell whether an error repeats something of a body that its contract does not say itself."""
    public = "\n".join(path.read_text("utf-8") for path in folder.iterdir() if path.is_file())
    known = {word.casefold() for word in _WORD.findall(public)} | {_NOBODY}
    secret = {word for word in _WORD.findall(_values(body)) if word.casefold() not in known}
    return any(word in error.diagnostics() for word in secret)


def _values(body: bytes) -> str:
    """Return what a body says, without the names that its contract gives to it."""
    text = body.decode("utf-8", "replace")
    if text.lstrip().startswith("<"):
        return re.sub(r"<[^>]*>", " ", text)
    try:
        return "\n".join(_texts(orjson.loads(body)))
    except orjson.JSONDecodeError:
        return "\n".join(re.findall(r':\s*"([^"]*)"', text))


def _texts(tree: Any) -> list[str]:
    if isinstance(tree, dict):
        return [text for inner in tree.values() for text in _texts(inner)]
    if isinstance(tree, list):
        return [text for inner in tree for text in _texts(inner)]
    return [tree] if isinstance(tree, str) else []
