"""The hub's own source, read as a tree: what the rules of the house are asked of."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
HUB = ROOT / "hub"
#: Alembic loads its scripts by file name; they are not modules of the house.
MIGRATIONS = HUB / "store" / "migrations"
MODULES = sorted(path for path in HUB.rglob("*.py") if MIGRATIONS not in path.parents)
PACKAGES = [path for path in MODULES if path.name == "__init__.py"]


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """Return every node of a module; walked through once, for many rules ask."""
    return tuple(ast.walk(tree_of(path)))


def dotted(node: ast.AST) -> str:
    """Return ``a.b.c`` for names and attributes, "" for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return ""


def reached_by(path: Path) -> set[str]:
    """Return the full names of everything that a module imports, and of the modules they lie in."""
    found: set[str] = set()
    for node in nodes(path):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            found.update((module, *(f"{module}.{alias.name}" for alias in node.names)))
    return found


def imported_by(path: Path) -> set[str]:
    """Return the top-level names of everything that a module imports."""
    return {name.partition(".")[0] for name in reached_by(path)}


def words_in(identifier: str) -> set[str]:
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", identifier)
    return {word.lower() for word in spaced.split("_") if word}


def every_module(rule: Callable[[Path], None]) -> Callable[[], None]:
    """Make a test of what is asked of one module: it asks all of them, and names each that breaks the rule."""

    def asks_all() -> None:
        broken = []
        for path in MODULES:
            try:
                rule(path)
            except AssertionError as error:
                broken.append(f"{name_of(path)}: {error}")
        assert not broken, "\n".join(broken)

    asks_all.__name__, asks_all.__doc__ = rule.__name__, rule.__doc__
    return asks_all
