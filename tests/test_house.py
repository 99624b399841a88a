"""The rules of the house, kept by reading its own source.

A rule that needs the code to run lies elsewhere (tests/contract); a rule about imports lies in pyproject.toml
(import-linter). What is not yet built is not yet asked; it is asked as soon as it is there.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections import Counter
from pathlib import Path

import pytest

import hub.errors
from hub.errors import HubError
from tests.source import (
    HUB,
    MODULES,
    PACKAGES,
    ROOT,
    dotted,
    every_module,
    imported_by,
    name_of,
    nodes,
    tree_of,
    words_in,
)

pytestmark = pytest.mark.files

FUNCTION_LINES, MODULE_LINES, SPINE_LINES = 40, 300, 200
#: Which 95 of a hundred keep.
MOST_FUNCTIONS, MOST_MODULES = 35, 300
CATCH_ALLS = {
    "utils",
    "util",
    "common",
    "helpers",
    "helper",
    "manager",
    "managers",
    "core",
    "service",
    "services",
    "misc",
}
NEVER_WORDS = {"process", "processes", "handle", "handles", "manage", "manages", "manager", "util", "utils"}
#: What adapters may share: one module per protocol. Mappings share how words are read and written in XML and JSON, not
#: one word.
PROTOCOLS = {
    "_amqp",
    "_client_tokens",
    "_feed",
    "_tls_settings",
    "_trust_settings",
    "_certificates",
    "_deadline",
    "_endpoints",
    "_folder",
    "_hook_settings",
    "_http",
    "_http_address",
    "_http_line",
    "_json",
    "_receipt",
    "_rest",
    "_signature",
    "_soap",
    "_soap_caller",
    "_tls",
    "_webhook",
    "_wire",
    "_ws_addressing",
    "_ws_security",
    "_ws_settings",
    "_xml",
    "_xml_contract",
    "_json_words",
    "_xml_words",
}
#: Names that a library gives to what it calls; ours to write, not to choose.
GIVEN_NAMES = {"process_bind_param", "process_result_value", "handle_exit", "handle_error"}
#: Where an exception of any kind may be caught: a poisoned message or event must not stop what hears them, and the
#: reader of a page gets a page; the conformance kit asks what an adapter raises, whatever that is; and
#: whoever looks at a dead letter sees the bug that made it one; and who watches the hub by its check hears "unknown".
CATCHES_ALL = {
    "hub/cli/checking.py": 1,
    "hub/cli/span_box.py": 1,
    "hub/flow/would_leave.py": 1,
    "hub/queue/events.py": 1,
    "hub/queue/worker.py": 1,
    "hub/testing/conformance_kit.py": 1,
    "hub/ui/problems.py": 1,
}
#: Rooms whose job it is to write to a terminal.
SPEAKS_TO_A_TERMINAL = ("hub/cli", "hub/sandbox")
#: Rooms that may read the environment: settings, and those that start other programs with it.
READS_ENVIRONMENT = ("hub/settings", "hub/cli", "hub/sandbox")
#: Live pages and long-polls wait asynchronously (docs/adr/0003); sandboxes serve too; the server has a hook of its own.
MAY_BE_ASYNC = ("hub/api", "hub/ui", "hub/sandbox", "hub/cli/serving.py")
#: pickle and friends run what they read; the standard XML parsers follow entities; stdlib json takes NaN.
NEVER_IMPORTED = {
    "json": "orjson",
    "pickle": "a contract",
    "marshal": "a contract",
    "shelve": "hub.store",
    "xml": "lxml, hardened (hub/adapters/_xml.py)",
    "requests": "httpx",
    "unittest": "hub.testing, or a real server on loopback",
}
#: The words of the house, each explained in docs/vocabulary.md.
WORDS = (
    "authority", "contract", "document", "contribution", "element", "provenance", "merge", "finding",
    "recipient", "channel", "membership", "reader",
    "consent", "purpose", "category", "period", "legal basis", "policy", "revocation",
    "view", "withheld", "disclosure", "holding", "withdrawal",
    "inbox", "outbox", "relay", "sweeper", "lease", "delivery", "attempt", "sequence", "receipt",
    "dead letter", "replay", "refused", "unavailable", "correlation id",
    "receive", "accept", "deliver", "send", "settle", "withdraw", "revise", "show",
)  # fmt: skip


# --- rooms and their signs ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [path for path in PACKAGES if path.parent != HUB], ids=name_of)
def test_a_room_opens_with_its_sign(path: Path) -> None:
    sign = ast.get_docstring(tree_of(path)) or ""
    assert "Lives here:" in sign, f"{name_of(path)}: say what lives here"
    assert "Never here:" in sign, f"{name_of(path)}: say what never does"


@every_module
def test_a_module_says_what_it_is(path: Path) -> None:
    assert ast.get_docstring(tree_of(path)), f"{name_of(path)} has no docstring"


def test_packages_nest_two_levels_at_most() -> None:
    deep = [name_of(path) for path in PACKAGES if len(path.parent.relative_to(HUB).parts) > 1]
    assert not deep, f"a room has modules, not rooms of its own: {deep}"


def test_no_module_is_a_catch_all() -> None:
    names = {
        name_of(path): {part.removesuffix(".py").strip("_") for part in path.relative_to(HUB).parts} for path in MODULES
    }
    assert not [name for name, parts in names.items() if parts & CATCH_ALLS]


# --- size and names -----------------------------------------------------------------------------------------------


@every_module
def test_a_module_is_read_in_one_sitting(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    limit = SPINE_LINES if "flow" in path.relative_to(HUB).parts else MODULE_LINES
    assert lines <= limit, f"{name_of(path)} has {lines} lines; at most {limit}"


@every_module
def test_a_function_is_read_at_one_glance(path: Path) -> None:
    long = {
        f"{node.name} (line {node.lineno})": (node.end_lineno or node.lineno) - node.lineno + 1
        for node in nodes(path)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert not {name: lines for name, lines in long.items() if lines > FUNCTION_LINES}


def longest_of_95_in_100(lines: list[int]) -> int:
    return sorted(lines)[int(len(lines) * 0.95)]


def test_nearly_all_functions_and_modules_are_shorter_still() -> None:
    """Of the hub and its benchmarks, migrations too; as for modules, of the tests as well."""
    code = [*HUB.rglob("*.py"), *(ROOT / "bench").rglob("*.py")]
    functions = [
        (node.end_lineno or node.lineno) - node.lineno + 1
        for path in code
        for node in nodes(path)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    assert longest_of_95_in_100(functions) <= MOST_FUNCTIONS
    modules = [path.read_bytes().count(b"\n") for path in (*code, *(ROOT / "tests").rglob("*.py"))]
    assert longest_of_95_in_100(modules) <= MOST_MODULES


@every_module
def test_no_name_hides_what_it_does(path: Path) -> None:
    named = [
        node.name
        for node in nodes(path)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and words_in(node.name) & NEVER_WORDS
        and node.name not in GIVEN_NAMES
    ]
    assert not named, f"{name_of(path)}: say what it does in a word of docs/vocabulary.md: {named}"


# --- what a module may touch --------------------------------------------------------------------------------------


@every_module
def test_only_the_clock_knows_the_time(path: Path) -> None:
    banned = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "uuid4", "uuid1"}
    used = {
        dotted(node.func)
        for node in nodes(path)
        if isinstance(node, ast.Call) and any(dotted(node.func).endswith(name) for name in banned)
    }
    assert not used or name_of(path) == "hub/clock.py", f"{name_of(path)}: use hub.clock instead of {used}"


@every_module
def test_nothing_unsafe_is_imported(path: Path) -> None:
    found = imported_by(path) & NEVER_IMPORTED.keys()
    assert not found, f"{name_of(path)}: " + ", ".join(f"{name}: use {NEVER_IMPORTED[name]}" for name in sorted(found))


@every_module
def test_only_rooms_with_a_terminal_print(path: Path) -> None:
    prints = [node.lineno for node in nodes(path) if isinstance(node, ast.Call) and dotted(node.func) == "print"]
    assert not prints or name_of(path).startswith(SPEAKS_TO_A_TERMINAL), f"{name_of(path)} prints at {prints}"


@every_module
def test_only_settings_read_the_environment(path: Path) -> None:
    reads = {dotted(node) for node in nodes(path)} & {"os.environ", "os.getenv", "environ", "getenv"}
    assert not reads or name_of(path).startswith(READS_ENVIRONMENT), (
        f"{name_of(path)}: a setting belongs in hub/settings"
    )


@every_module
def test_functions_have_one_colour(path: Path) -> None:
    waits = [node.name for node in nodes(path) if isinstance(node, ast.AsyncFunctionDef)]
    assert not waits or name_of(path).startswith(MAY_BE_ASYNC), f"{name_of(path)}: docs/adr/0003, but async {waits}"


@every_module
def test_only_the_flow_reads_plans_and_sends(path: Path) -> None:
    """Import walls cannot see ``unit.plans`` or ``adapter.send``: both would go round consent."""
    reaches = {
        f"{dotted(node)} (line {node.lineno})"
        for node in nodes(path)
        if isinstance(node, ast.Attribute) and (dotted(node).endswith(("unit.plans", "store.plans", "adapter.send")))
    }
    may = ("hub/flow/", "hub/store/", "hub/testing/")
    assert not reaches or name_of(path).startswith(may), f"{name_of(path)} goes round consent: {reaches}"


def swallows_everything(node: ast.AST) -> bool:
    """Tell whether a handler catches exceptions of any kind and does not raise them again as its last step."""
    if not isinstance(node, ast.ExceptHandler):
        return False
    last = node.body[-1]
    catches_all = node.type is None or {"Exception", "BaseException"} & {dotted(kind) for kind in ast.walk(node.type)}
    return bool(catches_all) and not (isinstance(last, ast.Raise) and last.exc is None)


def test_exceptions_of_every_kind_end_in_named_places_only() -> None:
    found = Counter(name_of(path) for path in MODULES for node in nodes(path) if swallows_everything(node))
    assert dict(found) == {name: count for name, count in CATCHES_ALL.items() if (ROOT / name).exists()}


def test_nothing_is_left_to_do_in_a_comment() -> None:
    marks = re.compile(r"#.*\b(TODO|FIXME|XXX|HACK)\b")
    left = [
        f"{name_of(path)}:{number}"
        for path in MODULES
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if marks.search(line)
    ]
    assert not left


# --- errors -------------------------------------------------------------------------------------------------------


def drawn_errors() -> dict[str, str]:
    """Read the tree in the docstring of hub.errors: each error and the one it is a kind of."""
    parents: dict[str, str] = {}
    path: list[str] = []
    for line in (hub.errors.__doc__ or "").splitlines():
        if found := re.match(r"([│├└─ ]*)([A-Z]\w+)(?:$| {2,})", line):
            depth = len(found[1]) // 4
            path = [*path[:depth], found[2]]
            parents[found[2]] = path[depth - 1] if depth else ""
    return parents


def coded_errors() -> dict[str, str]:
    """Read every class of the house that is a HubError, and the one it is a kind of."""
    parents = {"HubError": ""}
    classes = [node for path in MODULES for node in nodes(path) if isinstance(node, ast.ClassDef)]
    while found := {
        node.name: base.rpartition(".")[2]
        for node in classes
        for base in map(dotted, node.bases)
        if base.rpartition(".")[2] in parents and node.name not in parents
    }:
        parents.update(found)
    return parents


def test_the_tree_of_errors_is_drawn_as_it_is() -> None:
    assert drawn_errors() == coded_errors()


def test_every_error_has_a_code_of_its_own() -> None:
    kinds: list[type[HubError]] = [HubError]
    for kind in kinds:
        kinds.extend(kind.__subclasses__())
    codes = Counter(kind.code for kind in kinds)
    assert all("code" in vars(kind) for kind in kinds), "a code is stable, so it is written, never inherited"
    assert not [code for code, count in codes.items() if count > 1]
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", code) for code in codes)


# --- authorities --------------------------------------------------------------------------------------------------

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
ADAPTERS, MAPPINGS = (PROJECT["entry-points"][group] for group in ("hub.adapters", "hub.mappings"))


def file_of(point: str) -> Path:
    """Return the file of the module that an entry point names, whether module or package."""
    module = ROOT.joinpath(*point.partition(":")[0].split("."))
    return module / "__init__.py" if module.is_dir() else module.with_suffix(".py")


def test_an_authority_has_both_a_wire_and_words() -> None:
    assert ADAPTERS.keys() == MAPPINGS.keys()


@pytest.mark.parametrize("authority", sorted(ADAPTERS))
def test_an_authority_is_whole(authority: str) -> None:
    halves = [file_of(ADAPTERS[authority]), file_of(MAPPINGS[authority])]
    if not all(half.exists() for half in halves):
        pytest.skip(f"the {authority} authority is not built yet")
    versions = sorted((ROOT / "contracts" / authority).glob("*v[0-9]*"))
    assert versions, f"contracts/{authority}/v1 is missing"
    for version in versions:
        examples, expected = told_in(version / "examples"), told_in(version / "expected")
        assert examples, f"{name_of(version)} has no examples"
        assert expected, f"{name_of(version)} has no expected outcomes"
        assert expected <= examples, f"{name_of(version)} expects outcomes of no example: {expected - examples}"


def told_in(folder: Path) -> set[str]:
    """Return the names of all files under a folder, without their suffixes."""
    return {
        (path.relative_to(folder).parent / path.name.partition(".")[0]).as_posix()
        for path in folder.rglob("*")
        if path.is_file()
    }


def parts_of(module: Path) -> set[str]:
    """Return the modules of its own room that a module reaches, itself included."""
    reached: set[str] = set()
    ahead = [module]
    while ahead:
        part = ahead.pop()
        if part.stem in reached or not part.exists():
            continue
        reached.add(part.stem)
        room = f"hub.{part.parent.name}."
        names = {node.module or "" for node in nodes(part) if isinstance(node, ast.ImportFrom)}
        names |= {alias.name for node in nodes(part) if isinstance(node, ast.Import) for alias in node.names}
        ahead += [
            part.parent / f"{name.removeprefix(room).partition('.')[0]}.py" for name in names if name.startswith(room)
        ]
        ahead += [
            part.parent / f"{alias.name}.py"
            for node in nodes(part)
            if isinstance(node, ast.ImportFrom) and f"{node.module}." == room
            for alias in node.names
        ]
    return reached


@pytest.mark.parametrize("points", [ADAPTERS, MAPPINGS], ids=["adapters", "mappings"])
def test_authorities_share_protocols_and_nothing_else(points: dict[str, str]) -> None:
    owners: dict[str, set[str]] = {}
    for authority, point in points.items():
        for part in parts_of(file_of(point)):
            owners.setdefault(part, set()).add(authority)
    shared = {part for part, whose in owners.items() if len(whose) > 1}
    assert shared <= PROTOCOLS, f"authorities are strangers to each other, but share {shared - PROTOCOLS}"


# --- documents ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", WORDS)
def test_a_word_of_the_house_is_explained(word: str) -> None:
    vocabulary = (ROOT / "docs" / "vocabulary.md").read_text(encoding="utf-8").lower()
    assert re.search(rf"^\*\*[^*]*\b{re.escape(word)}\b[^*]*\*\*", vocabulary, re.MULTILINE), f"explain {word!r}"


def test_the_commands_of_the_documents_are_targets_of_make() -> None:
    targets = set(re.findall(r"^([a-z-]+):.*?## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    told = {
        (name, command)
        for name in ("README.md", "CONTRIBUTING.md")
        for command in re.findall(r"(?:^|`)make ([a-z-]+)", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert {"demo", "test"} <= {command for name, command in told if name == "README.md"}
    assert not {(name, command) for name, command in told if command not in targets}


@pytest.mark.parametrize("path", sorted((ROOT / "docs" / "adr").glob("*.md")), ids=name_of)
def test_a_decision_is_short_and_whole(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 40
    assert re.match(r"# \d{4}: ", text)
    assert all(f"## {part}" in text for part in ("Context", "Decision", "Consequence"))


def test_every_relative_link_of_the_documents_leads_somewhere() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    dead = [
        f"{name_of(page)}: {target}"
        for page in pages
        for target in re.findall(
            r"\]\(([^)#:]+)(?:#[^)]*)?\)", re.sub(r"`[^`\n]*`", "", page.read_text(encoding="utf-8"))
        )
        if not (page.parent / target).exists()
    ]
    assert not dead


def test_every_dependency_has_its_reason_written_down() -> None:
    reasons = (ROOT / "docs" / "reference" / "dependencies.md").read_text(encoding="utf-8").lower()
    declared = [
        *PROJECT["dependencies"],
        *(name for extra in PROJECT["optional-dependencies"].values() for name in extra),
    ]
    names = [re.split(r"[\[><=~! ]", requirement)[0].lower() for requirement in declared]
    assert not [name for name in names if f"| `{name}`" not in reasons]
