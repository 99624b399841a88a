"""Webhooks signed and verified: the standard's own example, other secrets, other times, and what is no signature."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.adapters._webhook import TOLERANCE, read_secret, signed, verify
from hub.errors import NotAuthenticated
from hub.testing.clock import frozen

#: The example of the standard's own documentation and libraries.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ID, AT, BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", datetime.fromtimestamp(1614265330, UTC), b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

KEY = read_secret(SECRET)
OTHER_KEY = b"another secret of 24 byte"
HEADERS = {"webhook-id": ID, "webhook-timestamp": "1614265330", "webhook-signature": SIGNATURE}


def test_the_example_of_the_standard_is_signed_as_it_says() -> None:
    assert signed([KEY], ID, BODY, AT) == HEADERS
    with frozen(AT):
        assert verify([KEY], HEADERS, BODY) == ID


def test_another_implementation_agrees() -> None:
    digest = hmac.new(OTHER_KEY, b"a1.1614265330.\xff\x00", hashlib.sha256).digest()
    wanted = "v1," + base64.b64encode(digest).decode()
    assert signed([OTHER_KEY], "a1", b"\xff\x00", AT)["webhook-signature"] == wanted


def test_while_a_secret_is_replaced_both_are_signed_with_and_either_is_taken() -> None:
    both = signed([KEY, OTHER_KEY], ID, BODY, AT)
    assert both["webhook-signature"].count("v1,") == 2
    with frozen(AT):
        assert verify([KEY], both, BODY) == verify([OTHER_KEY], both, BODY) == ID
        assert verify([OTHER_KEY, KEY], HEADERS, BODY) == ID


@pytest.mark.parametrize("seconds", [-TOLERANCE, 0, TOLERANCE])
def test_a_repeat_within_the_window_is_taken(seconds: int) -> None:
    with frozen(AT + timedelta(seconds=seconds)):
        assert verify([KEY], HEADERS, BODY) == verify([KEY], HEADERS, BODY) == ID


@pytest.mark.parametrize("seconds", [-TOLERANCE - 1, TOLERANCE + 1, 86_400 * 365])
def test_another_time_than_now_is_refused_and_says_so(seconds: int) -> None:
    with frozen(AT + timedelta(seconds=seconds)), pytest.raises(NotAuthenticated, match="seconds ago"):
        verify([KEY], HEADERS, BODY)


@pytest.mark.parametrize(
    "changed",
    [
        {"webhook-id": "msg_other"},
        {"webhook-timestamp": "1614265331"},
        {"webhook-signature": SIGNATURE.replace("v1,", "v1a,")},
        {"webhook-signature": SIGNATURE.replace("v1,", "V1,")},
        {"webhook-signature": SIGNATURE[:-1]},
        {"webhook-signature": "v1,"},
        {"webhook-signature": "v1"},
        {"webhook-signature": SIGNATURE.replace("+", "-").replace("/", "_")},
        {"webhook-signature": "v1,æøå"},
    ],
)
def test_anything_else_than_what_was_signed_is_refused(changed: dict[str, str]) -> None:
    with frozen(AT), pytest.raises(NotAuthenticated, match="No signature"):
        verify([KEY], HEADERS | changed, BODY)


def test_another_body_or_secret_or_none_is_refused() -> None:
    with frozen(AT):
        for secrets, body in (([KEY], BODY + b" "), ([OTHER_KEY], BODY), ([], BODY)):
            with pytest.raises(NotAuthenticated, match="No signature"):
                verify(secrets, HEADERS, body)


@pytest.mark.parametrize(
    "changed",
    [
        {"webhook-id": ""},
        {"webhook-id": "a.1"},
        {"webhook-id": "a b"},
        {"webhook-id": "a" * 256},
        {"webhook-timestamp": ""},
        {"webhook-timestamp": "-1"},
        {"webhook-timestamp": "1614265330.0"},
        {"webhook-timestamp": "١٦١٤٢٦٥٣٣٠"},
        {"webhook-timestamp": "9" * 5000},
        {"webhook-signature": ""},
    ],
)
def test_what_is_no_webhook_is_refused_without_a_look_at_the_signature(changed: dict[str, str]) -> None:
    with frozen(AT), pytest.raises(NotAuthenticated, match="no usable"):
        verify([KEY], HEADERS | changed, BODY)


def test_signatures_without_end_are_refused() -> None:
    many = " ".join(["v1,x"] * 100_000 + [SIGNATURE])
    with frozen(AT), pytest.raises(NotAuthenticated, match="more than"):
        verify([KEY], HEADERS | {"webhook-signature": many}, BODY)


def test_a_full_stop_in_an_id_cannot_move_bytes_between_the_id_and_the_body() -> None:
    """``a`` + ``1614265330`` + ``7.x`` would sign the same bytes as ``a.1614265330`` + ``7`` + ``x``."""
    headers = signed([KEY], "a", b"7.x", AT)
    with frozen(datetime.fromtimestamp(7, UTC)), pytest.raises(NotAuthenticated):
        verify([KEY], headers | {"webhook-id": "a.1614265330", "webhook-timestamp": "7"}, b"x")
    with pytest.raises(ValueError, match="full stop"):
        signed([KEY], "a.b", BODY, AT)


@pytest.mark.parametrize(
    "text", ["", "whsec_", SECRET[6:], "whsec_c2hvcnQ=", "whsec_" + "QUFB" * 22, "whsec_ÆØÅ", "whsec_a b"]
)
def test_what_is_no_secret_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(ValueError, match="24 to 64") as refused:
        read_secret(text)
    assert not text[6:] or text[6:] not in str(refused.value)


@given(st.binary(min_size=24, max_size=64), st.from_regex(r"[!-\-/-~]{1,255}", fullmatch=True), st.binary())
def test_whatever_is_signed_is_verified(secret: bytes, message_id: str, body: bytes) -> None:
    assert read_secret("whsec_" + base64.b64encode(secret).decode()) == secret
    with frozen(AT):
        assert verify([secret], signed([secret], message_id, body, AT), body) == message_id
