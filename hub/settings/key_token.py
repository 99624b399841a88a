"""The token that keeps master keys (PKCS#11), as an operator writes it down."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field, SecretStr

from hub.settings.types import KeyVersion


class KeyToken(BaseModel, extra="forbid"):
    """A token, and which of its keys are master keys."""

    module: Path = Field(description="path of the token's PKCS#11 library, such as /usr/lib/softhsm/libsofthsm2.so")
    label: str = Field(min_length=1, description="the token's label")
    pin: SecretStr = Field(description="the user's PIN")
    keys: dict[KeyVersion, Annotated[str, Field(min_length=1)]] = Field(
        min_length=1, description="labels of AES-256 keys in the token by version"
    )
