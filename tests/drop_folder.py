"""A hub that is set up, with a plan, a drop folder and the command line: for tests of what is dropped."""

from __future__ import annotations

import base64
import hashlib
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import sqlalchemy as sa
from lxml import etree

from hub.authority import Authorities, contract_folder, load
from hub.clock import new_id
from hub.consent.reader import Reader
from hub.flow.revise import open_plan
from hub.plan.contribution import PersonFacts
from hub.plan.identifier import cpr_identifier
from hub.plan.person import Role
from hub.store.migrations import upgrade
from hub.store.tables import inbox
from hub.store.transaction import Store
from hub.testing.builders import a_consent_to_one_plan
from tests.integration.databases import a_store
from tests.integration.policy import a_generous_policy, publish_policy

NORMAL = (contract_folder("children/v1") / "examples" / "normal.xml").read_text(encoding="utf-8")
CPR = "0505159995"
RECEIPT = etree.XMLSchema(file=contract_folder("hub/v1") / "receipt.xsd")


@dataclass(frozen=True)
class Dropping:
    """The folder of children and family services, and the hub that takes it in by ``hub intake``."""

    folder: Path
    store: Store
    authorities: Authorities
    environment: dict[str, str]

    def drop(self, body: bytes, name: str = "") -> str:
        """Drop a file; return the name of its receipt."""
        name = name or f"{new_id()}.xml"
        waiting = self.folder / "in"
        waiting.mkdir(parents=True, exist_ok=True)
        (waiting / f"{name}.part").write_bytes(body)
        (waiting / f"{name}.part").rename(waiting / name)
        return receipt_name(body)

    def intake(
        self, *options: str, command: Sequence[str] = (sys.executable, "-m", "hub")
    ) -> subprocess.CompletedProcess[str]:
        """Run ``hub intake`` as its user does."""
        environment = {**os.environ, **self.environment}
        return subprocess.run(
            [*command, "intake", *options], env=environment, capture_output=True, text=True, check=False
        )

    def receipts(self) -> dict[str, str]:
        """Return each receipt's name and what it says: ``taken in``, or the code of the reason; each is valid."""
        said = {}
        for path in (self.folder / "receipts").glob("*.xml"):
            root = etree.parse(path).getroot()
            RECEIPT.assertValid(root)
            said[path.name] = root.findtext("{*}Aarsag") or "taken in"
        return said

    def files(self) -> Counter[str]:
        """Count the files in each part of the folder."""
        found = [path.relative_to(self.folder).parts[0] for path in self.folder.rglob("*") if path.is_file()]
        return Counter(found)

    def messages(self) -> int:
        """Count the messages that the hub has taken in."""
        with self.store.begin(read_only=True) as unit:
            return int(unit.connection.execute(sa.select(sa.func.count()).select_from(inbox)).scalar_one())


def receipt_name(body: bytes) -> str:
    """Return the name of the receipt of a file that holds these bytes."""
    return f"{hashlib.sha256(body).hexdigest()}.xml"


def a_case(number: int = 0, title: str = "Støtte i hverdagen", cases: int = 10_000) -> bytes:
    """Return a message about a case of the child whose plan is open; another number is another message.

    :param cases: how many cases the messages are about, in turn.
    """
    text = NORMAL.replace("27.24.00-G01-12-26", f"27.24.00-G01-{number % cases + 100}-26")
    own_id = etree.fromstring(NORMAL.encode()).findtext(".//{*}MeddelelseId") or ""
    return text.replace(own_id, str(UUID(int=number + 1))).replace("Støtte i hverdagen", title).encode()


def set_up(folder: Path) -> Dropping:
    """Set a hub up in a folder, with a plan of the child that the examples are about."""
    url = f"sqlite:///{folder / 'hub.db'}"
    store = a_store(url)
    upgrade(store)
    publish_policy(a_generous_policy(), store, actor="test", correlation_id="c")
    settings = {"folder": str(folder / "drop"), "settle_seconds": 0}
    authorities = load({"children": settings})
    open_plan(
        PersonFacts((cpr_identifier(CPR, "hub"),)),
        a_consent_to_one_plan(UUID(int=0)).build(),
        ["children"],
        Reader("coordination", Role.COORDINATOR),
        store,
        authorities,
        coordinator="coordination",
        actor="test",
        correlation_id="c",
    )
    environment = {
        "HUB_DATABASE_URL": url,
        "HUB_KEYS__1": base64.b64encode(b"\x01" * 32).decode(),
        "HUB_INDEX_KEY": base64.b64encode(b"\x02" * 32).decode(),
        "HUB_AUTHORITIES__CHILDREN__FOLDER": str(folder / "drop"),
        "HUB_AUTHORITIES__CHILDREN__SETTLE_SECONDS": "0",
    }
    return Dropping(folder / "drop", store, authorities, environment)
