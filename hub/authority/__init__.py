"""THE PORT: what the hub asks of an authority's adapter and mapping, and how it finds them.

An authority joins with one adapter (its wire), one mapping (its words) and one contract folder, registered under one
name in two entry-point groups, ``hub.adapters`` and ``hub.mappings``. Nothing in the hub is edited.

    class PigeonAdapter:
        name, contract, channel = "pigeon", "pigeon/v1", "rest"
        def __init__(self, settings: Mapping[str, Any]) -> None: ...
        def receive(self, parcel: Parcel) -> Document: ...          # bytes → a valid document, or Refused
        def send(self, document: Document, key: DeliveryKey) -> Receipt: ...   # or Refused, or Unavailable

An adapter may do more, each by a small protocol of its own: announce (a thin event that says *something changed*),
fetch, poll, claim files from a folder, and serve calls that await an answer in their own protocol. Whoever needs one
asks ``isinstance(adapter, Fetches)`` and so on. One adapter may serve several recipients (``Named``), and a recipient
may be less than an authority (``Limited``).

Lives here: what passes through the port (``documents``), who stands at it (``port``), how they are found (``joining``),
and the same for letters to citizens (``post``) and for registers of people (``registers``).
Never here: any one authority; a wire, a word of theirs, a database.
"""

from hub.authority.documents import (
    Acknowledgement,
    Announcement,
    DeliveryKey,
    Disclosed,
    Document,
    Fate,
    LedgerEntry,
    Page,
    Parcel,
    PlanUpdate,
    ProposedTime,
    Receipt,
    ReceiptStatus,
    Refusal,
    Reply,
)
from hub.authority.joining import Authorities, Authority, contract_folder, load
from hub.authority.port import (
    Adapter,
    Announces,
    ClaimedFile,
    Drops,
    Fetches,
    Hears,
    Limited,
    Mapping,
    Named,
    Polls,
    Serves,
)
from hub.authority.post import Fate as LetterFate
from hub.authority.post import Letter, LetterReceipt, Posts, load_post
from hub.authority.registers import REGISTER, Changes, Register, RegisterFacts, load_register
from hub.authority.witnessing import Witness, load_witnesses

__all__ = [
    "REGISTER",
    "Acknowledgement",
    "Adapter",
    "Announcement",
    "Announces",
    "Authorities",
    "Authority",
    "Changes",
    "ClaimedFile",
    "DeliveryKey",
    "Disclosed",
    "Document",
    "Drops",
    "Fate",
    "Fetches",
    "Hears",
    "LedgerEntry",
    "Letter",
    "LetterFate",
    "LetterReceipt",
    "Limited",
    "Mapping",
    "Named",
    "Page",
    "Parcel",
    "PlanUpdate",
    "Polls",
    "Posts",
    "ProposedTime",
    "Receipt",
    "ReceiptStatus",
    "Refusal",
    "Register",
    "RegisterFacts",
    "Reply",
    "Serves",
    "Witness",
    "contract_folder",
    "load",
    "load_post",
    "load_register",
    "load_witnesses",
]
