"""TLS to an authority's system: whom the hub trusts, the certificate it shows, and what to do when that goes wrong."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

_EXPIRED, _NOT_YET, _OTHER_HOST = 10, 9, (62, 64)  # X509_V_ERR_* of OpenSSL
_UNFIT = "are a PEM certificate and the private key that belongs to it, without a password"


def tls_context(
    ca_file: Path | None = None, certificate_file: Path | None = None, key_file: Path | None = None
) -> ssl.SSLContext:
    """Return what to speak TLS with: 1.2 or later, certificate and host name checked.

    :param ca_file: certificates to trust instead of the machine's.
    :param certificate_file: the certificate to show, with those that lead to its issuer.
    :raises ValueError: a file is not what it should be; nothing of it is repeated.
    """
    try:
        context = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
    except OSError:
        raise ValueError("ca_file: holds certificates in PEM") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if certificate_file is not None:
        try:
            # Without a password of ours OpenSSL would ask for one at the terminal.
            context.load_cert_chain(certificate_file, key_file, password=lambda: "")
        except (OSError, ValueError):
            raise ValueError(f"client_certificate_file and client_key_file: {_UNFIT}") from None
    return context


def tls_trouble(error: BaseException) -> tuple[str, str] | None:
    """Say what went wrong with TLS, to follow "The system of …", and what to do; None when it was something else."""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _of_their_certificate(cause.verify_code)
        if isinstance(cause, ssl.SSLEOFError | ssl.SSLZeroReturnError):
            return None  # it hung up: a broken connection like any other
        if isinstance(cause, ssl.SSLError):
            reason = cause.reason or ""
            if "ALERT" in reason and ("CERTIFICATE" in reason or "UNKNOWN_CA" in reason):
                return (
                    "will not have the certificate that the hub shows, or misses one.",
                    "Set client_certificate_file and client_key_file to what its operator knows, and see that the "
                    "certificate has not expired.",
                )
            return (
                "speaks no TLS that the hub speaks.",
                "See that url names its TLS port, and that it speaks TLS 1.2 or later; it may also ask for a client "
                "certificate (client_certificate_file, client_key_file).",
            )
    return None


def _of_their_certificate(code: int) -> tuple[str, str]:
    if code == _EXPIRED:
        return (
            "shows a certificate that has expired.",
            "Ask its operator to renew it; see that the hub's clock is right.",
        )
    if code == _NOT_YET:
        return "shows a certificate that is not valid yet.", "See that the hub's clock is right, or ask its operator."
    if code in _OTHER_HOST:
        return "shows the certificate of another host.", "Set url to the name that its certificate is for."
    return (
        "shows a certificate from an issuer that the hub does not trust.",
        "Set ca_file to the certificate of its issuer (PEM), as its operator gives it to you.",
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__
