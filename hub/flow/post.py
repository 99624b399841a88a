"""Send the letter that has been due longest: composed now, from ids, by what holds now.

The row is leased, then the letter composed and the post's breaker asked, then it is handed over outside of any
transaction, then what became of it written down. A crash in between sends it again with the same key, by which the post
knows it: one letter.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from hub.authority import Letter, LetterFate, LetterReceipt, Posts
from hub.clock import new_id, now
from hub.errors import HubError, RecipientDown
from hub.flow import calls
from hub.flow.compose import Ends, Waits, compose
from hub.settings import Settings
from hub.store.circuits import Call, Direction
from hub.store.notices import Notice, NoticeKind, State
from hub.store.transaction import Store, Unit

_ACTOR = "hub"
NO_POST = "no-post"
_ASK_AGAIN = timedelta(hours=1)  # a notice waits for a post to be configured
_LONGEST_WAIT, _FACTOR = 86_400.0, 4


class Posted(StrEnum):
    """What a look for a letter came to."""

    NOTHING = "nothing"  # none is due
    PAUSED = "paused"  # the post is held, does not answer, or has calls enough; nothing counts
    SENT = "sent"
    LATER = "later"
    ENDED = "ended"  # nothing to say any more, or a person must say it


@dataclass(frozen=True, slots=True)
class _Begun:
    notice: Notice
    letter: Letter
    call: Call


def send_next(store: Store, post: Posts | None, settings: Settings) -> Posted:
    """Send one letter, if one is due.

    :param post: None where none is configured: then every notice waits, visibly.
    """
    with store.begin() as unit:  # 1: an attempt that counts, whatever happens next
        notice = _take(unit, post, settings)
    if isinstance(notice, Posted):
        return notice
    with store.begin() as unit:  # 2: what to say, and may the post be called
        begun = _begin(unit, notice, post, settings)
    if post is None or isinstance(begun, Posted):
        return begun if isinstance(begun, Posted) else Posted.LATER
    outcome: LetterReceipt | HubError
    try:
        outcome = post.send(begun.letter)  # 3: no transaction while a network may hang
    except HubError as error:
        outcome = error
    with store.begin() as unit:  # 4: what became of it
        if isinstance(outcome, LetterReceipt):
            return _settle(unit, begun, outcome)
        return _put_off(unit, begun, outcome, settings)


def _take(unit: Unit, post: Posts | None, settings: Settings) -> Notice | Posted:
    at = now()
    if post is not None and not unit.breakers.willing(Direction.RECIPIENT, [post.name], at, settings.calls_at_most):
        return Posted.PAUSED
    notice = unit.notices.lease(at, settings.lease_seconds)
    if notice is None:
        return Posted.NOTHING
    if notice.attempts > settings.max_attempts:  # senders died of it, one after the other
        return _end(unit, notice, Ends(State.DEAD, "poison"), at)
    return notice


def _begin(unit: Unit, notice: Notice, post: Posts | None, settings: Settings) -> _Begun | Posted:
    composed, at = compose(unit, notice, settings), now()
    if isinstance(composed, Ends):
        return _end(unit, notice, composed, at)
    if isinstance(composed, Waits) or post is None:
        waits = composed if isinstance(composed, Waits) else Waits(at + _ASK_AGAIN, NO_POST)
        unit.notices.postpone(notice, waits.until, waits.cause, counts=False)
        return Posted.LATER
    call = calls.begin(unit, post.name, Direction.RECIPIENT, new_id(), at, settings)
    if call is None:  # another process was quicker
        unit.notices.postpone(notice, at, notice.cause, counts=False)
        return Posted.PAUSED
    return _Begun(notice, composed, call)


def _settle(unit: Unit, begun: _Begun, receipt: LetterReceipt) -> Posted:
    """The post has answered: it has the letter, or will not have it."""
    at, notice = now(), begun.notice
    if receipt.fate is LetterFate.RETURNED:
        posted = _end(unit, notice, Ends(State.BY_HAND, receipt.code), at, reference=receipt.reference)
    else:
        if unit.notices.settle(notice, State.SENT, at, reference=receipt.reference[:64]):
            write_down(unit, "letter-sent", notice, at)
            if notice.kind is NoticeKind.EMERGENCY:  # else the post has said meanwhile whether it told anybody
                unit.emergencies.inform(notice.about, at)
        posted = Posted.SENT
    calls.answered(unit, begun.call, at, receipt.fate, brought=True)
    return posted


def _put_off(unit: Unit, begun: _Begun, error: HubError, settings: Settings) -> Posted:
    at, notice = now(), begun.notice
    if isinstance(error, RecipientDown):
        unit.notices.postpone(notice, at, error.code, counts=False)
        calls.did_not_answer(unit, begun.call, at, error)
        return Posted.PAUSED
    calls.answered(unit, begun.call, at, error.code)  # it answers, if not as we wish
    if notice.attempts >= settings.max_attempts:
        return _end(unit, notice, Ends(State.DEAD, error.code), at)
    wait = min(_LONGEST_WAIT, settings.retry_seconds * _FACTOR ** min(notice.attempts - 1, settings.max_attempts))
    spread = wait * random.uniform(0.8, 1.2)  # noqa: S311 - spreads retries, no secret
    unit.notices.postpone(notice, at + timedelta(seconds=spread), error.code, counts=True)
    return Posted.LATER


def _end(unit: Unit, notice: Notice, ends: Ends, at: datetime, *, reference: str = "") -> Posted:
    if unit.notices.settle(notice, ends.state, at, cause=ends.cause, reference=reference[:64]):
        write_down(unit, f"letter-{ends.state}", notice, at, code=ends.cause)
    return Posted.ENDED


def write_down(unit: Unit, action: str, notice: Notice, at: datetime, *, actor: str = _ACTOR, code: str = "") -> None:
    """Write into the audit what became of a notice: ids and words of closed lists."""
    details = {"notice": notice.id, "notice_kind": notice.kind} | ({"code": code} if code else {})
    unit.audit.record(action, actor, at, notice.correlation_id, notice.plan, **details)
