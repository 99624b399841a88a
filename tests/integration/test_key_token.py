"""Master keys in a token of SoftHSM: what it wraps, what it refuses, and what becomes of the hub when it fails."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from hub.crypto.envelope import Keyring, version_of
from hub.crypto.token import Token
from hub.errors import KeysDown, SettingsRefused, Tampered
from hub.flow.accept import accept
from hub.flow.rotation import ask, standing, step
from hub.store.tables import inbox, people, plans
from hub.store.transaction import Store
from hub.testing.memory_adapter import MemoryAdapter, Told
from tests.integration.set_up import SetUp, authorities_of, eventually

pytestmark = [pytest.mark.integration, pytest.mark.softhsm]
MODULE, PIN, PLACE = "/usr/lib/softhsm/libsofthsm2.so", "47110815", "plans|p1|key"
CPR = "0101701234"


@dataclass(frozen=True)
class Soft:
    """A token of SoftHSM with the keys hub-2 and hub-3, and where it keeps them."""

    folder: Path

    def token(self, pin: str = PIN) -> Token:
        return Token(MODULE, "hub", pin)

    def keyring(self, *versions: int, also: dict[int, bytes] | None = None) -> Keyring:
        return Keyring({**(also or {}), **self.token().keys({v: f"hub-{v}" for v in versions})}, b"\x09" * 32)

    def goes(self, token: Token) -> None:
        """Pull it out: its files are gone, and the session breaks."""
        self.folder.rename(self.folder.with_name("away"))
        token._session.close()

    def comes_back(self) -> None:
        self.folder.with_name("away").rename(self.folder)


@pytest.fixture(scope="module")
def soft() -> Iterator[Soft]:
    if shutil.which("softhsm2-util") is None or not Path(MODULE).is_file():
        if os.environ.get("HUB_TEST_REQUIRE_SOFTHSM") == "1":
            pytest.fail("there is no SoftHSM; install it (apt-get install softhsm2)")
        pytest.skip(
            "there is no SoftHSM; install it (apt-get install softhsm2), or HUB_TEST_REQUIRE_SOFTHSM=1 to insist"
        )
    import pkcs11

    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        tokens = Path(folder, "tokens")
        tokens.mkdir()
        Path(folder, "softhsm2.conf").write_text(f"directories.tokendir = {tokens}\nobjectstore.backend = file\n")
        patch.setenv("SOFTHSM2_CONF", f"{folder}/softhsm2.conf")
        command = ["softhsm2-util", "--init-token", "--free", "--label", "hub", "--pin", PIN, "--so-pin", PIN]
        subprocess.run(command, check=True, capture_output=True)
        with pkcs11.lib(MODULE).get_token(token_label="hub").open(user_pin=PIN, rw=True) as session:
            for label in ("hub-2", "hub-3"):
                session.generate_key(pkcs11.KeyType.AES, 256, label=label, store=True)
        yield Soft(tokens)


def test_a_token_wraps_a_key_and_only_it_opens_it_again(soft: Soft) -> None:
    keyring = soft.keyring(2)
    key, wrapped = keyring.new_data_key(PLACE)
    assert key not in wrapped
    assert version_of(wrapped) == 2
    assert soft.keyring(2, 3).unwrap(wrapped, PLACE) == key
    with pytest.raises(SettingsRefused, match="master key version 2"):
        soft.keyring(3).unwrap(wrapped, PLACE)


def test_what_a_token_wrapped_does_not_open_elsewhere_changed_or_under_another_version(soft: Soft) -> None:
    keyring = soft.keyring(2, 3)
    keyring.in_use = 2
    _, wrapped = keyring.new_data_key(PLACE)
    flipped = [bytes([*wrapped[:at], wrapped[at] ^ 1, *wrapped[at + 1 :]]) for at in (4, 5, 20, len(wrapped) - 1)]
    for bad in (*flipped, (3).to_bytes(4) + wrapped[4:], wrapped[:20], wrapped[:4]):
        with pytest.raises(Tampered):
            keyring.unwrap(bad, PLACE)
    with pytest.raises(Tampered):
        keyring.unwrap(wrapped, "plans|p2|key")


def test_a_key_of_the_settings_gives_way_to_one_of_the_token_and_back(soft: Soft, set_up: SetUp) -> None:
    first = {1: set_up.settings.keys[1].get_secret_value()}
    plan = set_up.opens_plan(authorities_of(MemoryAdapter("children")), CPR)
    for keyring in (soft.keyring(2, also=first), soft.keyring(2, also={4: b"\x04" * 32})):
        store = Store(set_up.settings.database_url, keyring, set_up.settings.municipality)
        ask(store, "test")
        eventually(partial(has_ended, store))
        assert standing(store).left == 0
        with store.begin(read_only=True) as unit:
            assert unit.plans.get(plan) is not None
        store.close()


def test_a_token_that_fails_stops_the_hub_with_nothing_half_written_and_it_goes_on_by_itself(
    soft: Soft, set_up: SetUp
) -> None:
    children = MemoryAdapter("children")
    authorities, token = authorities_of(children), soft.token()
    keyring = Keyring(token.keys({2: "hub-2"}), set_up.settings.index_key.get_secret_value())
    store = Store(set_up.settings.database_url, keyring, set_up.settings.municipality)
    here = SetUp(set_up.settings, store, set_up.broker)
    here.opens_plan(authorities, CPR)
    message = children.message(Told(CPR, goals={"g1": "Ro om aftenen"}))
    before = everything(store)
    soft.goes(token)
    try:
        with pytest.raises(KeysDown, match="token with the master keys"):
            accept(message, store, authorities)
        with pytest.raises(KeysDown):
            here.opens_plan(authorities, "0101701235")
        assert everything(store) == before
    finally:
        soft.comes_back()
    assert not accept(message, store, authorities).is_repeat
    store.close()


def has_ended(store: Store) -> bool:
    return step(store) is None and not standing(store).is_under_way


def everything(store: Store) -> list[Any]:
    with store.begin(read_only=True) as unit:
        return [tuple(row) for table in (people, plans, inbox) for row in unit.connection.execute(sa.select(table))]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"HUB_KEY_TOKEN__LABEL": "another"}, "The token 'another'"),
        ({"HUB_KEY_TOKEN__PIN": "00000000"}, "The token 'hub'"),
        ({"HUB_KEY_TOKEN__KEYS__2": "no-such-key"}, "no AES key 'no-such-key'"),
        ({"HUB_KEY_TOKEN__MODULE": "/no/such/library.so"}, "/no/such/library.so"),
        ({"HUB_KEYS__2": base64.b64encode(b"\x05" * 32).decode()}, "version 2 is among keys too"),
    ],
)
def test_a_start_with_a_token_that_cannot_be_used_is_refused_and_names_it(
    soft: Soft, changed: dict[str, str], said: str, tmp_path: Path
) -> None:
    settings = {
        "HUB_DATABASE_URL": f"sqlite:///{tmp_path}/hub.db",
        "HUB_KEY_TOKEN__MODULE": MODULE,
        "HUB_KEY_TOKEN__LABEL": "hub",
        "HUB_KEY_TOKEN__PIN": PIN,
        "HUB_KEY_TOKEN__KEYS__2": "hub-2",
        "HUB_INDEX_KEY": base64.b64encode(b"\x06" * 32).decode(),
    }
    assert ends(["migrate"], settings) == (0, "")
    code, error = ends(["serve"], {**settings, **changed})
    assert code == 1
    assert said in error
    assert PIN not in error


def ends(arguments: list[str], settings: dict[str, str]) -> tuple[int, str]:
    command = [sys.executable, "-m", "hub", *arguments]
    done = subprocess.run(command, env={**os.environ, **settings}, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stderr
