"""Each code that may end a delivery stands for one of seven causes, and each cause has a fix."""

from __future__ import annotations

import pytest

from hub import errors
from hub.errors import HubError
from hub.flow.dead_causes import CODES, FIXES, Cause, cause_of

#: What ends no delivery or fetch for good, or only by a mistake of the hub.
BUGS = {
    "hub-error", "refused", "tampered", "settings-refused", "id-reused", "source-down", "store-busy", "broker-down",
    "broker-differs", "bug", "keys-down", "provider-down", "too-many-lookups", "not-acceptable", "several-match",
    "not-current", "business-rule", "version-missing", "witness-differs",
}  # fmt: skip


def codes() -> set[str]:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, HubError)]
    return {kind.code for kind in kinds}


def test_the_causes_are_the_seven() -> None:
    assert [cause.value for cause in Cause] == [
        "contract", "business-refusal", "consent-changed", "unknown-person", "bug", "poison", "auth",
    ]  # fmt: skip


def test_of_every_code_it_is_known_what_it_means() -> None:
    assert codes() - BUGS <= CODES.keys()
    assert CODES.keys() - codes() == {"poison", "business-refusal", "consent-changed"}


@pytest.mark.parametrize("code", sorted(BUGS))
def test_what_no_code_tells_is_a_bug(code: str) -> None:
    assert cause_of(code) is Cause.BUG


@pytest.mark.parametrize("cause", Cause)
def test_each_cause_has_one_sentence_that_says_what_to_do(cause: Cause) -> None:
    assert FIXES[cause].endswith(".")
    assert "\n" not in FIXES[cause]
    assert set(CODES.values()) | {Cause.BUG} == set(Cause)
