"""A small town on loopback: the hub and the authority systems, each a process of its own with a store of its own."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import httpx
import orjson
from tenacity import RetryError, Retrying, retry_if_result, stop_after_delay, wait_fixed

from hub.cli.ports import free_ports
from hub.errors import Unavailable
from hub.identity.tokens import new_token
from hub.sandbox.provider_people import CVR, PRIVILEGE

SYSTEMS = ("children", "employment", "social")
#: Every program around the hub: the authorities' systems, the post that brings citizens' letters, the person register,
#: and the identity provider that people sign in through.
AROUND = (*SYSTEMS, "post", "register", "identity")
#: Role → the organisation of who has it.
_STAFF = {
    "coordinator": "coordination",
    "caseworker": "children",
    "operator": "operations",
    "auditor": "audit",
    "administrator": "coordination",
    "security-administrator": "operations",
}
_SENDER = {"sender_cvr": "29188599", "sender_name": "Guldborgsund Kommune"}
_START_SECONDS = 90  # six programs may start at once, beside other work
_STOP_SECONDS = 10


@dataclass
class Program:
    """One process, and the address it serves if it serves one.

    :ivar start_seconds: how long it may take to be ready.
    """

    name: str
    command: list[str]
    url: str
    log: Path
    environment: Mapping[str, str]
    start_seconds: float = _START_SECONDS
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start and wait until it says that it is ready. :raises Unavailable: it does not, and where its log is."""
        with self.log.open("ab") as log:
            before = log.tell()
            self.process = subprocess.Popen(  # noqa: S603 - our own programs, no shell
                self.command, env={**os.environ, **self.environment}, stdout=log, stderr=log
            )
        patient = Retrying(
            stop=stop_after_delay(self.start_seconds),
            wait=wait_fixed(0.05),
            retry=retry_if_result(lambda is_up: not is_up),
        )
        try:
            patient(self._says_ready, self.process, before)
        except RetryError:
            raise self._did_not_start() from None

    @property
    def is_running(self) -> bool:
        """Tell whether the process is there."""
        return self.process is not None and self.process.poll() is None

    def stop(self) -> None:
        """Ask it to end, and wait; kill it when it does not."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _says_ready(self, process: subprocess.Popen[bytes], since: int) -> bool:
        has_ended = process.poll() is not None  # asked first: it may say so and then end
        if b'{"ready":' in self.log.read_bytes()[since:]:
            return True
        if has_ended:
            raise self._did_not_start()
        return False

    def _did_not_start(self) -> Unavailable:
        last_words = self.log.read_text(errors="replace").strip()[-500:]
        return Unavailable(f"{self.name} did not start: {last_words}", f"Read {self.log}.")


@dataclass(frozen=True, slots=True)
class SetUp:
    """Where the town's hub keeps its memory and hangs its doorbell; embedded in the town's folder by default."""

    database_url: str = ""
    broker_url: str = "memory://"
    queue_prefix: str = "hub"
    #: How the hub is run; a test puts itself in between.
    hub_command: tuple[str, ...] = (sys.executable, "-m", "hub")
    environment: Mapping[str, str] = field(default_factory=dict)
    #: Adapter settings of authorities that join beside the town's own systems, by name.
    authorities: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    #: Further settings of the hub, such as shorter waits.
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Town:
    """The hub and the systems around it, in one folder; ``with`` starts and ends them all.

    :ivar tokens: the bearer token of each caller of the hub.
    """

    folder: Path
    set_up: SetUp = field(default_factory=SetUp)
    tokens: dict[str, str] = field(default_factory=dict)
    programs: dict[str, Program] = field(default_factory=dict)

    def __enter__(self) -> Self:
        urls = {
            name: f"http://127.0.0.1:{port}"
            for name, port in zip(("hub", *AROUND), free_ports(1 + len(AROUND)), strict=True)
        }
        environment = {**self.set_up.environment, "HUB_SETTINGS_FILE": str(self._write_settings(urls))}
        for name in AROUND:
            self._add(name, self._system(name, urls), urls[name], {})
        self._add("hub", [*self.set_up.hub_command, "serve"], urls["hub"], environment)
        if not self.set_up.broker_url.startswith("memory:"):
            self._add("worker", [*self.set_up.hub_command, "worker"], "", environment)
        ours = [program for name, program in self.programs.items() if name not in AROUND]
        try:
            with ThreadPoolExecutor() as side_by_side:
                systems = side_by_side.map(Program.start, [self.programs[name] for name in AROUND])
                self.hub_command("migrate")
                list(systems)  # the hub polls as soon as it is up
                list(side_by_side.map(Program.start, ours))
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for program in reversed(self.programs.values()):
            program.stop()

    def url(self, name: str) -> str:
        """Return where a program serves."""
        return self.programs[name].url

    def ask(self, caller: str, method: str, path: str, body: Any = None) -> httpx.Response:
        """Ask the hub as one of its callers; the answer may be a refusal."""
        return httpx.request(
            method,
            self.url("hub") + path,
            content=None if body is None else orjson.dumps(body),
            headers={"Authorization": f"Bearer {self.tokens[caller]}", "Content-Type": "application/json"},
            timeout=20,
        )

    def tell(self, system: str, method: str, path: str, body: Any = None) -> Any:
        """Use a system as its own staff would; return its answer."""
        answer = httpx.request(method, self.url(system) + path, json=body, timeout=20)
        answer.raise_for_status()
        return answer.json()

    def let_in(self, clients: Mapping[str, Mapping[str, Any]]) -> None:
        """Give further callers a token each, as an operator does: in the settings that the hub reads as it starts."""
        with (self.folder / "hub.toml").open("a") as settings:
            for name, client in clients.items():
                self.tokens[name], digest = new_token()
                settings.write("\n".join(_table(f"clients.{name}", {"token_sha256": digest, **client})) + "\n")
        self.programs["hub"].stop()
        self.programs["hub"].start()

    def hub_command(self, *arguments: str) -> Any:
        """Run a command of the hub on this town's settings; return what it printed, parsed where it is JSON."""
        done = subprocess.run(  # noqa: S603 - our own program, no shell
            [sys.executable, "-m", "hub", *arguments],
            env={**os.environ, **self.programs["hub"].environment},
            capture_output=True,
            check=False,
        )
        if done.returncode:
            raise Unavailable(f"hub {arguments[0]} ended with {done.returncode}.", done.stderr.decode()[-2000:])
        return orjson.loads(done.stdout) if "--json" in arguments else done.stdout.decode()

    def _add(self, name: str, command: list[str], url: str, environment: dict[str, str]) -> None:
        self.programs[name] = Program(name, command, url, self.folder / f"{name}.log", environment)

    def _system(self, name: str, urls: Mapping[str, str]) -> list[str]:
        options = {
            "port": urls[name].rsplit(":", 1)[1],
            "store": self.folder / f"{name}.db",
            "hub-url": urls["hub"],
            "hub-token-file": self._secret(f"{name}-at-hub", self.tokens.get(name, "")),
            "token-file": self._secret(f"hub-at-{name}", self.tokens[f"hub-at-{name}"]),
        }
        if name == "children":
            options["folder"] = self.folder / "children-files"
        flat = [str(part) for key, value in options.items() for part in (f"--{key}", value)]
        return [sys.executable, "-m", "hub.sandbox", name, *flat]

    def _secret(self, name: str, text: str) -> Path:
        file = self.folder / f"{name}.token"
        file.touch(mode=0o600)
        file.write_text(text)
        return file

    def _sign_in(self, issuer: str) -> list[str]:
        """Write how people sign in, and who is what by the claims of the sandbox's provider."""
        known = {"issuer": issuer, "client_id": "one-plan-hub", "client_secret": self.tokens["hub-at-identity"]}
        own = _table("sign_in", {**known, "citizen_claim": "cpr", "called": "the sandbox"})
        return [*own, *(line for role, organisation in _STAFF.items() for line in _rule(role, organisation))]

    def _write_settings(self, urls: Mapping[str, str]) -> Path:
        """Write the hub's settings as an operator would; the keys are the demo's own and end with its folder."""
        clients = {}
        for name, organisation, role in (
            *((system, system, "authority-system") for system in (*SYSTEMS, *self.set_up.authorities)),
            ("coordinator", "coordination", "coordinator"),
            ("operator", "operations", "operator"),
            ("post", "digital-post", "authority-system"),
        ):
            self.tokens[name], digest = new_token()
            clients[name] = {"token_sha256": digest, "organisation": organisation, "role": role}
        for system in AROUND:
            self.tokens[f"hub-at-{system}"], _ = new_token()
        authorities: dict[str, dict[str, Any]] = {
            system: _reached(urls[system], self.tokens[f"hub-at-{system}"]) for system in SYSTEMS
        }
        authorities["children"]["folder"] = str(self.folder / "children-files")
        authorities["employment"]["poll_every"] = authorities["social"]["poll_every"] = 1
        authorities |= {name: dict(own) for name, own in self.set_up.authorities.items()}
        lines = [
            f'database_url = "{self.set_up.database_url or f"sqlite:///{self.folder}/hub.db"}"',
            f'broker_url = "{self.set_up.broker_url}"',
            f'queue_prefix = "{self.set_up.queue_prefix}"',
            f"port = {urls['hub'].rsplit(':', 1)[1]}",
            f'index_key = "{_random_key()}"',
            "remind_seconds = 1",
            *_lines(self.set_up.settings),
            *_table("post", {**_reached(urls["post"], self.tokens["hub-at-post"]), **_SENDER}),
            *_table("contacts", {system: f"Systemvagten ({system}, opdigtet)" for system in SYSTEMS}),
            *_table("person_register", {**_reached(urls["register"], self.tokens["hub-at-register"]), "ask_every": 1}),
            *self._sign_in(urls["identity"]),
            *_table("keys", {"1": _random_key()}),
            *(line for name, client in clients.items() for line in _table(f"clients.{name}", client)),
            *(line for name, own in authorities.items() for line in _table(f"authorities.{name}", own)),
        ]
        return self._secret("hub-settings", "\n".join(lines) + "\n").rename(self.folder / "hub.toml")


def _rule(role: str, organisation: str) -> list[str]:
    claims = f'{{privileges = "{PRIVILEGE.format(role=role)}", cvr = "{CVR}"}}'
    return ["[[sign_in.roles]]", f"claims = {claims}", *_lines({"role": role, "organisation": organisation})]


def _reached(url: str, token: str) -> dict[str, Any]:
    return {"url": url, "token": token}


def _table(name: str, values: Mapping[str, Any]) -> list[str]:
    return [f"[{name}]", *_lines(values)]


def _lines(values: Mapping[str, Any]) -> list[str]:
    """Write TOML; JSON spells texts and numbers as TOML does."""
    return [f"{key} = {orjson.dumps(value).decode()}" for key, value in values.items()]


def _random_key() -> str:
    return base64.b64encode(os.urandom(32)).decode()
