"""Rows of a plan's audit, told as disclosures: a pure function of the rows and of what may be known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hub.consent.decision import Sentence
from hub.consent.reader import ONE_PLAN
from hub.flow.ledger_known import Known, LegalBasis
from hub.flow.ledger_words import Deed, sentence_of
from hub.flow.reading import named_in
from hub.plan.person import Role

#: What somebody did who was asked for by name; what was delivered is put together of several rows.
_READS: Mapping[str, Deed] = {
    "read": Deed.READ,
    "searched": Deed.FOUND,
    "explained": Deed.EXPLAINED,
    "explained-recipient": Deed.EXPLAINED,
    "emergency-opened": Deed.EMERGENCY_OPENED,
    "emergency-approved": Deed.EMERGENCY_JUDGED,
    "emergency-rejected": Deed.EMERGENCY_JUDGED,
    "meeting-opened": Deed.MEETING_OPENED,
    "dead-letter-revealed": Deed.REVEALED,
    "proof-given": Deed.EXPORTED,
    "report-given": Deed.EXPORTED,
    "consents-read": Deed.CHOICES_READ,
    "who-can-see-read": Deed.CHOICES_READ,
    "disclosures-read": Deed.CHOICES_READ,
    "revocation-read": Deed.CHOICES_READ,
    "plan-held": Deed.HELD,
    "hold-lifted": Deed.HOLD_LIFTED,
    "restricted": Deed.RESTRICTED,
    "restriction-lifted": Deed.RESTRICTION_LIFTED,
}
#: Of these nothing is left to tell when the citizen may see no element that they name, where they name any.
_OF_ELEMENTS = frozenset({Deed.EXPLAINED, Deed.REVEALED})
_OF_ELEMENT_OR_PLAN = frozenset({Deed.RESTRICTED, Deed.RESTRICTION_LIFTED})
_STARTED, _DELIVERED, _FETCHED = "delivery-started", "delivered", "feed-fetched"


@dataclass(frozen=True, slots=True)
class Disclosure:
    """One line of the ledger.

    :ivar organisations: who; of a meeting all that take part. A member of staff is never named.
    :ivar role: as what; empty where it was not written down.
    :ivar consents: the citizen's own, on which it rested: id and version, with a slash between.
    :ivar delivery: of what was sent: which delivery it was, and its sequence; the same however much is known of it.
    """

    deed: Deed
    at: datetime
    organisations: tuple[str, ...]
    role: str
    purpose: str
    categories: tuple[str, ...]
    bases: tuple[LegalBasis, ...]
    consents: tuple[str, ...]
    delivery: str = ""

    @property
    def sentence(self) -> Sentence:
        """Return it in plain words."""
        return sentence_of(self.deed, self.organisations, self.categories)


def disclosures_of(rows: Sequence[Mapping[str, Any]], known: Known) -> Sequence[Disclosure]:
    """Return the disclosures that rows of a plan's audit tell of, the newest first."""
    found = [*_read(rows, known), *_delivered(rows, known)]
    return sorted(found, key=lambda one: (one.at, one.deed, one.organisations), reverse=True)


def _read(rows: Sequence[Mapping[str, Any]], known: Known) -> Iterator[Disclosure]:
    for row in rows:
        deed = _READS.get(row["action"])
        if deed is None:
            continue
        details: Mapping[str, Any] = row["details"]
        named = named_in(details)
        categories, is_all = known.seen(named)
        if not categories and (deed in _OF_ELEMENTS or (named and deed in _OF_ELEMENT_OR_PLAN)):
            continue
        if deed is Deed.READ and details.get("is_red"):
            deed = Deed.EMERGENCY_READ
        organisation = str(details.get("organisation", ""))
        together = tuple(details.get("organisations", ())) if deed is Deed.MEETING_OPENED else (organisation,)
        yield Disclosure(
            deed, row["at"], together, str(details.get("role", "")), str(details.get("purpose", "")),
            categories, known.bases(details, is_all=is_all),
            known.consents(details, is_all=is_all),
        )  # fmt: skip


def _delivered(rows: Sequence[Mapping[str, Any]], known: Known) -> Iterator[Disclosure]:
    """Put together what the audit says of each delivery: that it began, and maybe that it arrived."""
    together: dict[tuple[str, int], list[Mapping[str, Any]]] = {}
    fetched = {row["details"].get("delivery") for row in rows if row["action"] == _FETCHED}
    for row in rows:
        if row["action"] in (_STARTED, _DELIVERED):
            of = row["details"]["delivery"], row["details"]["sequence"]
            together.setdefault(of, []).append(row)
    for (delivery, _), told in together.items():
        last = next((row for row in reversed(told) if row["action"] == _DELIVERED), told[-1])
        arrived = Deed.FETCHED if delivery in fetched else Deed.SENT
        sent = arrived if last["action"] == _DELIVERED else Deed.MAY_HAVE_LEFT
        yield from _of_delivery(sent, last, told, known)


def _of_delivery(
    sent: Deed, last: Mapping[str, Any], told: Sequence[Mapping[str, Any]], known: Known
) -> Iterator[Disclosure]:
    details = last["details"]
    for deed, name in ((sent, "elements"), (Deed.TAKEN_BACK, "withdrawn")):
        named = sorted({one for row in told for one in row["details"].get(name, ())})
        categories, is_all = known.seen(named)
        if not categories:  # a delivery comes from what is in the plan: that there was one would tell of it
            continue
        is_sent, recipient = deed is sent, details["recipient"]
        role = Role.PARTNER if recipient in known.partners else Role.AUTHORITY_SYSTEM
        yield Disclosure(
            deed, last["at"], (recipient,), role, ONE_PLAN, categories,
            known.bases(details, is_all=is_all) if is_sent else (),
            known.consents(details, is_all=is_all) if is_sent else (),
            f"{details['delivery']}-{details['sequence']}",
        )  # fmt: skip
