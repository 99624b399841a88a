from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import Any

import pytest

from hub.errors import SettingsRefused
from hub.settings import read_settings

SECRET = base64.b64encode(b"\x01" * 32).decode()
INDEX = base64.b64encode(b"\x02" * 32).decode()


@pytest.fixture(autouse=True)
def no_settings_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("HUB_"):
            monkeypatch.delenv(name)


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_KEYS__1", SECRET)
    monkeypatch.setenv("HUB_INDEX_KEY", INDEX)


def refusal(**given: Any) -> str:
    with pytest.raises(SettingsRefused) as caught:
        read_settings(**given)
    return caught.value.diagnostics()


@pytest.mark.usefixtures("keys")
def test_two_keys_are_enough_to_start() -> None:
    settings = read_settings()
    assert settings.is_embedded
    assert settings.keys[1].get_secret_value() == b"\x01" * 32
    assert settings.database_url.startswith("sqlite:")


def test_all_faults_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_KEYS__1", "short")
    monkeypatch.setenv("HUB_PORT", "eighty")
    monkeypatch.setenv("HUB_MUNICIPALITY", "37")
    told = refusal()
    for name in ("HUB_KEYS__1", "HUB_INDEX_KEY", "HUB_PORT", "HUB_MUNICIPALITY"):
        assert name in told


@pytest.mark.usefixtures("keys")
def test_faults_of_what_must_fit_together_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_INDEX_KEY", SECRET)
    monkeypatch.setenv("HUB_BROKER_URL", "amqp://127.0.0.1")
    told = refusal()
    assert "broker_url" in told
    assert "index_key" in told


@pytest.mark.parametrize("bad", ["c2VjcmV0LXNlY3JldA==", "secret-secret", SECRET[:-4], SECRET + "AAAA"])
def test_no_secret_shows_in_a_refusal(monkeypatch: pytest.MonkeyPatch, bad: str) -> None:
    monkeypatch.setenv("HUB_KEYS__1", bad)
    monkeypatch.setenv("HUB_INDEX_KEY", bad)
    with pytest.raises(SettingsRefused) as caught:
        read_settings()
    assert bad not in caught.value.diagnostics() + repr(caught.value) + str(caught.value)


@pytest.mark.usefixtures("keys")
def test_no_secret_shows_in_the_settings_repr() -> None:
    shown = repr(read_settings())
    assert SECRET not in shown
    assert "x01" not in shown


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize(
    ("database", "broker"),
    [
        ("sqlite:///x.db", "amqp://127.0.0.1"),
        ("postgresql://127.0.0.1/hub", "memory://"),
        ("mysql://127.0.0.1/hub", "amqp://127.0.0.1"),
    ],
)
def test_set_ups_that_are_neither_embedded_nor_operated_are_refused(database: str, broker: str) -> None:
    assert "database_url and broker_url" in refusal(database_url=database, broker_url=broker)


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize("version", ["0", "-1", "4294967296"])
def test_a_key_version_that_does_not_fit_beside_what_it_wraps_is_refused(
    monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    monkeypatch.setenv(f"HUB_KEYS__{version}", base64.b64encode(b"\x05" * 32).decode())
    assert f"HUB_KEYS__{version}" in refusal()


@pytest.mark.files
def test_secrets_are_read_from_files_named_after_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "HUB_KEYS").write_text(f'{{"1": "{SECRET}"}}\n')
    (tmp_path / "HUB_INDEX_KEY").write_text(f"{INDEX}\n")
    monkeypatch.setenv("HUB_SECRETS_DIR", str(tmp_path))
    settings = read_settings()
    assert settings.index_key.get_secret_value() == b"\x02" * 32
    assert settings.keys[1].get_secret_value() == b"\x01" * 32


