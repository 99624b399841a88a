"""Documents made from the contracts themselves, clean and with dirt in them, are mapped or refused with a reason.

A document is made of the schema (tests/generation), so a part that a contract gains is generated from that day on. What
is wrong with a failing document is told by the names of its dirt; ``HUB_TEST_SEED`` makes the same documents again.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest

from hub.adapters._json import WHOLE
from hub.errors import ContractViolation, Refused
from hub.plan.contribution import Contribution
from hub.testing.conformance_kit import tried
from hub.testing.effort import worked
from tests.generation import children, employment, social, youth
from tests.generation.accounting import unaccounted
from tests.generation.sample import Fate, Sample
from tests.generation.seed import SEED
from tests.generation.senders import Sender

pytestmark = pytest.mark.files

CLEAN, DIRTY = 50, 200
SECONDS = 1.0
#: Shorter values may stand in a sentence by chance.
CANARY_LENGTH = 8
SENDERS: tuple[Callable[[], Sender], ...] = (
    children.a_case,
    children.a_delivery,
    social.a_case,
    employment.a_case,
    youth.a_course,
)


@dataclass(frozen=True)
class Outcome:
    """What became of a sample. ``error`` may be anything: what it must be is for the tests to say."""

    number: int
    sample: Sample
    contributions: Sequence[Contribution]
    error: Exception | None
    seconds: float

    def __str__(self) -> str:
        told = self.error.diagnostics() if isinstance(self.error, Refused) else repr(self.error)
        return f"\n  seed {SEED}, document {self.number}, {self.sample.dirt or 'clean'}: {told}"


def outcome(sender: Sender, number: int, sample: Sample) -> Outcome:
    authority, parcel = sender.authority, sender.parcel(sample)
    (contributions, error), seconds = worked(
        lambda: tried(lambda: authority.mapping.to_plan(authority.adapter.receive(parcel)))
    )
    return Outcome(number, sample, contributions or (), error, seconds)


@pytest.fixture(
    scope="module", params=SENDERS, ids=lambda make: f"{make.__module__.rpartition('.')[2]}-{make.__name__}"
)
def sender(request: pytest.FixtureRequest) -> Sender:
    make: Callable[[], Sender] = request.param
    return make()


@pytest.fixture(scope="module")
def outcomes(sender: Sender) -> list[Outcome]:
    samples = sender.samples(SEED, CLEAN, DIRTY)
    return [outcome(sender, number, sample) for number, sample in enumerate(samples)]


def told(outcomes: list[Outcome]) -> str:
    return "".join(str(one) for one in outcomes[:5])


def test_a_clean_document_is_taken(outcomes: list[Outcome]) -> None:
    refused = [one for one in outcomes if not one.sample.dirt and one.error]
    assert not refused, told(refused)


def test_what_is_not_taken_is_refused(outcomes: list[Outcome]) -> None:
    broken = [one for one in outcomes if one.error and not isinstance(one.error, Refused)]
    assert not broken, told(broken)


def test_dirt_that_does_not_matter_is_taken(outcomes: list[Outcome]) -> None:
    refused = [one for one in outcomes if one.sample.fate is Fate.TAKEN and one.error]
    assert not refused, told(refused)


def test_dirt_that_matters_is_refused(outcomes: list[Outcome]) -> None:
    taken = [one for one in outcomes if one.sample.fate is Fate.REFUSED and not one.error]
    assert not taken, told(taken)


def test_of_the_dirty_ones_many_are_taken_and_many_refused(outcomes: list[Outcome]) -> None:
    dirty = [one for one in outcomes if one.sample.dirt]
    assert len(dirty) == DIRTY
    assert 0.1 < sum(one.error is None for one in dirty) / DIRTY < 0.9


def test_every_leaf_of_a_document_that_is_taken_is_accounted_for(sender: Sender, outcomes: list[Outcome]) -> None:
    taken = [one for one in outcomes if one.error is None]
    lost = [(str(one), paths) for one in taken if (paths := unaccounted(sender, one.sample.root, one.contributions))]
    assert not lost, lost[:5]


def test_a_refusal_says_what_is_wrong_and_what_to_do(outcomes: list[Outcome]) -> None:
    refusals = [one.error for one in outcomes if isinstance(one.error, Refused)]
    assert all(error.code and error.sentence.endswith(".") and error.next_step.endswith(".") for error in refusals)
    faults = [fault for error in refusals for fault in error.faults]
    assert all(fault.field and fault.sentence.endswith(".") for fault in faults)


def test_a_field_that_is_named_stands_in_the_contract(sender: Sender, outcomes: list[Outcome]) -> None:
    own = {*sender.names, "*", "@*", "", "(unknown)", WHOLE, "Content-Type", "Underretning"}
    faults = [fault for one in outcomes if isinstance(one.error, ContractViolation) for fault in one.error.faults]
    steps = {re.sub(r"\[[0-9]+\]", "", step) for fault in faults for step in re.split("[/.]", fault.field)}
    assert steps - own == set()


def test_a_refusal_repeats_nothing_of_its_document(sender: Sender, outcomes: list[Outcome]) -> None:
    loud = [one for one in outcomes if isinstance(one.error, Refused) and repeated(sender, one.sample, one.error)]
    assert not loud, told(loud)


def repeated(sender: Sender, sample: Sample, error: Refused) -> list[str]:
    said = "".join(traceback.format_exception(error)) + error.diagnostics() + repr(error)
    strangers = [way[-1].name for way in sample.root.walk() if way[-1].name.startswith("Kanarie")]
    values = [text for way in sample.root.leaves() if len(text := way[-1].text.strip()) >= CANARY_LENGTH]
    return [text for text in ("Kanariefugl", *strangers, *values) if text in said and text not in sender.its_words]


def test_no_document_takes_long(outcomes: list[Outcome]) -> None:
    slow = [one for one in outcomes if one.seconds > SECONDS]
    assert not slow, told(slow)
