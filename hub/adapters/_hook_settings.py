"""The settings of telling: where the hub posts a few bytes that say that there is something to fetch."""

from __future__ import annotations

from ssl import SSLContext
from typing import Self

from pydantic import Field, model_validator

from hub.adapters._http import Limits
from hub.adapters._tls import tls_context
from hub.adapters._tls_settings import TlsSettings

_ANSWER_BYTES = 10_000  # nothing of it is read


class HookSettings(TlsSettings):
    """What an operator can set of whoever is told; settings with the addresses take these in."""

    #: Allow http:// beyond this machine; closed test networks only.
    plain_http: bool = False
    #: Seconds; a slow answer keeps the events behind it waiting.
    connect_seconds: float = Field(default=3, gt=0, le=3)
    read_seconds: float = Field(default=10, gt=0, le=10)
    total_seconds: float = Field(default=10, gt=0, le=15)

    @model_validator(mode="after")
    def _speaks_tls(self) -> Self:
        self.tls()
        return self

    def tls(self) -> SSLContext:
        """Return what they are spoken to with over TLS."""
        return tls_context(self.ca_file, self.client_certificate_file, self.client_key_file)

    def limits(self) -> Limits:
        """Return how long they may take, and how much they may answer."""
        return Limits(self.connect_seconds, self.read_seconds, self.total_seconds, _ANSWER_BYTES)
