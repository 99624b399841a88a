"""By what name the audit knows who runs a command."""

from __future__ import annotations

import getpass
import os

import pytest

from hub.cli.printing import me


def nobody() -> str:
    raise KeyError("getpwuid(): uid not found: 65532")


def test_who_runs_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 1000)
    monkeypatch.setattr(getpass, "getuser", lambda: "mette")
    monkeypatch.setenv("SUDO_USER", "somebody")
    assert me() == "cli:mette"


def test_who_became_root_is_named_as_who_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 0)
    monkeypatch.setattr(getpass, "getuser", lambda: "root")
    monkeypatch.setenv("SUDO_USER", "mette")
    assert me() == "cli:mette"
    monkeypatch.delenv("SUDO_USER")
    assert me() == "cli:root"


def test_in_an_image_without_users_it_is_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 65532)
    monkeypatch.setattr(getpass, "getuser", nobody)
    assert me() == "cli:uid-65532"


def test_a_long_name_fits_into_a_row_of_the_audit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 1000)
    monkeypatch.setattr(getpass, "getuser", lambda: "m" * 100)
    assert len(me()) == 64
