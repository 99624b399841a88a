"""The tree is that of RFC 9162: it gives the roots that Certificate Transparency's own tests have."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.audit.merkle import Frontier, leaf_hash, node_hash

#: Inputs and roots of the reference tests of RFC 6962, whose tree RFC 9162 keeps.
INPUTS = ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
ROOTS = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
LEAVES = [leaf_hash(bytes.fromhex(text)) for text in INPUTS]
SIZES = st.integers(1, 70)


def leaves(size: int) -> list[bytes]:
    return [leaf_hash(number.to_bytes(2)) for number in range(size)]


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Return the root by the definition (RFC 9162, 2.1.1): of two halves, the first as full as it can be."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    half = 1 << ((len(leaves) - 1).bit_length() - 1)
    return node_hash(root_of(leaves[:half]), root_of(leaves[half:]))


def grown(leaves: Sequence[bytes]) -> Frontier:
    tree = Frontier()
    for leaf in leaves:
        tree = tree.append(leaf)
    return tree


@pytest.mark.parametrize("size", range(9))
def test_the_root_is_that_of_the_reference(size: int) -> None:
    assert grown(LEAVES[:size]).root().hex() == root_of(LEAVES[:size]).hex() == ROOTS[size]


@given(SIZES, st.integers(0, 69))
def test_a_tree_goes_on_from_what_was_remembered_of_it(size: int, cut: int) -> None:
    cut = min(cut, size)
    tree = grown(leaves(size)[:cut])
    tree = Frontier.from_bytes(tree.size, tree.to_bytes())
    for leaf in leaves(size)[cut:]:
        tree = tree.append(leaf)
    assert tree.root() == root_of(leaves(size))
