"""Who may call the hub, as an operator writes it down."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field

from hub.settings.types import Holder, Name


class Client(BaseModel, extra="forbid"):
    """One caller of the hub and what it is; known by a token, which stands here as its SHA-256 alone, or by keys."""

    token_sha256: str = Field("", pattern=r"^([0-9a-f]{64})?$", description="SHA-256 of its bearer token, in hex")
    keys: list[dict[str, Any]] = Field(
        default_factory=list, description="instead: public keys (JWK with kid; ES256 or PS256) that it signs with"
    )
    certificate_sha256: str = Field(
        "", pattern=r"^([0-9a-f]{64})?$", description="SHA-256 of the TLS certificate that it must show, in hex"
    )
    organisation: Name = Field(description="the authority or body it speaks for, such as children")
    role: str = Field(
        description="authority-system, coordinator, caseworker, partner, citizen, operator, administrator, auditor or "
        "security-administrator"
    )
    holder: Holder = Field(
        "",
        description="who uses it, by a name of the municipality's own, or by the pseudonym under which the audit knows "
        "who signs in through the provider; two clients of one holder are one person",
    )
    kle: list[Annotated[str, Field(pattern=r"^[0-9]{2}([.][0-9]{2}){0,2}$")]] = Field(
        default_factory=list,
        description="groups and subjects of KLE that a caseworker's or a system's reads are limited to, as 27 or 32.18",
    )
    purpose: str = Field("one-plan", description="what it may ask for")
    person: UUID | None = Field(None, description="the citizen's id at the hub, for the role citizen")
