"""The settings of signatures that count: whose, and whether a message without one is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import BaseModel, Field, model_validator

from hub.adapters._certificates import Trust, read_trust
from hub.adapters._signature import load_xmlsec
from hub.errors import Fault, SettingsRefused


class TrustSettings(BaseModel):
    """What an operator can set; an adapter's own settings take these in."""

    #: Whose signatures count (PEM): signers' own certificates, or CAs and the one subject they vouch for.
    trusted_certificates_file: Path | None = None
    #: As RFC 4514 writes it, such as ``CN=Jobsystem,O=Guldborgsund Kommune,C=DK``.
    signer_subject: str = Field(default="", max_length=500)
    #: Where signatures count: refuse what has none. Off only while their system changes over.
    require_signature: bool = True

    @model_validator(mode="after")
    def _has_whom_to_trust(self) -> Self:
        if self.signer_subject and self.trusted_certificates_file is None:
            raise ValueError("signer_subject: set trusted_certificates_file too, which holds the CA of this subject")
        return self

    def trust(self, name: str) -> Trust | None:
        """Return whose signatures count; None where none are asked for.

        :param name: of the authority.
        :raises SettingsRefused: the file does not fit, or the package that verifies is not installed.
        """
        if self.trusted_certificates_file is None:
            return None
        try:
            load_xmlsec()
            return read_trust(self.trusted_certificates_file, self.signer_subject)
        except SettingsRefused as error:
            raise unfit(name, "trusted_certificates_file", error) from None


def unfit(name: str, setting: str, error: SettingsRefused) -> SettingsRefused:
    """Return what is wrong with a file that a setting names, as the other faults of settings are told."""
    fault = Fault(f"authorities.{name}.{setting}", error.sentence)
    return SettingsRefused(f"The settings of {name} cannot be used.", error.next_step, [fault])
