"""What somebody wants written into a plan, what they see as it is written, and what became of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from hub.consent.view import Seen
from hub.flow.show import Shown
from hub.plan.element import Element, Kind
from hub.plan.identifier import Identifier
from hub.plan.own import OwnWords


class Became(StrEnum):
    """What became of a wish."""

    CREATED = "created"
    CHANGED = "changed"
    AS_IT_WAS = "as-it-was"  # it says that already, or is there by that identifier


@dataclass(frozen=True, slots=True)
class Sight:
    """What a writer sees of a plan as something is about to be written.

    :ivar was: what is to be changed; None: it is new.
    :ivar author: as whom the writer is an author.
    :ivar named: what else is written by the same request, by its name.
    """

    shown: Shown
    was: Seen | None
    author: str
    named: Mapping[str, UUID]


@dataclass(frozen=True, slots=True)
class Wish:
    """One thing that is to be written.

    :ivar says: returns what it is to say; refuses a writer who rests on another version.
    :ivar whose: in whose plan a new one is; None where one that is there is changed.
    :ivar element: what is changed; None: it is new.
    :ivar name: by which others of the same request refer to it.
    :ivar unless: written only unless the writer has written something that this is true of.
    :ivar path: where the request names it, for whoever is told of a fault.
    """

    kind: Kind
    says: Callable[[Sight], OwnWords]
    whose: UUID | Identifier | None = None
    element: UUID | None = None
    name: str = ""
    unless: Callable[[Element], bool] | None = None
    path: str = ""
