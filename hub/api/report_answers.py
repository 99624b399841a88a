"""The access report in JSON."""

from __future__ import annotations

from collections.abc import Mapping

from hub.api.answers import element_answer, period_answer, sentence_answer, when
from hub.api.consent_answers import consent_answer
from hub.api.report_shapes import (
    KeptAnswer,
    ReportAnswer,
    ReportedCorrectionAnswer,
    ReportedEmergencyAnswer,
    ReportedFindingAnswer,
    ReportedMemberAnswer,
    ReportedNoticeAnswer,
    ReportedProposalAnswer,
    ReportedRequestAnswer,
    ReportedStatementAnswer,
)
from hub.api.restrictions import restriction_answer
from hub.api.rights_answers import disclosure_answer, held_answer
from hub.consent.decision import Sentence
from hub.consent.explain import completeness
from hub.flow.report import AccessReport, Emergency, Kept
from hub.flow.statements import Says
from hub.plan.person import Membership
from hub.store.accepted_findings import AcceptedFinding
from hub.store.consent_requests import ConsentRequest
from hub.store.corrections import Correction
from hub.store.notices import Notice
from hub.store.proposals import Proposal
from hub.store.statements import Statement

#: The rights that a report tells of, by article.
RIGHTS: Mapping[str, Sentence] = {
    "16": Sentence(
        "Er noget forkert, kan du bede om at få det rettet (artikel 16). Den myndighed, der skrev det, retter det, "
        "og alle, der har fået det, får besked.",
        "If something is wrong you can ask to have it corrected (article 16). The authority that wrote it corrects it, "
        "and everybody who got it is told.",
    ),
    "17": Sentence(
        "Du kan bede om at få oplysninger slettet (artikel 17). Myndighederne har ofte pligt til at gemme dem "
        "i deres egne systemer.",
        "You can ask to have information erased (article 17). Authorities are often bound to keep it "
        "in their own systems.",
    ),
    "18": Sentence(
        "Du kan bede om, at oplysninger ikke bruges, mens det undersøges, om de er rigtige (artikel 18).",
        "You can ask that information is not used while it is looked into whether it is right (article 18).",
    ),
    "7": Sentence(
        "Du kan altid trække et samtykke tilbage (artikel 7).",
        "You can withdraw a consent at any time (article 7).",
    ),
    "77": Sentence(
        "Du kan klage til Datatilsynet (artikel 77): www.datatilsynet.dk.",
        "You can complain to Datatilsynet, the Danish data protection agency (article 77): www.datatilsynet.dk.",
    ),
}  # fmt: skip
KEPT: Mapping[str, Sentence] = {
    "plan": Sentence("Planen og det, der står i den nu", "The plan, and what stands in it now"),
    "consents": Sentence("Samtykker", "Consents"),
    "element-versions": Sentence("Det, der er rettet eller slettet", "What was corrected or deleted"),
    "message-bodies": Sentence("Beskeder fra myndighederne", "Messages from the authorities"),
    "messages": Sentence("At en besked er kommet", "That a message came"),
    "attempts": Sentence("Leveringer", "Deliveries"),
    "notices": Sentence("At der er sendt et brev", "That a letter was sent"),
    "audit-entries": Sentence("Hvem der har set hvad", "Who saw what"),
}


def report_answer(report: AccessReport) -> ReportAnswer:
    """Return all that the hub holds about a citizen, as far as the citizen may see it."""
    return {
        "plan": report.plan,
        "made_at": when(report.at),
        "is_on_behalf": report.is_on_behalf,
        "person": {
            "name": report.person.name,
            "numbers": [{"number": number, "system": system} for number, system in report.register.numbers],
            "has_protected_address": report.has_protected_address,
            "died": report.register.died,
            "protections": [period_answer(one) for one in report.register.protections],
        },
        "may_be_partial": {"value": report.may_be_partial, **sentence_answer(completeness(report.may_be_partial))},
        "elements": [element_answer(one, tells_case=False) for one in report.elements],
        "members": [_member(one) for one in report.members],
        "consents": [consent_answer(one) for one in report.consents],
        "emergencies": [_emergency(one) for one in report.emergencies],
        "restrictions": [restriction_answer(one) for one in report.restrictions],
        "corrections": [_correction(one) for one in report.corrections],
        "consent_requests": [_request(one) for one in report.requests],
        "accepted_findings": [_accepted(one) for one in report.accepted],
        "proposals": [_proposal(one) for one in report.proposals],
        "statements": [_statement(one) for one in report.statements],
        "notices": [_notice(one) for one in report.notices],
        "kept": [_kept(one) for one in report.kept],
        "rights": [{"article": article, **sentence_answer(said)} for article, said in RIGHTS.items()],
        "disclosures": [disclosure_answer(one) for one in report.ledger.disclosures],
        "held_now": [held_answer(one) for one in report.ledger.held_now],
    }


def _member(one: Membership) -> ReportedMemberAnswer:
    return {"organisation": one.member, "role": one.role, "period": period_answer(one.period)}


def _emergency(one: Emergency) -> ReportedEmergencyAnswer:
    return {"organisation": one.organisation, "opened_at": when(one.opened_at), "reason": one.reason}


def _correction(one: Correction) -> ReportedCorrectionAnswer:
    return {
        "element": one.element,
        "authority": one.authority,
        "asked_at": when(one.asked_at),
        "claim": one.claim,
        "answered_at": when(one.answered_at),
        "answer": one.answer,
    }


def _proposal(one: Proposal) -> ReportedProposalAnswer:
    """Return another time that was proposed: organisations, and no member of staff."""
    return {
        "element": one.element,
        "authority": one.authority,
        "organisation": one.organisation,
        "proposed": period_answer(one.proposed),
        "proposed_at": when(one.proposed_at),
        "answered_at": when(one.rejected_at or one.accepted_at),
        "answer": one.answer,
        "cancelled_at": when(one.cancelled_at),
    }


def _request(one: ConsentRequest) -> ReportedRequestAnswer:
    """Return a question: for which organisation somebody asked, and no member of staff."""
    return {
        "recipient": one.recipient,
        "category": one.category,
        "organisation": one.organisation,
        "asked_at": when(one.asked_at),
        "purpose": one.purpose,
        "answer": one.answer,
        "answered_at": when(one.answered_at),
    }


def _accepted(one: AcceptedFinding) -> ReportedFindingAnswer:
    """Return a word on a finding: an organisation, and no member of staff."""
    return {
        "kind": one.kind,
        "elements": list(one.elements),
        "organisation": one.organisation,
        "accepted_at": when(one.accepted_at),
        "reason": one.reason,
        "reopened_at": when(one.reopened_at),
    }


def _statement(one: Statement) -> ReportedStatementAnswer:
    return {
        "element": one.element,
        "authority": one.authority,
        "says": Says(one.says),
        "role": one.role,
        "said_at": when(one.said_at),
        "words": one.words,
        "due_at": when(one.due_at),
        "answered_at": when(one.answered_at),
        "answer": one.answer,
    }


def _notice(one: Notice) -> ReportedNoticeAnswer:
    return {"kind": one.kind, "state": one.state, "made_at": when(one.made_at), "sent_at": when(one.sent_at)}


def _kept(one: Kept) -> KeptAnswer:
    return {"what": one.what, "days": one.days, **sentence_answer(KEPT[one.what])}
