"""Jobs of the person register: ask what has changed, and ask about one person.

They are leased rows as every job is, under the register's own name: its breaker and its bulkhead say whether one may
start, and an operator holds it as any source.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from hub.authority import REGISTER, Register
from hub.clock import monotonic, now
from hub.errors import NotFound, Unavailable
from hub.flow.following import catch_up, look_up, take_changes
from hub.flow.register import recheck
from hub.queue.jobs import Jobs
from hub.queue.worker import outcome_of, raise_first
from hub.settings import Settings
from hub.store.jobs import Job, JobKind
from hub.store.transaction import Store


class RegisterJobs(Jobs):
    """Follows people in the register (:class:`hub.queue.running.Loop`)."""

    def __init__(self, store: Store, register: Register, settings: Settings) -> None:
        super().__init__(0, store, {}, settings)
        self.name = REGISTER
        self._register = register
        self._look_at = 0.0
        self._troubles: dict[str, Exception] = {}

    def turn(self) -> float:
        """Do the job that has been due longest; where none is, raise what a look failed with, until it succeeds."""
        rest = super().turn()
        if rest:
            raise_first(self._troubles)
        return rest

    def _names(self) -> list[str]:
        return [REGISTER]

    def _ensure(self) -> None:
        """Look, now and then, at who has come to have a plan or has none any more, and at what has ended.

        A look that ends in a bug keeps no job waiting: what the register says is learned, and the bug raised later.
        """
        if self._look_at <= monotonic():
            for look in (catch_up, recheck):
                outcome = outcome_of(partial(look, self._store))
                if isinstance(outcome, Unavailable):
                    raise outcome
                self._troubles.pop(look.__name__, None)
                if isinstance(outcome, Exception):
                    self._troubles[look.__name__] = outcome
            self._look_at = monotonic() + self._settings.sweep_seconds

    def _do(self, job: Job) -> None:
        match job.kind:
            case JobKind.POLL:
                page = self._register.changes(job.cursor)
                take_changes(page, job, self._store, now() + timedelta(seconds=self._register.ask_every))
            case JobKind.FETCH:
                look_up(job, self._register, self._store)
            case _:
                raise NotFound("A register has no such jobs.")
