"""Checks of what comes in. Each returns what it saw in one line, or raises :class:`Unfit`."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import orjson

from hub.authority import Adapter, Parcel
from hub.errors import HubError, Refused
from hub.testing.conformance_contracts import leaves
from hub.testing.conformance_kit import Kit, Unfit, repeats, taken_in, tried
from hub.testing.conformance_sheet import Sheet
from hub.testing.effort import worked
from hub.testing.plain import plain_contribution, plain_error

_THREADS, _SECONDS = 8, 2.0


def examples(kit: Kit) -> str:
    """Each accepted example comes out as its expected file says."""
    adapter, found = kit.adapter(), kit.examples()
    if kit.incoming() and not found:
        raise Unfit("There is no accepted example.", "Put one into examples/ and its outcome into expected/.")
    for sheet, example, expected in found:
        outcome, error = tried(lambda: taken_in(kit, adapter, sheet.parcel(kit.name, example)))  # noqa: B023
        if outcome is None:
            raise Unfit(f"{_of(sheet, example)} is refused or fails: {_said(error)}.", "Correct receive or to_plan.")
        if [plain_contribution(one) for one in outcome[1]] != orjson.loads(expected.read_bytes()):
            raise Unfit(
                f"{_of(sheet, example)} does not come out as {expected.name} says.",
                "Compare to_plan with the file, by hub.testing.plain.plain_contribution.",
            )
    return f"{len(found)} come out as expected" if found else "nothing comes in by this contract"


def refusals(kit: Kit) -> str:
    """Each refused example is refused as its expected file says, by field and never by value."""
    adapter, found = kit.adapter(), kit.examples(refused=True)
    if not found:
        raise Unfit("There is no refused example.", "Put one into examples/refused/ and expected/refused/.")
    for sheet, example, expected in found:
        parcel, golden = sheet.parcel(kit.name, example), orjson.loads(expected.read_bytes())
        _, error = tried(lambda: taken_in(kit, adapter, parcel))  # noqa: B023
        name = _of(sheet, example)
        if not isinstance(error, Refused):
            raise Unfit(f"{name} is not refused ({_said(error)}).", "Raise ContractViolation with a Fault per field.")
        if plain_error(error) != golden:
            raise Unfit(f"{name} is refused otherwise than {expected.name} says.", "Compare the two.")
        if not error.faults and golden["code"] == "contract-violation" and _is_readable(parcel.body):
            raise Unfit(f"{name} is refused without naming a field.", "Give a Fault for each field that is wrong.")
        if repeats(error, parcel.body, sheet.folder):
            raise Unfit(f"The refusal of {name} repeats a value of it.", "Build sentences from the contract alone.")
    return f"{len(found)} are refused, by field and never by value"


def ledger(kit: Kit) -> str:
    """Each leaf of a document that comes in has one fate, with a note, and no other has."""
    count = 0
    for sheet, comes_in in kit.incoming():
        entries = list(kit.words.ledger(sheet.contract))
        told = [entry.path for entry in entries]
        wanted = {leaf for root in comes_in.roots for leaf in leaves(comes_in.schema, root)}
        if silent := sorted(wanted - set(told)):
            raise Unfit(f"{sheet.contract} has leaves without a fate: {_some(silent)}.", "Add them to the ledger.")
        if invented := sorted(set(told) - wanted):
            raise Unfit(f"The ledger tells of leaves that {sheet.contract} lacks: {_some(invented)}.", "Remove them.")
        twice = sorted({path for path in told if told.count(path) > 1})
        mute = sorted(entry.path for entry in entries if not entry.note.strip())
        if twice or mute:
            raise Unfit(
                f"These have two fates, or one without a note: {_some(twice + mute)}.", "Say once what and why."
            )
        count += len(told)
    return f"{count} leaves have a fate"


def message_ids(kit: Kit) -> str:
    """The same bytes have the same message id, here and in another process; other bytes have another."""
    first, second = kit.adapter(), kit.adapter()
    whose: dict[str, bytes] = {}
    for sheet, example, _ in kit.examples():
        parcel = sheet.parcel(kit.name, example)
        ids = {adapter.receive(parcel).message_id for adapter in (first, first, second)}
        if len(ids) > 1 or not all(ids):
            raise Unfit(
                f"{_of(sheet, example)} has no lasting message id.", "Take it from the document, not from chance."
            )
        (own,) = ids
        if whose.setdefault(own, parcel.body) != parcel.body:
            raise Unfit(f"{_of(sheet, example)} has the message id of another example.", "Give each message its own.")
    return f"{len(whose)} messages keep their ids"


def threads(kit: Kit) -> str:
    """One adapter receives in several threads at once what it receives alone."""
    adapter = kit.adapter()
    parcels = [
        sheet.parcel(kit.name, example)
        for is_refused in (False, True)
        for sheet, example, _ in kit.examples(refused=is_refused)
    ]
    alone = [_outcome(kit, adapter, parcel) for parcel in parcels]
    with ThreadPoolExecutor(_THREADS) as pool:
        rounds = list(pool.map(lambda _: [_outcome(kit, adapter, parcel) for parcel in parcels], range(_THREADS)))
    if any(together != alone for together in rounds):
        raise Unfit(
            "What comes out differs when several threads receive at once.",
            "Keep nothing of a document in the adapter; what is shared must not change.",
        )
    return f"{_THREADS} threads received {len(parcels)} documents alike"


def hostile(kit: Kit) -> str:
    """Whatever is no document is refused, soon, and without repeating it."""
    adapter, count = kit.adapter(), 0
    for sheet in kit.sheets:
        usual = sheet.comes_in.content_type if sheet.comes_in else "application/json"
        for name, body in _hostile_bodies(kit, sheet):
            parcel = Parcel(kit.name, body, usual)
            (_, error), took = worked(lambda: tried(lambda: taken_in(kit, adapter, parcel)))  # noqa: B023
            if took > _SECONDS:
                raise Unfit(f"A body of {name} took {took:.1f} s.", "Bound size, depth and the work per byte.")
            if not isinstance(error, Refused):
                raise Unfit(f"A body of {name} is not refused ({_said(error)}).", "Refuse what is no document.")
            if repeats(error, body[:10_000], sheet.folder):
                raise Unfit(f"The refusal of {name} repeats it.", "Build sentences from the contract alone.")
            count += 1
    return f"{count} hostile bodies are refused in time"


def _hostile_bodies(kit: Kit, sheet: Sheet) -> Iterator[tuple[str, bytes]]:
    bomb = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    yield from {
        "nothing": b"",
        "blanks": b" \n" * 1000,
        "zero bytes": b"\x00" * 1000,
        "no UTF-8": b"\xff\xfe\xfa\xfb" * 100,
        "gzip": b"\x1f\x8b\x08\x00" + b"\x00" * 100,
        "deep lists": b"[" * 200_000,
        "deep objects": b'{"a":' * 100_000,
        "deep elements": b"<a>" * 200_000,
        "many values": b"[" + b"0," * 1_000_000 + b"0]",
        "many elements": b"<a>" + b"<b/>" * 300_000 + b"</a>",
        "a number without end": b"9" * 1_000_000,
        "a text without end": b'"' + b"a" * 5_000_000,
        "entities": f'<!DOCTYPE a [<!ENTITY l0 "lol">{bomb}]><a>&l9;</a>'.encode(),
        "an external entity": b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><a>&x;</a>',
        "null": b"null",
        "a text": b'"kanariefugl-7731"',
        "an empty list": b"[]",
        "an empty object": b"{}",
        "an unknown element": b"<kanariefugl-7731/>",
        "NaN": b'{"a": NaN}',
    }.items()
    for own, example, _ in kit.examples()[:1]:
        if own is sheet:
            body = example.read_bytes()
            yield from ((f"an example cut at {part}/8", body[: len(body) * part // 8]) for part in range(1, 8))
            yield "an example twice", body + body


def _outcome(kit: Kit, adapter: Adapter, parcel: Parcel) -> Any:
    outcome, error = tried(lambda: taken_in(kit, adapter, parcel))
    if outcome is not None:
        return outcome[0].message_id, [plain_contribution(one) for one in outcome[1]]
    return plain_error(error) if isinstance(error, HubError) else type(error).__name__


def _is_readable(body: bytes) -> bool:
    """Tell whether a body is JSON; of what cannot be parsed, no field can be named."""
    return tried(lambda: orjson.loads(body))[1] is None


def _of(sheet: Sheet, example: Path) -> str:
    return f"{sheet.contract} {example.relative_to(sheet.folder / 'examples')}"


def _said(error: Exception | None) -> str:
    """Say of an error what may be shown: never its text, unless it is one of the hub's own."""
    if isinstance(error, HubError):
        return f"{error.code}, {', '.join(fault.field for fault in error.faults) or 'no field named'}"
    return type(error).__name__ if error else "it was taken in"


def _some(paths: list[str]) -> str:
    return ", ".join(paths[:5]) + (f" and {len(paths) - 5} more" if len(paths) > 5 else "")
