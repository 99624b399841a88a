"""What ``hub check`` sees of the machines: whether their clocks agree, and whether there is room to write."""

from __future__ import annotations

import ctypes
import shutil
from datetime import datetime, timedelta
from pathlib import Path

from hub.cli.finding import Finding, Level
from hub.clock import now
from hub.store.server import Server, server_of
from hub.store.transaction import Store

#: A system's assertion bears ten seconds of difference (docs/how-to/sign-in-a-system.md), so at ten nobody signs in.
_OFF, _FAR_OFF = timedelta(seconds=2), timedelta(seconds=10)
_BY_NTP = "Set the clocks of the hub's machine and the database's by NTP (systemd-timesyncd, chrony)."
#: adjtimex(2) of Linux: a struct of zeros asks and changes nothing; 5 is what it returns where no NTP keeps the clock.
_TIMEX_BYTES, _TIME_ERROR = 512, 5
_HELD, _MUCH_HELD = 1 << 30, 10 << 30  # bytes of WAL
_LITTLE, _VERY_LITTLE = 0.10, 0.03  # of a disk


def clock_and_room(store: Store) -> list[Finding]:
    """Look at the clock, against the database's and by NTP, and at room to write. :raises StoreBusy: no answer."""
    asked, server, answered = now(), server_of(store), now()
    room = _room_of_file(Path(str(store.engine.url.database))) if server is None else _room_of_server(server)
    return [_clock(_difference(server.at, asked, answered) if server else None), room]


def _difference(theirs: datetime, asked: datetime, answered: datetime) -> timedelta:
    """Return by how much a clock differs at least: it was read somewhere between the question and the answer."""
    return max(asked - theirs, theirs - answered, timedelta())


def _clock(off: timedelta | None) -> Finding:
    if off is not None and off >= _OFF:
        level = Level.CRITICAL if off >= _FAR_OFF else Level.WARNING
        return Finding("clock", level, f"differs from the database's by {off.total_seconds():.1f} s", _BY_NTP)
    is_kept = _is_kept_by_ntp()
    if is_kept is False:
        return Finding("clock", Level.WARNING, "no NTP keeps this machine's clock, the kernel says", _BY_NTP)
    by = "kept by NTP" if is_kept else "whether NTP keeps it cannot be seen from here"
    return Finding("clock", Level.OK, by if off is None else f"agrees with the database's; {by}")


def _is_kept_by_ntp() -> bool | None:
    """Tell whether NTP keeps the kernel's clock; None where that cannot be seen (no Linux, or it may not be asked)."""
    ask = getattr(ctypes.CDLL(None), "adjtimex", None)
    state = -1 if ask is None else int(ask(ctypes.create_string_buffer(_TIMEX_BYTES)))
    return None if state < 0 else state != _TIME_ERROR


def _room_of_file(file: Path) -> Finding:
    """Look at the disk of SQLite's file."""
    disk = shutil.disk_usage(file.parent)
    said = f"{disk.free >> 20} MiB free, {disk.free / disk.total:.0%}"
    level = _above(disk.free / disk.total, _LITTLE, _VERY_LITTLE)
    return Finding("room", level, said, "" if level is Level.OK else "Give the disk of the database more room.")


def _room_of_server(server: Server) -> Finding:
    """Look at what keeps a PostgreSQL server from removing WAL; it does not tell how full its disk is."""
    if server.archive_fails:
        said = "PostgreSQL cannot archive its WAL, so it removes none and no point in time is kept"
        return Finding("room", Level.CRITICAL, said, "See pg_stat_archiver and the server's log; mend archive_command.")
    level = _above(-server.held_bytes, -_HELD, -_MUCH_HELD)
    if level is Level.OK:
        return Finding("room", level, "PostgreSQL holds no WAL back")
    said = f"a replication slot without a reader holds back {server.held_bytes >> 20} MiB of WAL"
    return Finding("room", level, said, "Start its reader, or drop the slot (pg_drop_replication_slot).")


def _above(value: float, little: float, very_little: float) -> Level:
    if value > little:
        return Level.OK
    return Level.WARNING if value > very_little else Level.CRITICAL
