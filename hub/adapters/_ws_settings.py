"""The settings of WS-Security, for authorities whose systems speak SOAP; without any nothing is signed or asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import BaseModel, Field, model_validator

from hub.adapters._certificates import read_trust
from hub.adapters._signature import load_xmlsec, read_signer
from hub.adapters._ws_security import Security
from hub.errors import Fault, SettingsRefused


class WsSecuritySettings(BaseModel):
    """What an operator can set; an adapter's own settings take these in."""

    #: The hub's private key (PEM, no password) and its certificate: what the hub sends is signed.
    signing_key_file: Path | None = None
    signing_certificate_file: Path | None = None
    #: Whose signatures count (PEM): signers' own certificates, or CAs and the one subject they vouch for.
    trusted_certificates_file: Path | None = None
    #: As RFC 4514 writes it, such as ``CN=Jobsystem,O=Guldborgsund Kommune,C=DK``.
    signer_subject: str = Field(default="", max_length=500)
    #: Where signatures count: refuse what has none. Off only while their system changes over.
    require_signature: bool = True
    #: What the header To of a call must say; without it any.
    service_address: str | None = Field(default=None, min_length=1, max_length=500)

    @model_validator(mode="after")
    def _belongs_together(self) -> Self:
        if (self.signing_key_file is None) != (self.signing_certificate_file is None):
            raise ValueError("signing_key_file and signing_certificate_file: set both, or neither")
        if self.signer_subject and self.trusted_certificates_file is None:
            raise ValueError("signer_subject: set trusted_certificates_file too, which holds the CA of this subject")
        return self

    def security(self, name: str) -> Security:
        """Return what is signed and asked for.

        :param name: of the authority.
        :raises SettingsRefused: a file does not fit, or the package that signs is not installed.
        """
        signer = trust = None
        where = "signing_key_file"
        try:
            if self.signing_key_file is not None and self.signing_certificate_file is not None:
                signer = read_signer(self.signing_key_file, self.signing_certificate_file)
            where = "trusted_certificates_file"
            if self.trusted_certificates_file is not None:
                load_xmlsec()
                trust = read_trust(self.trusted_certificates_file, self.signer_subject)
        except SettingsRefused as error:
            fault = Fault(f"authorities.{name}.{where}", error.sentence)
            sentence = f"The settings of {name} cannot be used."
            raise SettingsRefused(sentence, error.next_step, [fault]) from None
        return Security(signer, trust, self.require_signature)
