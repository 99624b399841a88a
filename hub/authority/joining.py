"""How authorities are found: by the name of their entry points."""

from __future__ import annotations

from collections.abc import Mapping as Dict
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from hub.authority.port import Adapter, Mapping
from hub.errors import Fault, SettingsRefused

ADAPTERS, MAPPINGS = "hub.adapters", "hub.mappings"


@dataclass(frozen=True, slots=True)
class Authority:
    """An authority: its name, its wire and its words."""

    name: str
    adapter: Adapter
    mapping: Mapping


Authorities = Dict[str, Authority]


def load(settings: Dict[str, Dict[str, Any]]) -> Authorities:
    """Join adapter and mapping of every configured authority by entry-point name.

    :param settings: authority name → its adapter's settings.
    :raises SettingsRefused: naming every authority that cannot be joined and why.
    """
    adapters, mappings = _by_name(ADAPTERS), _by_name(MAPPINGS)
    joined: dict[str, Authority] = {}
    faults: list[Fault] = []
    for name, own in settings.items():
        missing = [group for group, found in ((ADAPTERS, adapters), (MAPPINGS, mappings)) if name not in found]
        if missing:
            where = " and ".join(missing)
            faults.append(Fault(f"authorities.{name}", f"No installed package has an entry point {name!r} in {where}."))
            continue
        try:
            joined[name] = Authority(name, adapters[name].load()(own), mappings[name].load()())
        except SettingsRefused as error:
            faults.extend(error.faults)
    if faults:
        raise SettingsRefused("Some authorities cannot be joined.", faults=faults)
    return joined


def _by_name(group: str) -> dict[str, EntryPoint]:
    found: dict[str, EntryPoint] = {}
    for point in entry_points(group=group):
        if point.name in found and found[point.name].value != point.value:
            raise SettingsRefused(
                f"Two installed packages call themselves {point.name!r} in {group}.",
                "Uninstall one of them.",
            )
        found[point.name] = point
    return found


def contract_folder(contract: str) -> Path:
    """Return the folder of one of the hub's own contracts, such as ``children/v1``.

    In a wheel they lie inside the package, in a checkout at the top level.
    """
    here = Path(__file__).parents[1]
    shipped = here / "contracts"
    return (shipped if shipped.is_dir() else here.parent / "contracts") / contract
