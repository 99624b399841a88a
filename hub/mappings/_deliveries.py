"""What the deliveries of children and family services to the statistics, L201 and L231, have in common."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

from hub.mappings._xml_words import Branch, midnight
from hub.plan.danish_time import LOCAL
from hub.plan.identifier import Identifier

AUTHORITY = "children"
ENVELOPE = "http://rep.oio.dk/dst.dk/xml/schemas/2002/06/28/"
_PERIOD = re.compile(r"(?P<year>(?:19|20|21)[0-9]{2})(?:[Mm-](?P<month>0[1-9]|1[0-2])|[KkQq](?P<quarter>[1-4]))?")


def own_id(measure: Branch, name: str) -> str:
    """Read a measure's id. :raises ContractViolation: it is empty, or holds what can be a CPR number."""
    field = measure.at(name)
    if not field.line:
        raise field.wrong("The id is empty.", "Use the measure's number in your system as its id.")
    return field.open_id()


class OneChildEach:
    """Sees to it that an id does not belong to two children of a delivery."""

    def __init__(self) -> None:
        self._children: dict[str, Identifier] = {}

    def add(self, field: Branch, own: str, child: Identifier) -> None:
        """Note whose measure an id is. :raises ContractViolation: it is another child's."""
        if self._children.setdefault(own, child) != child:
            raise field.wrong(
                "The same measure id is used for two children.", "Give each child's measure an id of its own."
            )


def changed_at(metadata: Branch) -> datetime:
    """Return when the delivery was made: the last time its communicators name, else the end of its period.

    :raises ContractViolation: it tells neither.
    """
    times = [
        _communicated(communicator)
        for collection in metadata.all("CommunicatorStructureCollection")
        for communicator in collection.all("CommunicatorStructure")
    ]
    if times:
        return max(times)
    period = metadata.within(ENVELOPE).at("Envelope").at("Period")
    found = _PERIOD.fullmatch(period.line)
    if found is None:
        raise period.wrong(
            "Without a CommunicationDateTime the period must say which delivery is the newer.",
            "Write the period as 2026M10, 2026K4 or 2026, or give a CommunicationDateTime.",
        )
    quarter = int(found["quarter"] or 0)
    last_month = int(found["month"] or quarter * 3 or 12)
    year = int(found["year"])
    return midnight(date(year + 1, 1, 1) if last_month == 12 else date(year, last_month + 1, 1))


def _communicated(communicator: Branch) -> datetime:
    """Read a time that may lack an offset: then Danish time is meant."""
    field = communicator.at("CommunicationDateTime")
    try:
        read = datetime.fromisoformat(field.line)
        return (read if read.tzinfo else read.replace(tzinfo=LOCAL)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise field.wrong("This is no instant the hub can hold.", "Use a time of the years 1 to 9999.") from None
