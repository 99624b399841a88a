from __future__ import annotations

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from hub.crypto.envelope import Keyring
from hub.crypto.signing import PublicKey, SigningKey, canonical, verify
from hub.errors import InvalidRequest, Tampered

KEY, OTHER = SigningKey(b"\x05" * 32), SigningKey(b"\x06" * 32)
STATEMENT = {"kind": "a test", "b": [1, True, None], "a": {"æ": "Prøv"}}


def test_a_signed_document_is_verified_and_says_what_was_signed() -> None:
    document = KEY.sign(STATEMENT)
    assert verify(document, [OTHER.public, KEY.public])["statement"] == STATEMENT
    assert verify(document)["key"] == KEY.public.name


def test_the_signature_is_ed25519_over_the_canonical_bytes_of_all_the_rest() -> None:
    read = orjson.loads(KEY.sign(STATEMENT))
    signature = bytes.fromhex(read.pop("signature"))
    Ed25519PublicKey.from_public_bytes(KEY.public.raw).verify(signature, canonical(read))


def test_any_changed_byte_is_found_out() -> None:
    document = KEY.sign(STATEMENT)
    for place in range(len(document)):
        for change in (document[place] ^ 1, document[place] ^ 0x20, 0x20):
            changed = document[:place] + bytes([change]) + document[place + 1 :]
            if changed != document:
                with pytest.raises(Tampered):
                    verify(changed, [KEY.public])


@pytest.mark.parametrize("more", [b" ", b"\n", b"{}"])
def test_a_byte_more_or_less_is_found_out(more: bytes) -> None:
    document = KEY.sign(STATEMENT)
    for changed in (document + more, more + document, document[:-1], document[1:]):
        with pytest.raises(Tampered):
            verify(changed, [KEY.public])


def test_a_harmless_spelling_of_the_same_content_is_found_out() -> None:
    pretty = orjson.dumps(orjson.loads(KEY.sign(STATEMENT)), option=orjson.OPT_INDENT_2)
    with pytest.raises(Tampered, match="byte for byte"):
        verify(pretty, [KEY.public])


def test_a_field_twice_or_one_too_many_is_found_out() -> None:
    document = KEY.sign(STATEMENT)
    for changed in (document.replace(b'{"algorithm"', b'{"x":1,"algorithm"'), document[:-1] + b',"statement":{}}'):
        with pytest.raises(Tampered):
            verify(changed, [KEY.public])


def test_another_key_is_not_the_hubs() -> None:
    with pytest.raises(Tampered, match="another key"):
        verify(OTHER.sign(STATEMENT), [KEY.public])


def test_a_document_that_names_a_trusted_key_and_is_signed_by_another_is_found_out() -> None:
    forged = orjson.loads(OTHER.sign(STATEMENT)) | {"key": KEY.public.name, "public_key": KEY.public.text}
    with pytest.raises(Tampered):
        verify(canonical(forged), [KEY.public])


@pytest.mark.parametrize("nothing", [b"", b"[]", b"null", b'"x"', b"{}", b"{", b'{"statement":{}}', b"\xff"])
def test_what_is_no_signed_document_is_refused(nothing: bytes) -> None:
    with pytest.raises(Tampered, match="no signed document"):
        verify(nothing)


def test_a_public_key_is_read_as_it_is_published() -> None:
    assert PublicKey.read(KEY.public.jwk()["x"]) == KEY.public


@pytest.mark.parametrize("text", ["", "AAAA", "!" * 43, "é" * 43])
def test_what_is_no_public_key_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest):
        PublicKey.read(text)


def test_the_name_of_a_key_is_its_rfc_7638_thumbprint() -> None:
    """The example of RFC 8037, appendix A.3."""
    assert PublicKey.read("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo").name == (
        "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    )


def test_the_signing_key_follows_from_the_index_key_unless_it_is_given() -> None:
    first, again = (Keyring({1: b"\x01" * 32}, b"\x02" * 32) for _ in range(2))
    assert first.signing_key.public == again.signing_key.public
    assert Keyring({1: b"\x01" * 32}, b"\x03" * 32).signing_key.public != first.signing_key.public
    assert Keyring({1: b"\x01" * 32}, b"\x02" * 32, b"\x05" * 32).signing_key.public == KEY.public


def test_a_key_says_nothing_secret_of_itself() -> None:
    assert repr(KEY) == f"SigningKey({KEY.public.name})"
