"""One page of a search, filled plan by plan: what is found, what comes along, how many there are, where to go on.

It is a function of what its reader is shown; a plan that shows nothing leaves no trace in it, nor in where it stops.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Self
from uuid import UUID

from hub.fhir.bundle import Found
from hub.fhir.search_query import Include
from hub.fhir.versions import versioned
from hub.fhir.words import Resource
from hub.plan.identifier import from_letters, in_letters

#: Sorts after every resource of a plan.
_PAST_ALL = "\x7f"


class Place(NamedTuple):
    """Where a page stops, or goes on: after one resource of one plan. Text in letters alone (``str``)."""

    plan: UUID
    resource: str

    def text(self) -> str:
        """Return what a cursor says."""
        return in_letters(self.plan.bytes + self.resource.encode())

    @classmethod
    def read(cls, text: str) -> Self:
        """Read a cursor. :raises ValueError: it is none."""
        octets = from_letters(text)
        return cls(UUID(bytes=octets[:16]), octets[16:].decode())


@dataclass(slots=True)
class Page:
    """A page while it is filled.

    :ivar finds: tells whether a resource is looked for. :ivar count: how many it has room for.
    :ivar after: where the page before it stopped. :ivar is_count: nothing is wanted but how many there are.
    """

    finds: Callable[[Resource], bool]
    count: int
    after: Place | None = None
    includes: Sequence[Include] = ()
    is_count: bool = False
    total: int = 0
    _matches: dict[str, Resource] = field(default_factory=dict)
    _included: dict[str, Resource] = field(default_factory=dict)
    _last: Place | None = None
    _has_more: bool = False

    @property
    def is_full(self) -> bool:
        """Tell whether it has no room any more."""
        return self._has_more or len(self._matches) >= self.count

    def take(self, plan: UUID, resources: Sequence[Resource]) -> Sequence[Resource]:
        """Take what is looked for of what a plan shows; return what the page tells of it.

        Who is told how many there are is told of each of them.
        """
        by_key = {key_of(one): one for one in resources}
        found = sorted(key for key, one in by_key.items() if self.finds(one))
        self.total += len(found)
        if self.is_count:
            return [by_key[key] for key in found]
        if self._has_more:
            return ()
        fresh = [key for key in found if self.after is None or Place(plan, key) > self.after]
        here = fresh[: self.count - len(self._matches)]
        self._has_more = len(here) < len(fresh)
        if here:
            self._last = Place(plan, here[-1])
        matches = {key: by_key[key] for key in here}
        along = {key: by_key[key] for key in self._along(matches, by_key)}
        self._matches |= matches
        self._included |= along
        return [*matches.values(), *along.values()]

    def stop_after(self, plan: UUID) -> None:
        """Go on with the next plan: as many were gone through as one search may."""
        if not self._has_more:
            self._last, self._has_more = Place(plan, _PAST_ALL), True

    def found(self, *, is_counted: bool) -> Found:
        """Return what the page has, each with its version.

        :param is_counted: every plan was gone through that the search is about.
        """
        next_page = self._last.text() if self._has_more and self._last else ""
        matches = [versioned(one) for one in self._matches.values()]
        included = [versioned(one) for key, one in self._included.items() if key not in self._matches]
        return Found(matches, included, self.total if is_counted else None, next_page)

    def _along(self, matches: dict[str, Resource], by_key: dict[str, Resource]) -> Iterator[str]:
        """Yield what comes along with what is found: what it names, and what names it."""
        for include in self.includes:
            for key, one in by_key.items() if include.is_reverse else matches.items():
                if one["resourceType"] != include.kind:
                    continue
                for value in include.parameter.values(one):
                    named = value.get("reference", "")
                    is_wanted = named in matches if include.is_reverse else named in by_key
                    other = key if include.is_reverse else named
                    if is_wanted and other not in matches and include.target in ("", named.partition("/")[0]):
                        yield other


def key_of(resource: Resource) -> str:
    """Return a resource's type and id, as a relative reference has them."""
    return f"{resource['resourceType']}/{resource['id']}"
