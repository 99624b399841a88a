from __future__ import annotations

import pytest

from hub.authority import ReceiptStatus
from hub.authority.legal_holds import LegalHold, legal_hold
from hub.flow.withdrawn import _BY_ENDING, State, sentence_of


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("Arkivloven: journaliseret som grundlag for en afgørelse.", LegalHold.ARCHIVES),
        ("ARKIVLOVEN § 13", LegalHold.ARCHIVES),
        ("Bogføringsloven", LegalHold.BOOKKEEPING),
        ("Notatpligt", LegalHold.RECORDS),
        ("Indgår i en afgørelse.", LegalHold.CASE),
        ("Kanariefugl", LegalHold.OTHER),
        ("", LegalHold.OTHER),
    ],
)
def test_the_words_of_a_legal_hold_become_a_code(words: str, code: LegalHold) -> None:
    assert legal_hold(words) is code


def test_every_way_to_answer_has_a_state() -> None:
    """All but the word that it has only arrived: then the recipient says later what became of it."""
    assert _BY_ENDING.keys() >= set(ReceiptStatus) - {ReceiptStatus.RECEIVED}


@pytest.mark.parametrize("missing", [True, False])
@pytest.mark.parametrize("state", State)
def test_every_state_has_a_sentence_in_both_languages(state: State, missing: bool) -> None:
    for hold in LegalHold:
        said = sentence_of(state, hold, missing=missing)
        assert said.da.endswith(".")
        assert said.en.endswith(".")
        assert ("deadline" in said.en, "Fristen" in said.da) == (missing, missing)


def test_each_state_and_each_legal_hold_is_told_apart() -> None:
    told = {sentence_of(state, "", missing=False).en for state in State if state is not State.LEGAL_HOLD}
    holds = {sentence_of(State.LEGAL_HOLD, hold, missing=False).en for hold in LegalHold}
    assert (len(told), len(holds), told & holds) == (len(State) - 1, len(LegalHold), set())
