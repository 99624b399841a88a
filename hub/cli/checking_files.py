"""What ``hub check`` sees in the files that settings name: when certificates end, and who may read what is secret."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hub.cli.finding import Finding, Level
from hub.clock import now
from hub.flow.keyring_told import Certificate, certificates_named
from hub.plan.danish_time import LOCAL
from hub.settings import Settings
from hub.settings.reading import places

_SOON, _VERY_SOON = timedelta(days=30), timedelta(days=7)
_RENEW = "Get the next one; where two are trusted while one takes over, both may stand in the file."
_KEY_FILE = "key_file"


def certificates(settings: Settings) -> Iterator[Finding]:
    """Look at when each certificate ends that the settings name: 30 days ahead a warning, 7 days ahead critical.

    One that ends is passed over where the same setting has a later one of the same subject: that one has taken over.
    """
    found = list(certificates_named(settings))
    if unread := sorted({one.place for one in found if one.ends_at is None}):
        said = f"not to be read as certificates: {', '.join(unread)}"
        yield Finding("certificates", Level.UNKNOWN, said, "Let the hub's user read them; they are PEM.")
    ends = sorted(_last_ends(found), key=lambda one: one[1])
    at = now()
    for one, ends_at in ends:
        if ends_at - at < _SOON:
            level = Level.CRITICAL if ends_at - at < _VERY_SOON else Level.WARNING
            yield Finding("certificates", level, f"{one.place} {_in_words(ends_at, at)}", _RENEW)
    if not unread and not any(ends_at - at < _SOON for _, ends_at in ends):
        said = f"{len(ends)}; the first {_in_words(ends[0][1], at)}" if ends else "none are named"
        yield Finding("certificates", Level.OK, said)


def secrets(settings: Settings) -> Finding:
    """Look at whether others than the hub's user and group may read or write a file that holds a secret."""
    named = dict(_secret_files(settings))
    open_to_all = sorted(name for name, path in named.items() if _is_open(path))
    if open_to_all:
        said = f"open to every user of the machine: {', '.join(open_to_all)}"
        return Finding("secrets", Level.CRITICAL, said, "chmod o-rwx FILE. Then take other keys: these were readable.")
    return Finding(
        "secrets", Level.OK, f"none of {len(named)} in files is open to others" if named else "none in files"
    )


def _last_ends(found: Iterable[Certificate]) -> Iterator[tuple[Certificate, datetime]]:
    """Return of each setting and subject the certificate that ends last."""
    last: dict[tuple[str, str], tuple[Certificate, datetime]] = {}
    for one in found:
        where = one.place, one.subject
        if one.ends_at is not None and (where not in last or one.ends_at > last[where][1]):
            last[where] = one, one.ends_at
    yield from last.values()


def _in_words(ends_at: datetime, at: datetime) -> str:
    day = ends_at.astimezone(LOCAL).date().isoformat()
    days = (ends_at - at).days
    return f"has ended on {day}" if ends_at <= at else f"ends on {day}, in {days} days"


def _secret_files(settings: Settings) -> Iterator[tuple[str, Path]]:
    """Return each file that holds a secret, by the setting that names it."""
    toml, folder = places()
    if toml is not None:
        yield "HUB_SETTINGS_FILE", toml
    if folder is not None:
        for path in sorted(folder.iterdir()):
            if path.name.lower().startswith("hub_"):
                yield f"HUB_SECRETS_DIR/{path.name}", path
    tables = {f"authorities.{name}": table for name, table in settings.authorities.items()}
    tables |= {"post": settings.post, "person_register": settings.person_register}
    if settings.sign_in is not None and settings.sign_in.key_file is not None:
        yield "sign_in.key_file", settings.sign_in.key_file
    for place, table in tables.items():
        yield from _key_files(place, table)


def _key_files(place: str, table: Mapping[str, Any]) -> Iterator[tuple[str, Path]]:
    for name, value in table.items():
        if isinstance(value, Mapping):
            yield from _key_files(f"{place}.{name}", value)
        elif name.endswith(_KEY_FILE) and isinstance(value, str):
            yield f"{place}.{name}", Path(value)


def _is_open(path: Path) -> bool:
    """Tell whether anybody may read or write a file: by its own mode, and by those of all folders above it."""
    real = path.resolve()
    if not os.path.lexists(real) or not real.stat().st_mode & (stat.S_IROTH | stat.S_IWOTH):
        return False
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in real.parents)
