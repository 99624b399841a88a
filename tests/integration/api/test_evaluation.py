"""The evaluation over HTTP and the command line: counted from what happened, and of nobody in particular."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from hub.flow.evaluate import MEASURES, evaluate
from hub.store.evaluation_tables import told_months
from hub.testing.clock import frozen
from tests.integration.api.served import CANARY_NAME, Served, served
from tests.integration.colliding import AT_NINE, AT_NOON, BEFORE, a_collision, employment_sends
from tests.integration.databases import EMBEDDED, OPERATED, a_database_for_a_hub

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module", params=[EMBEDDED, OPERATED])
def hub(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Six plans of people whom employment meets in September 2026; children and family services meet two of them too.

    These two name one mother, and so are of one family.
    """
    with (
        a_database_for_a_hub(request.param, tmp_path_factory.mktemp("evaluated")) as url,
        frozen(BEFORE) as clock,
        served(url) as running,
    ):
        for number in range(6):
            cpr, opened = running.opens_plan(name=CANARY_NAME)
            if number < 2:
                a_collision(running, cpr, opened["plan"])
            else:
                employment_sends(running, cpr, AT_NINE)
            if number == 0:
                clock.advance(timedelta(minutes=10))
                employment_sends(running, cpr, AT_NOON, version=2)
        clock.advance(timedelta(days=80))
        yield running


def report(hub: Served) -> dict[str, Any]:
    answer = hub.ask("administrator", "GET", "/evaluation", params={"from": "2026-08", "to": "2026-10"})
    assert answer.status_code == 200, answer.text
    assert CANARY_NAME not in answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_what_happened_is_counted_and_small_numbers_are_not_told(hub: Served) -> None:
    august, september, october = report(hub)["months"]
    assert (september["month"], september["is_whole"]) == ("2026-09", True)
    values = september["values"]
    assert set(values) == set(MEASURES)
    assert (values["families"], values["contacts"]) == (5, 8)
    assert (values["overlaps"], values["overlaps-resolved"], values["overlaps-left"]) == (None, None, None), "two, one"
    assert values["families-of-two-authorities"] is None
    assert values["families-of-one-authority"] is None, "five less that one would give it away"
    assert (values["consents-given"], values["consents-withdrawn"]) == (7, 0)
    assert august["values"]["contacts"] == 0
    assert october["values"]["contacts"] is None, "one family is asked something then, so nothing of theirs is told"


def test_numbers_that_are_large_enough_are_told(hub: Served) -> None:
    """The same with a municipality that tells all numbers: what is counted is what happened."""
    with hub.store.begin() as unit:
        unit.connection.execute(told_months.delete())
    months = evaluate(date(2026, 9, 1), date(2026, 9, 1), hub.store, 1, actor="a-test", correlation_id="c")
    values = months[0].values
    found = {name: values[name] for name in ("overlaps", "overlaps-resolved", "overlaps-left")}
    assert found == {"overlaps": 2, "overlaps-resolved": 1, "overlaps-left": 1}
    assert (values["families-of-one-authority"], values["families-of-two-authorities"]) == (4, 1)


def test_a_spreadsheet_has_a_line_for_each_month(hub: Served) -> None:
    answer = hub.ask("administrator", "GET", "/evaluation", params={"from": "2026-01", "to": "2026-10", "as": "csv"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert rows[0]["month"] == "2026-01"
    assert rows[0]["families"] == "0"
    assert list(rows[0]) == ["month", "is-whole", *MEASURES]


@pytest.mark.parametrize(
    ("first", "to"),
    [("2026-03", "2026-02"), ("2020-01", "2026-01"), ("2026-01", "2099-01"), ("2026-13", "2026-01"), ("", "")],
)
def test_a_period_that_cannot_be_reported_on_is_refused(hub: Served, first: str, to: str) -> None:
    assert hub.ask("administrator", "GET", "/evaluation", params={"from": first, "to": to}).status_code == 400


def test_who_evaluates_is_in_the_audit_and_nobody_else_may(hub: Served) -> None:
    report(hub)
    assert [row["actor"] for row in hub.audited("evaluated")][-1] == "administrator"
    for caller in ("coordinator", "operator", "children", "anna"):
        answer = hub.ask(caller, "GET", "/evaluation", params={"from": "2026-01", "to": "2026-01"})
        assert answer.status_code == 403
