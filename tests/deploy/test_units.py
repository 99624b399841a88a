"""The units of ``deploy/systemd``: systemd takes them, they let the hub do little, and it bears the strictest line."""

from __future__ import annotations

import base64
import ctypes
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import orjson
import pytest
from prometheus_client import ProcessCollector

from hub.settings import Settings
from tests.deploy.programs import DEPLOY, program

pytestmark = pytest.mark.integration

UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
TIMERS = sorted((DEPLOY / "systemd").glob("*.timer"))
#: Of the hub itself; the others keep copies of what it has.
_OF_THE_HUB = [unit for unit in UNITS if "ExecStart=/opt/hub/bin/hub" in unit.read_text("utf-8")]
#: What `systemd-analyze security` may find at most, in tenths; 100 is a unit without any restriction.
_MOST_EXPOSURE = 15
#: Lines in which the two may differ.
_OWN = (
    "Environment=HUB_METRICS_PORT=",
    "Description=",
    "ExecStart=",
    "Restart=",
    "TimeoutStopSec=",
    "SuccessExitStatus=",
    "ReadWritePaths=",
    "#",
)
_PR_SET_MDWE, _PR_GET_MDWE = 65, 66  # prctl(2): memory is never both written and run; since Linux 6.3

every_unit = pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)


@pytest.fixture
def as_installed(unit: Path, tmp_path: Path) -> Path:
    """The unit, with a program that is there; systemd asks for that."""
    return installed(unit, tmp_path)


def installed(unit: Path, folder: Path) -> Path:
    there = folder / unit.name.replace("@.", "@1.")
    program_in = re.compile(r"^ExecStart=/opt/hub/\S+", re.MULTILINE)
    there.write_text(program_in.sub("ExecStart=/bin/true", unit.read_text("utf-8")), "utf-8")
    return there


