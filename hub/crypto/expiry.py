"""When certificates end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes


@dataclass(frozen=True, slots=True)
class End:
    """When a certificate ends.

    :ivar fingerprint: SHA-256, hex.
    :ivar subject: as RFC 4514 writes it; two certificates of one subject are an older and a newer one.
    """

    fingerprint: str
    subject: str
    at: datetime


def ends_of(pem: bytes) -> Sequence[End]:
    """Return when each certificate in a PEM file ends. :raises ValueError: there is none."""
    return [
        End(one.fingerprint(hashes.SHA256()).hex(), one.subject.rfc4514_string(), one.not_valid_after_utc)
        for one in x509.load_pem_x509_certificates(pem)
    ]
