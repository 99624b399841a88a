"""The TLS certificate that a caller has shown, as a trusted proxy tells of it (RFC 9440, ``Client-Cert``)."""

from __future__ import annotations

import base64
import hashlib
import re
from ipaddress import ip_address

from fastapi import Request

from hub.errors import NotAuthenticated
from hub.settings import Settings

#: RFC 8941 section 3.3.5, a byte sequence; 8,000 characters are four times a common certificate.
_CERTIFICATE = re.compile(r"\s*:([A-Za-z0-9+/]{1,8000}={0,2}):\s*")


def certificate_shown(request: Request, settings: Settings) -> bytes | None:
    """Return the SHA-256 of the certificate that a caller has shown; None where no trusted proxy tells of one.

    Anybody could send the header, so that of others counts for nothing.

    :raises NotAuthenticated: a trusted proxy tells of several, or of none that can be read.
    """
    told = request.headers.getlist("client-cert")
    if not told or not _is_trusted(request, settings):
        return None
    found = _CERTIFICATE.fullmatch(told[0]) if len(told) == 1 else None
    if found is None:
        raise NotAuthenticated("The proxy's Client-Cert header is not one certificate.", "Operator: see RFC 9440.")
    try:
        return hashlib.sha256(base64.b64decode(found[1], validate=True)).digest()
    except ValueError:
        raise NotAuthenticated("The proxy's Client-Cert header is no base64.", "Operator: see RFC 9440.") from None


def _is_trusted(request: Request, settings: Settings) -> bool:
    if request.client is None:
        return False
    address = ip_address(request.client.host)
    return any(address in network for network in settings.trusted_proxies)
