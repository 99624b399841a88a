"""The settings of WS-Security, for authorities whose systems speak SOAP; without any nothing is signed or asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from hub.adapters._signature import Signer, read_signer
from hub.adapters._trust_settings import TrustSettings, unfit
from hub.adapters._ws_security import Security
from hub.errors import SettingsRefused


class WsSecuritySettings(TrustSettings):
    """What an operator can set; an adapter's own settings take these in."""

    #: The hub's private key (PEM, no password) and its certificate: what the hub sends is signed.
    signing_key_file: Path | None = None
    signing_certificate_file: Path | None = None
    #: What the header To of a call must say; without it any.
    service_address: str | None = Field(default=None, min_length=1, max_length=500)

    @model_validator(mode="after")
    def _belongs_together(self) -> Self:
        if (self.signing_key_file is None) != (self.signing_certificate_file is None):
            raise ValueError("signing_key_file and signing_certificate_file: set both, or neither")
        return self

    def security(self, name: str) -> Security:
        """Return what is signed and asked for.

        :param name: of the authority.
        :raises SettingsRefused: a file does not fit, or the package that signs is not installed.
        """
        return Security(self._signer(name), self.trust(name), self.require_signature)

    def _signer(self, name: str) -> Signer | None:
        if self.signing_key_file is None or self.signing_certificate_file is None:
            return None
        try:
            return read_signer(self.signing_key_file, self.signing_certificate_file)
        except SettingsRefused as error:
            raise unfit(name, "signing_key_file", error) from None
