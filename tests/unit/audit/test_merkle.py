"""The tree is that of RFC 9162: it gives the roots that Certificate Transparency's own tests have."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.audit.merkle import (
    Frontier,
    consistency_proof,
    inclusion_proof,
    is_consistent,
    is_included,
    leaf_hash,
    root_of,
)

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


@pytest.mark.parametrize("size", range(9))
def test_the_root_is_that_of_the_reference(size: int) -> None:
    assert root_of(LEAVES[:size]).hex() == ROOTS[size]


@given(SIZES, st.integers(0, 69))
def test_a_tree_goes_on_from_what_was_remembered_of_it(size: int, cut: int) -> None:
    cut = min(cut, size)
    tree = Frontier()
    for leaf in leaves(size)[:cut]:
        tree = tree.append(leaf)
    tree = Frontier.from_bytes(tree.size, tree.to_bytes())
    for leaf in leaves(size)[cut:]:
        tree = tree.append(leaf)
    assert tree.root() == root_of(leaves(size))


@given(SIZES, st.data())
def test_a_proof_of_inclusion_fits_its_leaf_and_no_other(size: int, data: st.DataObject) -> None:
    index, other = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(leaves(size), index)
    assert is_included(leaves(size)[other], index, size, proof, root_of(leaves(size))) == (index == other)
    assert is_included(leaves(size)[index], other, size, proof, root_of(leaves(size))) == (index == other)


@given(SIZES, st.data())
def test_a_proof_of_consistency_fits_the_earlier_tree_and_no_other(size: int, data: st.DataObject) -> None:
    before = data.draw(st.integers(1, size))
    proof, root = consistency_proof(leaves(size), before), root_of(leaves(size))
    assert is_consistent(before, root_of(leaves(before)), size, root, proof)
    assert not is_consistent(before, root_of([*leaves(before)[:-1], leaf_hash(b"forged")]), size, root, proof)
