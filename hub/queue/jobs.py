"""Jobs: ask authorities what has changed, fetch what they have told of, look into their folders.

A job is a row that one thread leases. What a fetch brings, and that the fetch is done, is one transaction (``accept``);
so are what a poll found and how far it came (``announce.take_page``). Polls and fetches are calls to an authority's
system: its breaker and its bulkhead say whether one may start (``flow.calls``). What an authority that is held or does
not answer has told of waits, and holds up nobody else's. A look into a folder is no call; only a hold stops it.
"""

from __future__ import annotations

import random
import threading
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from hub.authority import Authorities, Authority, Drops, Fetches, Polls
from hub.clock import monotonic, new_id, now
from hub.errors import HubError, NotFound, Refused, StoreBusy, Unavailable, told
from hub.flow import calls
from hub.flow.accept import accept
from hub.flow.announce import take_page
from hub.queue.folders import take_file
from hub.queue.worker import outcome_of
from hub.settings import Settings
from hub.store.circuits import Call, Direction
from hub.store.jobs import Job, JobKind
from hub.store.transaction import Store, Unit

_LOOK_SECONDS = 0.25
_LONGEST_WAIT = 300.0
_FOLDER_SECONDS = 0.5
_FOLDER_TURN_SECONDS = 10.0  # then the folder goes to the end of the line

_log = structlog.get_logger()


class Jobs:
    """Does jobs, one at a time (:class:`hub.queue.running.Loop`)."""

    def __init__(self, number: int, store: Store, authorities: Authorities, settings: Settings) -> None:
        self.name = f"jobs-{number}"
        self._store, self._authorities, self._settings = store, authorities, settings
        self._are_ensured = False
        self._ended: tuple[Call, Exception | None] | None = None
        self.bell = threading.Event()

    def turn(self) -> float:
        """Do the job that has been due longest; return how many seconds to rest. :raises StoreBusy: try again."""
        self._ensure()
        taken = self._take()
        if taken is None:
            return _LOOK_SECONDS
        job, call = taken
        outcome = outcome_of(lambda: self._do(job))
        error = outcome if isinstance(outcome, Exception) else None
        if call is not None:
            self._ended = call, error  # told with the next job that is taken: a commit of its own would be one more
        if isinstance(error, StoreBusy):
            raise error  # the job comes back at the end of its lease
        if error is not None:
            self._put_off(job, error)
        return 0

    def _take(self) -> tuple[Job, Call | None] | None:
        """Take the job that has been due longest of those that may be done now, and a place for its call."""
        names, at_most = self._names(), self._settings.calls_at_most
        with self._store.begin() as unit:
            at = now()
            self._tell_end(unit, at)
            held = {one.authority for one in unit.breakers.all() if one.held_at and one.direction is Direction.SOURCE}
            willing = unit.breakers.willing(Direction.SOURCE, names, at, at_most)
            job = unit.jobs.lease(at, self._settings.lease_seconds, willing, [n for n in names if n not in held])
            call = None
            if job is not None and job.kind is not JobKind.FOLDER:
                call = calls.begin(unit, job.authority, Direction.SOURCE, job.token, at, self._settings)
                if call is None:  # another process was quicker
                    unit.jobs.put_back(job)
                    job = None
        self._ended = None
        return (replace(job, correlation_id=job.correlation_id or str(new_id())), call) if job is not None else None

    def _tell_end(self, unit: Unit, at: datetime) -> None:
        if self._ended is None:
            return
        call, error = self._ended
        if isinstance(error, Unavailable):  # of ours, or it could not be told at once: it says nothing of the source
            calls.not_made(unit, call, at)
        else:
            calls.answered(unit, call, at, _code(error) if error else "answered")

    def close(self) -> None:
        """Say how the last call ended."""
        with self._store.begin() as unit:
            self._tell_end(unit, now())
        self._ended = None

    def _names(self) -> list[str]:
        """Return whose jobs these are."""
        return list(self._authorities)

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
                    take_file(file, authority.name, self._store, self._authorities)
                is_empty = file is None
        with self._store.begin() as unit:
            unit.jobs.again(job, now(), now() + timedelta(seconds=_FOLDER_SECONDS))

    def _put_off(self, job: Job, error: Exception) -> None:
        """Remember why a job was not done. A fetch that was refused waits for a change; all else is tried again."""
        at = now()
        is_last = not isinstance(error, Unavailable) and job.attempts >= self._settings.max_attempts
        log = _log.info if isinstance(error, HubError) else _log.error
        log("job-not-done", job=str(job.id), kind=job.kind, authority=job.authority, **told(error))
        with self._store.begin() as unit:
            if isinstance(error, Unavailable) and self._ended is not None:
                calls.did_not_answer(unit, self._ended[0], at, error)
                unit.jobs.postpone(job, at, at, error.code, counts=False)  # behind the others: its source is paused
            elif job.kind is JobKind.FETCH and (isinstance(error, Refused) or is_last):
                unit.jobs.park(job, at, _code(error))
            else:
                unit.jobs.postpone(job, at, at + _wait(job.attempts), _code(error))
        if isinstance(error, Unavailable):
            self._ended = None


def _code(error: Exception) -> str:
    return error.code if isinstance(error, HubError) else "bug"


def _wait(attempts: int) -> timedelta:
    """Return how long until a job is tried again: doubling, and spread."""
    doubling = 2.0 ** min(attempts - 1, 10) * random.uniform(0.8, 1.2)  # noqa: S311 - spreads retries, no secret
    return timedelta(seconds=min(_LONGEST_WAIT, doubling))
