"""Sign what goes to a partner, by Standard Webhooks 1.0 with a shared secret."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Sequence
from datetime import datetime

_PREFIX = "whsec_"
_BYTES = range(24, 65)


def read_secret(text: str) -> bytes:
    """Read a secret as the standard writes it. :raises ValueError: it is none; the secret is not repeated."""
    try:
        secret = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
    except ValueError:
        secret = b""
    if not text.startswith(_PREFIX) or len(secret) not in _BYTES:
        raise ValueError("is whsec_ and 24 to 64 random bytes in base64; make some with: openssl rand -base64 32")
    return secret


def signed(secrets: Sequence[bytes], message_id: str, body: bytes, at: datetime) -> dict[str, str]:
    """Return the headers that sign a body: one signature for each secret."""
    timestamp = str(int(at.timestamp()))
    content = b".".join((message_id.encode(), timestamp.encode(), body))
    digests = (base64.b64encode(hmac.digest(secret, content, "sha256")).decode() for secret in secrets)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(f"v1,{digest}" for digest in digests),
    }
