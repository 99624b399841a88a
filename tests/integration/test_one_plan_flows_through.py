"""The whole way, over real wires between real processes, on both set-ups."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from hub.cli.story import Story
from hub.cli.town import Town
from tests.town_set_ups import a_set_up, both_set_ups


@both_set_ups
@pytest.mark.integration
def test_a_case_by_xml_and_a_case_by_rest_make_one_plan_and_each_side_gets_what_its_consents_allow(
    set_up_name: str, tmp_path: Path
) -> None:
    with a_set_up(set_up_name) as set_up, Town(tmp_path, set_up) as town:
        story = Story(town, Console(quiet=True))
        story.play()
        assert [proof for proof in story.proofs if not proof.holds] == []
        at_children = story.town.tell("children", "GET", "/sandbox/plans")[story.plan]["elements"].values()
        assert sorted(element["title"] for element in at_children) == ["Møde med bostøtten", "Overblik over hverdagen"]
        logs = "".join(path.read_text("utf-8") for path in tmp_path.glob("*.log"))
        for secret in ("1503879996", "150387-9996", "Mette Test Holm", "bostøtten"):
            assert secret not in logs
