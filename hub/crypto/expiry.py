"""When certificates end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes


def ends_of(pem: bytes) -> Sequence[tuple[str, datetime | None]]:
    """Return of each certificate in a PEM file its SHA-256 in hex, and its end. :raises ValueError: there is none."""
    return [
        (certificate.fingerprint(hashes.SHA256()).hex(), certificate.not_valid_after_utc)
        for certificate in x509.load_pem_x509_certificates(pem)
    ]
