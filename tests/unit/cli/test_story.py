"""A story that does not come out right says so, and the demo ends with 1."""

from __future__ import annotations

from typing import Any, ClassVar, cast

import pytest
from rich.console import Console

from hub.cli.story import Story
from hub.errors import Unavailable


class Told(Story):
    """A story of one line."""

    name: ClassVar[str] = "told"
    title: ClassVar[str] = "A story"

    def __init__(self, *proofs: bool, error: Exception | None = None) -> None:
        super().__init__(cast(Any, None), Console(quiet=True))
        self._line, self._error = proofs, error

    def tell(self) -> None:
        """Prove what the test says, then end as it says."""
        for holds in self._line:
            self.prove("It holds", holds)
        if self._error:
            raise self._error


@pytest.mark.parametrize(
    ("story", "is_right"),
    [
        (Told(True, True), True),
        (Told(True, False), False),
        (Told(), False),
        (Told(True, error=Unavailable("It is down.")), False),
        (Told(True, error=KeyError("plan")), False),
    ],
    ids=["all hold", "one does not", "nothing is proved", "it cannot go on", "an answer lacks something"],
)
def test_a_story_has_come_out_right_when_it_was_told_to_its_end_and_all_holds(story: Told, is_right: bool) -> None:
    story.play()
    assert (story.came_out_right, story.result()["came_out_right"]) == (is_right, is_right)
