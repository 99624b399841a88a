"""The proof of a revocation: what the citizen can keep, show to anybody, and have checked without the hub.

It says which consent was withdrawn and when, what was under way, and for each recipient what became of what it had: in
ids, times, categories and codes. No name, no number, no text that an authority or a client wrote.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from hub.authority.legal_holds import LegalHold
from hub.consent.consent import Consent
from hub.consent.decision import Sentence
from hub.consent.explain import completeness
from hub.consent.reader import Reader
from hub.flow.proof_shapes import (
    ProofStatement,
    RevocationStatement,
    ToldDelivery,
    ToldRecipient,
    ToldSentence,
    ToldWithdrawal,
    WithdrawnConsent,
)
from hub.flow.reading import asked_by
from hub.flow.refusal import refusals_written
from hub.flow.revocation import ShownRevocation, Withdrawn, look
from hub.plan.danish_time import LOCAL
from hub.store.revocations import UnderWay
from hub.store.transaction import Store

KIND = "one-plan-hub:revocation-proof:1"


def prove_revocation(
    consent: UUID, reader: Reader, store: Store, deadline: timedelta, *, actor: str, correlation_id: str
) -> tuple[ShownRevocation, bytes]:
    """Return the latest revocation of a consent, and the signed document that says so.

    :raises NotFound: there is none that the reader may see.
    """
    with refusals_written(store, actor, correlation_id, asked=consent), store.begin() as unit:
        shown = look(unit, consent, reader, deadline)
        about = {"consent": consent, **asked_by(reader)}
        unit.audit.record("proof-given", actor, shown.at, correlation_id, shown.revocation.plan, **about)
    statement: ProofStatement = {"kind": KIND, "municipality": store.municipality, **statement_of(shown)}
    return shown, store.keyring.signing_key.sign(statement)


def statement_of(shown: ShownRevocation) -> RevocationStatement:
    """Return a revocation in JSON: ids, times, categories and codes."""
    revocation = shown.revocation
    return {
        "revocation": revocation.id,
        "plan": revocation.plan,
        "consent": _consent(shown.consent),
        "withdrawn_at": _local(revocation.at),
        "as_of": _local(shown.at),
        "deliveries_under_way": len(shown.under_way),
        "deliveries": [_delivery(one) for one in shown.under_way],
        "recipients": _recipients(shown.withdrawn),
        "may_be_partial": {
            "value": shown.may_be_partial,
            **_told(completeness(shown.may_be_partial)),
        },
    }


def _consent(consent: Consent) -> WithdrawnConsent:
    return {
        "id": consent.id,
        "version": consent.version,
        "kind": consent.kind,
        "effect": consent.effect,
        "sources": sorted(consent.scope.sources),
        "recipients": sorted(consent.scope.recipients),
        "purposes": sorted(consent.scope.purposes),
        "categories": sorted(consent.scope.categories),
        "label": consent.scope.label.name,
    }


def _delivery(one: UnderWay) -> ToldDelivery:
    return {
        "recipient": one.recipient,
        "started_at": _local(one.started_at),
        "settled_at": _when(one.settled_at),
        "outcome": one.outcome or None,
    }


def _recipients(withdrawn: Sequence[Withdrawn]) -> list[ToldRecipient]:
    """Return each recipient once, with what has fared alike put together."""
    names = sorted({one.recipient for one in withdrawn})
    return [
        {
            "recipient": name,
            "is_missing": any(one.is_missing for one in withdrawn if one.recipient == name),
            "withdrawals": [_withdrawal(one) for one in withdrawn if one.recipient == name],
        }
        for name in names
    ]


def _withdrawal(one: Withdrawn) -> ToldWithdrawal:
    return {
        "state": one.state,
        "is_missing": one.is_missing,
        "sentence": _told(one.sentence),
        "owed_at": _local(one.owed_at),
        "due_by": _local(one.due_by),
        "sent_at": _when(one.sent_at),
        "last_attempt_at": _when(one.last_attempt_at),
        "last_result": one.last_result or None,
        "ended_at": _when(one.ended_at),
        "legal_hold": LegalHold(one.hold_code) if one.hold_code else None,
        "elements": [
            {"element": element.id, "category": element.category, "digest": element.digest or None}
            for element in one.elements
        ],
    }


def _told(sentence: Sentence) -> ToldSentence:
    return {"da": sentence.da, "en": sentence.en}


def _when(at: datetime | None) -> datetime | None:
    return _local(at) if at else None


def _local(at: datetime) -> datetime:
    return at.astimezone(LOCAL)
