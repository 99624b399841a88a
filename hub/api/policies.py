"""The policy: its versions, and the drafts of the next one, which one administrator writes and another publishes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, NotRequired, cast
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response
from typing_extensions import TypedDict

from hub.api.answers import Json, json_response, when
from hub.api.asking import AnAdministrator, APolicyReader, CorrelationId, Hub, TheBody, TheHub
from hub.api.models import MAX_BYTES, Discard, read, schema_of
from hub.api.policy_shapes import PolicyAnswer, PolicyDiffAnswer
from hub.api.problems import CREATED, OK
from hub.consent.policy_diff import PolicyDiff, written_diff
from hub.consent.policy_written import read_toml, write_policy, write_toml
from hub.errors import TooLarge
from hub.flow.policies import (
    Editor,
    ShownDraft,
    discard_draft,
    draft_policy,
    history,
    publish_draft,
    show_draft,
    show_policy,
)
from hub.identity.tokens import Caller
from hub.store.policy_drafts import DiscardReason, DraftState, PolicyDraft
from hub.store.transaction import Store

router = APIRouter(tags=["policies"])
TOML = "application/toml"
_DOCUMENT = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/PolicyAnswer"}},
            TOML: {"schema": {"type": "string"}},
        },
    }
}
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]
Base = Annotated[int | None, Query(ge=1, le=2**31 - 1)]


class VersionAnswer(TypedDict):
    """A version of the policy; who drafted it is null for the first, and for what was published without a draft."""

    version: int
    published_at: datetime
    published_by: str
    drafted_by: str | None


class WaitingDraftAnswer(TypedDict):
    """A draft, and the version that its author began with."""

    draft: UUID
    based_on: int
    drafted_by: str
    drafted_at: datetime


class PoliciesAnswer(TypedDict):
    """The versions of the policy, the newest and so the one in force first, and the drafts that wait, oldest first."""

    policies: list[VersionAnswer]
    drafts: list[WaitingDraftAnswer]


class DraftLinksAnswer(TypedDict):
    """What can be asked or done about a draft; what cannot be done any more is left out."""

    self: str
    based_on: str
    publish: NotRequired[str]
    discard: NotRequired[str]


class DraftAnswer(WaitingDraftAnswer):
    """A draft, what it would change or has changed, and what has become of it.

    ``compared_with`` is the version in force, of a draft that was decided the one it is based on. ``is_current``: it
    can still be published. ``version`` is what it is published as, ``reason`` why it was discarded.
    """

    state: DraftState
    is_current: bool
    decided_by: str | None
    decided_at: datetime | None
    version: int | None
    reason: DiscardReason | None
    compared_with: int
    changes: PolicyDiffAnswer
    document: PolicyAnswer
    links: DraftLinksAnswer


@router.get("/policies")
def policies(hub: TheHub, reader: APolicyReader) -> Json[PoliciesAnswer]:
    """List the versions of the policy, the newest and so the one in force first, and the drafts that wait."""
    found = history(hub.store)
    told: list[VersionAnswer] = [
        {
            "version": one.version,
            "published_at": when(one.published_at),
            "published_by": one.published_by,
            "drafted_by": found.authors.get(one.version),
        }
        for one in found.versions
    ]
    return json_response({"policies": told, "drafts": [_written_by(draft) for draft in found.drafts]})


@router.get("/policies/{version}", response_model=None)
def policy(version: Number, request: Request, hub: TheHub, reader: APolicyReader) -> Json[PolicyAnswer] | Response:
    """Read one version as a document that can be changed and drafted again."""
    document = write_policy(show_policy(hub.store, version))
    accept = request.headers.get("accept", "").lower()
    if TOML in accept and "json" not in accept:
        return Response(write_toml(document), OK, media_type=TOML)
    return json_response(_document(document))


@router.post("/policies/drafts", status_code=CREATED, openapi_extra=_DOCUMENT)
def draft(
    request: Request,
    body: TheBody,
    hub: TheHub,
    administrator: AnAdministrator,
    correlation_id: CorrelationId,
    based_on: Base = None,
) -> Json[DraftAnswer]:
    """Draft the next version, whole, in JSON or TOML; every fault is named at once."""
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    document = _toml(body) if content_type == TOML else read(dict[str, Any], body)
    editor = _editor(hub, administrator)
    written = draft_policy(document, hub.store, editor, correlation_id=correlation_id, based_on=based_on)
    return _told(written.id, hub.store, CREATED)


@router.get("/policies/drafts/{id}")
def read_draft(id: UUID, hub: TheHub, reader: APolicyReader) -> Json[DraftAnswer]:
    """Read a draft, and what it would change in the version in force."""
    return _told(id, hub.store)


@router.post("/policies/drafts/{id}/publish")
def publish(id: UUID, hub: TheHub, administrator: AnAdministrator, correlation_id: CorrelationId) -> Json[DraftAnswer]:
    """Put in force what another administrator has drafted."""
    publish_draft(id, hub.store, _editor(hub, administrator), correlation_id=correlation_id)
    return _told(id, hub.store)


@router.post("/policies/drafts/{id}/discard", openapi_extra=schema_of(Discard))
def discard(
    id: UUID, body: TheBody, hub: TheHub, administrator: AnAdministrator, correlation_id: CorrelationId
) -> Json[DraftAnswer]:
    """Say that a draft is not to be published, and why."""
    wanted: Discard = read(Discard, body)
    discard_draft(id, wanted.reason, hub.store, _editor(hub, administrator), correlation_id=correlation_id)
    return _told(id, hub.store)


def _editor(hub: Hub, administrator: Caller) -> Editor:
    return Editor(hub.access.person_of(administrator.client), administrator.client)


def _toml(body: bytes) -> Mapping[str, Any]:
    if len(body) > MAX_BYTES:
        raise TooLarge(f"The request has over {MAX_BYTES:,} bytes.")
    return read_toml(body)


def _told(draft: UUID, store: Store, status: int = OK) -> Json[DraftAnswer]:
    shown = show_draft(draft, store)
    return json_response(
        {
            **_written_by(shown.draft),
            "state": shown.draft.state,
            "is_current": shown.is_current,
            "decided_by": shown.draft.decided_by,
            "decided_at": when(shown.draft.decided_at),
            "version": shown.draft.version,
            "reason": shown.draft.reason,
            "compared_with": shown.compared_with,
            "changes": _changes(shown.changes),
            "document": _document(shown.draft.document),
            "links": _links(shown),
        },
        status,
    )


def _written_by(draft: PolicyDraft) -> WaitingDraftAnswer:
    return {
        "draft": draft.id,
        "based_on": draft.based_on,
        "drafted_by": draft.drafted_by,
        "drafted_at": when(draft.drafted_at),
    }


def _changes(found: PolicyDiff) -> PolicyDiffAnswer:
    """Return what differs by its shape; fields of rules are written by their names, which the tests hold to it."""
    return cast("PolicyDiffAnswer", written_diff(found))


def _document(document: Mapping[str, Any]) -> PolicyAnswer:
    """Return a document of a policy by its shape: none is kept, or written, that ``parse_policy`` does not take."""
    return cast("PolicyAnswer", document)


def _links(shown: ShownDraft) -> DraftLinksAnswer:
    """Return what can be asked or done about a draft; whatever helps to judge it belongs here."""
    own = f"/policies/drafts/{shown.draft.id}"
    links: DraftLinksAnswer = {"self": own, "based_on": f"/policies/{shown.draft.based_on}"}
    if shown.is_current:
        links["publish"] = f"{own}/publish"
    if shown.draft.state is DraftState.DRAFT:
        links["discard"] = f"{own}/discard"
    return links
