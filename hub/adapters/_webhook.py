"""Sign and verify webhooks as Standard Webhooks 1.0 says: a shared secret, HMAC-SHA256, and a time close to now.

    headers = signed(secrets, message_id, body, now())      # out: one signature for each secret
    message_id = verify(secrets, headers, body)             # in: its id, or NotAuthenticated

What is signed is ``<webhook-id>.<webhook-timestamp>.<body>``. While a secret is being replaced, a side may know two:
a sender signs with each, and a receiver takes any one of its own.
"""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, SecretStr

from hub.clock import now
from hub.errors import NotAuthenticated

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
#: Seconds that a signature may be old, or ahead of our clock.
TOLERANCE = 300

_PREFIX = "whsec_"
_BYTES = range(24, 65)
# No full stop: with one in the id, two different messages could have the same signed content.
_AN_ID = re.compile(r"[!-\-/-~]{1,255}")
_A_TIME = re.compile(r"[0-9]{1,11}", re.ASCII)
_MOST_SIGNATURES = 16  # whoever replaces a secret sends two
_STANDARD = (
    "Sign as Standard Webhooks 1.0 says (https://www.standardwebhooks.com), with the secret agreed with the hub."
)


def read_secret(text: str) -> bytes:
    """Read a secret as the standard writes it. :raises ValueError: it is none; the secret is not repeated."""
    try:
        secret = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
    except ValueError:
        secret = b""
    if not text.startswith(_PREFIX) or len(secret) not in _BYTES:
        raise ValueError("is whsec_ and 24 to 64 random bytes in base64; make some with: openssl rand -base64 32")
    return secret


def _checked(secret: SecretStr) -> SecretStr:
    read_secret(secret.get_secret_value())
    return secret


#: A secret in the settings of an adapter.
WebhookSecret = Annotated[SecretStr, AfterValidator(_checked)]


def bytes_of(*secrets: SecretStr | None) -> list[bytes]:
    """Return the secrets that are set."""
    return [read_secret(secret.get_secret_value()) for secret in secrets if secret is not None]


def signed(secrets: Sequence[bytes], message_id: str, body: bytes, at: datetime) -> dict[str, str]:
    """Return the headers that sign a body: one signature for each secret.

    :param message_id: the message's name, the same for each repeat of it.
    :raises ValueError: there is no secret, or the id has a full stop, a space or is over 255 characters.
    """
    if not secrets or not _AN_ID.fullmatch(message_id):
        raise ValueError("A webhook needs a secret, and an id of visible ASCII characters without a full stop.")
    timestamp = str(int(at.timestamp()))
    signatures = " ".join(_signature(secret, message_id, timestamp, body) for secret in secrets)
    return {ID: message_id, TIMESTAMP: timestamp, SIGNATURE: signatures}


def verify(secrets: Sequence[bytes], headers: Mapping[str, str], body: bytes) -> str:
    """Return the id of a webhook that was signed with one of the secrets, and not long ago.

    A repeat of it within the five minutes is as good as the first: its id says that it is one.

    :param headers: with lower-case names.
    :raises NotAuthenticated: it is not signed, not by one of the secrets, or at another time than now.
    """
    message_id, timestamp = headers.get(ID, ""), headers.get(TIMESTAMP, "")
    shown = headers.get(SIGNATURE, "").split(" ")
    if not (_AN_ID.fullmatch(message_id) and _A_TIME.fullmatch(timestamp)) or shown == [""]:
        raise NotAuthenticated(f"The message has no usable {ID}, {TIMESTAMP} and {SIGNATURE}.", _STANDARD)
    if len(shown) > _MOST_SIGNATURES:
        raise NotAuthenticated(f"The message has more than {_MOST_SIGNATURES} signatures.", _STANDARD)
    wanted = [_signature(secret, message_id, timestamp, body).encode() for secret in secrets]
    matches = [hmac.compare_digest(one.encode(), ours) for one in shown for ours in wanted]
    if not any(matches):
        raise NotAuthenticated("No signature of the message was made with a secret that the hub knows.", _STANDARD)
    # Only to whoever has the secret do we say that the time is wrong.
    if abs(int(timestamp) - now().timestamp()) > TOLERANCE:
        raise NotAuthenticated(
            f"The message was signed more than {TOLERANCE} seconds ago, or ahead.",
            "Sign each sending anew, with the same id, and set the clock of the sending machine by NTP.",
        )
    return message_id


def _signature(secret: bytes, message_id: str, timestamp: str, body: bytes) -> str:
    content = b".".join((message_id.encode(), timestamp.encode(), body))
    return "v1," + base64.b64encode(hmac.digest(secret, content, "sha256")).decode()
