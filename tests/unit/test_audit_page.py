"""Every action of the audit is explained, and none that is not written."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hub.store.emergencies import Outcome
from hub.store.notices import State as Letter
from hub.store.register_tasks import TaskKind
from hub.store.replay_rows import State as Replay
from tests.audit_actions import actions

pytestmark = pytest.mark.files
PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "audit-actions.md").read_text("utf-8")
#: Where an action is put together from a word of a closed list.
PUT_TOGETHER = {
    "? hub/flow/emergency.py: f'emergency-{outcome}'": {f"emergency-{one}" for one in Outcome},
    "? hub/flow/post.py: f'letter-{ends.state}'": {f"letter-{one}" for one in Letter if one is not Letter.WAITING},
    "? hub/flow/told.py: f'letter-{after}'": {f"letter-{one}" for one in (Letter.DELIVERED, Letter.BY_HAND)},
    "? hub/flow/register.py: f'register-{kind}'": {f"register-{one}" for one in TaskKind},
    "? hub/flow/replays.py: f'replay-{state}'": {
        f"replay-{one}" for one in (Replay.STOPPED, Replay.CANCELLED, Replay.DONE)
    },
}


def documented() -> list[str]:
    return re.findall(r"^\| `([a-z-]+)` \| \S", PAGE, flags=re.MULTILINE)


def test_every_action_that_is_put_together_is_known() -> None:
    assert {name for name in actions() if name.startswith("?")} == PUT_TOGETHER.keys()


def test_every_action_of_the_audit_is_explained_and_no_other() -> None:
    written = {name for name in actions() if not name.startswith("?")}.union(*PUT_TOGETHER.values())
    assert set(documented()) == written


def test_none_is_explained_twice() -> None:
    assert len(documented()) == len(set(documented()))
