"""Where spans may be sent, and what a collector asks for."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr

from hub.settings.sign_in import is_safe


def _sendable(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    if not text.isascii() or not text.isprintable():
        raise ValueError("a header is printable ASCII")
    return value


HeaderName = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,64}$")]
HeaderValue = Annotated[SecretStr, AfterValidator(_sendable)]


def faults_of_collector(url: str, *, plain_http: bool) -> list[str]:
    """Say what is wrong with the address that spans are sent to; empty: there are none to send.

    What a collector asks for beside its address has a setting of its own, which is shown to nobody.
    """
    if not url or _may_be_called(url, plain_http=plain_http):
        return []
    return ["otlp_endpoint: https://host, without user or query (http:// on this machine, or where otlp_plain_http)"]


def _may_be_called(url: str, *, plain_http: bool) -> bool:
    try:
        parts = urlsplit(url)
        has_port = parts.port != 0
    except ValueError:
        return False
    is_allowed = is_safe(url) or (plain_http and parts.scheme == "http" and bool(parts.hostname))
    return is_allowed and has_port and not (parts.username or parts.password or parts.query or parts.fragment)