@pytest.mark.files
@pytest.mark.usefixtures("keys")
def test_a_variable_wins_over_a_secret_file_and_that_over_the_toml_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "hub_municipality").write_text("0002")
    (secrets / "hub_coordinator").write_text("from-a-secret-file")
    toml = tmp_path / "hub.toml"
    toml.write_text('municipality = "0003"\ncoordinator = "from-toml"\nqueue_prefix = "from-toml"\n')
    monkeypatch.setenv("HUB_SECRETS_DIR", str(secrets))
    monkeypatch.setenv("HUB_SETTINGS_FILE", str(toml))
    monkeypatch.setenv("HUB_MUNICIPALITY", "0001")
    settings = read_settings()
    assert (settings.municipality, settings.coordinator, settings.queue_prefix) == (
        "0001",
        "from-a-secret-file",
        "from-toml",
    )
    assert read_settings(municipality="0000").municipality == "0000"


@pytest.mark.files
@pytest.mark.usefixtures("keys")
def test_tables_in_the_toml_file_and_variables_meet(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    toml = tmp_path / "hub.toml"
    toml.write_text('[authorities.children]\nurl = "http://127.0.0.1:1"\n')
    monkeypatch.setenv("HUB_SETTINGS_FILE", str(toml))
    monkeypatch.setenv("HUB_AUTHORITIES__SOCIAL__URL", "http://127.0.0.1:2")
    assert set(read_settings().authorities) == {"children", "social"}


@pytest.mark.files
@pytest.mark.usefixtures("keys")
def test_the_secret_of_signing_in_stands_apart_and_is_never_repeated(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    toml = tmp_path / "hub.toml"
    toml.write_text('[sign_in]\nissuer = "https://login.example"\nclient_id = "hub"\ncitizen_claim = "cpr"\n')
    monkeypatch.setenv("HUB_SETTINGS_FILE", str(toml))
    assert "set client_secret or key_file" in refusal()
    monkeypatch.setenv("HUB_SIGN_IN__CLIENT_SECRET", "very-secret")
    sign_in = read_settings().sign_in
    assert sign_in is not None
    assert sign_in.client_secret.get_secret_value() == "very-secret"
    assert "very-secret" not in repr(sign_in)
    monkeypatch.setenv("HUB_SIGN_IN__ISSER", "https://login.example")
    assert "ISSER" in refusal()
    assert "very-secret" not in refusal()


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize("variable", ["HUB_SETTINGS_FILE", "HUB_SECRETS_DIR"])
def test_a_place_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str) -> None:
    """Passed over in silence, the hub would start with other settings than its operator wrote."""
    monkeypatch.setenv(variable, str(tmp_path / "nowhere"))
    assert variable in refusal()


@pytest.mark.files
@pytest.mark.usefixtures("keys")
def test_a_toml_file_that_does_not_parse_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    toml = tmp_path / "hub.toml"
    toml.write_text('index_key = "secret-secret')
    monkeypatch.setenv("HUB_SETTINGS_FILE", str(toml))
    told = refusal()
    assert "HUB_SETTINGS_FILE" in told
    assert "secret-secret" not in told


@pytest.mark.usefixtures("keys")
def test_a_variable_whose_json_does_not_parse_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_CLIENTS", '{"a": secret-secret')
    told = refusal()
    assert "HUB_CLIENTS" in told
    assert "secret-secret" not in told


@pytest.mark.usefixtures("keys")
def test_a_client_with_a_field_of_no_meaning_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_CLIENTS", '{"a": {"token_sha256": "xx", "organisation": "o", "role": "citizen", "x": 1}}')
    told = refusal()
    assert "HUB_CLIENTS__A__TOKEN_SHA256" in told
    assert "HUB_CLIENTS__A__X" in told


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize("name", ["HUB_MAX_ATTEMPT", "HUB_KEYS_1", "HUB_PORT__1", "HUB_"])
def test_a_misspelt_variable_is_refused_beside_every_other_fault(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Passed over in silence, a limit would stay at its default and a key would be missing."""
    monkeypatch.setenv(name, "secret-secret")
    monkeypatch.setenv("HUB_WORKERS", "none")
    told = refusal()
    assert f"  {name}: " in told
    assert "HUB_WORKERS" in told
    assert "secret-secret" not in told
    monkeypatch.delenv("HUB_WORKERS")
    assert f"  {name}: " in refusal()


@pytest.mark.files
@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize("name", ["hub_indexkey", "hub_keys__2"])
def test_a_misspelt_secret_file_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(SECRET)
    (tmp_path / "another-programs").write_text("x")
    monkeypatch.setenv("HUB_SECRETS_DIR", str(tmp_path))
    told = refusal()
    assert f"  {name}: " in told
    assert "another-programs" not in told


@pytest.mark.usefixtures("keys")
def test_variables_of_the_tests_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_TEST_REQUIRE_SERVERS", "1")
    assert read_settings().port == 8080


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize("name", ["", "With Space", "æ", "-a", "a" * 64, "a_b", "*", "a\n"])
def test_a_name_that_fits_no_audit_row_and_no_id_is_refused(name: str) -> None:
    client = {"token_sha256": "1" * 64, "organisation": "desk", "role": "operator"}
    assert "HUB_CLIENTS__" in refusal(clients={name: client})
    assert "HUB_CLIENTS__DESK__ORGANISATION" in refusal(clients={"desk": {**client, "organisation": name}})
    assert "HUB_COORDINATOR" in refusal(coordinator=name)
    assert "HUB_AUTHORITIES__" in refusal(authorities={name: {}})


@pytest.mark.usefixtures("keys")
def test_an_authoritys_name_leaves_room_for_a_plans_id_before_it() -> None:
    assert read_settings(authorities={"a" * 27: {}}, coordinator="b" * 63).coordinator == "b" * 63
    assert "HUB_AUTHORITIES__" in refusal(authorities={"a" * 28: {}})


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize("url", ["", "https://hub.example", "http://127.0.0.1:8080"])
def test_a_public_url_is_an_origin(url: str) -> None:
    assert read_settings(public_url=url).public_url == url


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize(
    "url", ["hub.example", "https://hub.example/", "https://hub.example/hub", "https://a@b", "ftp://b"]
)
def test_a_public_url_that_is_no_origin_is_refused(url: str) -> None:
    assert "HUB_PUBLIC_URL" in refusal(public_url=url)


@pytest.mark.usefixtures("keys")
def test_the_person_register_is_off_unless_set_and_no_authority_goes_by_its_name() -> None:
    assert read_settings().person_register == {}
    assert "'register' is the name of the person register" in refusal(authorities={"register": {}})


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize(
    ("url", "plain_http", "is_taken"),
    [
        ("", False, True),
        ("http://127.0.0.1:4318", False, True),
        ("http://[::1]:4318/", False, True),
        ("https://collector.example/tempo", False, True),
        ("http://collector.example:4318", True, True),
        ("http://collector.example:4318", False, False),
        ("ftp://collector.example", True, False),
        ("http://", True, False),
        ("https://collector.example:0", False, False),
        ("https://collector.example:x", False, False),
        ("https://user:sesame@collector.example", False, False),
        ("https://collector.example?token=sesame", True, False),
    ],
)
def test_spans_leave_the_machine_by_tls_or_where_an_operator_allows_it(
    url: str, plain_http: bool, is_taken: bool
) -> None:
    if is_taken:
        assert read_settings(otlp_endpoint=url, otlp_plain_http=plain_http).otlp_endpoint == url
        return
    told = refusal(otlp_endpoint=url, otlp_plain_http=plain_http)
    assert "otlp_endpoint: https://host" in told
    assert "sesame" not in told


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize("headers", [{"A b": "sesame"}, {"Authorization": "sesame\n"}, {"Authorization": "sesamé"}])
def test_a_header_that_cannot_be_sent_is_refused_and_not_shown(headers: dict[str, str]) -> None:
    told = refusal(otlp_headers=headers)
    assert "HUB_OTLP_HEADERS" in told
    assert "sesam" not in told
