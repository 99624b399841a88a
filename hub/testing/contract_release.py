"""Freeze a contract as released: what all later texts of the version are compared with (contracts/README.md).

python -m hub.testing.contract_release employment/v1
"""

from __future__ import annotations

import hashlib
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from hub.authority import contract_folder
from hub.testing.contract_compatibility import breaking_changes, read_contract

RELEASED, DIGESTS = "released", "examples.sha256"
_TEXTS = ("*.xsd", "*.wsdl", "openapi.yaml")


def broken_since_release(folder: Path) -> list[str]:
    """Return how a contract's present text breaks with the released one, and which released examples it has lost."""
    released = folder / RELEASED
    found = breaking_changes(read_contract(released, folder), read_contract(folder))
    for digest, name in _listed(released):
        example = folder / "examples" / name
        if not example.exists():
            found.append(f"examples/{name}: it is gone")
        elif hashlib.sha256(example.read_bytes()).hexdigest() != digest:
            found.append(f"examples/{name}: a released example changes no more; write another")
    return found


def release(folder: Path) -> None:
    """Freeze the present text, and the examples that both sides take.

    :raises ValueError: it breaks with what was released before; it is then a version of its own.
    """
    released = folder / RELEASED
    if released.exists() and (breaks := broken_since_release(folder)):
        raise ValueError("\n".join(breaks))
    released.mkdir(exist_ok=True)
    for pattern in _TEXTS:
        for path in sorted(folder.glob(pattern)):
            shutil.copyfile(path, released / path.name)
    examples = sorted(path for path in (folder / "examples").glob("*") if path.is_file())
    lines = (f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in examples)
    (released / DIGESTS).write_text("".join(lines), "utf-8")


def _listed(released: Path) -> Iterator[tuple[str, str]]:
    for line in (released / DIGESTS).read_text("utf-8").splitlines():
        digest, _, name = line.partition("  ")
        yield digest, name


if __name__ == "__main__":
    for contract in sys.argv[1:]:
        release(contract_folder(contract))
