"""Half an hour of steady load, to see that nothing grows: ``python -m bench.soak``, ``make soak``."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.machine import ROOT, facts
from bench.set_ups import find_servers
from bench.soak_families import open_families
from bench.soak_report import write
from bench.soak_verdict import faults
from bench.soaking import Wanted, soak, soaked_town
from hub.clock import now
from hub.errors import Unavailable

_SET_UPS = {False: "SQLite, memory", True: "PostgreSQL, RabbitMQ"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Soak, write the report of it, and return 1 unless all is well."""
    parser = argparse.ArgumentParser(prog="make soak", description="See that the hub loses nothing and does not grow.")
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--every", type=float, default=10, help="seconds between two samples")
    parser.add_argument("--rate", type=float, help="deeds a second; half of what the machine does unless given")
    parser.add_argument("--families", type=int, default=40)
    parser.add_argument("--servers", action="store_true", help="PostgreSQL, RabbitMQ, two doors and a worker")
    parser.add_argument("--into", type=Path, default=ROOT / "docs" / "reports", help="folder of the report")
    chosen = parser.parse_args(arguments)
    servers = find_servers() if chosen.servers else None
    if chosen.servers and servers is None:
        raise Unavailable("No PostgreSQL and RabbitMQ answer here.", "Start them, or soak without --servers.")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # told to end, it ends the town's programs too
    with soaked_town(servers) as town:
        families = open_families(town, chosen.families)
        run = soak(town, families, Wanted(chosen.minutes, chosen.every, rate=chosen.rate), _tell)
    today, name = now().date(), "soak-servers" if chosen.servers else "soak"
    report = chosen.into / f"{name}-{today.isoformat()}.md"
    known = {what: said for what, said in facts(servers) if servers or what not in ("PostgreSQL", "RabbitMQ")}
    write(run, _SET_UPS[chosen.servers], known, today, report)
    _tell(f"Written: {report}")
    found = faults(run.soaked)
    for fault in found or ["All is well."]:
        _tell(fault)
    return 1 if found else 0


def _tell(sentence: str) -> None:
    print(sentence, flush=True)


if __name__ == "__main__":
    sys.exit(main())
