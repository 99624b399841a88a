"""The whole way, over real wires between real processes, on both set-ups."""

from __future__ import annotations

import re
import signal
from io import StringIO
from pathlib import Path
from typing import ClassVar

import orjson
import pytest
from rich.console import Console

from hub.cli import demo
from hub.cli.demo import STORIES
from hub.cli.story import Proof, Story
from hub.cli.story_one_plan import OnePlan
from hub.cli.town import Town
from hub.clock import new_id
from tests.town_set_ups import a_set_up, both_set_ups

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]
#: Of the people and cases that the stories tell of: each must stay out of every log.
SECRETS = ("1503879996", "150387-9996", "1402929990", "Mette Test", "Sofie Test", "bostøtten", "aflastningsfamilie")

#: The story that the README shows.
QUOTED = re.findall(
    r"^```\n(Karla .*?)^```$", (Path(__file__).parents[2] / "README.md").read_text("utf-8"), re.DOTALL | re.MULTILINE
)[0]


def in_logs(folder: Path) -> list[str]:
    logs = "".join(path.read_text("utf-8") for path in folder.glob("*.log"))
    assert "ready" in logs
    return [secret for secret in SECRETS if secret in logs]


@both_set_ups
def test_a_case_by_soap_one_by_xml_and_one_by_rest_are_read_as_one_plan_and_each_side_has_what_it_may(
    set_up_name: str, tmp_path: Path
) -> None:
    with a_set_up(set_up_name) as set_up, Town(tmp_path, set_up) as town:
        story = OnePlan(town, Console(quiet=True))
        story.play()
        assert [proof for proof in story.proofs if not proof.holds] == []
        (plan,) = story.plans.values()
        read = town.ask("coordinator", "GET", f"/plans/{plan}").json()["elements"]
        cases = {
            one["source"]["contract"]: one["title"]
            for one in read
            if one["title"] != "Barnets plan" and one["kind"] == "case"
        }
        assert cases == {
            "employment/v1": "Vej til job",
            "children/v1": "Støtte til familien",
            "social/v1": "Socialpædagogisk støtte",
        }
        assert in_logs(tmp_path) == []


@pytest.mark.slow
@both_set_ups
def test_every_other_story_of_the_demo_holds(set_up_name: str, tmp_path: Path) -> None:
    printed = StringIO()
    with a_set_up(set_up_name) as set_up, Town(tmp_path, set_up) as town:
        stories = [story(town, Console(file=printed, soft_wrap=True)) for story in STORIES if story is not OnePlan]
        for story in stories:
            story.play()
        assert {story.name: _wrong(story.proofs) for story in stories} == {story.name: [] for story in stories}
        assert in_logs(tmp_path) == []
    assert QUOTED in printed.getvalue(), "the README shows a story as it is told"


class GoesWrong(Story):
    """A story that does not hold."""

    name: ClassVar[str] = "goes-wrong"
    title: ClassVar[str] = "Something goes wrong"

    def tell(self) -> None:
        """Ask for a plan that is not there."""
        self.seen_by("coordinator", str(new_id()))


@pytest.mark.slow
def test_a_demo_with_a_story_that_does_not_hold_ends_with_one_and_says_which(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(demo, "STORIES", (GoesWrong,))
    before = signal.getsignal(signal.SIGTERM)
    try:
        assert demo.play(once=True, as_json=True) == 1
    finally:
        signal.signal(signal.SIGTERM, before)
    told = orjson.loads(capsys.readouterr().out)
    assert (told["came_out_right"], told["stories"]["goes-wrong"]["came_out_right"]) == (False, False)


def _wrong(proofs: list[Proof]) -> list[Proof]:
    assert proofs
    return [proof for proof in proofs if not proof.holds]
