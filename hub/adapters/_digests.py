"""Names made of a digest: the same bytes always have the same, and nobody reads the bytes from it."""

from __future__ import annotations

from uuid import UUID


def uuid_of(digest: bytes) -> UUID:
    """Write the first half of a SHA-256 as a uuid of version 8 (RFC 9562 5.8: of one's own making)."""
    number = int.from_bytes(digest[:16], "big")
    number = number & ~(0xF << 76) | 8 << 76
    return UUID(int=number & ~(0x3 << 62) | 2 << 62)
