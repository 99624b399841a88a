"""What the hub answers in JSON about plans and consents: functions of the reader's view and nothing else."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar, overload
from uuid import UUID

import orjson
from pydantic_core import CoreSchema, core_schema
from starlette.responses import Response

from hub.api.problems import OK
from hub.api.shapes import (
    ElementAnswer,
    ExplainedAnswer,
    FindingAnswer,
    FreshnessAnswer,
    PeriodAnswer,
    PlanAnswer,
    SentenceAnswer,
    SourceAnswer,
    WhyAnswer,
)
from hub.consent.decision import Decision, Sentence
from hub.consent.explain import completeness
from hub.consent.explain_findings import finding
from hub.consent.view import Seen, View, said_of_each
from hub.flow.show import Shown
from hub.plan.danish_time import LOCAL
from hub.plan.element import Period
from hub.plan.findings import KINDS, findings
from hub.plan.identifier import Identifier

Shape = TypeVar("Shape")


class Json(Response, Generic[Shape]):
    """An answer in JSON. A route that returns ``Json[PlanAnswer]`` is told so in ``/openapi.json`` (``described``)."""

    media_type = "application/json"

    @classmethod
    def __get_pydantic_core_schema__(cls, *_: Any) -> CoreSchema:
        """FastAPI makes a field of what a route returns; this one is bytes already, and costs no start a model."""
        return core_schema.any_schema()


def json_response(content: Shape, status: int = OK, headers: dict[str, str] | None = None) -> Json[Shape]:
    """Return JSON; the same content gives the same bytes."""
    return Json(orjson.dumps(content), status, headers)


def plan_answer(shown: Shown, travel: timedelta) -> PlanAnswer:
    """Return a plan as its reader may see it; elements come in the order of their ids.

    :param travel: the way between two appointments; with less between them they are a finding.
    """
    view = shown.view
    return {
        "plan": view.plan,
        "status": shown.status,
        "person": {
            "name": shown.person.name,
            "cpr": _masked(shown.person.numbers_for(view.reader.organisation)),
            "has_protected_address": shown.has_protected_address,
        },
        "may_be_partial": {
            "value": view.may_be_partial,
            **sentence_answer(completeness(view.may_be_partial)),
        },
        "elements": _elements(view),
        "findings": _findings(shown, travel),
        "sources": _sources(shown),
        "as_of": when(shown.at),
    }


def _elements(view: View) -> list[ElementAnswer]:
    return [
        element_answer(seen, why, tells_case=view.tells_case_of(seen.element.authority))
        for seen, why in zip(view.seen, said_of_each(view.seen, _why), strict=True)
    ]


def tagged(answer: PlanAnswer) -> tuple[bytes, str]:
    """Return an answer's bytes and its ETag; when it was asked for (``as_of``) is told last, and no part of the tag."""
    spelled = orjson.dumps({name: value for name, value in answer.items() if name != "as_of"})
    tag = hashlib.sha256(spelled).hexdigest()[:32]
    return spelled[:-1] + b',"as_of":' + orjson.dumps(answer["as_of"]) + b"}", f'"{tag}"'


def why_answer(plan: UUID, seen: Seen) -> ExplainedAnswer:
    """Return why a reader sees an element."""
    decision = seen.decision
    return {
        "plan": plan,
        "element": seen.element.id,
        "outcome": decision.outcome,
        "reason": decision.reason,
        **_why(decision),
        "consents": [{"consent": rested.id, "version": rested.version} for rested in decision.consents],
        "policy_version": decision.policy_version,
        "left_out": sorted(decision.hidden),
        "obligations": list(decision.obligations),
    }


@overload
def when(at: datetime) -> datetime: ...


@overload
def when(at: None) -> None: ...


@overload
def when(at: datetime | None) -> datetime | None: ...


def when(at: datetime | None) -> datetime | None:
    """Return an instant in Danish time; orjson spells it with its zone (RFC 3339), faster than ``isoformat``."""
    return at.astimezone(LOCAL) if at else None


def _findings(shown: Shown, travel: timedelta) -> list[FindingAnswer]:
    """Return what is worth a look in what the reader sees, and in nothing else."""
    return [
        {"kind": KINDS[type(found)], "elements": list(found.elements), **sentence_answer(finding(found))}
        for found in findings(shown.view.in_detail(), shown.at, travel)
    ]


def _sources(shown: Shown) -> list[FreshnessAnswer]:
    """Return how old each source is: the newest that the reader sees of it, and since when it cannot be asked.

    A call that failed brings no data and makes nothing newer. When the authority last sent anything at all is not told:
    it may have been something that is withheld.
    """
    newest: dict[str, list[datetime]] = {}
    for seen in shown.view.seen:
        newest.setdefault(seen.element.authority, []).extend([seen.registered_at] if seen.registered_at else [])
    return [
        {
            "authority": authority,
            "newest_registered_at": when(max(times, default=None)),
            "is_answering": authority not in shown.silent,
            "not_answering_since": when(shown.silent.get(authority)),
        }
        for authority, times in sorted(newest.items())
    ]


def element_answer(seen: Seen, why: WhyAnswer | None = None, *, tells_case: bool) -> ElementAnswer:
    """Return an element as its reader sees it, where it comes from, and why it is seen.

    :param why: what to say of its decision, where that is said already.
    :param tells_case: whether the reader works with the authority's case numbers.
    """
    element = seen.element
    return {
        "id": element.id,
        "kind": element.kind,
        "category": element.category,
        "label": element.label.name if element.label else None,
        "authority": element.authority,
        "status": element.status,
        "title": element.title,
        "text": element.text,
        "valid": period_answer(element.valid),
        "codes": [{"system": code.system, "code": code.code, "text": code.text} for code in element.codes],
        "details": dict(sorted(element.details.items())),
        "part_of": element.part_of,
        "left_out": sorted(seen.decision.hidden),
        "source": _source(seen, tells_case=tells_case),
        "why": why or _why(seen.decision),
    }


def _source(seen: Seen, *, tells_case: bool) -> SourceAnswer:
    """Return where an element came from, and since when the hub has it as it reads now.

    When its message was sent is left out: a message names a whole case, so it would tell of a change to something
    that is withheld.
    """
    element = seen.element
    source: SourceAnswer = {
        "system": element.provenance.source_system,
        "contract": element.provenance.contract,
        "registered_at": when(seen.registered_at),
    }
    if tells_case:
        source["case"] = element.provenance.case
    return source


def _why(decision: Decision) -> WhyAnswer:
    return {
        "sentence": sentence_answer(decision.sentence),
        "rule_ids": list(decision.rule_ids),
        "valid_until": when(decision.valid_until),
    }


def sentence_answer(sentence: Sentence) -> SentenceAnswer:
    """Return a sentence in both languages."""
    return {"da": sentence.da, "en": sentence.en}


def period_answer(period: Period) -> PeriodAnswer:
    """Return a period in Danish time; an open end is null."""
    return {"from": when(period.start), "to": when(period.end)}


def _masked(numbers: Sequence[Identifier]) -> str | None:
    """Return the day of birth alone, of the newest number; the last four digits are shown nowhere here."""
    return numbers[0].masked if numbers else None
