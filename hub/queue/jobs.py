"""Jobs: ask authorities what has changed, fetch what they have told of, look into their folders.

A job is a row that one thread leases. What a fetch brings, and that the fetch is done, is one transaction (``accept``);
so are what a poll found and how far it came (``announce.take_page``). An authority that does not answer is left alone
for a while, so that its fetches do not hold up those of others.
"""

from __future__ import annotations

import random
import threading
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from hub.authority import Authorities, Authority, ClaimedFile, Drops, Fetches, Polls
from hub.clock import monotonic, new_id, now
from hub.errors import HubError, NotFound, Refused, StoreBusy, Unavailable, told
from hub.flow.accept import accept
from hub.flow.announce import take_page
from hub.queue.worker import outcome_of
from hub.settings import Settings
from hub.store.jobs import Job, JobKind
from hub.store.transaction import Store

_LOOK_SECONDS = 0.25
_LONGEST_WAIT = 300.0
_LONGEST_SILENCE = 30.0  # after a failure, before another job of the same authority is tried
_FOLDER_SECONDS = 0.5
_FOLDER_TURN_SECONDS = 10.0  # then the folder goes to the end of the line

_log = structlog.get_logger()


def refused_place(authority: str) -> str:
    """Return the place for which refused files of an authority are sealed (:meth:`Keyring.unseal_alone`)."""
    return f"refused|{authority}"


class Jobs:
    """Does jobs, one at a time (:class:`hub.queue.running.Loop`)."""

    def __init__(self, number: int, store: Store, authorities: Authorities, settings: Settings) -> None:
        self.name = f"jobs-{number}"
        self._store, self._authorities, self._settings = store, authorities, settings
        self._are_ensured = False
        self._silent_until: dict[str, datetime] = {}
        self.bell = threading.Event()

    def turn(self) -> float:
        """Do the job that has been due longest; return how many seconds to rest. :raises StoreBusy: try again."""
        self._ensure()
        at = now()
        willing = [name for name in self._authorities if self._silent_until.get(name, at) <= at]
        with self._store.begin() as unit:
            job = unit.jobs.lease(at, self._settings.lease_seconds, willing)
        if job is None:
            return _LOOK_SECONDS
        job = replace(job, correlation_id=job.correlation_id or str(new_id()))
        outcome = outcome_of(lambda: self._do(job))
        if isinstance(outcome, StoreBusy):
            raise outcome  # the job comes back at the end of its lease
        if isinstance(outcome, Exception):
            self._put_off(job, outcome)
        return 0

    def close(self) -> None:
        """Nothing is held."""

    def _ensure(self) -> None:
        """Have the repeating jobs of every configured authority; those that are there keep cursor and time."""
        if self._are_ensured:
            return
        with self._store.begin() as unit:
            for name, authority in self._authorities.items():
                adapter = authority.adapter
                if isinstance(adapter, Polls) and adapter.poll_every > 0:
                    unit.jobs.ensure(JobKind.POLL, name, now())
                if isinstance(adapter, Drops) and adapter.folder is not None:
                    unit.jobs.ensure(JobKind.FOLDER, name, now())
        self._are_ensured = True

    def _do(self, job: Job) -> None:
        authority = self._authorities[job.authority]
        match job.kind:
            case JobKind.FETCH:
                self._fetch(job, authority)
            case JobKind.POLL:
                self._poll(job, authority)
            case JobKind.FOLDER:
                self._empty_folder(job, authority)
        self._silent_until.pop(job.authority, None)

    def _fetch(self, job: Job, authority: Authority) -> None:
        adapter = authority.adapter
        if not isinstance(adapter, Fetches):
            raise NotFound("Nothing can be fetched from this authority.")
        parcel = replace(adapter.fetch(job.reference), correlation_id=job.correlation_id)
        accept(parcel, self._store, self._authorities, job=job)

    def _poll(self, job: Job, authority: Authority) -> None:
        adapter = authority.adapter
        if not isinstance(adapter, Polls) or adapter.poll_every <= 0:
            raise NotFound("Polling of this authority is switched off.")
        page = adapter.poll(job.cursor)
        take_page(page, job, self._store, next_at=now() + timedelta(seconds=adapter.poll_every))

    def _empty_folder(self, job: Job, authority: Authority) -> None:
        adapter = authority.adapter
        if not isinstance(adapter, Drops) or adapter.folder is None:
            raise NotFound("No folder of this authority is watched.")
        until = monotonic() + _FOLDER_TURN_SECONDS
        is_empty = False
        while not is_empty and monotonic() < until:
            with adapter.claim() as file:
                if file is not None:
                    self._take_in(file, authority.name)
                is_empty = file is None
        with self._store.begin() as unit:
            unit.jobs.again(job, now(), now() + timedelta(seconds=_FOLDER_SECONDS))

    def _take_in(self, file: ClaimedFile, authority: str) -> None:
        """Take one file in, or put it in the refused place. :raises Unavailable: it waits on."""
        parcel = replace(file.parcel, correlation_id=str(new_id()))
        outcome = outcome_of(lambda: accept(parcel, self._store, self._authorities))
        if isinstance(outcome, Unavailable):
            raise outcome
        if not isinstance(outcome, Exception):
            file.taken_in()
            return
        if not isinstance(outcome, Refused):  # a bug of ours: set aside, or it would be claimed again and again
            _log.error("file-failed", authority=authority, correlation_id=parcel.correlation_id, **told(outcome))
            outcome = HubError("The hub could not take this file in, and the file is not to blame.")
        file.refused(outcome, self._store.keyring.seal_alone(parcel.body, refused_place(authority)))

    def _put_off(self, job: Job, error: Exception) -> None:
        """Remember why a job was not done. A fetch that was refused waits for a change; all else is tried again."""
        at = now()
        code = error.code if isinstance(error, HubError) else "bug"
        is_last = not isinstance(error, Unavailable) and job.attempts >= self._settings.max_attempts
        log = _log.info if isinstance(error, HubError) else _log.error
        log("job-not-done", job=str(job.id), kind=job.kind, authority=job.authority, **told(error))
        wait = _wait(job.attempts, error)
        if isinstance(error, Unavailable):
            self._silent_until[job.authority] = at + timedelta(seconds=min(wait, _LONGEST_SILENCE))
        with self._store.begin() as unit:
            if job.kind is JobKind.FETCH and (isinstance(error, Refused) or is_last):
                unit.jobs.park(job, at, code)
            else:
                unit.jobs.postpone(job, at, at + timedelta(seconds=wait), code)


def _wait(attempts: int, error: Exception) -> float:
    """Return seconds until a job is tried again: doubling, spread, and never shorter than its source has asked for."""
    asked = (error.retry_after or 0.0) if isinstance(error, Unavailable) else 0.0
    doubling = 2.0 ** min(attempts - 1, 10) * random.uniform(0.8, 1.2)  # noqa: S311 - spreads retries, no secret
    return min(_LONGEST_WAIT, max(asked, doubling))
