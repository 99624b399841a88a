"""What the certificate of an erasure states, whole and as its citizen has it. It is signed and kept for years."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NotRequired, cast
from uuid import UUID

from typing_extensions import TypedDict

from hub.authority.legal_holds import LegalHold
from hub.plan.danish_time import LOCAL
from hub.store.erasures import Erasure, Recipient

KIND = "one-plan-hub:erasure:1"
#: What the citizen's has of it: counts of rows would tell of what was withheld.
_CITIZENS = (
    "kind", "municipality", "erasure", "plan", "cause", "asked_at", "approved_at", "erased_at", "person_too", "backups",
    "kept",
)  # fmt: skip


class ToldToDelete(TypedDict):
    """A recipient that was told to delete: whether it said so, and by which laws it keeps some."""

    recipient: str
    confirmed: bool
    legal_holds: list[LegalHold]


class ToldToCitizen(TypedDict):
    """What the citizen is told of recipients, by what the citizen may see."""

    recipients: list[ToldToDelete]


class Backups(TypedDict):
    """By which master key older copies of the database open; without it the plan in them is gone, too."""

    master_key_version: int


class ErasureStatement(TypedDict):
    """What a certificate states; ``rows`` counts what was deleted, by table.

    The citizen's has no ``rows``, and ``recipients`` are as the citizen may know them: missing where that is not known,
    for the plan did not open, or the erasure was by a release that did not write it down.
    """

    kind: str
    municipality: str
    erasure: UUID
    plan: UUID
    cause: str
    asked_at: datetime
    approved_at: datetime | None
    erased_at: datetime
    rows: NotRequired[dict[str, int]]
    person_too: bool
    recipients: NotRequired[list[ToldToDelete]]
    told_to_citizen: NotRequired[ToldToCitizen]
    backups: Backups
    kept: list[str]


def statement_of(
    one: Erasure, municipality: str, recipients: Sequence[Recipient], told: Sequence[Recipient] | None,
    key_version: int, gone: Mapping[str, int], at: datetime,
) -> ErasureStatement:  # fmt: skip
    """Return what the certificate says: ids, times, counts and codes, and what is left.

    :param recipients: how they stand.
    :param told: those of whom the citizen may know, as the citizen may know them; None: that is not known.
    :param key_version: of the master key that older copies open with.
    :param gone: rows that were deleted, by table.
    """
    statement: ErasureStatement = {
        "kind": KIND,
        "municipality": municipality,
        "erasure": one.id,
        "plan": one.plan,
        "cause": one.cause,
        "asked_at": one.asked_at.astimezone(LOCAL),
        "approved_at": one.approved_at.astimezone(LOCAL) if one.approved_at else None,
        "erased_at": at.astimezone(LOCAL),
        "rows": {name: gone[name] for name in sorted(gone)},
        "person_too": "people" in gone,
        "recipients": _stand(recipients),
        "backups": {"master_key_version": key_version},
        "kept": ["audit"],
    }
    if told is not None:
        statement["told_to_citizen"] = {"recipients": _stand(told)}
    return statement


def citizens_statement(statement: Mapping[str, Any]) -> ErasureStatement:
    """Return a certificate's statement as its citizen has it.

    One of an earlier release, or of a plan that did not open, does not say what the citizen may know of recipients:
    then none is named.
    """
    kept = {name: statement[name] for name in _CITIZENS if name in statement}
    return cast("ErasureStatement", kept | statement.get("told_to_citizen", {}))


def _stand(recipients: Sequence[Recipient]) -> list[ToldToDelete]:
    return [
        {"recipient": each.name, "confirmed": not each.holds, "legal_holds": list(each.hold_codes)}
        for each in recipients
    ]
