"""``hub proof verify`` of certificates of erasures: what is not known is said to be so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from hub.cli.commands import app
from hub.crypto.signing import SigningKey

pytestmark = pytest.mark.integration
KEY = SigningKey(bytes(32))
ERASED: dict[str, Any] = {"erasure": "e", "plan": "p", "erased_at": "2026-11-30T08:00:00+01:00"}
TOLD = {"recipients": [{"recipient": "social", "confirmed": True, "legal_holds": ["archives"]}]}


@pytest.mark.parametrize(
    ("known", "said"),
    [
        (TOLD, "social: confirmed; it keeps a copy by law: archives"),
        ({}, "Who held something of it is not known."),
    ],
)
def test_a_certificate_says_how_recipients_stood_or_that_nobody_knows(
    tmp_path: Path, known: dict[str, Any], said: str
) -> None:
    file = tmp_path / "certificate.json"
    file.write_bytes(KEY.sign(ERASED | known))
    shown = CliRunner().invoke(app, ["proof", "verify", str(file)])
    assert shown.exit_code == 0
    assert said in shown.stdout.splitlines()
