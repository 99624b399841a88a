from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from hub.crypto.envelope import Keyring, keyed_digest, seal, unseal
from hub.errors import SettingsRefused, Tampered

KEY, ANOTHER_KEY, INDEX_KEY = b"\x01" * 32, b"\x02" * 32, b"\x03" * 32
PLACE = "elements|e1|p1"


def a_keyring(*versions: int, index_key: bytes = INDEX_KEY) -> Keyring:
    return Keyring({version: bytes([version]) * 32 for version in versions or (1,)}, index_key)


@given(st.binary(max_size=2000), st.text(max_size=40))
def test_what_is_sealed_for_a_place_opens_there(plain: bytes, place: str) -> None:
    assert unseal(KEY, seal(KEY, plain, place), place) == plain


def test_the_same_content_never_looks_the_same_twice() -> None:
    assert seal(KEY, b"plain", PLACE) != seal(KEY, b"plain", PLACE)


def test_sealed_bytes_show_nothing_of_the_content() -> None:
    assert b"0201609995" not in seal(KEY, b"0201609995" * 100, PLACE)


@pytest.mark.parametrize(("key", "place"), [(ANOTHER_KEY, PLACE), (KEY, "elements|e2|p1"), (KEY, "elements|e1|p2")])
def test_another_key_or_place_does_not_open_it(key: bytes, place: str) -> None:
    sealed = seal(KEY, b"plain", PLACE)
    with pytest.raises(Tampered):
        unseal(key, sealed, place)


def of_format_1(plain: bytes, place: str) -> bytes:
    nonce = b"n" * 12
    return b"\x01" + nonce + AESGCM(KEY).encrypt(nonce, plain, place.encode())


def test_what_format_1_sealed_opens_at_the_place_as_it_was_named_then() -> None:
    assert unseal(KEY, of_format_1(b"plain", "elements|e1|p1"), "elements|e1|p1|2026-01-01", PLACE) == b"plain"
    assert unseal(KEY, of_format_1(b"plain", PLACE), PLACE) == b"plain"


def test_neither_format_passes_for_the_other() -> None:
    for sealed in (of_format_1(b"plain", PLACE), seal(KEY, b"plain", PLACE)):
        other = bytes([3 - sealed[0]]) + sealed[1:]
        with pytest.raises(Tampered):
            unseal(KEY, other, PLACE)


def test_a_wrapped_key_is_bound_to_its_version_even_where_two_versions_are_the_same_key() -> None:
    keyring = Keyring({1: KEY, 2: KEY}, INDEX_KEY)
    _, wrapped = keyring.new_data_key("p")
    assert wrapped[:4] == (2).to_bytes(4)
    with pytest.raises(Tampered):
        keyring.unwrap((1).to_bytes(4) + wrapped[4:], "p")


def test_every_single_bit_counts() -> None:
    sealed = seal(KEY, b"Ro om aftenen", PLACE)
    for position in range(len(sealed) * 8):
        flipped = bytearray(sealed)
        flipped[position // 8] ^= 1 << position % 8
        with pytest.raises(Tampered):
            unseal(KEY, bytes(flipped), PLACE)


@pytest.mark.parametrize("length", [0, 1, 12, 13, 28, 29])
def test_bytes_cut_short_do_not_open(length: int) -> None:
    with pytest.raises(Tampered):
        unseal(KEY, seal(KEY, b"x", PLACE)[:length], PLACE)


def test_the_error_names_the_table_and_nothing_more() -> None:
    with pytest.raises(Tampered) as caught:
        unseal(KEY, seal(KEY, b"Ro om aftenen", PLACE), "people|6f6e6520")
    assert "people" in caught.value.sentence
    assert "6f6e6520" not in caught.value.sentence
    assert caught.value.__cause__ is None


# --- the keyring --------------------------------------------------------------------------------------------------


def test_a_data_key_opens_with_its_master_key_at_its_place() -> None:
    keyring = a_keyring()
    key, wrapped = keyring.new_data_key("plans|p1|key")
    assert keyring.unwrap(wrapped, "plans|p1|key") == key
    assert key not in wrapped
    with pytest.raises(Tampered):
        keyring.unwrap(wrapped, "plans|p2|key")


def test_the_newest_master_key_wraps_and_the_old_one_still_unwraps() -> None:
    key, wrapped = a_keyring(1).new_data_key("p")
    rotated = a_keyring(1, 2)
    assert rotated.unwrap(wrapped, "p") == key
    _, fresh = rotated.new_data_key("p")
    with pytest.raises(SettingsRefused):
        a_keyring(1).unwrap(fresh, "p")
    a_keyring(2).unwrap(fresh, "p")


def test_a_missing_master_key_is_named_by_its_variable() -> None:
    _, wrapped = a_keyring(7).new_data_key("p")
    with pytest.raises(SettingsRefused) as caught:
        a_keyring(8).unwrap(wrapped, "p")
    assert "HUB_KEYS__7" in caught.value.sentence


def test_every_bit_of_a_wrapped_key_counts() -> None:
    keyring = a_keyring()
    _, wrapped = keyring.new_data_key("p")
    for position in range(len(wrapped) * 8):
        flipped = bytearray(wrapped)
        flipped[position // 8] ^= 1 << position % 8
        with pytest.raises((Tampered, SettingsRefused)):
            keyring.unwrap(bytes(flipped), "p")


def test_what_is_sealed_alone_carries_its_own_key() -> None:
    sealed = a_keyring(1).seal_alone(b"body", "inbox|1")
    assert a_keyring(1, 2).unseal_alone(sealed, "inbox|1") == b"body"
    with pytest.raises(Tampered):
        a_keyring(1).unseal_alone(sealed, "inbox|2")


def test_no_key_shows_in_a_repr() -> None:
    shown = repr(Keyring({1: b"k" * 32}, b"i" * 32))
    assert "kkkk" not in shown
    assert "iiii" not in shown
    assert shown == "Keyring(versions=[1])"


# --- the blind index ----------------------------------------------------------------------------------------------


def test_equal_values_meet_and_anything_else_does_not() -> None:
    keyring = a_keyring()
    index = keyring.blind_index("person", "0376", "urn:oid:1.2.208.176.1.2", "0201609995")
    others = {
        keyring.blind_index("person", "0101", "urn:oid:1.2.208.176.1.2", "0201609995"),
        keyring.blind_index("person", "0376", "urn:another:system", "0201609995"),
        keyring.blind_index("case", "0376", "urn:oid:1.2.208.176.1.2", "0201609995"),
        keyring.blind_index("person", "0376", "urn:oid:1.2.208.176.1.2", "0201609996"),
        a_keyring(index_key=b"\x04" * 32).blind_index("person", "0376", "urn:oid:1.2.208.176.1.2", "0201609995"),
    }
    assert index == a_keyring(9).blind_index("person", "0376", "urn:oid:1.2.208.176.1.2", "0201609995")
    assert len(others) == 5
    assert index not in others
    assert len(index) == 32


def test_a_digest_depends_on_its_key() -> None:
    assert keyed_digest(KEY, b"x") != keyed_digest(ANOTHER_KEY, b"x")
