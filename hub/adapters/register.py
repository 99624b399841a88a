"""The wire of a register of people (contracts/register/v1): REST and JSON, with every number in a body.

What was verified of CPR, and what stands between it and this contract, is in the contract's README.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar
from urllib.parse import urlencode
from uuid import UUID

import orjson
from pydantic import Field

from hub.adapters._http import FETCHING, Answer
from hub.adapters._kept_answers import KeptAnswers
from hub.adapters._rest import JsonContract
from hub.adapters._wire import WireSettings, read_wire
from hub.authority import Changes, RegisterFacts
from hub.errors import Fault, NotFound, Refused, SettingsRefused, SourceDown
from hub.plan.danish_time import LOCAL
from hub.plan.element import Period
from hub.plan.identifier import CPR, Identifier, NotAnIdentifier, cpr_identifier

NAME, CONTRACT = "register", "register/v1"
#: Where its settings stand.
_TABLE = "person_register"
_JSON = "application/json"
_DEAD, _NAME_AND_ADDRESS = "90", "NavneOgAdresse"
#: Kinds of changes that touch neither life, number nor protection: nobody is looked up for them.
_OF_NO_CONCERN = frozenset({"civilstand", "cpradresse", "udrejseindrejse", "forsvinding"})
_DAY = timedelta(days=1)


class RegisterSettings(WireSettings):
    """What an operator can set for the register."""

    #: Seconds between two questions for changes.
    ask_every: float = Field(default=60, ge=1, le=86_400)
    #: Changes asked for at once.
    page_size: int = Field(default=100, ge=1, le=500)


class RegisterAdapter:
    """Subscribes, asks for changes, and looks people up."""

    name: ClassVar[str] = NAME

    def __init__(self, settings: Mapping[str, Any]) -> None:
        """Prepare the wire; nothing is connected yet.

        :raises SettingsRefused: naming every setting that is wrong.
        """
        chosen = read_wire(RegisterSettings, NAME, settings, table=_TABLE)
        source = chosen.sender(NAME, FETCHING)
        if source is None:
            fault = Fault(f"{_TABLE}.url", "It is missing.", "Set it, or set nothing of the register.")
            raise SettingsRefused("The settings of the register cannot be used.", faults=[fault])
        self._contract, self._source, self._pages = JsonContract(CONTRACT), source, KeptAnswers(source)
        self._page_size = chosen.page_size
        self.ask_every = chosen.ask_every

    def subscribe(self, subscription: UUID, number: Identifier) -> bool:
        """Have a person's changes told of. :raises SourceDown: try later."""
        try:
            self._send("PUT", f"/api/abonnementer/{subscription}", number)
        except NotFound:
            return False
        return True

    def unsubscribe(self, subscription: UUID) -> None:
        """Have them told of no more. :raises SourceDown: try later."""
        try:
            self._source.request("DELETE", f"/api/abonnementer/{subscription}")
        except NotFound:
            return

    def changes(self, cursor: str) -> Changes:
        """Ask for changes. :raises SourceDown: try later; also when the answer breaks the contract."""
        path = "/api/haendelser?" + urlencode({"efter": cursor, "antal": self._page_size})
        try:
            page = self._read("Haendelser", self._pages.get(path, {"Accept": _JSON}))
            if page["Flere"] and page["Naeste"] == cursor:
                raise SourceDown("The register says that more changes wait but its cursor does not move.")
            if cursor and not page["Naeste"]:
                raise SourceDown("The register's cursor leads back to the beginning.")
        except NotFound as error:
            raise SourceDown(error.sentence, f"Check the url of {_TABLE}: it ends before /api.") from None
        except SourceDown:
            self._pages.forget(path)
            raise
        wanted = (
            UUID(one["AbonnementId"])
            for one in page["Haendelser"]
            if one["Haendelsestype"].strip().lower() not in _OF_NO_CONCERN
        )
        return Changes(tuple(dict.fromkeys(wanted)), page["Naeste"], page["Flere"])

    def facts(self, number: Identifier) -> RegisterFacts | None:
        """Look a person up. :raises SourceDown: try later; also when the answer breaks the contract."""
        try:
            found = self._read("Personoplysninger", self._send("POST", "/api/personopslag", number))
        except NotFound:
            return None
        current, *earlier = [_number(one) for one in (found["Personnummer"], *found["TidligerePersonnumre"])]
        if number not in (current, *earlier):
            raise SourceDown("The register answered with another person than was asked for.")
        return RegisterFacts(found["Version"], current, tuple(earlier), _died(found), _protections(found))

    def _send(self, method: str, path: str, number: Identifier) -> Answer:
        if number.system != CPR:
            raise ValueError("A register is asked by CPR numbers: it has no replacement numbers.")
        body = orjson.dumps({"Personnummer": number.value})
        return self._source.request(method, path, body, {"Content-Type": _JSON, "Accept": _JSON})

    def _read(self, schema: str, answer: Answer) -> dict[str, Any]:
        try:
            found: dict[str, Any] = self._contract.read(schema, answer.body, answer.headers.get("content-type", ""))
        except Refused as error:
            fields = ", ".join(fault.field for fault in error.faults)
            raise SourceDown(f"The register answered against the contract ({fields}).") from None
        return found


def _number(text: str) -> Identifier:
    try:
        number = cpr_identifier(text, NAME)
    except NotAnIdentifier:
        raise SourceDown("The register answered with a number that is none.") from None
    if number.system != CPR:
        raise SourceDown("The register answered with a replacement number.")
    return number


def _died(found: Mapping[str, Any]) -> date | None:
    if (found["Status"] == _DEAD) != ("Doedsdato" in found):
        raise SourceDown("The register's status and day of death contradict each other.")
    return date.fromisoformat(found["Doedsdato"]) if "Doedsdato" in found else None


def _protections(found: Mapping[str, Any]) -> tuple[Period, ...]:
    return tuple(_period(one) for one in found["Beskyttelser"] if one["Type"] == _NAME_AND_ADDRESS)


def _period(protection: Mapping[str, str]) -> Period:
    first, last = (date.fromisoformat(day) if (day := protection.get(end)) else None for end in ("Fra", "Til"))
    if first and last and last < first:
        raise SourceDown("The register has a protection that ends before it begins.")
    return Period(_midnight(first), _midnight(last + _DAY if last and last < date.max else None))


def _midnight(day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day, time(), LOCAL)
