"""The shapes of policies: what a municipality writes, and how two of them differ."""

from __future__ import annotations

from typing import NotRequired

from typing_extensions import TypedDict

from hub.consent.ages import Custodians
from hub.consent.policy import Condition, Hidden, RuleEffect
from hub.consent.reader import Exchange
from hub.plan.person import Role


class _RuleInWords(TypedDict):
    id: str
    effect: RuleEffect
    citation: str
    da: str
    en: str
    sources: list[str]
    recipients: list[str]
    roles: list[Role]
    purposes: list[str]
    categories: list[str]
    label: str


class RuleAnswer(_RuleInWords):
    """A rule as it is written; ``*`` stands for every name, and what is as usual may be left out.

    ``label`` is the highest step of the ladder that it covers, of a prohibition the lowest. ``valid_from`` and
    ``valid_to`` are its first and its last day.
    """

    conditions: NotRequired[list[Condition]]
    without: NotRequired[list[Hidden]]
    valid_from: NotRequired[str | None]
    valid_to: NotRequired[str | None]
    directions: NotRequired[list[Exchange]]
    informs: NotRequired[bool]


class WholeRuleAnswer(_RuleInWords):
    """A rule with all that it says, what is as usual too; a day that it does not name is null."""

    conditions: list[Condition]
    without: list[Hidden]
    valid_from: str | None
    valid_to: str | None
    directions: list[Exchange]
    informs: bool


class AgesAnswer(TypedDict):
    """From which age a child has a say, and how many holders of custody must say yes."""

    own_no: int
    own_yes: int
    of_age: int
    custodians: Custodians
    citation: str


class MeetingsAnswer(TypedDict):
    """How often a purpose may be met for about one plan, and for how many hours a meeting may stay open."""

    purpose: str
    first: int
    follow_ups: int
    hours: int
    citation: str


class BreakGlassAnswer(TypedDict):
    """Who may open a plan in an emergency, for how long, and by when a second person must have approved it."""

    roles: list[Role]
    minutes: int
    reason_letters: int
    approval_hours: int
    citation: str


class PolicyAnswer(TypedDict):
    """A policy as a municipality writes it; what is as usual may be left out. It can be changed and drafted again."""

    purposes: list[str]
    categories: list[str]
    rule: NotRequired[list[RuleAnswer]]
    ages: NotRequired[AgesAnswer | None]
    meeting: NotRequired[list[MeetingsAnswer]]
    break_glass: NotRequired[BreakGlassAnswer | None]


class FieldChangeAnswer(TypedDict):
    """A field that says something else now, or is said in one of the two alone; of a list what came and what went."""

    field: str
    before: str | int | bool | list[str] | list[MeetingsAnswer] | None
    after: str | int | bool | list[str] | list[MeetingsAnswer] | None
    added: list[str] | list[MeetingsAnswer]
    removed: list[str] | list[MeetingsAnswer]


class RuleChangeAnswer(TypedDict):
    """A rule that keeps its id and says something else now."""

    id: str
    fields: list[FieldChangeAnswer]


class CellChangeAnswer(TypedDict):
    """What a role of one recipient may get from one source, before and after: on which ground, null for on none.

    ``*`` stands for every source or recipient that no rule names.
    """

    source: str
    recipient: str
    role: Role
    before: RuleEffect | None
    after: RuleEffect | None
    categories: list[str]


class PolicyDiffAnswer(TypedDict):
    """All that differs between two policies; ``settings`` is what is no rule.

    ``is_reordered``: rules that both have come in another order. ``cells`` is null where there are too many to tell.
    """

    rules_added: list[WholeRuleAnswer]
    rules_removed: list[WholeRuleAnswer]
    rules_changed: list[RuleChangeAnswer]
    settings: list[FieldChangeAnswer]
    is_reordered: bool
    cells: list[CellChangeAnswer] | None
