"""Reads the settings where a start begins, and says all that is wrong with them at once."""

from __future__ import annotations

import os
import re
from pathlib import Path
from tomllib import TOMLDecodeError
from typing import Any, get_origin

from pydantic import ValidationError
from pydantic_settings import SettingsError

from hub.errors import Fault, SettingsRefused
from hub.settings.model import Settings

_PLACES = ("HUB_SETTINGS_FILE", "HUB_SECRETS_DIR")
_FIELD_IN_MESSAGE = re.compile(r'field "(\w+)"')  # pydantic-settings says it nowhere else


def read_settings(**given: Any) -> Settings:
    """Read the settings.

    :raises SettingsRefused: naming every fault at once; never a secret's value.
    """
    _check_places()
    misspelt = _misspelt()
    try:
        settings = Settings(**given)
    except TOMLDecodeError:  # its message may repeat what stands in the file
        raise _refused([Fault("HUB_SETTINGS_FILE", "The file is no valid TOML.")]) from None
    except SettingsError as error:
        found = _FIELD_IN_MESSAGE.search(str(error))
        raise _refused([Fault(_variable((found[1],) if found else ()), "It is no valid JSON.")]) from None
    except ValidationError as error:
        faults = [Fault(_variable(fault["loc"]), f"{fault['msg']}.") for fault in error.errors(include_input=False)]
        raise _refused(misspelt + faults) from None
    if misspelt:
        raise _refused(misspelt)
    return settings


def places() -> tuple[Path | None, Path | None]:
    """Return the TOML file and the folder of secrets that settings come from, where the environment names them."""
    toml, folder = (Path(found) if (found := os.environ.get(name)) else None for name in _PLACES)
    return toml, folder


def _check_places() -> None:
    """Refuse a file or folder that is not there; passed over, it would leave other settings than were written."""
    missing = [
        Fault(name, "There is nothing at this path.")
        for name in _PLACES
        if (place := os.environ.get(name)) and not os.path.exists(place)
    ]
    if missing:
        raise _refused(missing)


def _misspelt() -> list[Fault]:
    """Return what is none of ours: passed over, it would leave a default where something was written."""
    tables = {name.upper() for name, field in Settings.model_fields.items() if get_origin(field.annotation) is dict}
    tables |= {"KEY_TOKEN", "SIGN_IN"}
    faults = []
    for name in sorted(os.environ):
        whole, _, nested = name.upper().removeprefix("HUB_").partition("__")
        is_ours = whole.lower() in Settings.model_fields and (not nested or whole in tables)
        is_another = not name.upper().startswith("HUB_") or name.upper().startswith("HUB_TEST_")
        if not (is_ours or is_another or name in _PLACES):
            faults.append(Fault(name, "There is no such setting.", "Correct its name, or unset it."))
    for name in sorted(os.listdir(folder)) if (folder := os.environ.get("HUB_SECRETS_DIR")) else ():
        if name.lower().startswith("hub_") and name.lower().removeprefix("hub_") not in Settings.model_fields:
            faults.append(
                Fault(name, "There is no such setting.", "Correct the file's name; a table is one JSON file.")
            )
    return faults


def _refused(faults: list[Fault]) -> SettingsRefused:
    return SettingsRefused("The hub cannot start with these settings.", faults=faults)


def _variable(where: tuple[int | str, ...]) -> str:
    return "HUB_" + "__".join(str(part) for part in where if part != "[key]").upper() if where else "HUB_*"
