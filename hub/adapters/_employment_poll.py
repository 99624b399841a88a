"""Ask the employment system what has changed: by zeep, as ``employment.wsdl`` says, over the hub's own bounded HTTP."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import zeep
import zeep.exceptions
from lxml import etree

from hub.adapters._soap import SOAP11, write_envelope
from hub.adapters._soap_caller import SoapCaller
from hub.adapters._xml import XmlContract
from hub.authority import Page
from hub.clock import new_id
from hub.errors import Refused, SourceDown

# At DEBUG zeep writes whole envelopes into the log.
logging.getLogger("zeep").setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class _Response:
    """An answer as zeep reads it."""

    status_code: int
    content: bytes
    headers: Mapping[str, str]
    encoding: str = "utf-8"


class _Transport:
    """Stands in for zeep's own, which follows redirects, loads from anywhere and waits for minutes."""

    def __init__(self, caller: SoapCaller, contract: XmlContract) -> None:
        self._caller, self._contract = caller, contract

    def load(self, path: str) -> bytes:
        """Read the WSDL and its XSD, which lie in the contract's folder."""
        return Path(path).read_bytes()

    def post_xml(self, address: str, envelope: etree._Element, headers: Mapping[str, str]) -> _Response:
        """Make the call, to the address that is set; the one in the WSDL is an example.

        :raises ContractViolation: the answer breaks the contract.
        """
        asked, action = envelope[-1][0], headers["SOAPAction"].strip('"')
        answer, told = self._caller.call(action, asked, list(envelope[0]), str(new_id()))
        self._contract.check(told.content)
        # Written anew: what zeep reads is what was read here, and where it was signed, what was verified.
        body = write_envelope(SOAP11, told.content)
        return _Response(answer.status, body, {"Content-Type": SOAP11.content_type})


class ChangedCases:
    """The operation GetChangedPersonCases."""

    def __init__(self, caller: SoapCaller, wsdl: Path, contract: XmlContract) -> None:
        """Read the WSDL; nothing is called yet."""
        self._client = zeep.Client(
            str(wsdl),
            transport=cast("zeep.Transport", _Transport(caller, contract)),
            service_name="EmploymentSystem",
            port_name="EmploymentSystemSoap11",
            settings=zeep.Settings(strict=True, forbid_dtd=True, forbid_entities=True, forbid_external=True),
        )

    def after(self, cursor: str, most: int, headers: Sequence[etree._Element]) -> Page:
        """Ask which cases have changed.

        :raises SourceDown: try later; also when the answer breaks the contract, for only their system can mend that.
        """
        ask: Any = self._client.service.GetChangedPersonCases
        try:
            told = ask(ChangedAfterCursor=cursor, MaximumQuantity=most, _soapheaders=headers)
            items = [str(item.CaseIdentifier).strip().lower() for item in told.ChangedPersonCaseItem]
            page = Page(tuple(dict.fromkeys(items)), (told.NextCursor or "").strip(), bool(told.MoreIndicator))
        except Refused as error:
            fields = ", ".join(fault.field for fault in error.faults)
            raise SourceDown(f"The employment system answered a poll against the contract ({fields}).") from None
        except (zeep.exceptions.Error, AttributeError):  # an element of the contract, but not this answer
            raise SourceDown("The employment system answered a poll with something else than was asked for.") from None
        if page.has_more and page.cursor == cursor:
            raise SourceDown("The employment system says that more changes wait but its cursor does not move.")
        if cursor and not page.cursor:
            raise SourceDown("The employment system's cursor leads back to the beginning.")
        return page
