"""Whether one plan helps, as an administrator reads it: months in words, and a file to keep."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import timedelta

import pytest

from hub.testing.clock import frozen
from tests.integration.api.served import CANARY_NAME, Served, served
from tests.integration.colliding import AT_NINE, BEFORE, employment_sends
from tests.integration.ui.visitor import Visitor, parts_of, words_of

pytestmark = pytest.mark.integration
PAGE = "/administration/evaluation"


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Six people whom employment meets in September 2026, looked back at in November."""
    with (
        frozen(BEFORE) as clock,
        served(f"sqlite:///{tmp_path_factory.mktemp('evaluated') / 'hub.db'}") as running,
    ):
        for _ in range(6):
            cpr, _ = running.opens_plan(name=CANARY_NAME)
            employment_sends(running, cpr, AT_NINE)
        clock.advance(timedelta(days=56))
        yield running


@pytest.fixture
def administrator(hub: Served) -> Iterator[Visitor]:
    with Visitor(hub.url) as visitor:
        visitor.signs_in(hub.tokens["administrator"], "/administration")
        yield visitor


def test_the_last_six_months_that_are_over_are_shown_the_newest_first(administrator: Visitor) -> None:
    page = administrator.gets(f"{PAGE}?lang=en")
    months = [words_of(page, f"(//article)[{number}]/h2") for number in range(1, 7)]
    assert months[0] == "October 2026 Told 21 days after the end of the month."
    assert words_of(page, "(//article)[1]") == months[0], "and nothing else of it"
    assert months[1:3] == ["September 2026", "August 2026"]
    september = words_of(page, "(//article)[2]")
    assert "Meetings 6" in september
    assert "Families 6 with one authority 6" in september
    assert CANARY_NAME not in page.text


def test_the_address_holds_the_months_and_a_wrong_one_is_said_to_be(administrator: Visitor) -> None:
    page = administrator.gets(f"{PAGE}?lang=da&from=2026-09&to=2026-09")
    assert len(parts_of(page, "//article/h2")) == 1
    assert parts_of(page, "//input[@name='from']/@value") == ["2026-09"]
    assert "Virker én plan?" in words_of(page, "//h1")
    for wrong, status in (("from=2026-10&to=2026-09", 400), ("from=2099-01&to=2099-02", 400), ("from=soon", 404)):
        assert administrator.gets(f"{PAGE}?{wrong}").status_code == status


def test_the_file_is_the_same_in_numbers(administrator: Visitor) -> None:
    answer = administrator.gets(f"{PAGE}/file?from=2026-09&to=2026-10")
    assert answer.headers["content-disposition"] == 'attachment; filename="evaluation-2026-09-2026-10.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(row["month"], row["contacts"], row["is-whole"]) for row in rows] == [
        ("2026-09", "6", "yes"),
        ("2026-10", "", "no"),
    ]


def test_others_of_the_administration_do_not_see_it(hub: Served) -> None:
    for name in ("auditor", "security"):
        with Visitor(hub.url) as visitor:
            visitor.signs_in(hub.tokens[name], "/administration")
            assert visitor.gets(PAGE).status_code in (403, 404)
