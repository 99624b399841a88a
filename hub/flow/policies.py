"""Change the policy: one person writes a draft, another publishes it.

The first version of a municipality is the one exception: there is nothing yet that it could change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from hub.clock import now
from hub.consent.policy import Policy
from hub.consent.policy_diff import PolicyDiff, diff
from hub.errors import Conflict, NotAllowed, NotFound
from hub.flow.refusal import refusals_written
from hub.store.policies import PolicyVersion, check_policy
from hub.store.policy_drafts import DiscardReason, DraftState, PolicyDraft
from hub.store.transaction import Store, Unit


@dataclass(frozen=True, slots=True)
class Editor:
    """Who changes the policy.

    :ivar name: the person who answers for it. By whichever door somebody comes, the same name is the same person.
    :ivar actor: who did it for the audit: the client, or who is logged in on the hub's own machine.
    """

    name: str
    actor: str


@dataclass(frozen=True, slots=True)
class ShownDraft:
    """A draft, and what it would change.

    :ivar compared_with: the version in force, which may have moved on since; of a draft that was decided its base.
    :ivar is_current: it can still be published: nobody has decided, and its base is in force.
    """

    draft: PolicyDraft
    compared_with: int
    is_current: bool
    changes: PolicyDiff


@dataclass(frozen=True, slots=True)
class History:
    """How a municipality's policy came to be, and what it may become.

    :ivar authors: who wrote each version that has come of a draft.
    """

    versions: Sequence[PolicyVersion]
    authors: Mapping[int, str]
    drafts: Sequence[PolicyDraft]


def publish_first_policy(document: Mapping[str, Any], store: Store, *, actor: str, correlation_id: str) -> bool:
    """Put the first version of the matrix in force where there is none; tell whether it did. Of two at once, one does.

    :raises InvalidRequest: naming every fault of the document.
    """
    with store.begin() as unit:
        unit.policies.wait_for_publishers()
        if unit.policies.is_published():
            return False
        at = now()
        policy = unit.policies.publish(document, actor, at)
        unit.audit.record("policy-published", actor, at, correlation_id, version=policy.version)
        return True


def draft_policy(
    document: Mapping[str, Any], store: Store, editor: Editor, *, correlation_id: str, based_on: int | None = None
) -> PolicyDraft:
    """Keep a next version of the policy for somebody else to publish.

    :param based_on: the version that its author began with; the one in force when left out.
    :raises InvalidRequest: naming every fault of the document.
    :raises Conflict: another version has come since its author began.
    """
    with refusals_written(store, editor.actor, correlation_id, by=editor.name), store.begin() as unit:
        newest = unit.policies.in_force().version
        if based_on not in (None, newest):
            raise _moved_on(newest)
        check_policy(document, newest + 1)
        at = now()
        draft = unit.policy_drafts.add(document, newest, editor.name, at)
        _write_down("policy-drafted", unit, draft, editor, at, correlation_id)
        return draft


def publish_draft(draft_id: UUID, store: Store, editor: Editor, *, correlation_id: str) -> Policy:
    """Put what another has drafted in force; the sweeper brings every recipient up to date with it.

    :raises NotFound: there is no such draft.
    :raises NotAllowed: whoever wrote it asks.
    :raises Conflict: somebody has decided about it, or another version has come since it was written.
    """
    with refusals_written(store, editor.actor, correlation_id, by=editor.name, draft=draft_id), store.begin() as unit:
        draft = _undecided(unit, draft_id)
        if draft.drafted_by == editor.name:
            raise NotAllowed("A change of the policy needs two people.", "Ask another administrator to publish it.")
        unit.policies.wait_for_publishers()
        newest = unit.policies.in_force().version
        if newest != draft.based_on:
            raise _moved_on(newest)
        at = now()
        policy = unit.policies.publish(draft.document, editor.name, at)
        unit.policy_drafts.published(draft_id, policy.version, editor.name, at)
        _write_down("policy-published", unit, draft, editor, at, correlation_id, version=policy.version)
        return policy


def discard_draft(
    draft_id: UUID, reason: DiscardReason, store: Store, editor: Editor, *, correlation_id: str
) -> PolicyDraft:
    """Say that a draft is not to be published; one person is enough, whoever wrote it.

    :raises NotFound: there is no such draft.
    :raises Conflict: somebody has decided about it.
    """
    with refusals_written(store, editor.actor, correlation_id, by=editor.name, draft=draft_id), store.begin() as unit:
        draft = _undecided(unit, draft_id)
        at = now()
        unit.policy_drafts.discarded(draft_id, reason, editor.name, at)
        _write_down("policy-discarded", unit, draft, editor, at, correlation_id, reason=reason)
        return _found(unit, draft_id)


def show_draft(draft_id: UUID, store: Store) -> ShownDraft:
    """Return a draft and what it would change, or has changed. :raises NotFound: there is no such draft."""
    with store.begin(read_only=True) as unit:
        draft = _found(unit, draft_id)
        newest = unit.policies.in_force().version
        compared_with = newest if draft.state is DraftState.DRAFT else draft.based_on
        after = check_policy(draft.document, draft.version or draft.based_on + 1)
        return ShownDraft(
            draft,
            compared_with,
            is_current=draft.state is DraftState.DRAFT and draft.based_on == newest,
            changes=diff(_version(unit, compared_with), after),
        )


def show_policy(store: Store, version: int | None = None) -> Policy:
    """Return a version of the policy, the one in force when none is named. :raises NotFound: there is none such."""
    with store.begin(read_only=True) as unit:
        return unit.policies.in_force() if version is None else _version(unit, version)


def history(store: Store) -> History:
    """Return every version of the policy, the newest first, and the drafts that wait, the oldest first."""
    with store.begin(read_only=True) as unit:
        return History(unit.policies.versions(), unit.policy_drafts.authors(), unit.policy_drafts.undecided())


def _write_down(
    action: str, unit: Unit, draft: PolicyDraft, editor: Editor, at: datetime, correlation_id: str, **outcome: Any
) -> None:
    known: dict[str, Any] = {
        "by": editor.name,
        "draft": draft.id,
        "based_on": draft.based_on,
        "drafted_by": draft.drafted_by,
    }
    unit.audit.record(action, editor.actor, at, correlation_id, **known, **outcome)


def _found(unit: Unit, draft_id: UUID, *, lock: bool = False) -> PolicyDraft:
    draft = unit.policy_drafts.get(draft_id, lock=lock)
    if draft is None:
        raise NotFound("There is no draft of the policy with this id.")
    return draft


def _undecided(unit: Unit, draft_id: UUID) -> PolicyDraft:
    """Return a draft, held until this commits. :raises Conflict: somebody has decided about it."""
    draft = _found(unit, draft_id, lock=True)
    if draft.state is not DraftState.DRAFT:
        raise Conflict(f"The draft is {draft.state} already.", "Write another: a draft is decided about once.")
    return draft


def _version(unit: Unit, version: int) -> Policy:
    policy = unit.policies.get(version)
    if policy is None:
        raise NotFound("There is no version of the policy with this number.")
    return policy


def _moved_on(newest: int) -> Conflict:
    return Conflict(
        f"Version {newest} of the policy is in force, and this is based on another.",
        f"Begin with version {newest}, bring the change into it, and draft it again.",
    )
