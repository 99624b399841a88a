"""An administrator has an adapter tried against its contract: a deed of configuration, and written down as one.

The kit that tries it lies on a floor above (``hub.testing``), so whoever serves the pages hands it in. It works on the
contract's own examples and on servers of its own: no system is called, no setting but the kind of adapter is used, and
nothing of a plan is read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock

from hub.authority import Authorities
from hub.clock import now
from hub.errors import NotFound, Unavailable
from hub.flow.refusal import refusals_written
from hub.settings import Settings
from hub.store.transaction import Store

#: One after the other in a process: each takes a processor for some seconds.
_CHECKING = Lock()
_AGAIN_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Checked:
    """What one check found: names of examples, fields and errors, and no value of any. ``next_step``: what to do."""

    check: str
    is_well: bool
    said: str
    next_step: str = ""


#: Tries an adapter by its name and kind, and ends in bounded time, whatever the adapter does.
ContractCheck = Callable[[str, str], Sequence[Checked]]


def check_contract(
    authority: str,
    check: ContractCheck,
    authorities: Authorities,
    settings: Settings,
    store: Store,
    *,
    actor: str,
    correlation_id: str,
) -> Sequence[Checked]:
    """Return what each check of an authority's adapter has found.

    :raises NotFound: no such authority is configured.
    :raises Unavailable: another check is under way in this process.
    """
    with refusals_written(store, actor, correlation_id):
        if authority not in authorities:
            raise NotFound("There is no authority of this name.", "Look at the list of authorities.")
    if not _CHECKING.acquire(blocking=False):
        raise Unavailable("An adapter is just being tried.", "Ask again later.", retry_after=_AGAIN_SECONDS)
    try:
        found = check(authority, str(settings.authorities.get(authority, {}).get("kind", authority)))
    finally:
        _CHECKING.release()
    failed = [one.check for one in found if not one.is_well]
    contract = authorities[authority].adapter.contract
    with store.begin() as unit:
        unit.audit.record(
            "contract-checked", actor, now(), correlation_id, authority=authority, contract=contract,
            checks=len(found), failed=failed,
        )  # fmt: skip
    return found
