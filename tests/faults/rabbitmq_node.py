"""A RabbitMQ node of a test's own, from the programs of the machine: it may be stopped, wiped, killed and starved.

    with a_rabbitmq_node() as node:
        Broker(node.url, "hub")
        node.kill(); node.start()

Everything of it lies in one folder, and it listens on free ports under a name of its own, with a port mapper (epmd) of
its own: the node that the machine may run is another, and is never touched.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from hub.cli.ports import free_ports
from hub.clock import new_id
from hub.errors import BrokerDown
from hub.queue.broker import Broker
from tests.integration.set_up import eventually

#: Debian's /usr/sbin/rabbitmq-server runs the node as another user, in that user's folders; these scripts do not.
_SCRIPTS = (Path("/usr/lib/rabbitmq/bin"), Path("/opt/rabbitmq/sbin"))
_START_SECONDS = 90


class RabbitNode:
    """One node; its programs are run anew at each ``start``, its folder stays until the end."""

    def __init__(self, scripts: Path, folder: Path) -> None:
        self._scripts, self._folder = scripts, folder
        self._name = f"hub-{new_id().hex[:8]}@localhost"
        self._server: subprocess.Popen[bytes] | None = None
        self.port, distribution, self._mapper_port = free_ports(3)
        config = folder / "rabbitmq.conf"
        config.write_text(f"listeners.tcp.local = 127.0.0.1:{self.port}\nlog.console = false\n")
        (folder / "enabled_plugins").write_text("[].\n")
        (folder / "env.conf").touch()
        cookie = folder / ".erlang.cookie"
        cookie.write_text(new_id().hex)
        cookie.chmod(0o600)
        self._environment = {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "HOME": str(folder),  # where both sides look for the cookie
            "RABBITMQ_NODENAME": self._name,
            "RABBITMQ_DIST_PORT": str(distribution),
            "RABBITMQ_CONFIG_FILE": str(config.with_suffix("")),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
            "RABBITMQ_CONF_ENV_FILE": str(folder / "env.conf"),
            "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_PID_FILE": str(folder / "pid"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1} +S 1:1 +sbwt none",
            "ERL_EPMD_PORT": str(self._mapper_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
        }

    @property
    def url(self) -> str:
        """Where a hub finds it."""
        return f"amqp://guest:guest@127.0.0.1:{self.port}//"

    def start(self) -> None:
        """Run the node, and wait until it answers; what it had kept it has again."""
        log = (self._folder / "out").open("ab")
        self._server = subprocess.Popen(
            [str(self._scripts / "rabbitmq-server")],
            env=self._environment, stdout=log, stderr=log, cwd=self._folder, start_new_session=True,
        )  # fmt: skip
        log.close()
        eventually(self._answers, _START_SECONDS)

    def kill(self) -> None:
        """End it as the kernel would (SIGKILL), with everything that it has started."""
        server, self._server = self._server, None
        if server is not None:
            with suppress(ProcessLookupError):
                os.killpg(server.pid, signal.SIGKILL)  # a session of its own, so of nobody else
            server.wait(30)

    def stop_app(self) -> None:
        """Let it answer nobody: connections break, and its memory stays on disk."""
        self.control("stop_app")

    def start_app(self) -> None:
        """Let it answer again."""
        self.control("start_app")
        eventually(self._answers, _START_SECONDS)

    def wipe(self) -> None:
        """Forget every exchange, queue and message, as a node whose disk was replaced."""
        for command in ("stop_app", "reset", "start_app"):
            self.control(command)
        eventually(self._answers, _START_SECONDS)

    def raise_alarm(self) -> None:
        """Have no memory left: whoever publishes is held up."""
        self.control("set_vm_memory_high_watermark", "0")

    def end_alarm(self) -> None:
        """Have memory again."""
        self.control("set_vm_memory_high_watermark", "0.4")

    @contextmanager
    def mute(self, queue: str) -> Iterator[None]:
        """Let one queue answer nothing, as one that has no leader."""
        process = f"'%2F_{queue}'"
        self.control("eval", f"sys:suspend({process}).")
        try:
            yield
        finally:
            self.control("eval", f"sys:resume({process}).")

    def control(self, *command: str) -> str:
        """Ask the node's own tool for something; return what it said."""
        done = subprocess.run(
            [str(self._scripts / "rabbitmqctl"), "--quiet", *command],
            env=self._environment, capture_output=True, text=True, timeout=_START_SECONDS, cwd=self._folder,
        )  # fmt: skip
        assert done.returncode == 0, f"rabbitmqctl {command[0]}: {done.stdout}{done.stderr}"
        return done.stdout

    def close(self) -> None:
        """End it, and its port mapper."""
        self.kill()
        if shutil.which("epmd"):
            eventually(self._mapper_is_gone, 30)

    def _mapper_is_gone(self) -> bool:
        """End the port mapper; it stays until it has noticed that its one node is gone."""
        command = ["epmd", "-port", str(self._mapper_port), "-kill"]
        done = subprocess.run(command, env=self._environment, capture_output=True, text=True, timeout=10)
        return any(word in done.stdout + done.stderr for word in ("Killed", "Cannot connect"))

    def _answers(self) -> bool:
        assert self._server is None or self._server.poll() is None, (self._folder / "out").read_text("utf-8")
        with suppress(BrokerDown), Broker(self.url, "hub-test-answers") as broker:
            broker.ping()
            broker.delete()
            return True
        return False


@contextmanager
def a_rabbitmq_node() -> Iterator[RabbitNode]:
    """Run a node of one's own until the block ends; skip the test where RabbitMQ is not installed."""
    scripts = _scripts()
    with tempfile.TemporaryDirectory(prefix="hub-rabbitmq-", ignore_cleanup_errors=True) as folder:
        node = RabbitNode(scripts, Path(folder))
        try:
            node.start()
            yield node
        finally:
            node.close()


def _scripts() -> Path:
    on_path = shutil.which("rabbitmq-server")
    places = [*_SCRIPTS, *([Path(on_path).resolve().parent] if on_path else [])]
    for place in places:
        if (place / "rabbitmq-server").exists() and (place / "rabbitmqctl").exists():
            return place
    if os.environ.get("HUB_TEST_REQUIRE_SERVERS") == "1":
        raise FileNotFoundError("rabbitmq-server")
    pytest.skip("rabbitmq-server is not installed; install it, or set HUB_TEST_REQUIRE_SERVERS=1 to insist")
