"""The shapes of who can see what, and of what a change of it would do."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from typing_extensions import TypedDict

from hub.api.consent_answers import RenewalAnswer
from hub.api.shapes import ConsentVersion, SentenceAnswer
from hub.consent.decision import Obligation, Outcome, Reason
from hub.consent.policy import Hidden
from hub.consent.reader import Exchange
from hub.consent.standing import Lack
from hub.plan.element import Kind
from hub.plan.person import Role


class SeatAnswer(TypedDict):
    """Whose row it is: ``disclose`` is what the hub sends, ``collect`` what somebody reads."""

    recipient: str
    role: Role
    exchange: Exchange
    purpose: str


class RestsOn(TypedDict):
    """What a decision rests on."""

    rule_ids: list[str]
    consents: list[ConsentVersion]
    valid_until: datetime | None
    policy_version: int


class WayAnswer(SeatAnswer, RestsOn):
    """Whether an element comes to a recipient in one way, and why (``disclose``: sent, ``collect``: read)."""

    outcome: Outcome
    reason: Reason
    sentence: SentenceAnswer
    left_out: list[Hidden]
    obligations: list[Obligation]


class RecipientAnswer(TypedDict):
    """Why a recipient does or does not see an element."""

    plan: UUID
    element: UUID
    answers: list[WayAnswer]


class ReachAnswer(TypedDict):
    """The highest steps of the ladder that are shown whole, and at all; null where none is.

    ``left_out`` names the parts that are left out of what is not shown whole.
    """

    whole_up_to: str | None
    in_part_up_to: str | None
    left_out: list[Hidden]


class BeyondAnswer(TypedDict):
    """Why the step above the highest one that is shown is not."""

    reason: Reason
    sentence: SentenceAnswer


class CellAnswer(ReachAnswer, RestsOn):
    """How far a category of some sources is shown, and why; ``*`` stands for every other source.

    ``has_exceptions``: a consent is about single elements or their time; for these it may be otherwise.
    """

    category: str
    sources: list[str]
    reason: Reason
    sentence: SentenceAnswer
    beyond: BeyondAnswer | None
    has_exceptions: bool


class RowAnswer(SeatAnswer):
    """What may come to a recipient in one way (``disclose``: sent, ``collect``: read), by category."""

    categories: list[CellAnswer]


class WhoCanSeeAnswer(TypedDict):
    """Who can see what of a plan, whatever is in it: a row for each way to a recipient."""

    plan: UUID
    policy_version: int
    recipients: list[RowAnswer]
    as_of: datetime


class CellShiftAnswer(TypedDict):
    """How far a category of some sources is shown before and after.

    ``reason`` is that of the decision after, null for who is not there any more.
    """

    category: str
    sources: list[str]
    before: ReachAnswer
    after: ReachAnswer
    reason: Reason | None


class AboutAnswer(TypedDict):
    """Which element, and nothing that anybody has written in it."""

    element: UUID
    kind: Kind
    category: str | None
    authority: str
    label: str | None


class PartsShiftAnswer(AboutAnswer):
    """An element that is seen before and after, and which of its parts open and close."""

    opens: list[str]
    closes: list[str]


class ShiftAnswer(SeatAnswer):
    """What a change does to what comes to a recipient in one way (``disclose``: sent, ``collect``: read).

    Elements are named as far as whoever asks sees them now.
    """

    categories: list[CellShiftAnswer]
    gains: list[AboutAnswer]
    loses: list[AboutAnswer]
    changes: list[PartsShiftAnswer]


class NextDeliveryAnswer(TypedDict):
    """What would be sent to a recipient next, in numbers of elements that whoever asks sees now."""

    recipient: str
    additions: int
    withdrawals: int


class SimulatedAnswer(TypedDict):
    """What a change would do to a plan; ``consent`` is as it would be taken down.

    What ``lacks`` somebody's word would not count. ``ask_anew`` is what somebody would have to be asked, who now has
    not to be.
    """

    plan: UUID
    as_of: datetime
    consent: ConsentVersion | None
    applies: bool
    lacks: list[Lack]
    recipients: list[ShiftAnswer]
    deliveries: list[NextDeliveryAnswer]
    ask_anew: list[RenewalAnswer]


class SyntheticAnswer(SeatAnswer):
    """What becomes of a synthetic citizen for one reader, in numbers of elements."""

    citizen: str
    gains: int
    loses: int
    changes: int
    categories: list[CellShiftAnswer]


class TriedOutAnswer(TypedDict):
    """What a policy would do to citizens whom nobody is.

    ``compared_with`` is the version in force, ``plans`` counts the citizens of whom somebody would see more or less,
    and ``categories`` names what opens or closes somewhere.
    """

    compared_with: int
    as_of: datetime
    plans: int
    categories: list[str]
    synthetic: list[SyntheticAnswer]
