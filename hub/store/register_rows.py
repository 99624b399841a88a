"""What the hub remembers of the person register, beside what it says of people: subscriptions and tasks."""

from __future__ import annotations

import sqlalchemy as sa

from hub.store.followed import FollowedPeople
from hub.store.register_tasks import RegisterTasks


class RegisterRows:
    """Rows of the register, in one transaction."""

    def __init__(self, connection: sa.Connection, municipality: str) -> None:
        #: Whom the hub follows.
        self.people = FollowedPeople(connection, municipality)
        #: What coordinators are to do.
        self.tasks = RegisterTasks(connection, municipality)
