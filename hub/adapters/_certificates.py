"""X.509 certificates of those who sign: read from files, and trusted or not.

Trust is a file of PEM certificates. They are pinned: a signer with one of these very certificates is trusted. Where a
subject is named, a CA among them vouches besides for what it has issued itself to that subject, and to nobody else:
public CAs (such as those of OCES) issue to everybody. Revocation lists are not asked; who is no longer to be trusted is
taken out of the file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from hub.errors import ContractViolation, Fault, SettingsRefused

_LEAST_RSA, _MOST_RSA = 2_048, 8_192  # bits
_MOST_DER = 16_384  # bytes
_BROKEN_HASHES = (hashes.MD5, hashes.SHA1)

#: What a refusal may name.
UNREADABLE = Fault(
    "//BinarySecurityToken",
    "It is no X.509 certificate with an RSA key of 2048 to 8192 bits or a key on P-256, P-384 or P-521.",
    "Send the signer's certificate, in DER as base64.",
)
UNTRUSTED = Fault(
    "//BinarySecurityToken",
    "The certificate is none that is trusted here.",
    "Ask the hub's operator to trust the signer's certificate.",
)
OUT_OF_TIME = Fault(
    "//BinarySecurityToken", "The certificate is not valid now.", "Renew the certificate, and tell the hub's operator."
)


def is_elliptic(key: object) -> bool:
    """Tell whether a key is on an elliptic curve; else it is RSA."""
    held = key.key if isinstance(key, PrivateKey) else key
    return isinstance(held, ec.EllipticCurvePublicKey | ec.EllipticCurvePrivateKey)


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """A private key; never shown."""

    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

    def __repr__(self) -> str:
        return "PrivateKey(…)"

    def pem(self) -> bytes:
        """Return the key in the clear, for the library that signs."""
        kind, clear = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        return self.key.private_bytes(serialization.Encoding.PEM, kind, clear)


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate whose key is of a kind and a strength that is taken."""

    held: x509.Certificate
    der: bytes

    @property
    def key(self) -> rsa.RSAPublicKey | ec.EllipticCurvePublicKey:
        """Return the public key."""
        key = self.held.public_key()
        assert isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey)  # noqa: S101 - certificate_of made sure
        return key

    @property
    def is_ca(self) -> bool:
        """Tell whether it says that it is a CA; self-signed ones of OpenSSL say so without being meant."""
        try:
            return self.held.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
        except x509.ExtensionNotFound:
            return False

    def is_valid(self, at: datetime) -> bool:
        """Tell whether an instant lies within its validity."""
        return self.held.not_valid_before_utc <= at <= self.held.not_valid_after_utc

    def may(self, use: Callable[[x509.KeyUsage], bool], unsaid: bool = True) -> bool:
        """Tell whether its key usage allows something.

        :param unsaid: the answer for a certificate that names no usage.
        """
        try:
            return use(self.held.extensions.get_extension_for_class(x509.KeyUsage).value)
        except x509.ExtensionNotFound:
            return unsaid


def certificate_of(der: bytes) -> Certificate:
    """Read a certificate. :raises ValueError: it is none, or its key is of another kind or too weak."""
    if len(der) > _MOST_DER:
        raise ValueError
    try:
        held = x509.load_der_x509_certificate(der)
        key = held.public_key()
        made = Certificate(held, der)
        _ = made.is_ca, made.may(bool), held.subject.rfc4514_string(), held.signature_hash_algorithm
    except (
        UnsupportedAlgorithm,
        x509.DuplicateExtension,
        x509.InvalidVersion,  # no ValueError, of all things
        x509.UnsupportedGeneralNameType,
    ) as error:
        raise ValueError from error
    if isinstance(key, rsa.RSAPublicKey):
        if not _LEAST_RSA <= key.key_size <= _MOST_RSA:
            raise ValueError
    elif not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(
        key.curve, ec.SECP256R1 | ec.SECP384R1 | ec.SECP521R1
    ):
        raise ValueError
    return made


@dataclass(frozen=True, slots=True)
class Trust:
    """Whose signatures count."""

    pinned: frozenset[bytes]  # DER
    cas: tuple[Certificate, ...]
    subject: str

    def checked(self, der: bytes, at: datetime) -> Certificate:
        """Return a signer's certificate, trusted at an instant.

        :raises ContractViolation: with a fault of this module.
        """
        try:
            signer = certificate_of(der)
        except ValueError:
            raise _refused(UNREADABLE) from None
        if der not in self.pinned and not any(self._vouches(ca, signer, at) for ca in self.cas):
            raise _refused(UNTRUSTED)
        if not signer.is_valid(at):
            raise _refused(OUT_OF_TIME)
        return signer

    def _vouches(self, ca: Certificate, signer: Certificate, at: datetime) -> bool:
        if signer.is_ca or signer.held.subject.rfc4514_string() != self.subject or not ca.is_valid(at):
            return False
        if not signer.may(lambda use: use.digital_signature or use.content_commitment):
            return False
        if isinstance(signer.held.signature_hash_algorithm, _BROKEN_HASHES):
            return False
        try:
            signer.held.verify_directly_issued_by(ca.held)
        except (InvalidSignature, ValueError, TypeError):
            return False
        return True


def read_trust(file: Path, subject: str = "") -> Trust:
    """Read whom to trust from a PEM file.

    :param subject: whom its CAs vouch for, as RFC 4514 writes it; without it every certificate is pinned.
    :raises SettingsRefused: it cannot be read, holds no certificate, or a CA without a subject, or the other way about.
    """
    try:
        read = [one.public_bytes(_DER) for one in x509.load_pem_x509_certificates(file.read_bytes())]
        certificates = [certificate_of(der) for der in read]
    except (OSError, ValueError):
        raise SettingsRefused(
            "The file of trusted certificates cannot be read, or holds something else than certificates in PEM "
            "with RSA keys of 2048 to 8192 bits or keys on P-256, P-384 or P-521."
        ) from None
    cas = [one for one in certificates if one.is_ca and one.may(_issues, unsaid=bool(subject))]
    if bool(cas) != bool(subject):
        raise SettingsRefused(
            "The trusted certificates and the signer's subject do not fit together: a CA is trusted for one subject "
            "alone, and a certificate that is none is pinned and needs no subject."
        )
    return Trust(frozenset(one.der for one in certificates if one not in cas), tuple(cas), subject)


def _issues(usage: x509.KeyUsage) -> bool:
    return usage.key_cert_sign


def read_key_pair(key_file: Path, certificate_file: Path) -> tuple[PrivateKey, Certificate]:
    """Read a private key and its certificate, both in PEM.

    :raises SettingsRefused: they cannot be read, or do not belong together.
    """
    try:
        key = serialization.load_pem_private_key(key_file.read_bytes(), password=None)
        certificate = certificate_of(x509.load_pem_x509_certificate(certificate_file.read_bytes()).public_bytes(_DER))
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm):
        raise SettingsRefused(
            "The signing key or its certificate cannot be read: both are PEM files, the key without a password, "
            "RSA of 2048 to 8192 bits or on P-256, P-384 or P-521."
        ) from None
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) or key.public_key() != certificate.key:
        raise SettingsRefused("The signing key is not the key of the signing certificate.")
    return PrivateKey(key), certificate


_DER: Final = serialization.Encoding.DER


def _refused(fault: Fault) -> ContractViolation:
    return ContractViolation("The signer's certificate is refused.", faults=[fault])
