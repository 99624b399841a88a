"""The Merkle tree of RFC 9162: its root, as entries come one by one.

    tree = Frontier().append(leaf_hash(b"a")).append(leaf_hash(b"b"))
    tree.root()

Hashes are SHA-256; a leaf begins with 0x00 and a node with 0x01, so that neither can be taken for the other
(RFC 9162, 2.1.1).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

HASH_BYTES = 32


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of an entry."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of a node with two children."""
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Frontier:
    """A tree that grows, remembered by the roots of its full subtrees, widest first: as many as ``size`` has 1-bits."""

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    def append(self, leaf: bytes) -> Frontier:
        """Return the tree with one more leaf."""
        peaks, node, size = list(self.peaks), leaf, self.size
        while size & 1:
            node = node_hash(peaks.pop(), node)
            size >>= 1
        return Frontier(self.size + 1, (*peaks, node))

    def root(self) -> bytes:
        """Return the tree's hash; of the empty tree the hash of nothing (RFC 9162, 2.1.1)."""
        if not self.peaks:
            return hashlib.sha256(b"").digest()
        root = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            root = node_hash(peak, root)
        return root

    def to_bytes(self) -> bytes:
        """Return the peaks one after the other."""
        return b"".join(self.peaks)

    @classmethod
    def from_bytes(cls, size: int, peaks: bytes) -> Frontier:
        """Read what ``to_bytes`` gave."""
        return cls(size, tuple(peaks[at : at + HASH_BYTES] for at in range(0, len(peaks), HASH_BYTES)))
