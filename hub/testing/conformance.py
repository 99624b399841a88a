"""The conformance kit: does an adapter, with its mapping and its contract, do what the port asks?

    kit = kit_of("youth")                  # an installed one, with its conformance.toml
    for finding in check_all(kit): ...     # every check, in order
    refusals(kit)                          # or one, which raises Unfit (an AssertionError) with what to do

``hub adapters check NAME`` prints the same. What the kit must be told of a contract stands in its
:mod:`conformance.toml <hub.testing.conformance_sheet>`. Recipients' systems are real servers on loopback.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from hub.testing.conformance_in import examples, hostile, ledger, message_ids, refusals, threads
from hub.testing.conformance_kit import Kit, Unfit, kit_of, tried
from hub.testing.conformance_out import joins, outcomes, settings, updates

__all__ = [
    "CHECKS",
    "Finding",
    "Kit",
    "Unfit",
    "check_all",
    "examples",
    "hostile",
    "joins",
    "kit_of",
    "ledger",
    "message_ids",
    "outcomes",
    "refusals",
    "settings",
    "threads",
    "updates",
]

#: Every check by its name, in the order in which they are run.
CHECKS: dict[str, Callable[[Kit], str]] = {
    "joins": joins,
    "settings": settings,
    "examples": examples,
    "refusals": refusals,
    "ledger": ledger,
    "message-ids": message_ids,
    "threads": threads,
    "hostile": hostile,
    "updates": updates,
    "outcomes": outcomes,
}


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found, and what to do when it is not well."""

    check: str
    is_well: bool
    said: str
    next_step: str = ""


def check_all(kit: Kit) -> Iterator[Finding]:
    """Run every check; one that fails, by whatever, does not stop the others."""
    for name, check in CHECKS.items():
        said, error = tried(lambda: check(kit))  # noqa: B023
        if error is None:
            yield Finding(name, True, said or "")
        elif isinstance(error, Unfit):
            yield Finding(name, False, error.sentence, error.next_step)
        else:
            yield Finding(name, False, f"It ended in {type(error).__name__}.", "Run the check in a test to see where.")
