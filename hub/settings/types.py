"""What a setting's text may be: a key, a name."""

from __future__ import annotations

import base64
from typing import Annotated

from pydantic import BeforeValidator, Field, SecretBytes

_KEY_BYTES = 32


def _key(text: object) -> bytes:
    """Read a key of 256 bits, written in base64."""
    try:
        key = text if isinstance(text, bytes) else base64.b64decode(str(text), validate=True)
    except ValueError:
        key = b""
    if len(key) != _KEY_BYTES:
        raise ValueError("needs 32 random bytes in base64; make some with: hub new-key")
    return key


Key = Annotated[SecretBytes, BeforeValidator(_key)]
PublicKeyText = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{43}$")]
KeyVersion = Annotated[int, Field(ge=1, lt=2**32)]  # four bytes of it stand before each key that it wraps


#: An organisation's or a client's: it stands in audit rows (64 characters) and in ids of FHIR.
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
#: A person's: of the municipality's own, or the pseudonym that the hub knows them by (``identity.signing_in``).
Holder = Annotated[str, Field(pattern=r"^([a-z0-9][a-z0-9-]{0,62}|person[.][0-9a-f]{40})?$")]
#: An authority's stands behind a plan's id in ids of FHIR, which end at 64 characters.
AuthorityName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,26}$")]
