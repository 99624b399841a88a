"""What somebody types of a goal: as a form has it, as an element has it, and as the plan is to have it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import TypeVar
from uuid import UUID

from hub.errors import Fault, InvalidRequest
from hub.plan.danish_time import LOCAL
from hub.plan.element import Element, Kind, Sensitivity
from hub.plan.own import OwnWords

_ON = "yes"
_DAY = timedelta(days=1)
_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Typed:
    """A form's fields, as they were typed.

    :ivar until: the last day, as a browser writes it (2026-12-24); empty for none.
    :ivar part_of: the id of what it serves; empty for nothing.
    """

    kind: str = ""
    title: str = field(default="", repr=False)
    text: str = field(default="", repr=False)
    until: str = ""
    part_of: str = ""
    is_sensitive: bool = False

    def words(self) -> OwnWords:
        """Return it as the plan is to have it. :raises InvalidRequest: a field holds what no form of ours sends."""
        faults: list[Fault] = []
        kind = _read("kind", Kind, self.kind, faults)
        until = _read("until", _midnight_after, self.until, faults) if self.until else None
        part_of = _read("part_of", UUID, self.part_of, faults) if self.part_of else None
        if kind is None or faults:
            raise InvalidRequest("The request has faults.", faults=faults)
        return OwnWords(kind, self.title, self.text, until, part_of, self.is_sensitive)


def typed_in(form: Mapping[str, str]) -> Typed:
    """Return what was typed in a form."""
    text = {name: form.get(name, "") for name in ("kind", "title", "text", "until", "part_of")}
    return Typed(**text, is_sensitive=form.get("sensitive") == _ON)


def typed_of(element: Element) -> Typed:
    """Return an element as a form would have it."""
    end = element.valid.end
    label = element.label or Sensitivity.VIP_SAGER
    return Typed(
        kind=element.kind,
        title=element.title,
        text=element.text,
        until=(end.astimezone(LOCAL).date() - _DAY).isoformat() if end else "",
        part_of=str(element.part_of or ""),
        is_sensitive=label > Sensitivity.FORTROLIGE_PERSONOPLYSNINGER,
    )


def version_in(form: Mapping[str, str]) -> int:
    """Return the version that the reader has read; 0, which there never is, for none."""
    said = form.get("version", "")
    return int(said) if said.isascii() and said.isdecimal() and len(said) <= 9 else 0


def _midnight_after(day: str) -> datetime:
    return datetime.combine(date.fromisoformat(day) + _DAY, time(), LOCAL)


def _read(name: str, read: Callable[[str], _Value], text: str, faults: list[Fault]) -> _Value | None:
    try:
        return read(text)
    except (ValueError, OverflowError):
        faults.append(Fault(name, "The value does not fit this field."))
        return None
