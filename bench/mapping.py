"""Mapping per case: a document's bytes to contributions, beside reading the same fields with the bare libraries.

A new authority joins with a few lines in ``_AUTHORITIES``: its contract, its examples, and which bare reader fits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from time import process_time
from typing import Any

from bench.bare_documents import BareJson, BareReader, BareXml
from bench.measure import Aim, Better, Row, in_turns
from hub.authority import Authority, Fate, Parcel, contract_folder, load
from hub.plan.contribution import Contribution

AIM = Aim(Better.LOWER, 2.0)
_ROUNDS = 11
_ROUND_SECONDS = 0.08


@dataclass(frozen=True, slots=True)
class Documents:
    """What of an authority is mapped here.

    :ivar bare: makes the bare reader of the leaves that its ledger says are mapped.
    """

    authority: str
    contract: str
    examples: tuple[str, ...]
    content_type: str
    bare: Callable[[list[str]], BareReader]
    aim: Aim | None = AIM


_AUTHORITIES = (
    Documents(
        "children",
        "children/v1",
        ("normal.xml", "maximal.xml"),
        "application/xml",
        lambda leaves: BareXml(
            contract_folder("children/v1") / "children.xsd",
            "urn:one-plan-hub:children:1",
            "SagOpdatering",
            leaves,
            repeated=("VedroererCPR", "Med"),
        ),
    ),
    Documents(
        "employment",
        "employment/v1",
        ("submit-normal.xml", "submit-maximal.xml"),
        "text/xml",
        lambda leaves: BareXml(
            contract_folder("employment/v1") / "employment.xsd",
            "urn:one-plan-hub:employment:1",
            "SubmitPersonCaseRequest",
            leaves,
            repeated=("PreviousPersonCivilRegistrationIdentifier",),
        ),
    ),
    Documents(
        "social",
        "social/v1",
        ("sag-normal.json", "sag-maximal.json"),
        "application/json",
        lambda leaves: BareJson(contract_folder("social/v1") / "openapi.yaml", "Sag", leaves),
        aim=None,  # what was promised of a REST case is beside jsonata
    ),
)


def rows() -> Iterator[Row]:
    """Measure every example of every authority."""
    for documents in _AUTHORITIES:
        authority = load({documents.authority: {}})[documents.authority]
        for example in documents.examples:
            yield _row(documents, authority, example)


def _row(documents: Documents, authority: Authority, example: str) -> Row:
    body = (contract_folder(documents.contract) / "examples" / example).read_bytes()
    parcel = Parcel(authority.name, body, documents.content_type)
    ledger = authority.mapping.ledger(documents.contract)
    bare = documents.bare([entry.path for entry in ledger if entry.fate is Fate.MAPPED])
    bare.check_reads_all(body)

    def mapped() -> list[Contribution]:
        return list(authority.mapping.to_plan(authority.adapter.receive(parcel)))

    turns = [_timed(mapped), _timed(partial(bare.read, body))]
    hub, beside = in_turns(turns, _ROUNDS)
    return Row(f"{documents.contract} {example}", bare.name, "µs", hub, beside, documents.aim)


def _timed(deed: Callable[[], Any]) -> Callable[[], float]:
    """Return a turn that does a deed for a while and says how many microseconds one took.

    Time of the processor, not of the clock on the wall: nothing is waited for here, and neighbours count for less.
    """
    times = max(1, int(_ROUND_SECONDS / _seconds(deed, 20)))
    return lambda: _seconds(deed, times) * 1e6


def _seconds(deed: Callable[[], Any], times: int) -> float:
    start = process_time()
    for _ in range(times):
        deed()
    return (process_time() - start) / times
