"""What a citizen has withdrawn: who has confirmed that it is deleted, and the proof of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from hub.flow.citizen import own_plan
from hub.flow.proof import prove_revocation
from hub.flow.revocation import ShownRevocation, show_revocation
from hub.flow.stopped import StoppedDelivery
from hub.ui.consent_cards import word_of
from hub.ui.consent_receipt import stopped_sentences
from hub.ui.consent_visit import AVisit, Visit
from hub.ui.problems import PageRoute
from hub.ui.proof_page import proof_page
from hub.ui.spoken import Say, spoken
from hub.ui.times import moment
from hub.ui.words import known_word

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """One consent that was withdrawn.

    :ivar recipients: each with a sentence on what became of what it had, and whether its word is overdue.
    :ivar stopped: of what waited to be sent and was not.
    """

    consent: str
    sentence: str
    at: str
    recipients: tuple[tuple[str, str, bool], ...]
    stopped: tuple[str, ...]


@router.get("/citizen/withdrawals")
def read_withdrawals(visit: AVisit) -> Response:
    """Show what was withdrawn, the latest first, and who has confirmed."""
    caller, store = visit.session.caller, visit.desk.store
    offers = visit.offers(own_plan(caller.reader, store))
    say, found = spoken(visit.language, is_young=offers.is_young), []
    for one in visit.choices(offers):
        if one.revoked is not None:
            shown = show_revocation(
                one.consent.id, caller.reader, store, visit.desk.deadline, actor=caller.client,
                correlation_id=visit.correlation_id,
            )  # fmt: skip
            found.append((shown.revocation.at, _withdrawal(shown, visit.stopped(one.consent.id), say, visit.language)))
    ordered = [one for _, one in sorted(found, key=lambda pair: (pair[0], pair[1].consent), reverse=True)]
    at = say("plan.at", when=moment(offers.at, visit.language))
    return visit.page("withdrawals", withdrawals=ordered, at=at)


@router.get("/citizen/withdrawals/{consent}/proof")
def read_proof(consent: UUID, visit: AVisit) -> Response:
    """Show the proof, to read and to print."""
    shown, document = _proof(consent, visit)
    proof = proof_page(shown, document, visit.language)
    return visit.page("proof", proof=proof, file=f"/citizen/withdrawals/{consent}/proof-file")


@router.get("/citizen/withdrawals/{consent}/proof-file")
def get_proof(consent: UUID, visit: AVisit) -> Response:
    """Give the signed document, for the citizen to keep."""
    _, document = _proof(consent, visit)
    headers = {"Content-Disposition": f'attachment; filename="{consent}.json"', "Cache-Control": "no-store"}
    return Response(document, headers=headers, media_type="application/json")


def _proof(consent: UUID, visit: Visit) -> tuple[ShownRevocation, bytes]:
    caller, desk = visit.session.caller, visit.desk
    return prove_revocation(
        consent, caller.reader, desk.store, desk.deadline, actor=caller.client, correlation_id=visit.correlation_id
    )


def _withdrawal(shown: ShownRevocation, stopped: Sequence[StoppedDelivery], say: Say, language: str) -> Withdrawal:
    return Withdrawal(
        consent=str(shown.consent.id),
        sentence=word_of(shown.consent, say, language),
        at=say("withdrawals.at", when=moment(shown.revocation.at, language)),
        recipients=tuple(
            dict.fromkeys(
                (known_word("authority", one.recipient, language), one.sentence.in_language(language), one.is_missing)
                for one in shown.withdrawn
            )
        ),
        stopped=tuple(stopped_sentences(stopped, "withdrawn", say, language)),
    )
