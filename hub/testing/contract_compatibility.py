"""Is a contract's newer text one by which everybody of the older text goes on? (contracts/README.md)

    breaks = breaking_changes(released, present)     # sentences; none: it is

What the hub takes in may only grow wider; what the hub sends may only gain what is optional.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from hub.testing.conformance_sheet import SHEET, read_sheet
from hub.testing.contract_openapi import read_openapi
from hub.testing.contract_shapes import Agreed, Direction, Member, Operation, Shape
from hub.testing.contract_xsd import Xsd, read_wsdl

_WORD = {Direction.TO_HUB: "senders send it", Direction.FROM_HUB: "the hub sends it"}
_ALTERNATIVES = ("choice", "oneOf")


def read_contract(folder: Path, sheet: Path | None = None) -> dict[str, Agreed]:
    """Read the agreeing files of a folder, by file name.

    :param sheet: the folder where ``conformance.toml`` lies, which tells of an XSD what goes out; by none, all does.
    """
    found = {path.name: read_openapi(path) for path in sorted(folder.glob("openapi.yaml"))}
    for path in sorted(folder.glob("*.wsdl")):
        found[path.name] = read_wsdl(path, Direction.TO_HUB if path.stem == "hub" else Direction.FROM_HUB)
    if not found:
        found = {path.name: _documents(path, sheet or folder) for path in _outermost(folder)}
    return found


def _outermost(folder: Path) -> list[Path]:
    """Return the XSDs that no other one includes or imports."""
    files = sorted(folder.glob("*.xsd"))
    texts = {path: path.read_text("utf-8") for path in files}
    return [path for path in files if not any(f'schemaLocation="{path.name}"' in text for text in texts.values())]


def _documents(path: Path, sheet: Path) -> Agreed:
    xsd = Xsd(path)
    sent: tuple[str, ...] = xsd.documents()
    if (sheet / SHEET).exists():
        told = read_sheet(sheet)
        if told.goes_out or told.comes_in:  # by neither, what goes out goes another way than the kit knows
            sent = (told.goes_out.root,) if told.goes_out else ()
    ways = {name: Direction.FROM_HUB if name in sent else Direction.TO_HUB for name in xsd.documents()}
    return Agreed((), tuple((way, xsd.document(name)) for name, way in ways.items()), xsd.shapes)


def breaking_changes(old: Mapping[str, Agreed], new: Mapping[str, Agreed]) -> list[str]:
    """Return what a party of the older text would stumble over, a sentence each, with where."""
    found: list[str] = []
    for file, was in old.items():
        if file not in new:
            found.append(f"{file}: the file is gone")
            continue
        found += [f"{file}: {sentence}" for sentence in dict.fromkeys(_Comparison(was, new[file]).breaks())]
    return found


class _Comparison:
    def __init__(self, old: Agreed, new: Agreed) -> None:
        self._old, self._new = old, new
        self._seen: set[tuple[str, str, Direction]] = set()

    def breaks(self) -> Iterator[str]:
        yield from _operations(self._old.operations, self._new.operations)
        present = {(way, document.name): document for way, document in self._new.documents}
        for way, document in self._old.documents:
            if (way, document.name) not in present:
                yield f"{document.name}: it is gone, or goes another way"
            else:
                yield from self._member(document.name, document, present[way, document.name], way)

    def _member(self, path: str, old: Member, new: Member, way: Direction) -> Iterator[str]:
        wide, narrow = (new, old) if way is Direction.TO_HUB else (old, new)
        if wide.least > narrow.least:
            yield f"{path}: must be there {new.least} times, was {old.least} ({_WORD[way]})"
        if wide.most is not None and (narrow.most is None or narrow.most > wide.most):
            yield f"{path}: may be there {_many(new.most)}, was {_many(old.most)} ({_WORD[way]})"
        if narrow.is_nillable and not wide.is_nillable:
            yield f"{path}: whether it may be nil has changed ({_WORD[way]})"
        for rule in sorted(wide.rules - narrow.rules):
            yield f"{path}: {'new' if way is Direction.TO_HUB else 'lost'} rule {rule}"
        yield from self._shape(path, old.shape, new.shape, way)

    def _shape(self, path: str, old_key: str, new_key: str, way: Direction) -> Iterator[str]:
        if (old_key, new_key, way) in self._seen:
            return
        self._seen.add((old_key, new_key, way))
        old, new = self._old.shape(old_key), self._new.shape(new_key)
        if old.base != new.base:
            yield f"{path}: is {new.base}, was {old.base}"
            return
        wide, narrow = (new, old) if way is Direction.TO_HUB else (old, new)
        yield from _values(path, wide, narrow, way)
        yield from self._members(path, old, new, way)

    def _members(self, path: str, old: Shape, new: Shape, way: Direction) -> Iterator[str]:
        present = {member.name: member for member in new.members}
        for member in old.members:
            if member.name not in present:
                yield f"{path}/{member.name}: it is gone"
            else:
                yield from self._member(f"{path}/{member.name}", member, present[member.name], way)
        known = {member.name for member in old.members}
        for member in (each for each in new.members if each.name not in known):
            if old.base in _ALTERNATIVES:
                if way is Direction.FROM_HUB:
                    yield f"{path}/{member.name}: a new alternative in what the hub sends"
            elif member.least:
                yield f"{path}/{member.name}: new, and it must be there"
        order = [member.name for member in old.members if member.name in present]
        if old.base == "sequence" and order != [member.name for member in new.members if member.name in known]:
            yield f"{path}: the order has changed"


def _values(path: str, wide: Shape, narrow: Shape, way: Direction) -> Iterator[str]:
    """Yield where the one that should allow more allows less."""
    how = "narrower" if way is Direction.TO_HUB else "looser"
    if wide.words is not None and (lost := set(narrow.words or ("any",)) - set(wide.words)):
        yield f"{path}: {how} by the words {', '.join(sorted(lost))}"
    for name, limit in wide.lower.items():
        if limit > narrow.lower.get(name, float("-inf")):
            yield f"{path}: {how} by {name}"
    for name, limit in wide.upper.items():
        if limit < narrow.upper.get(name, float("inf")):
            yield f"{path}: {how} by {name}"
    for rule in sorted(wide.rules - narrow.rules):
        yield f"{path}: {how} by {rule}"
    if narrow.is_open and not wide.is_open:
        yield f"{path}: {how} by whether names that are not agreed may stand there"


def _operations(old: tuple[Operation, ...], new: tuple[Operation, ...]) -> Iterator[str]:
    present = {operation.name: operation for operation in new}
    for operation in old:
        now = present.pop(operation.name, None)
        if now is None:
            yield f"{operation.name}: it is gone"
        elif now.facts != operation.facts:
            yield f"{operation.name}: it is called otherwise than before"
    for operation in present.values():
        if operation.asked is Direction.FROM_HUB:
            yield f"{operation.name}: the hub asks it of systems that do not have it"


def _many(most: int | None) -> str:
    return "any number of times" if most is None else f"{most} times at most"
