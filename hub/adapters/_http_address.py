"""Which addresses the hub speaks to: those that its settings name, and no service of the link or the cloud beneath it.

A name may lead anywhere by the time it is asked for, so :func:`check_peer` looks at the address that a connection has
gone to, before a byte is sent over it.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

#: Of the link itself (RFC 3927, RFC 4291), where clouds answer with secrets of the machine; and where some answer else.
_FORBIDDEN = tuple(
    ip_network(block)
    for block in ("169.254.0.0/16", "fe80::/10", "fd00:ec2::/32", "100.100.100.200/32", "192.0.0.192/32")
)
_NAT64 = ip_network("64:ff9b::/96")


class ForbiddenPeer(Exception):
    """A connection has gone where none may go."""


def check_peer(address: str) -> None:
    """Check the address that a connection has gone to. :raises ForbiddenPeer: it is one of the link or the cloud."""
    peer = _plain(ip_address(address))
    if any(peer in block for block in _FORBIDDEN if block.version == peer.version):
        raise ForbiddenPeer


def has_a_port(parts: SplitResult) -> bool:
    """Tell whether an address names no port, or one that there is."""
    try:
        return parts.port != 0
    except ValueError:
        return False


def checked_url(url: str, plain_http: bool = False) -> str:
    """Check the address of an authority's system, for settings models.

    :param plain_http: allow unencrypted HTTP beyond this machine (closed test networks only).
    :raises ValueError: no http(s) URL with a host, or one with a user, query or fragment, or unencrypted.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or not has_a_port(parts):
        raise ValueError("is an address that begins with https:// (http:// on this machine) and names a host")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("is an address without user, password, query or fragment; the token has its own setting")
    if parts.scheme == "http" and not plain_http and not _is_loopback(parts.hostname):
        raise ValueError("begins with https:// unless the system is on this machine (or plain_http is set)")
    return url


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _plain(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Return the IPv4 address that an IPv6 one stands for, or the address itself."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address
