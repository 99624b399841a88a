"""Keys and certificates of made-up signers, and the files that settings name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from hub.clock import now

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@dataclass(frozen=True)
class Identity:
    """A key and a certificate, with the PEM files that hold them."""

    key: Key
    certificate: x509.Certificate
    key_file: Path
    certificate_file: Path

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def subject(self) -> str:
        return self.certificate.subject.rfc4514_string()


def rsa_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


def elliptic_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def an_identity(
    folder: Path,
    name: str,
    key: Key | None = None,
    *,
    issuer: Identity | None = None,
    is_ca: bool = False,
    begins: datetime | None = None,
    days: float = 30,
    digital_signature: bool = True,
    address: str = "",
) -> Identity:
    """Make a signer, self-signed or issued by another.

    :param address: the IP address of the server that shows it over TLS.
    """
    key = key or rsa_key()
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    begins = begins or now() - timedelta(hours=1)
    usage = {
        one: False
        for one in ["content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only"]
    } | {"decipher_only": False, "crl_sign": False, "key_cert_sign": is_ca, "digital_signature": digital_signature}
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=days))
        .add_extension(x509.BasicConstraints(is_ca, None), critical=True)
        .add_extension(x509.KeyUsage(**usage), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key((issuer.key if issuer else key).public_key()),
            critical=False,
        )
    )
    if address:
        names = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address(address))])
        builder = builder.add_extension(names, critical=False)
    certificate = builder.sign(issuer.key if issuer else key, hashes.SHA256())
    key_file, certificate_file = folder / f"{name}.key.pem", folder / f"{name}.pem"
    pem, clear = serialization.Encoding.PEM, serialization.NoEncryption()
    key_file.write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, clear))
    certificate_file.write_bytes(certificate.public_bytes(pem))
    return Identity(key, certificate, key_file, certificate_file)
