"""The table of statuses in each contract's README says what the code does, word for word and nothing more."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import pytest

from hub.authority import contract_folder
from hub.mappings import _employment_words, _sag, _social_words, _youth_words, partners
from hub.plan.element import Status

pytestmark = pytest.mark.files

CHILDREN = {
    "Sag": _sag.CASE_STATUS,
    "Undersoegelse, Plan, Maal, Delmaal": _sag.COURSE_STATUS,
    "Indsats": _sag.MEASURE_STATUS,
    "Opfoelgning, Aftale": _sag.MEETING_STATUS,
}
EMPLOYMENT = {
    "PersonCase": _employment_words.CASE_STATUS,
    "GoalItem, SubGoalItem": _employment_words.GOAL_STATUS,
    "InterviewItem": _employment_words.PARTICIPATION,
}
WORDS = {"social/v1": _social_words.STATUS_OF, "youth/v1": _youth_words.STATUS_OF}


def table(contract: str, head: str) -> dict[str, str]:
    """Return the rows of the first table with a heading: first cell → second."""
    lines = iter((contract_folder(contract) / "README.md").read_text("utf-8").splitlines())
    assert any(line.startswith(head) for line in lines), f"{contract} has no table {head}"
    next(lines)
    rows = {}
    for line in lines:
        if not line.startswith("|"):
            break
        first, second = (cell.strip() for cell in line.strip("|").split("|", 1))
        rows[first] = second
    return rows


def by_word(cell: str) -> Iterator[tuple[str, Status]]:
    """Read a cell such as ```1` proposed · `2`, `3` active``; what follows the status is for the reader."""
    for part in cell.split(" · "):
        said = re.fullmatch(r"(?P<words>`\w+`(?:, `\w+`)*) (?P<status>[a-z-]+)\b.*", part)
        assert said, f"cannot be read: {part}"
        for word in re.findall(r"`(\w+)`", said["words"]):
            yield word, Status(said["status"])


@pytest.mark.parametrize(
    ("contract", "tables"), [("children/v1", CHILDREN), ("employment/v1", EMPLOYMENT)], ids=["children", "employment"]
)
def test_the_statuses_of_each_kind_are_those_of_the_table(
    contract: str, tables: Mapping[str, Mapping[object, Status]]
) -> None:
    rows = {kinds.replace("`", ""): cell for kinds, cell in table(contract, "| status of |").items()}
    for kinds, code in tables.items():
        assert dict(by_word(rows.pop(kinds))) == {str(word): status for word, status in code.items()}
    assert set(rows) <= {"ActivityItem", "BenefitItem"}  # these stand by their days


def test_an_interview_says_why_it_did_not_take_place_as_the_table_does() -> None:
    cell = table("employment/v1", "| status of |")["`InterviewItem`"]
    said = {
        int(number): {"missed": "yes"} if why == "missed" else {"cancelled-by": why.removeprefix("cancelled-by ")}
        for part in cell.split(" · ")
        for number, why in re.findall(r"`(\d)` cancelled, and `?([a-z-]+(?:` [a-z]+)?)", part)
        for why in [why.replace("`", "")]
    }
    assert said == _employment_words.WHY_CANCELLED


@pytest.mark.parametrize("contract", WORDS)
def test_every_status_word_is_in_the_table_under_its_own_status(contract: str) -> None:
    rows = table(contract, "| word | plan |")
    assert rows.pop("anything else").startswith("unknown")
    said = {word: Status(status) for words, status in rows.items() for word in re.findall(r"`([^`]+)`", words)}
    assert said == WORDS[contract]


def test_a_case_of_social_services_stands_as_the_table_says() -> None:
    text = (contract_folder("social/v1") / "README.md").read_text("utf-8")
    rows = re.findall(r"^\| (\w+|anything else) \| ([^|]+) \| ([a-z-]+)", text.partition("| SagsTilstand |")[2], re.M)
    assert len([row for row in rows if row[0] in ("Aktiv", "Passiv", "Afsluttet", "anything else")]) >= 6
    for state, stages, status in rows[:6]:
        for stage in stages.split(", "):
            shown = "Udført" if stage.strip() in ("anything else", "any") else stage
            wanted = None if status == "unknown" else Status(status)
            assert _social_words.case_status(shown, "Ny" if state == "anything else" else state) is wanted


def test_a_partner_reads_each_status_as_the_table_says() -> None:
    rows = table("partners/v1", "| status | word |")
    said = {Status(status): word.strip("`") for statuses, word in rows.items() for status in statuses.split(", ")}
    assert said == partners.WORD_OF_STATUS
    assert set(said) == set(Status)
