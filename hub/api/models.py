"""What clients may send in JSON: read strictly, by one parser, and refused without repeating a value.

``read(Model, body)`` names every fault at once; a field name that is not ours is not repeated either, for it may be
personal data.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import orjson
from pydantic import (
    AfterValidator,
    AwareDatetime,  # noqa: TID251 - what Instant is made of
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
)

from hub.errors import Fault, InvalidRequest, TooLarge
from hub.plan.identifier import NotAnIdentifier, cpr_identifier
from hub.store.circuits import Direction, HoldReason
from hub.store.policy_drafts import DiscardReason

#: A request of a client is small; what authorities send is not read here.
MAX_BYTES = 100_000
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T")

_SENTENCES = {
    "missing": ("The field is missing.", "Add it."),
    "extra_forbidden": ("A field is not part of this request.", "Leave it out; /openapi.json lists the fields."),
    "too_short": ("The list is empty.", 'Name at least one; "*" stands for every one.'),
    "string_too_short": ("The text is empty.", "Write something, or leave the field out."),
    "string_too_long": ("The text is too long.", ""),
    "too_long": ("The list is too long.", ""),
    "uuid_parsing": ("The value is no id.", "Use an id as the hub gave it."),
    "uuid_type": ("The value is no id.", "Use an id as the hub gave it."),
    "time": ("The value is no time.", "Write it as 2026-11-23T09:00:00+01:00."),
    "timezone_aware": ("The time has no zone.", "Write it as 2026-11-23T09:00:00+01:00."),
    "datetime_from_date_parsing": ("The value is no time.", "Write it as 2026-11-23T09:00:00+01:00."),
    "control": ("The text holds a control character.", "Remove it."),
    "cpr": ("The value is no CPR number.", "Send ten digits, with or without a hyphen before the last four."),
    "period": ("The period ends before it begins.", "Correct one of the two times."),
    "label": ("A no with exemptions is a no from the lowest step up.", "Leave label out, or the exemptions."),
    "one-change": ("A simulation is of one change.", "Send one of give, withdraw and policy."),
    "union_tag_not_found": ("The field is missing.", "Use one-plan or sharing."),
    "union_tag_invalid": ("There is no such kind.", "Use one-plan or sharing."),
}
_ANY_OTHER = ("The value does not fit this field.", "")


class Refusal(ValueError):
    """A value that only we can judge; its text is a key of the sentences above."""


def _cpr(text: str) -> str:
    try:
        cpr_identifier(text, "client")
    except NotAnIdentifier:
        raise Refusal("cpr") from None
    return text


def _carriable(text: str) -> str:
    if any(sign < " " for sign in text):
        raise Refusal("control")
    return text


Text = Annotated[str, Field(max_length=200), AfterValidator(_carriable)]
#: Sentences that somebody writes, such as a reason.
Words = Annotated[str, Field(min_length=1, max_length=2_000), AfterValidator(_carriable)]
#: The same where nothing need be said.
MaybeWords = Annotated[str, Field(max_length=2_000), AfterValidator(_carriable)]
Name = Annotated[str, Field(pattern=r"^(?:\*|[a-z0-9][a-z0-9-]{0,62})$")]
NAME = r"^[a-z0-9][a-z0-9-]{0,62}$"
OneName = Annotated[str, Field(pattern=NAME)]
Names = Annotated[list[Name], Field(min_length=1, max_length=100)]
Cpr = Annotated[str, Field(max_length=20), AfterValidator(_cpr)]


def _written(value: object) -> object:
    """A time is written out: pydantic would take bare digits, even in a text, for seconds since 1970."""
    if not (isinstance(value, str) and _TIME.match(value)):
        raise Refusal("time")
    return value


Instant = Annotated[AwareDatetime, BeforeValidator(_written)]


class Strict(BaseModel):
    """A request: no field that is not known, and no value in an error."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class GivenPerson(Strict):
    """Who the plan is about."""

    cpr: Cpr = Field(repr=False)
    name: Annotated[Text, Field(min_length=1)] = Field(repr=False)


class Search(Strict):
    """Find a person's plan; a number never stands in an address, so this is posted."""

    cpr: Cpr = Field(repr=False)


class Directions(Strict):
    """Which calls to an authority are meant; both ways when none is named."""

    direction: Direction | None = None

    @property
    def named(self) -> tuple[Direction, ...]:
        """Return the directions that are meant."""
        return (self.direction,) if self.direction else tuple(Direction)


class Hold(Directions):
    """Let no call to an authority through."""

    reason: HoldReason


class Why(Strict):
    """Why it is done."""

    reason: Words = Field(repr=False)


class Discard(Strict):
    """A draft of the policy is not to be published."""

    reason: DiscardReason


class NumberLink(Strict):
    """Numbers that are one person's, the newest first.

    ``issuer``: the authority whose own a replacement number among them is.
    """

    numbers: list[Cpr] = Field(min_length=2, max_length=5, repr=False)
    issuer: OneName = "hub"


def read(kind: Any, body: bytes) -> Any:
    """Read a request as a model, or a union of models.

    :raises InvalidRequest: naming every fault and never a value.
    :raises TooLarge: no request of this kind is that long.
    """
    if len(body) > MAX_BYTES:
        raise TooLarge(f"The request has over {MAX_BYTES:,} bytes.")
    try:
        return TypeAdapter(kind).validate_python(_parse(body))
    except ValidationError as error:
        raise InvalidRequest("The request has faults.", faults=faults_of(error.errors(include_input=False))) from None


def faults_of(errors: Sequence[Mapping[str, Any]]) -> list[Fault]:
    """Turn pydantic's findings into faults, in our own sentences: pydantic's quote what was sent."""
    return [Fault(_path(error), *_SENTENCES.get(_type(error), _ANY_OTHER)) for error in errors]


def _type(error: Mapping[str, Any]) -> str:
    found = (error.get("ctx") or {}).get("error")
    return str(found) if isinstance(found, Refusal) else str(error["type"])


def _path(error: Mapping[str, Any]) -> str:
    where = [*error["loc"]]
    if error["type"] == "extra_forbidden":
        where[-1] = "(unknown)"
    if error["type"].startswith("union_tag"):
        where.append("kind")
    if where and where[0] in ("one-plan", "sharing"):  # the kind that pydantic chose, no field
        del where[0]
    return ".".join(str(step) for step in where) or "(body)"


def _parse(body: bytes) -> Any:
    """Parse JSON strictly: no NaN, no field twice. What a second field of a name says would otherwise win unseen."""
    try:
        tree = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise InvalidRequest(f"The body is not valid JSON; reading stopped at {place}.") from None
    if _STRING.sub(b"", body).count(b":") != _fields(tree):
        raise InvalidRequest("An object of the body has the same field twice.", "Send each field of an object once.")
    return tree


def _fields(tree: Any) -> int:
    count, waiting = 0, [tree]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            count += len(value)
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
    return count


def schema_of(kind: Any) -> dict[str, Any]:
    """Return what an OpenAPI operation says of its body."""
    schema = TypeAdapter(kind).json_schema()
    whole = _inlined(schema, schema.get("$defs", {}))
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": whole}}}}


def _inlined(part: Any, named: Mapping[str, Any]) -> Any:
    """Put shared parts where they are named: a reference would be looked up in the whole description, not in here."""
    if isinstance(part, list):
        return [_inlined(one, named) for one in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        return _inlined(named[part["$ref"].rpartition("/")[2]], named)
    return {key: _inlined(value, named) for key, value in part.items() if key not in ("$defs", "discriminator")}
