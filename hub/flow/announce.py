"""Hear that something has changed: what is to be fetched is committed before it is acknowledged.

A thin event, or a page of a poll, only names documents. The promise to fetch them is a row; the row is done in the
transaction that takes the document in (``accept``).
"""

from __future__ import annotations

from datetime import datetime

from hub.authority import Announcement, Announces, Authorities, Authority, Page, Parcel
from hub.clock import now
from hub.errors import NotFound
from hub.flow.refusal import refusals_written
from hub.store.jobs import Job
from hub.store.transaction import Store


def announce(parcel: Parcel, store: Store, authorities: Authorities) -> Announcement:
    """Commit the promise to fetch what a thin event names; only then may it be acknowledged.

    :raises NotFound: no such authority, or its contract has no events.
    :raises ContractViolation: the event breaks the contract.
    """
    with refusals_written(store, parcel.authority, parcel.correlation_id):
        adapter = authority_of(parcel, authorities).adapter
        if not isinstance(adapter, Announces):
            raise NotFound("This authority's contract has no events.")
        announcement = adapter.announcement(parcel)
    with store.begin() as unit:
        at = now()
        whose = announcement.authority or parcel.authority
        unit.jobs.add_fetches(whose, [announcement.reference], at, parcel.correlation_id)
        unit.audit.record("announced", parcel.authority, at, parcel.correlation_id, event=announcement.event_id)
    return announcement


def take_page(page: Page, job: Job, store: Store, next_at: datetime) -> None:
    """Commit the promise to fetch what a poll found, and how far the poll has come, in one transaction."""
    with store.begin() as unit:
        at = now()
        unit.jobs.add_fetches(job.authority, page.references, at, job.correlation_id)
        unit.jobs.again(job, at, at if page.has_more else next_at, page.cursor)
        if not page.has_more and not page.references and not unit.jobs.owes(job.authority):
            unit.breakers.brought(job.authority, at)  # the hub has all that they have, and they have just said so


def authority_of(parcel: Parcel, authorities: Authorities) -> Authority:
    """Return the authority whose door a parcel came to. :raises NotFound: none of this name is joined."""
    if parcel.authority not in authorities:
        raise NotFound("No authority of this name is joined to the hub.")
    return authorities[parcel.authority]
