"""A database whose machine is gone without a word is given up within seconds, not after the minutes that TCP takes."""

from __future__ import annotations

import os
import threading
from contextlib import ExitStack

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from hub.clock import monotonic
from hub.store.engines import new_engine
from tests.faults.fault_proxy import a_fault_proxy
from tests.faults.unreachable import FAR, unreachable
from tests.integration.databases import a_postgresql_database

pytestmark = [pytest.mark.faults, pytest.mark.servers]
_GIVEN_UP_SECONDS = 20.0
_GIVES_BACK_SECONDS = 45.0


def test_a_query_to_a_database_out_of_reach_ends_soon() -> None:
    with a_postgresql_database() as url, a_fault_proxy(url, address=FAR) as proxy:
        engine = new_engine(make_url(proxy.url(url)))
        try:
            with engine.connect() as connection:
                connection.exec_driver_sql("SELECT 1")
                begun = monotonic()
                with unreachable(), pytest.raises(sa.exc.OperationalError):
                    connection.exec_driver_sql("SELECT 1")
                assert monotonic() - begun < _GIVEN_UP_SECONDS
        finally:
            engine.dispose()


def test_an_answer_of_a_database_that_went_out_of_reach_is_waited_for_no_longer() -> None:
    with a_postgresql_database() as url, a_fault_proxy(url, address=FAR) as proxy:
        engine = new_engine(make_url(proxy.url(url)))
        gone = ExitStack()
        try:
            with engine.connect() as connection:
                connection.exec_driver_sql("SELECT 1")
                soon = threading.Timer(0.5, gone.enter_context, [unreachable()])  # when the question has arrived
                soon.start()
                begun = monotonic()
                with pytest.raises(sa.exc.OperationalError):
                    connection.exec_driver_sql("SELECT pg_sleep(60)")
                assert monotonic() - begun < _GIVEN_UP_SECONDS
        finally:
            gone.close()
            engine.dispose()


@pytest.mark.skipif(os.environ.get("HUB_TEST_FULL") != "1", reason="takes half a minute; set HUB_TEST_FULL=1")
def test_a_transaction_whose_hub_is_gone_gives_its_locks_back() -> None:
    with a_postgresql_database() as url, a_fault_proxy(url, address=FAR) as proxy:
        gone, there = new_engine(make_url(proxy.url(url))), new_engine(make_url(url))
        try:
            with there.begin() as connection:
                connection.exec_driver_sql("CREATE TABLE plan AS SELECT 1 AS id")
            held = gone.connect()
            held.exec_driver_sql("SELECT * FROM plan FOR UPDATE")
            with unreachable():
                held.invalidate()  # whatever it says to the server does not arrive
                begun = monotonic()
                while monotonic() - begun < _GIVES_BACK_SECONDS:
                    with there.begin() as connection:
                        connection.exec_driver_sql("SET LOCAL lock_timeout = '500ms'")
                        try:
                            connection.exec_driver_sql("SELECT * FROM plan FOR UPDATE")
                            return
                        except sa.exc.OperationalError:
                            connection.rollback()
            raise AssertionError(f"After {_GIVES_BACK_SECONDS:.0f} s the lock was held still.")
        finally:
            gone.dispose()
            there.dispose()


def test_every_session_asks_the_server_to_end_what_its_hub_left_open() -> None:
    with a_postgresql_database() as url:
        engine = new_engine(make_url(url))
        with engine.connect() as connection:
            asked = {
                name: connection.exec_driver_sql(f"SHOW {name}").scalar_one()
                for name in ("lock_timeout", "idle_in_transaction_session_timeout", "tcp_keepalives_idle")
            }
        engine.dispose()
    assert asked == {
        "lock_timeout": "10s",
        "idle_in_transaction_session_timeout": "30s",
        "tcp_keepalives_idle": "10",
    }
