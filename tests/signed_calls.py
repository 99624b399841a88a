"""Calls of the hub as the employment authority's system signs them."""

from __future__ import annotations

from lxml import etree

from hub.adapters._signature import read_signer
from hub.adapters._soap import SOAP11, Version
from hub.adapters._ws_addressing import Addressing
from hub.adapters._ws_security import Security, write_message
from hub.authority import contract_folder
from tests.certificates import Identity

NS = "urn:one-plan-hub:employment:1"
EXAMPLE = contract_folder("employment/v1") / "examples" / "submit-minimal.xml"
MESSAGE_ID, _CPR, _TITLE = "7b2f0c0e-3b52-4a86-9c7e-0d8f5b1a2c02", "3001749995", "Revalidering"


def a_signed_call(
    by: Identity, message_id: str = MESSAGE_ID, title: str = _TITLE, cpr: str = _CPR, version: Version = SOAP11
) -> bytes:
    """Return the minimal example, signed."""
    text = EXAMPLE.read_text("utf-8").replace(MESSAGE_ID, message_id).replace(_TITLE, title).replace(_CPR, cpr)
    content = next(etree.fromstring(text.encode()).iter(f"{{{NS}}}SubmitPersonCaseRequest"))
    addressing = Addressing(f"{NS}/SubmitPersonCase", message_id, "https://hub.example/soap/employment")
    return write_message(version, content, [], addressing, Security(read_signer(by.key_file, by.certificate_file)))
