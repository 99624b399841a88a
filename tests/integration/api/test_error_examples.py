"""Each error that a contract's README lists has an example in ``examples/errors/``, and the hub answers by it."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from hub.authority import contract_folder
from hub.clock import new_id
from tests.integration.api.served import LIMIT, Served, served
from tests.integration.api.test_soap_door import EMPLOYMENT, REACHED, BuggyMapping

pytestmark = pytest.mark.integration
#: In the README's tables of errors the code follows the statuses of an HTTP answer.
_CODE = re.compile(r"^(?:\| \d{3} )+\| `([a-z-]+)` \|", re.M)
#: What differs from answer to answer.
_OWN = re.compile(r'(<correlation_id>|CorrelationIdentifier>|"correlation_id":")[^<"]+')
CASE = (contract_folder("children/v1") / "examples" / "minimal.xml").read_text("utf-8")
EVENT = (contract_folder("social/v1") / "examples" / "sags-haendelse.json").read_text("utf-8")
Reached = Callable[[Served], httpx.Response]


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    employment = replace(EMPLOYMENT, mapping=BuggyMapping())
    with served(f"sqlite:///{tmp_path_factory.mktemp('errors') / 'hub.db'}", employment) as running:
        sa.event.listen(running.store.engine, "checkout", _waits_shortly)
        yield running


def _waits_shortly(connection: Any, *_: object) -> None:
    """Give up on a busy database after half a second instead of ten: what is answered then is the same."""
    connection.execute("PRAGMA busy_timeout = 500")


def _case(hub: Served, cpr: str = "", text: str = CASE, caller: str | None = "children") -> httpx.Response:
    """Send a message of its own, about somebody with a plan unless told about whom."""
    text = re.sub(r"(<MeddelelseId>)[^<]+", rf"\g<1>{new_id()}", text)
    text = re.sub(r"(<CPR>)[^<]+", rf"\g<1>{cpr or hub.opens_plan()[0]}", text)
    return _posted(hub, text, caller)


def _posted(hub: Served, text: str, caller: str | None = "children") -> httpx.Response:
    return hub.ask(caller, "POST", "/in/children", text.encode(), headers={"Content-Type": "application/xml"})


def _with_another_body(hub: Served) -> httpx.Response:
    text = re.sub(r"(<CPR>)[^<]+", rf"\g<1>{hub.opens_plan()[0]}", CASE)
    assert _posted(hub, text).status_code == 201
    return _posted(hub, re.sub(r"(<Titel>)[^<]+", r"\g<1>Noget andet", text))


def _event(hub: Served, text: str = EVENT, caller: str | None = "social") -> httpx.Response:
    headers = {"Content-Type": "application/json"}
    return hub.ask(caller, "POST", "/in/social/events", text.encode(), headers=headers)


def _while_another_writes(ask: Reached) -> Reached:
    def asked(hub: Served) -> httpx.Response:
        with closing(sqlite3.connect(str(hub.store.engine.url.database), isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            answer = ask(hub)
            other.execute("ROLLBACK")
        assert int(answer.headers["retry-after"]) > 0
        return answer

    return asked


#: By contract and code: a call that gets it.
ERRORS: dict[str, dict[str, Reached]] = {
    "children/v1": {
        "contract-violation": lambda hub: _case(hub, text=re.sub(r"(<Titel>)[^<]+", r"\g<1>", CASE)),
        "not-authenticated": lambda hub: _case(hub, caller=None),
        "wrong-sender": lambda hub: _case(hub, caller="social"),
        "id-reused": _with_another_body,
        "too-large": lambda hub: _posted(hub, CASE + " " * LIMIT),
        "unknown-person": lambda hub: _case(hub, hub.a_cpr()),
        "store-busy": _while_another_writes(lambda hub: _posted(hub, CASE)),
    },
    "employment/v1": REACHED,
    "social/v1": {
        "contract-violation": lambda hub: _event(hub, EVENT.replace('"EventId"', '"Event"')),
        "not-authenticated": lambda hub: _event(hub, caller=None),
        "wrong-sender": lambda hub: _event(hub, caller="children"),
        "too-large": lambda hub: _event(hub, EVENT + " " * LIMIT),
        "store-busy": _while_another_writes(_event),
    },
}
EACH = [pytest.param(contract, code, id=f"{contract}-{code}") for contract, codes in ERRORS.items() for code in codes]


@pytest.mark.parametrize(("contract", "code"), EACH)
def test_the_hub_answers_as_the_example_of_the_error_shows(hub: Served, contract: str, code: str) -> None:
    answer = ERRORS[contract][code](hub)
    (example,) = (contract_folder(contract) / "examples" / "errors").glob(f"{code}.*")
    assert f".{answer.headers['content-type'].partition(';')[0][-4:].strip('+/')}" == example.suffix
    assert answer.status_code >= 400
    assert code in answer.text
    said = answer.text.replace(f"{LIMIT:,} bytes", "10,000,000 bytes")  # the tests' limit, and a hub's own
    assert _OWN.sub(r"\1", said).strip() == _OWN.sub(r"\1", example.read_text("utf-8")).strip()


@pytest.mark.parametrize("contract", ERRORS)
def test_each_error_of_a_readme_has_its_example_and_no_other_has(contract: str) -> None:
    folder = contract_folder(contract)
    listed = sorted(_CODE.findall((folder / "README.md").read_text("utf-8")))
    assert listed == sorted(path.stem for path in (folder / "examples" / "errors").iterdir())
    assert listed == sorted(ERRORS[contract])
