"""Where each setting comes from, for an operator who wonders which of three places has won; secrets are never shown."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from pydantic import SecretBytes, SecretStr
from pydantic_settings import EnvSettingsSource, SecretsSettingsSource, TomlConfigSettingsSource

from hub.settings.model import Settings
from hub.settings.reading import places

#: What is shown instead of a secret.
MASK = "***"
DEFAULT = "default"
_PASSWORD_IN_URL = re.compile(r"(://[^:/@\s]*):.*@", re.DOTALL)  # to the last @: a password may hold one
_SECRET_IN_QUERY = re.compile(r"([?&][^=&]*(?:pass|secret|token|key)[^=&]*=)[^&]*", re.IGNORECASE)
#: Tables whose fields an adapter chooses. Text in them is shown only where its name says that it is no secret.
_OF_ADAPTERS = ("authorities", "post", "person_register")
_HARMLESS = re.compile(
    r"(^|_)(url|file|folder|kind|delivery|id|cvr|name|code|type|subject|identifier|address|exchange|queue|announces"
    r"|user|scope|topics|size|every|days|seconds)$"
)
#: Of a client: what it is known by is told to nobody, not even as a hash.
_OF_CLIENTS = re.compile(r"^clients\.[^.]+\.(token_sha256|keys)$")

_Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Origin:
    """One setting.

    :ivar name: with dots, such as ``authorities.social.url``.
    :ivar value: as it counts; a secret is masked.
    :ivar origin: the variable or the file that says it, or ``default``.
    """

    name: str
    value: Any
    origin: str


def origins(settings: Settings) -> list[Origin]:
    """Return every setting with what it is and where it comes from; those of a table one by one."""
    said = [(name, dict(_leaves(state))) for name, state in _states()]
    return [
        Origin(".".join(path), _shown(path, value), _origin(path, said))
        for path, value in _leaves(settings.model_dump())
    ]


def _states() -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Return what each place says, in the order in which they win (``Settings.settings_customise_sources``)."""
    toml, folder = places()
    yield "", EnvSettingsSource(Settings)()
    if folder is not None:
        yield str(folder), SecretsSettingsSource(Settings, folder)()
    if toml is not None:
        yield str(toml), TomlConfigSettingsSource(Settings, toml)()


def _leaves(table: Mapping[Any, Any], above: _Path = ()) -> Iterator[tuple[_Path, Any]]:
    for name, value in table.items():
        path = (*above, str(name))
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, path)
        else:
            yield path, value


def _origin(path: _Path, said: list[tuple[str, dict[_Path, Any]]]) -> str:
    for place, leaves in said:
        if any(path[: len(leaf)] == leaf or leaf[: len(path)] == path for leaf in leaves):
            return place if place and not Path(place).is_dir() else _variable(path, place)
    return DEFAULT


def _variable(path: _Path, folder: str) -> str:
    """Return the variable, or the file in the folder of secrets; either may say a whole table at once."""
    if folder:
        wanted = f"hub_{path[0]}"
        return next((str(one) for one in Path(folder).iterdir() if one.name.lower() == wanted), folder)
    names = ["HUB_" + "__".join(path[:length]).upper() for length in range(len(path), 0, -1)]
    given = {name.upper(): name for name in os.environ}
    return next((given[name] for name in names if name in given), names[-1] + "__…")


def _shown(path: _Path, value: Any) -> Any:
    if isinstance(value, SecretBytes | SecretStr):
        return MASK if value.get_secret_value() else ""
    if _OF_CLIENTS.match(".".join(path)):
        return MASK if value else value
    if path[0] in _OF_ADAPTERS and isinstance(value, str | list) and not _HARMLESS.search(path[-1]):
        return MASK if value else value
    if isinstance(value, list):
        return [_shown(path, one) for one in orjson.loads(orjson.dumps(value, default=str))]
    if isinstance(value, str):
        return _SECRET_IN_QUERY.sub(rf"\1{MASK}", _PASSWORD_IN_URL.sub(rf"\1:{MASK}@", value))
    return value if isinstance(value, bool | int | float | dict | None) else str(value)
