"""L201 "Udsatte børn og unge", the statistics delivery of a month's measures, as contributions to plans.

One measure (ForanstaltningStruktur) is one case with one activity: the delivery says nothing of the cases they belong
to, and a case id of ours may not be made of a CPR number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime

from lxml import etree

from hub.mappings._xml_words import DANISH_TIME, Branch, midnight
from hub.plan.contribution import Contribution, Coverage, PersonFacts
from hub.plan.element import Category, Code, Draft, Kind, OrderKey, Status
from hub.plan.identifier import Identifier

AUTHORITY, CONTRACT = "children", "children/l201-v1"
ROOT = "UdsatteBoernOgUngeLeveranceL201U1Struktur"
ENVELOPE = "http://rep.oio.dk/dst.dk/xml/schemas/2002/06/28/"
MEASURE_CODE = "urn:dst:l201:foranstaltning"
_NOBODY = "0000000000"
_SOURCE = "L201"
_PERIOD = re.compile(r"(?P<year>(?:19|20|21)[0-9]{2})(?:[Mm-](?P<month>0[1-9]|1[0-2])|[KkQq](?P<quarter>[1-4]))?")


def contributions_of(root: etree._Element, message_id: str) -> Iterator[Contribution]:
    """Translate a delivery, one contribution for each measure.

    :raises ContractViolation: a measure that names no child, an id that holds a CPR number or belongs to two children,
        or a delivery that does not say when it was made or which period it is about.
    """
    delivery = Branch.root(root)
    changed_at = _changed_at(delivery.at("DeliveryMetadataNewStructure"))
    children: dict[str, Identifier] = {}
    for number, measure in enumerate(delivery.at("ForanstaltningStrukturSamling").all("ForanstaltningStruktur")):
        own = _own_id(measure)
        child = measure.person("UdsatBarnCPRidentifikator", AUTHORITY)
        if children.setdefault(own, child) != child:
            raise measure.at("ForanstaltningId").wrong(
                "The same measure id is used for two children.", "Give each child's measure an id of its own."
            )
        # Later lines of a delivery are newer: the same measure twice ends as its last line says.
        order = OrderKey(0, changed_at, f"{message_id}#{number:06d}")
        guardian = _guardian(measure)
        yield Contribution(
            authority=AUTHORITY,
            source_system=_SOURCE,
            contract=CONTRACT,
            case=f"{_SOURCE}:{own}",
            message_id=message_id,
            order=order,
            coverage=Coverage.CHANGE,
            person=PersonFacts((child,)),
            drafts=(_activity(measure, own, guardian if guardian != child else None),),
            others=(PersonFacts((guardian,)),) if guardian and guardian != child else (),
        )


def _activity(measure: Branch, own: str, guardian: Identifier | None) -> Draft:
    code = measure.word("ForanstaltningKode")
    return Draft(
        source_id=own,
        kind=Kind.ACTIVITY,
        category=Category.ACTIVITIES,
        label=None,  # L201 has no ladder; unlabelled counts as restricted
        # A reported measure has been granted; that its last day has passed is for the reader's clock to see.
        status=Status.ACTIVE,
        title=f"Foranstaltning {code}",
        valid=measure.days("ForanstaltningStartDato", "ForanstaltningSlutDato"),
        codes=(Code(MEASURE_CODE, code),),
        concerns=(guardian,) if guardian else (),
    )


def _guardian(measure: Branch) -> Identifier | None:
    """Return the guardian; 0000000000 is how the statistics say that none is known."""
    guardian = measure.at("FormynderCPRidentifikator")
    return None if guardian.line == _NOBODY else guardian.identifier(AUTHORITY)


def _own_id(measure: Branch) -> str:
    field = measure.at("ForanstaltningId")
    if not field.line:
        raise field.wrong("The id is empty.", "Use the measure's number in your system as its id.")
    return field.open_id()


def _changed_at(metadata: Branch) -> datetime:
    """Return when the delivery was made: the last time its communicators name, else the end of its period."""
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
        return (read if read.tzinfo else read.replace(tzinfo=DANISH_TIME)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise field.wrong("This is no instant the hub can hold.", "Use a time of the years 1 to 9999.") from None
