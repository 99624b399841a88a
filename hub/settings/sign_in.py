"""How people sign in through an identity provider (OpenID Connect), as an operator writes it down."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, SecretStr, model_validator

from hub.settings.types import Name

Level = Literal["low", "substantial", "high"]
_NSIS = "https://data.gov.dk/concept/core/nsis/loa/"
_LEVELS: dict[str, Level] = {
    "Low": "low",
    "Substantial": "substantial",
    "High": "high",
    _NSIS + "Low": "low",
    _NSIS + "Substantial": "substantial",
    _NSIS + "High": "high",
}
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class RoleRule(BaseModel, extra="forbid"):
    """Who is what: whoever has all of these claims."""

    claims: dict[str, str] = Field(
        min_length=1, description="claims of the id token and the value each must have, or have among its values"
    )
    role: str = Field(description="coordinator, caseworker, operator, auditor, administrator, security-administrator")
    organisation: Name = Field(description="the authority or body that they work for, such as children")
    purpose: str = Field("one-plan", description="what they may ask for")
    kle: list[Annotated[str, Field(pattern=r"^[0-9]{2}([.][0-9]{2}){0,2}$")]] = Field(
        default_factory=list, description="groups and subjects of KLE that a caseworker's reads are limited to"
    )


class SignIn(BaseModel, extra="forbid"):
    """The provider, what the hub is there, and what people are by what it says of them."""

    issuer: str = Field(description="the provider's issuer; https, and exactly as its discovery says it")
    client_id: str = Field(min_length=1, description="what the hub is called there")
    client_secret: SecretStr = Field(SecretStr(""), description="its secret there (client_secret_basic)")
    key_file: Path | None = Field(None, description="instead: PEM of the key that it signs with (private_key_jwt)")
    key_id: str = Field("", description="the kid by which the provider knows that key")
    scopes: list[str] = Field(default_factory=lambda: ["openid"], description="what is asked for")
    acr_values: str = Field("", description="acr_values that are asked for; empty: none")
    least_level: Level | Literal[""] = Field(
        "substantial", description="the least NSIS level that lets anybody in: low, substantial or high; empty: any"
    )
    level_claim: str = Field("acr", description="the claim that says the level")
    levels: dict[str, Level] = Field(
        default_factory=lambda: dict(_LEVELS), description="which level each value of that claim is"
    )
    max_age: int = Field(
        0, ge=0, le=28_800, description="how long ago the provider may have asked who somebody is, seconds; 0: any time"
    )
    roles: list[RoleRule] = Field(default_factory=list, description="who is what")
    citizen_claim: str = Field("", description="the claim with a citizen's CPR number; empty: citizens do not sign in")
    called: str = Field("", max_length=60, description="what the sign-in page calls the provider, such as MitID")

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if not is_safe(self.issuer) or urlsplit(self.issuer).query:
            raise ValueError("issuer: must begin with https:// and have no query (http:// on this machine alone)")
        if bool(self.client_secret.get_secret_value()) == bool(self.key_file):
            raise ValueError("set client_secret or key_file, and not both")
        if "openid" not in self.scopes:
            raise ValueError("scopes: openid must be among them")
        if not self.roles and not self.citizen_claim:
            raise ValueError("roles: nobody could sign in; say who is what, or set citizen_claim")
        return self


def is_safe(url: str) -> bool:
    """Tell whether an address of the provider may be asked: by https, or on this machine."""
    parts = urlsplit(url)
    is_here = parts.scheme == "http" and parts.hostname in _LOOPBACK
    return bool(parts.hostname) and (parts.scheme == "https" or is_here) and not parts.fragment
