"""The matrix of legal bases: every version kept as the municipality wrote it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import orjson
import sqlalchemy as sa

from hub.consent.policy import Policy
from hub.consent.policy_document import parse_policy
from hub.errors import Unavailable
from hub.store.tables import policies

_NEWEST = (
    sa.select(policies.c.version)
    .where(policies.c.municipality == sa.bindparam("ours"))
    .order_by(policies.c.version.desc())
    .limit(1)
)
#: Holds off whoever publishes the next version until this commits.
HOLD_NEWEST = _NEWEST.with_for_update(read=True)


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """When a version came, and by whom."""

    version: int
    published_at: datetime
    published_by: str


class Policies:
    """Policies, in one transaction."""

    def __init__(self, connection: sa.Connection, municipality: str) -> None:
        self._connection = connection
        self._municipality = municipality
        self._has_published = False

    def in_force(self, *, for_delivery: bool = False) -> Policy:
        """Return the newest version.

        :param for_delivery: hold off whoever publishes the next version until this commits.
        :raises Unavailable: none was published yet.
        """
        if for_delivery:  # first wait, then read: a query that waited for a lock still gives the row it began with
            self.hold()
        return self.read(self._connection.execute(_NEWEST, {"ours": self._municipality}).scalar_one_or_none())

    def hold(self) -> None:
        """Hold off whoever publishes the next version until this commits."""
        if self._connection.dialect.name != "sqlite":  # where who writes holds off everybody
            self._connection.execute(HOLD_NEWEST, {"ours": self._municipality}).all()

    def get(self, version: int) -> Policy | None:
        """Return one version; None where there is none of this number."""
        query = sa.select(policies.c.document).where(
            policies.c.municipality == self._municipality, policies.c.version == version
        )
        document = self._connection.execute(query).scalar_one_or_none()
        return None if document is None else _parsed(document, version)

    def versions(self) -> Sequence[PolicyVersion]:
        """Return every version, the newest first."""
        query = sa.select(policies.c.version, policies.c.published_at, policies.c.published_by).where(
            policies.c.municipality == self._municipality
        )
        found = self._connection.execute(query.order_by(policies.c.version.desc()))
        return [PolicyVersion(row.version, row.published_at, row.published_by) for row in found]

    def read(self, version: int | None) -> Policy:
        """Return the version that is known to be the newest.

        What was read over this connection before is not fetched again: versions stay as they are. Unless this
        transaction has published it: it may yet be rolled back, and another come in its place.

        :param version: None where there is none.
        :raises Unavailable: none was published yet.
        """
        if version is None:
            raise Unavailable("No policy is published yet.", "Run: hub migrate")
        known: dict[tuple[str, int], Policy] = self._connection.info.setdefault("policies", {})
        key = self._municipality, version
        policy = known.get(key) or self.get(version)
        if policy is None:
            raise Unavailable("A version of the policy is gone.", "Look into the database; versions are never deleted.")
        if not self._has_published:
            known[key] = policy
        return policy

    def wait_for_publishers(self) -> None:
        """Hold off whoever else publishes until this commits. Needed where there may be no row yet to hold."""
        if self._connection.dialect.name == "postgresql":  # on SQLite only one writes at a time anyway
            self._connection.exec_driver_sql("LOCK TABLE policies IN SHARE ROW EXCLUSIVE MODE")

    def is_published(self) -> bool:
        """Tell whether any version was published."""
        query = sa.select(sa.func.count()).where(policies.c.municipality == self._municipality)
        return bool(self._connection.execute(query).scalar_one())

    def publish(self, document: Mapping[str, Any], by: str, at: datetime) -> Policy:
        """Remember a new version. :raises InvalidRequest: naming every fault of the document."""
        current = sa.select(sa.func.max(policies.c.version)).where(policies.c.municipality == self._municipality)
        self._connection.execute(
            sa.select(policies.c.version).where(policies.c.municipality == self._municipality).with_for_update()
        ).all()
        version = (self._connection.execute(current).scalar_one() or 0) + 1
        policy = check_policy(document, version)
        self._has_published = True
        self._connection.execute(
            policies.insert().values(
                municipality=self._municipality,
                version=version,
                published_at=at,
                published_by=by,
                document=policy_as_text(document),
            )
        )
        return policy


def check_policy(document: Mapping[str, Any], version: int) -> Policy:
    """Return what a document says, as it will be read once it is stored.

    :raises InvalidRequest: naming every fault of the document.
    """
    parse_policy(document, version)  # nothing but what a policy may hold can be written as JSON
    return _parsed(policy_as_text(document), version)


def policy_as_text(document: Mapping[str, Any]) -> str:
    """Write a document that can be used as JSON; a day of TOML becomes a text."""
    return orjson.dumps(document).decode()


@lru_cache(maxsize=8)
def _parsed(document: str, version: int) -> Policy:
    return parse_policy(orjson.loads(document), version)
