"""The settings of TLS: whom to trust, and the certificate that the hub shows."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, model_validator


def _there(path: Path) -> Path:
    if not path.is_file():
        raise ValueError("names a file that is there")
    return path


#: A file in the settings of an adapter.
ThereFile = Annotated[Path, AfterValidator(_there)]


class TlsSettings(BaseModel):
    """What an operator can set; an adapter's own settings take these in."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    #: Certificates to trust instead of the machine's.
    ca_file: ThereFile | None = None
    #: The certificate that the hub shows over TLS, and its key.
    client_certificate_file: ThereFile | None = None
    client_key_file: ThereFile | None = None

    @model_validator(mode="after")
    def _shows_a_pair(self) -> Self:
        if (self.client_certificate_file is None) != (self.client_key_file is None):
            raise ValueError("client_certificate_file and client_key_file: set both, or neither")
        return self
