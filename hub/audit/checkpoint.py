"""A checkpoint: what the sealed audit was at a moment, signed; whoever keeps one sees every later change before it.

The text is a C2SP tlog-checkpoint in a signed note (https://c2sp.org/tlog-checkpoint, https://c2sp.org/signed-note):
origin, size and root, then lines of our own: the chain's last link, the time, and how many entries have been cleared.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

from hub.crypto.signing import PublicKey, SigningKey
from hub.errors import Tampered

_ED25519 = b"\x01"
_DASH = "— "
_ASK = "Ask whoever gave you the checkpoint for it anew, and do not rely on this one."


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What the audit was.

    :ivar origin: which log, such as ``one-plan-hub/0376/audit``.
    :ivar size: how many entries were sealed.
    :ivar root: of the Merkle tree of all of them, 32 bytes.
    :ivar chain: the last link of the chain, 32 bytes.
    :ivar cleared: of how many entries, from the first on, only the hashes are kept.
    """

    origin: str
    size: int
    root: bytes
    chain: bytes
    at: datetime
    cleared: int = 0

    def body(self) -> str:
        """Return what is signed."""
        lines = [
            self.origin,
            str(self.size),
            _base64(self.root),
            f"chain {_base64(self.chain)}",
            f"time {self.at.astimezone(UTC).isoformat(timespec='seconds')}",
            f"cleared {self.cleared}",
        ]
        return "\n".join(lines) + "\n"

    def signed(self, key: SigningKey) -> str:
        """Return it as a signed note."""
        signature = _key_hash(self.origin, key.public) + key.sign_bytes(self.body().encode())
        return f"{self.body()}\n{_DASH}{self.origin} {_base64(signature)}\n"


def read_checkpoint(text: str, *trusted: PublicKey) -> Checkpoint:
    """Read a signed note. :raises Tampered: it is none, or not signed by one of these keys."""
    try:
        body, _, signatures = text.partition("\n\n")
        body += "\n"
        origin, size, root, chain, at, cleared = body.splitlines()
        found = Checkpoint(
            origin,
            int(size),
            base64.b64decode(root, validate=True),
            base64.b64decode(chain.removeprefix("chain "), validate=True),
            datetime.fromisoformat(at.removeprefix("time ")),
            int(cleared.removeprefix("cleared ")),
        )
        signed = [base64.b64decode(one.rpartition(" ")[2], validate=True) for one in signatures.splitlines()]
    except ValueError:
        raise Tampered("This is no checkpoint of an audit.", _ASK) from None
    own = {_key_hash(origin, key): key for key in trusted}
    is_signed = any(one[:4] in own and own[one[:4]].has_signed(body.encode(), one[4:]) for one in signed)
    if not is_signed or found.body() != body:
        raise Tampered("The checkpoint was changed, or is not signed by a key that is trusted.", _ASK)
    return found


def _key_hash(name: str, key: PublicKey) -> bytes:
    """Return the first four bytes by which a signed note names a key."""
    return hashlib.sha256(name.encode() + b"\n" + _ED25519 + key.raw).digest()[:4]


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
