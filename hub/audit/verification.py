"""Whether a sealed audit is whole: read once from the first entry to the last, with no database and no network.

An export is lines of JSON: a head, the hub's own checkpoints, then one line for each sealed entry in the order of
sealing. Who owns the database can write all of them anew, but not a checkpoint that somebody else has kept: so a check
is worth as much as the checkpoint and the key that it is given.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from hub.audit.checkpoint import Checkpoint, read_checkpoint
from hub.audit.entry import FIRST_LINK, leaf_of, link
from hub.audit.merkle import Frontier
from hub.crypto.signing import PublicKey
from hub.errors import Tampered

KIND = "one-plan-hub:audit-export:1"
_MOST_FAULTS = 100
_ASK = "Keep the file, ask for an export anew, and tell the hub's security officer."


@dataclass(slots=True)
class Verdict:
    """What a check found.

    :ivar entries: how many sealed entries were looked at.
    :ivar cleared: of how many of them only the hashes are kept.
    :ivar checked_to: how many of them stand under a checkpoint whose signature and root are right.
    :ivar witnessed_to: how many stand under one that was kept outside.
    :ivar faults: where it is not whole, and how; the first hundred.
    """

    entries: int = 0
    cleared: int = 0
    checked_to: int = 0
    witnessed_to: int = 0
    faults: list[str] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        """Tell whether nothing was found."""
        return not self.faults

    def fault(self, sentence: str) -> None:
        """Note what is wrong."""
        if len(self.faults) < _MOST_FAULTS:
            self.faults.append(sentence)


@dataclass(frozen=True, slots=True)
class _Kept:
    """A checkpoint that is to be met on the way."""

    checkpoint: Checkpoint
    is_outside: bool


def verify(lines: Iterable[bytes], outside: Sequence[str] = (), keys: Sequence[PublicKey] = ()) -> Verdict:
    """Check an export.

    :param outside: checkpoints that somebody else has kept, as signed notes.
    :param keys: the hub's public keys, old ones too; without any those are taken that the export names, which shows
        nothing about whose they are.
    :raises Tampered: it is no export at all, or an outside checkpoint is not signed by such a key.
    """
    read = _read(lines)
    head = next(read, {})
    if head.get("kind") != KIND:
        raise Tampered("This is no export of an audit.", _ASK)
    trusted = keys or _keys_of(head)
    verdict = Verdict()
    kept = [_Kept(read_checkpoint(text, *trusted), True) for text in outside]
    first: dict[str, Any] | None = None
    for told in read:
        if "checkpoint" not in told:
            first = told
            break
        try:
            kept.append(_Kept(read_checkpoint(str(told["checkpoint"]), *trusted), False))
        except Tampered as error:
            verdict.fault(error.sentence)
    _one_origin(kept, str(head.get("origin")), verdict)
    _walk(_from(first, read), kept, verdict)
    return verdict


def _walk(entries: Iterator[dict[str, Any]], kept: Sequence[_Kept], verdict: Verdict) -> None:
    """Go through the entries, and look at each checkpoint where it stands."""
    tree, chain, rows = Frontier(), FIRST_LINK, set[str]()
    may_be_cleared = max((one.checkpoint.cleared for one in kept), default=0)
    standing: dict[int, list[_Kept]] = {}
    for one in kept:
        standing.setdefault(one.checkpoint.size, []).append(one)
        if one.checkpoint.cleared > one.checkpoint.size:
            verdict.fault(
                f"A checkpoint of {one.checkpoint.size} entries says that more were cleared: nobody clears so."
            )
    _meet(standing.pop(0, []), tree, chain, verdict)
    for told in entries:
        leaf = _leaf(told, tree.size, may_be_cleared, rows, verdict)
        tree, chain = tree.append(leaf), link(chain, leaf)
        if told.get("chain") != chain.hex():
            verdict.fault(f"Entry {tree.size - 1} does not stand on the one before it: the chain breaks here.")
        _meet(standing.pop(tree.size, []), tree, chain, verdict)
    verdict.entries = tree.size
    for size in sorted(standing):
        verdict.fault(f"A checkpoint knows {size} entries, and {tree.size} are there: the end was cut off.")


def _leaf(told: dict[str, Any], position: int, may_be_cleared: int, rows: set[str], verdict: Verdict) -> bytes:
    """Return an entry's hash by what it says, and look at whether it is what was sealed."""
    if told.get("position") != position:
        verdict.fault(f"Entry {position} is missing or out of order.")
    try:
        sealed = bytes.fromhex(str(told.get("leaf")))
    except ValueError:
        sealed = b""
    entry = told.get("entry")
    if not isinstance(entry, dict):
        verdict.cleared += 1
        if rows:
            verdict.fault(
                f"Entry {position} was deleted, and earlier ones are there: only a beginning is ever cleared."
            )
        if position >= may_be_cleared:
            verdict.fault(f"Entry {position} was deleted, and no checkpoint says that it was cleared.")
        return sealed
    row = str(entry.get("row"))
    if row in rows:
        verdict.fault(f"Entry {position} is there twice.")
    rows.add(row)
    leaf = leaf_of(entry)
    if leaf != sealed:
        verdict.fault(f"Entry {position} is not what was sealed: it was changed.")
    return leaf


def _meet(met: Iterable[_Kept], tree: Frontier, chain: bytes, verdict: Verdict) -> None:
    for one in met:
        if one.checkpoint.root != tree.root() or one.checkpoint.chain != chain:
            whose = "that was kept outside" if one.is_outside else "of the hub"
            verdict.fault(f"The first {tree.size} entries are not those of the checkpoint {whose}.")
            continue
        verdict.checked_to = max(verdict.checked_to, tree.size)
        if one.is_outside:
            verdict.witnessed_to = max(verdict.witnessed_to, tree.size)


def _one_origin(kept: Sequence[_Kept], origin: str, verdict: Verdict) -> None:
    if any(one.checkpoint.origin != origin for one in kept):
        verdict.fault("A checkpoint is of another hub's audit.")


def _keys_of(head: dict[str, Any]) -> Sequence[PublicKey]:
    """Return the keys that an export names, the present one first."""
    old = head.get("old_keys", [])
    if not isinstance(old, list):
        raise Tampered("The head of the export names no list of keys.", _ASK)
    return [PublicKey.read(str(one)) for one in (head.get("public_key", ""), *old)]


def _read(lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    for line in lines:
        try:
            told = orjson.loads(line)
        except orjson.JSONDecodeError:
            raise Tampered("A line of the export is no JSON.", _ASK) from None
        if not isinstance(told, dict):
            raise Tampered("A line of the export is no object of JSON.", _ASK)
        yield told


def _from(first: dict[str, Any] | None, others: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    if first is not None:
        yield first
        yield from others
