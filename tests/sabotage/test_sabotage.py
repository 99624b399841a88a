"""Lines that must not be are planted in a copy of the tree, and the part of ``make check`` meant for each finds it."""

from __future__ import annotations

import re

import pytest

from tests.sabotage.copied import Copy, Part, Ran, Sabotage
from tests.sabotage.lines import OF_LINT, OF_THE_HOUSE, OF_TYPES, OF_WALLS, OF_WHAT_IS_OFFERED

#: A part is run whole within the first test that asks for it.
pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(600)]
#: What one run of a part finds together: a line here hides none there.
TOGETHER = {"lint": OF_LINT, "imports": OF_WALLS, "types": OF_TYPES, "test": [*OF_THE_HOUSE, *OF_WHAT_IS_OFFERED]}


class Runs:
    """Each part run once over the copy as it is, and once with its lines planted."""

    def __init__(self, copy: Copy) -> None:
        self._copy = copy
        self._kept: dict[tuple[str, bool], Ran] = {}

    def of(self, name: str, *, planted: bool) -> Ran:
        key = (name, planted)
        if key not in self._kept:
            sabotages = TOGETHER[name]
            with self._copy.with_lines(sabotages if planted else ()):
                self._kept[key] = self._copy.run(sabotages[0].part, sabotages)
        return self._kept[key]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    return Runs(Copy(tmp_path_factory.mktemp("copy")))


@pytest.mark.parametrize("name", TOGETHER)
def test_the_copy_as_it_is_passes(runs: Runs, name: str) -> None:
    ran = runs.of(name, planted=False)
    assert ran.status == 0, ran.said[-3000:]


@pytest.mark.parametrize(
    ("name", "sabotage"),
    [pytest.param(name, one, id=one.what) for name, many in TOGETHER.items() for one in many],
)
def test_a_line_that_must_not_be_is_found(runs: Runs, name: str, sabotage: Sabotage) -> None:
    ran = runs.of(name, planted=True)
    assert ran.status != 0
    failed = sabotage.part is not Part.TEST or f"FAILED {sabotage.test}" in ran.said
    assert failed, f"{sabotage.test} passes"
    assert re.search(sabotage.says, ran.said, re.MULTILINE), ran.said[-3000:]