@pytest.mark.deploy
@every_unit
def test_systemd_takes_it_without_a_word(as_installed: Path) -> None:
    command = [program("systemd-analyze", "systemd"), "verify", "--man=no", str(as_installed)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (ran.returncode, [line for line in ran.stderr.splitlines() if as_installed.name in line]) == (0, [])


@pytest.mark.deploy
@every_unit
def test_it_lets_the_hub_do_little(as_installed: Path) -> None:
    command = [program("systemd-analyze", "systemd"), "security", "--offline=true", f"--threshold={_MOST_EXPOSURE}"]
    ran = subprocess.run([*command, str(as_installed)], capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stdout


@pytest.mark.deploy
@every_unit
def test_a_process_can_read_since_when_the_machine_runs(unit: Path) -> None:
    """Without /proc/stat, which ProcSubset=pid hides, prometheus_client tells no process_* metric at all."""
    assert not [line for line in unit.read_text("utf-8").splitlines() if line.startswith("ProcSubset=")]
    assert list(ProcessCollector(registry=None).collect()), "there is something to lose"
    assert not list(ProcessCollector(proc="/nonexistent", registry=None).collect())


def test_each_worker_that_a_unit_names_has_a_port_of_its_own() -> None:
    serve, worker = (
        re.findall(r"^Environment=HUB_METRICS_PORT=(.+)$", unit.read_text("utf-8"), re.MULTILINE)[0]
        for unit in _OF_THE_HUB
    )
    ports = [int(worker.replace("%i", str(number))) for number in range(1, 10)]
    assert len({int(serve), *ports}) == 10
    for told in (DEPLOY / "systemd" / "hub-worker@.service", DEPLOY / "README.md"):
        assert re.search(r"(hub-worker@)?1 to (hub-worker@)?9", told.read_text("utf-8"))


@pytest.mark.parametrize("timer", TIMERS, ids=lambda timer: timer.name)
def test_systemd_takes_a_timer_and_finds_what_it_starts(timer: Path, tmp_path: Path) -> None:
    service = installed(timer.with_suffix(".service"), tmp_path)
    there = Path(shutil.copy(timer, tmp_path))
    command = [program("systemd-analyze", "systemd"), "verify", "--man=no", str(there)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60)
    said = [line for line in ran.stderr.splitlines() if service.stem in line]
    assert (ran.returncode, said) == (0, [])


def test_both_units_of_the_hub_are_alike() -> None:
    serve, worker = (
        [line for line in unit.read_text().splitlines() if not line.startswith(_OWN)] for unit in _OF_THE_HUB
    )
    assert serve == worker


def test_all_units_are_shut_in_alike() -> None:
    denied = {unit.read_text().partition("# What it may not do.")[2].partition("LimitNOFILE=")[0] for unit in UNITS}
    assert len(denied) == 1
    assert "NoNewPrivileges=yes" in denied.pop()


@pytest.mark.parametrize("timer", TIMERS, ids=lambda timer: timer.name)
def test_a_timer_starts_a_script_that_is_there_and_may_write_where_it_is_told_to(timer: Path) -> None:
    lines = timer.with_suffix(".service").read_text("utf-8").splitlines()
    (started,) = [shlex.split(line) for line in lines if line.startswith("ExecStart=")]
    (writes,) = [line.partition("=")[2].split() for line in lines if line.startswith("ReadWritePaths=")]
    script, *folders = started
    assert os.access(DEPLOY / script.removeprefix("ExecStart=/opt/hub/"), os.X_OK)
    assert folders == writes


@every_unit
def test_every_secret_that_it_is_given_is_a_setting(unit: Path) -> None:
    given = re.findall(r"^LoadCredential=(\w+):/etc/hub/secrets/(\w+)$", unit.read_text("utf-8"), re.MULTILINE)
    assert given
    for credential, file in given:
        assert credential == file
        assert credential.removeprefix("hub_") in Settings.model_fields


def test_every_variable_of_the_environment_file_is_a_setting_that_reads() -> None:
    lines = (DEPLOY / "systemd" / "hub.env").read_text("utf-8").splitlines()
    given = dict(shlex.split(line)[0].split("=", 1) for line in lines if line and not line.startswith("#"))
    fields = {name.removeprefix("HUB_").lower(): value for name, value in given.items() if name != "HUB_SETTINGS_FILE"}
    read = {name: orjson.loads(value) if value.startswith("[") else value for name, value in fields.items()}
    settings = Settings.model_validate({"keys": {1: b"\x01" * 32}, "index_key": b"\x02" * 32, **read})
    assert str(settings.trusted_proxies[0]) == "127.0.0.1/32"


def test_an_administrator_runs_commands_with_the_settings_and_secrets_of_the_units(tmp_path: Path) -> None:
    units = DEPLOY / "systemd"
    script = (units / "hub-admin").read_text("utf-8").replace("/opt/hub/bin/hub", f"{sys.executable} -m hub")
    (tmp_path / "secrets").mkdir(mode=0o700)
    (tmp_path / "hub.env").write_text((units / "hub.env").read_text("utf-8").replace("/etc/hub", str(tmp_path)))
    (tmp_path / "hub.toml").write_text('queue_prefix = "of-toml"\n')
    (tmp_path / "secrets" / "hub_index_key").write_text(base64.b64encode(b"\x02" * 32).decode())
    (tmp_path / "secrets" / "hub_keys").write_text(f'{{"1": "{base64.b64encode(bytes(32)).decode()}"}}')
    command = ["sh", "-c", script, "hub-admin", "config", "show", "--origin", "--json"]
    known = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
    ran = subprocess.run(command, env={**known, "HUB_ETC": str(tmp_path)}, capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr
    told = {one["setting"]: (one["value"], one["origin"]) for one in orjson.loads(ran.stdout)}
    assert told["trusted_proxies"] == (["127.0.0.1/32"], "HUB_TRUSTED_PROXIES")
    assert told["queue_prefix"] == ("of-toml", str(tmp_path / "hub.toml"))
    assert told["index_key"] == ("***", str(tmp_path / "secrets" / "hub_index_key"))


#: Runs the hub as the kernel does under MemoryDenyWriteExecute=, after making sure that it is denied.
_DENIED = f"""
import ctypes, mmap, runpy, sys
assert ctypes.CDLL(None).prctl({_PR_SET_MDWE}, 1, 0, 0, 0) == 0
try:
    mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
except PermissionError:
    runpy.run_module("hub", run_name="__main__", alter_sys=True)
else:
    sys.exit("it was not denied")
"""


def test_the_hub_serves_and_delivers_without_memory_that_is_both_written_and_run(tmp_path: Path) -> None:
    """Some libraries make code while they run; this line of the units would end them."""
    if ctypes.CDLL(None).prctl(_PR_GET_MDWE, 0, 0, 0, 0) < 0:
        pytest.skip("this kernel cannot deny it; Linux 6.3 or later can")
    environment = {
        **os.environ,
        "HUB_DATABASE_URL": f"sqlite:///{tmp_path / 'hub.db'}",
        "HUB_KEYS__1": base64.b64encode(b"\x01" * 32).decode(),
        "HUB_INDEX_KEY": base64.b64encode(b"\x02" * 32).decode(),
        "HUB_AUTHORITIES": '{"children": {}, "employment": {}, "social": {}, "youth": {}}',
        "HUB_PORT": "0",
    }
    command = [sys.executable, "-c", _DENIED]
    subprocess.run([*command, "migrate"], env=environment, check=True, timeout=60)
    with subprocess.Popen([*command, "serve"], env=environment, stdout=subprocess.PIPE) as hub:
        assert hub.stdout is not None
        try:
            url = orjson.loads(hub.stdout.readline())["url"]
            assert httpx.get(f"{url}/readyz", timeout=15).json()["status"] == "ready"
            case = DEPLOY.parent / "contracts" / "children" / "v1" / "examples" / "minimal.xml"
            sent = httpx.post(f"{url}/in/children", content=case.read_bytes(), timeout=15)
            assert sent.status_code == 401, "the API and its parsers are there"
        finally:
            hub.terminate()
    assert hub.returncode == -signal.SIGTERM, "which systemd counts as well, and a shell calls 143"
