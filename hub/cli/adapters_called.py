"""``hub adapters list``, ``pause``, ``resume`` and ``probe``: how those that the hub calls stand, and to hold one."""

from __future__ import annotations

import socket
import ssl
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer
from rich.console import Console

from hub.authority import REGISTER
from hub.cli.assembly import open_store
from hub.cli.authorities import authorities_list, held, released
from hub.cli.printing import me, print_json
from hub.clock import monotonic, new_id, now
from hub.errors import NotFound
from hub.flow.refusal import refusals_written
from hub.flow.standing import called, standings
from hub.settings import Settings, read_settings
from hub.store.circuits import Direction, HoldReason

NAME = Annotated[str, typer.Argument(help="The authority, such as social.")]
WAY = Annotated[Direction | None, typer.Option("--direction", help="Only recipient, or only source; else both.")]
AS_JSON = Annotated[bool, typer.Option("--json", help="Print JSON for a program.")]
_SECONDS = 3.0
_PORTS = {"http": 80, "https": 443, "amqp": 5672, "amqps": 5671}
_OVER_TLS = ("https", "amqps")


def adapters_list(as_json: AS_JSON = False) -> None:
    """Say of each authority how it stands, what waits for it, and when data last got through."""
    authorities_list(as_json)


def adapters_pause(
    name: NAME,
    reason: Annotated[HoldReason, typer.Option("--reason", help="Why: a word of the list.")],
    direction: WAY = None,
    as_json: AS_JSON = False,
) -> None:
    """Let no call through until it is resumed; nothing is lost, and withdrawals wait too. Audited."""
    _say(as_json, name, held(name, reason, direction))


def adapters_resume(name: NAME, direction: WAY = None, as_json: AS_JSON = False) -> None:
    """Let calls through again; what has waited follows by itself. Audited."""
    _say(as_json, name, released(name, direction))


def adapters_probe(name: NAME, as_json: AS_JSON = False) -> None:
    """Open one connection to its system, send nothing, and say whether it came about; ends with 1 if not. Audited."""
    settings = read_settings()
    store, actor, correlation_id = open_store(settings), me(), str(new_id())
    with refusals_written(store, actor, correlation_id):
        if name not in called(settings.authorities, settings):
            raise NotFound("There is no authority of this name.", "Look at the list: hub adapters list")
    reached = _reach(str(_configured(name, settings).get("url", "")))
    with store.begin() as unit:
        unit.audit.record("connection-tried", actor, now(), correlation_id, authority=name, code=reached["said"])
    if as_json:
        print_json({"authority": name, **reached})
    else:
        seconds = f" in {reached['seconds']:.3f} s" if reached["reached"] else ""
        Console().print(f"{name} at {reached['address'] or 'no address'}: {reached['said']}{seconds}", highlight=False)
    raise typer.Exit(0 if reached["reached"] else 1)


def _configured(name: str, settings: Settings) -> dict[str, Any]:
    """Return the settings of an authority, the person register or the post."""
    if name == REGISTER:
        return settings.person_register
    return settings.authorities.get(name, settings.post)


def _reach(url: str) -> dict[str, Any]:
    """Open a connection and close it. Whose certificate it is, is not judged here; the first call does."""
    parts = urlsplit(url)
    port = parts.port or _PORTS.get(parts.scheme)
    if not parts.hostname or port is None:
        return {"address": "", "reached": False, "said": "no-address", "seconds": None}
    begun, said = monotonic(), "connected"
    try:
        with socket.create_connection((parts.hostname, port), _SECONDS) as line:
            if parts.scheme in _OVER_TLS:
                said = _shake_hands(line, parts.hostname)
        is_reached = True
    except ssl.SSLError:
        is_reached, said = False, "no-tls"
    except TimeoutError:
        is_reached, said = False, "timed-out"
    except socket.gaierror:
        is_reached, said = False, "name-unknown"
    except OSError:
        is_reached, said = False, "refused"
    address = f"{parts.hostname}:{port}"
    return {"address": address, "reached": is_reached, "said": said, "seconds": monotonic() - begun}


def _shake_hands(line: socket.socket, host: str) -> str:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # nothing is sent, so nobody can take it
    with context.wrap_socket(line, server_hostname=host) as shaken:
        return f"connected-{(shaken.version() or 'tls').lower()}"


def _say(as_json: bool, name: str, sentence: str) -> None:
    """Say what was done: to people in words, to programs how the authority stands now."""
    if not as_json:
        Console().print(sentence)
        return
    settings = read_settings()
    rows = [one for one in standings(settings.authorities, open_store(settings), settings) if one["authority"] == name]
    print_json({"authorities": rows})
