"""Every action that the hub writes into its audit, read from the code: the literal, wherever it is handed on from."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def functions() -> tuple[tuple[str, Function], ...]:
    """Return every function of the hub that could have a transaction, which it calls ``unit``; with its module."""
    found = []
    for path in sorted((ROOT / "hub").rglob("*.py")):
        text = path.read_text("utf-8")
        nodes = ast.walk(ast.parse(text)) if "unit" in text else ()
        found += [(path.relative_to(ROOT).as_posix(), node) for node in nodes if isinstance(node, Function)]
    return tuple(found)


@cache
def calls() -> tuple[tuple[str, str, Function, ast.Call], ...]:
    """Return every call: the name of what is called, in which module and function, and the call."""
    found = []
    for module, function in functions():
        nodes = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
        found += [(_called(node.func), module, function, node) for node in nodes]
    return tuple(found)


def _called(node: ast.expr) -> str:
    """Return the name by which something is called: of an attribute its last two parts."""
    if isinstance(node, ast.Attribute):
        return f"{node.value.attr if isinstance(node.value, ast.Attribute) else _called(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


@cache
def actions() -> dict[str, set[str]]:
    """Return the actions, each with the modules that write it; what cannot be read from the code is there as ``?``."""
    found: dict[str, set[str]] = {}
    for called, module, function, call in calls():
        if called == "audit.record":
            for action in _words(call.args[0], module, function):
                found.setdefault(action, set()).add(module)
    return found


def _words(node: ast.expr, module: str, function: Function) -> set[str]:
    if isinstance(node, ast.Constant):
        return {str(node.value)}
    if isinstance(node, ast.IfExp):
        return _words(node.body, module, function) | _words(node.orelse, module, function)
    if isinstance(node, ast.Name):
        return _named(node.id, module, function)
    return {f"? {module}: {ast.unparse(node)}"}


def _named(name: str, module: str, function: Function) -> set[str]:
    """Return what a name stands for in a function: what was assigned to it, or what callers hand over."""
    assigned = [value for to, value in _assignments(function) if isinstance(to, ast.Name) and to.id == name]
    if assigned:
        return set().union(*(_words(value, module, function) for value in assigned))
    parameters = [one.arg for one in (*function.args.posonlyargs, *function.args.args)]
    if name not in parameters:
        return {f"? {module}: {name}"}
    found: set[str] = set()
    for called, where, caller, call in calls():
        if called == function.name and (where == module or not function.name.startswith("_")):
            given = _argument(call, name, parameters)
            found |= _words(given, where, caller) if given else {f"? {where}: {ast.unparse(call)}"}
    return found


def _assignments(function: Function) -> Iterator[tuple[ast.expr, ast.expr]]:
    for node in ast.walk(function):
        for to in node.targets if isinstance(node, ast.Assign) else ():
            value = node.value if isinstance(node, ast.Assign) else None
            if isinstance(to, ast.Tuple) and isinstance(value, ast.Tuple):
                yield from zip(to.elts, value.elts, strict=True)
            elif value is not None:
                yield to, value


def _argument(call: ast.Call, name: str, parameters: list[str]) -> ast.expr | None:
    named = [one.value for one in call.keywords if one.arg == name]
    place = parameters.index(name) - (parameters[0] == "self")
    return named[0] if named else call.args[place] if place < len(call.args) else None
