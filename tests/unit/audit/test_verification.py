"""A thousand forgeries of a sealed audit are found, by someone who has a checkpoint and nothing else of the hub."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest

from hub.audit.checkpoint import Checkpoint, read_checkpoint
from hub.audit.entry import FIRST_LINK, Entry, leaf_of, link
from hub.audit.merkle import Frontier
from hub.audit.verification import KIND, verify
from hub.crypto.signing import SigningKey
from hub.errors import Tampered

KEY, THIEF = SigningKey(b"\x07" * 32), SigningKey(b"\x08" * 32)
ORIGIN = "one-plan-hub/0376/audit"
THEN = datetime(2026, 11, 28, 12, tzinfo=UTC)
SEED = int(os.environ["HUB_TEST_SEED"])
Told = list[dict[str, Any]]


def entry(row: int) -> dict[str, Any]:
    at = THEN + timedelta(seconds=row)
    return Entry(row, "0376", at, "read", f"client-{row % 3}", UUID(int=row % 5), "c", '{"shown":3}').told()


def entries(size: int) -> Told:
    return [entry(row) for row in range(1, size + 1)]


def sealed(told: Told) -> tuple[Told, Frontier, bytes]:
    """Seal entries as the hub does."""
    lines, tree, chain = [], Frontier(), FIRST_LINK
    for position, one in enumerate(told):
        leaf = leaf_of(one)
        tree, chain = tree.append(leaf), link(chain, leaf)
        lines.append({"position": position, "leaf": leaf.hex(), "chain": chain.hex(), "entry": one})
    return lines, tree, chain


def checkpoint(told: Told, key: SigningKey = KEY, cleared: int = 0) -> str:
    _, tree, chain = sealed(told)
    return Checkpoint(ORIGIN, tree.size, tree.root(), chain, THEN, cleared).signed(key)


def export(lines: Told, *checkpoints: str, key: SigningKey = KEY) -> list[bytes]:
    head: Told = [{"kind": KIND, "origin": ORIGIN, "public_key": key.public.text}]
    return [orjson.dumps(line) for line in [*head, *({"checkpoint": text} for text in checkpoints), *lines]]


def test_what_was_sealed_is_whole() -> None:
    told = entries(37)
    verdict = verify(export(sealed(told)[0], checkpoint(told[:20])), [checkpoint(told[:30])], [KEY.public])
    assert verdict.is_whole
    assert (verdict.entries, verdict.checked_to, verdict.witnessed_to) == (37, 30, 30)


def changed(told: Told, dice: random.Random) -> Told:
    at = dice.randrange(len(told))
    name = dice.choice(["at", "action", "actor", "plan", "correlation_id", "details", "municipality"])
    return [*told[:at], told[at] | {name: f"{told[at][name]}x"}, *told[at + 1 :]]


def deleted(told: Told, dice: random.Random) -> Told:
    at = dice.randrange(len(told))
    return told[:at] + told[at + 1 :]


def inserted(told: Told, dice: random.Random) -> Told:
    at = dice.randrange(len(told))
    return [*told[:at], entry(10_000), *told[at:]]


def reordered(told: Told, dice: random.Random) -> Told:
    one, other = sorted(dice.sample(range(len(told)), 2))
    return [*told[:one], told[other], *told[one + 1 : other], told[one], *told[other + 1 :]]


def cut(told: Told, dice: random.Random) -> Told:
    return told[: dice.randrange(len(told))]


FORGERIES: list[Callable[[Told, random.Random], Told]] = [changed, deleted, inserted, reordered, cut]


@pytest.mark.parametrize("forge", FORGERIES)
def test_a_forgery_that_is_sealed_anew_is_found_by_a_checkpoint_kept_outside(
    forge: Callable[[Told, random.Random], Told],
) -> None:
    """Two hundred of each kind: their maker owns the database, and hashes everything after the change anew."""
    dice, found = random.Random(f"{SEED}-{forge.__name__}"), 0
    for _ in range(200):
        told = entries(dice.randrange(2, 60))
        forged = forge(told, dice)
        verdict = verify(export(sealed(forged)[0]), [checkpoint(told)], [KEY.public])
        found += not verdict.is_whole
    assert found == 200


@pytest.mark.parametrize("forge", FORGERIES[:4])
def test_a_forgery_that_is_not_sealed_anew_is_found_without_any_checkpoint(
    forge: Callable[[Told, random.Random], Told],
) -> None:
    dice = random.Random(f"{SEED}-{forge.__name__}")
    for _ in range(50):
        lines = sealed(entries(20))[0]
        if forge is changed:
            at = dice.randrange(20)
            lines[at] = lines[at] | {"entry": changed([lines[at]["entry"]], dice)[0]}
        elif forge is deleted:
            del lines[dice.randrange(19)]
        else:
            lines = forge(lines, dice)
        assert not verify(export(lines), [], [KEY.public]).is_whole


def test_one_flipped_bit_of_an_entry_is_found_where_it_is() -> None:
    lines = sealed(entries(9))[0]
    lines[4]["entry"]["actor"] = chr(ord(lines[4]["entry"]["actor"][0]) ^ 1) + lines[4]["entry"]["actor"][1:]
    assert "Entry 4 is not what was sealed: it was changed." in verify(export(lines), [], [KEY.public]).faults


def test_one_that_signs_with_a_key_of_its_own_is_found() -> None:
    forged = entries(8)[:-1]
    mine = export(sealed(forged)[0], checkpoint(forged, THIEF), key=THIEF)
    assert not verify(mine, [], [KEY.public]).is_whole  # by the key
    with pytest.raises(Tampered):  # or by the checkpoint that the true key has signed
        verify(mine, [checkpoint(entries(8))])


def test_what_was_cleared_is_known_by_a_checkpoint_and_nothing_more_may_be_missing() -> None:
    told = entries(10)
    lines = [line | {"entry": None} if line["position"] < 4 else line for line in sealed(told)[0]]
    verdict = verify(export(lines, checkpoint(told, cleared=4)), [checkpoint(told[:6])], [KEY.public])
    assert (verdict.faults, verdict.cleared, verdict.witnessed_to) == ([], 4, 6)
    assert not verify(export(lines, checkpoint(told, cleared=3)), [], [KEY.public]).is_whole


@pytest.mark.parametrize("cleared", [10, 10**9])
def test_an_entry_that_is_gone_between_others_is_found_whatever_is_said_to_be_cleared(cleared: int) -> None:
    """Who may write the database alone can say that all may be cleared, and the hub would sign it."""
    told = entries(10)
    lines = [line | {"entry": None} if line["position"] in (5, 8) else line for line in sealed(told)[0]]
    faults = verify(export(lines, checkpoint(told, cleared=cleared)), [checkpoint(told[:9])], [KEY.public]).faults
    assert [fault.split(" was ")[0] for fault in faults if "only a beginning" in fault] == ["Entry 5", "Entry 8"]
    assert any("more were cleared" in fault for fault in faults) == (cleared > len(told))


@pytest.mark.parametrize("old", [None, 5, "x", {"x": 1}])
def test_an_export_that_names_no_list_of_old_keys_is_none(old: object) -> None:
    head, *lines = export(sealed(entries(3))[0], checkpoint(entries(3)))
    with pytest.raises(Tampered, match="list of keys"):
        verify([orjson.dumps(orjson.loads(head) | {"old_keys": old}), *lines])


def test_a_checkpoint_is_what_was_signed_to_the_letter() -> None:
    text = checkpoint(entries(5))
    assert read_checkpoint(text, KEY.public).size == 5
    assert text.splitlines()[:2] == [ORIGIN, "5"]
    for changed_text in (text.replace("\n5\n", "\n6\n"), text.replace("cleared 0", "cleared 1"), "", "x\n\n— x y\n"):
        with pytest.raises(Tampered):
            read_checkpoint(changed_text, KEY.public)


@pytest.mark.parametrize("lines", [[], [b"{}"], [b"no"], [b"[]"]])
def test_what_is_no_export_is_said_to_be_none(lines: list[bytes]) -> None:
    with pytest.raises(Tampered):
        verify(lines, [], [KEY.public])
