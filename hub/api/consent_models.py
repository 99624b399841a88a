"""What a client may send of consents, in JSON (see ``hub.api.models`` for how it is read)."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Discriminator, Field, model_validator

from hub.api.models import GivenPerson, Instant, Names, OneName, Refusal, Strict, Text
from hub.consent.consent import Capacity, Effect
from hub.consent.reader import ONE_PLAN
from hub.plan.element import Sensitivity

_EVERY = Field(default_factory=lambda: ["*"])


class GivenPeriod(Strict):
    """From when until when; both ends are instants with a zone, the end is the first instant after."""

    start: Instant | None = Field(None, alias="from")
    end: Instant | None = Field(None, alias="to")

    @model_validator(mode="after")
    def _runs_forward(self) -> GivenPeriod:
        if self.start and self.end and self.start >= self.end:
            raise Refusal("period")
        return self


class GivenBy(GivenPerson):
    """Somebody who speaks for the citizen: a holder of custody, or a guardian; or the citizen beside them."""

    capacity: Capacity


class _Evidence(Strict):
    """How the citizen said it.

    ``text_version``: which wording they were shown; ``channel``: at a meeting, by letter, on the page; ``evidence``:
    where it is kept, such as the number of a journal entry. ``given_by``: who said it, if not the citizen alone.
    """

    period: GivenPeriod = Field(default_factory=lambda: GivenPeriod.model_validate({}))
    text_version: Text = ""
    language: Literal["da", "en"] = "da"
    channel: Text = ""
    evidence: Text = ""
    given_by: Annotated[list[GivenBy], Field(min_length=1, max_length=5)] | None = None


class OnePlan(_Evidence):
    """The citizen says yes to have one plan; it opens the plan."""

    kind: Literal["one-plan"]
    person: GivenPerson
    #: Authorities that take part from the start; others join with their first message.
    authorities: Annotated[list[OneName], Field(min_length=1, max_length=100)]
    #: The sector plans that the one plan replaces.
    replaces: Annotated[list[Text], Field(min_length=1, max_length=20)] | None = None


class _Scope(Strict):
    """From whom, to whom, what for and what of."""

    sources: Names
    recipients: Names
    purposes: Names = Field(default_factory=lambda: [ONE_PLAN])
    categories: Names
    #: Of a yes the highest step it covers, of a no the lowest.
    label: Literal[tuple(step.name for step in Sensitivity)] | None = None  # type: ignore[valid-type]
    #: Single elements it is about; left out: all that the rest describes.
    elements: Annotated[list[UUID], Field(min_length=1, max_length=100)] | None = None
    #: Of which time they are; left out: any.
    data_period: GivenPeriod = Field(default_factory=lambda: GivenPeriod.model_validate({}))


class GivenExemption(_Scope):
    """A part for which the opposite holds. A list that is left out stands for every one."""

    sources: Names = _EVERY
    recipients: Names = _EVERY
    purposes: Names = _EVERY
    categories: Names = _EVERY
    period: GivenPeriod = Field(default_factory=lambda: GivenPeriod.model_validate({}))


class Sharing(_Evidence, _Scope):
    """The citizen says yes or no to sharing."""

    kind: Literal["sharing"]
    plan: UUID
    effect: Effect = Effect.PERMIT
    exemptions: Annotated[list[GivenExemption], Field(min_length=1, max_length=20)] | None = None

    @model_validator(mode="after")
    def _raising_a_label_shows_no_more(self) -> Sharing:
        if self.effect is Effect.DENY and self.exemptions and self.label not in (None, min(Sensitivity).name):
            raise Refusal("label")
        return self


GivenConsent = Annotated[OnePlan | Sharing, Discriminator("kind")]


class Simulate(Strict):
    """What would a change do? One of: a consent given, one withdrawn, another policy (a document, or a draft's id)."""

    given: GivenConsent | None = Field(None, alias="give")
    withdraw: UUID | None = None
    policy: UUID | dict[str, Any] | None = None

    @model_validator(mode="after")
    def _asks_one_thing(self) -> Simulate:
        if sum(one is not None for one in (self.given, self.withdraw, self.policy)) != 1:
            raise Refusal("one-change")
        return self
