"""What a room may reach for, and how: what neither ruff nor import-linter can see.

Each rule reads the source of the whole house and names the places that break it. ``tests/sabotage`` plants a line
against each, so that none of them sleeps.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.source import HUB, MODULES, ROOT, dotted, name_of, nodes, reached_by

pytestmark = pytest.mark.files

PURE = ("hub/plan/", "hub/consent/", "hub/mappings/", "hub/audit/")
#: All that the pure rooms are made of. What is not named here may do I/O, or know the time.
OF_PURE = {
    "__future__", "base64", "collections", "contextlib", "dataclasses", "datetime", "enum", "functools", "hashlib",
    "hub", "itertools", "lxml", "orjson", "re", "tomli_w", "tomllib", "typing", "uuid", "zoneinfo",
}  # fmt: skip
#: The tables of codes are files of the package itself, read once.
READS_ITS_OWN_FILES = {"hub/plan/codes.py": {"importlib"}}
#: What is spoken to only from where the hub speaks to somebody, and what starts other programs.
ONLY_IN = {
    "socket": ("hub/adapters/", "hub/cli/", "hub/queue/broker.py", "hub/sandbox/", "hub/testing/"),
    "ssl": ("hub/adapters/", "hub/cli/", "hub/identity/provider.py"),
    "urllib.request": ("hub/sandbox/",),
    "http.client": (),
    "http.server": ("hub/cli/metrics_port.py", "hub/testing/"),
    "ftplib": (),
    "smtplib": (),
    "xmlrpc": (),
    "subprocess": ("hub/cli/",),
    "multiprocessing": (),
    "ctypes": ("hub/cli/checking_machine.py",),
    "tempfile": ("hub/cli/",),
    "time": ("hub/clock.py", "hub/sandbox/", "hub/testing/"),
    # Chance spreads retries; what must not be guessed is made of secrets where it is told who is asking.
    "random": ("hub/cli/ports.py", "hub/flow/backoff.py", "hub/flow/post.py", "hub/queue/jobs.py", "hub/store/"),
    "secrets": ("hub/identity/", "hub/sandbox/"),
    # A line is written by structlog, whose fields are listed; these two turn a library's own lines off, or around.
    "logging": ("hub/cli/log_lines.py", "hub/adapters/_employment_poll.py"),
}
TOUCHES_FILES = {"open", "input", "read_text", "read_bytes", "write_text", "write_bytes", "urlopen", "iterdir", "mkdir"}
TAKES_A_PARSER = {"fromstring", "fromstringlist", "XML", "HTML", "parse", "iterparse"}
#: Where a document of somebody else is read: with caps, and without DOCTYPE, entities or network.
PARSES = ("hub/adapters/_xml.py", "hub/adapters/_xml_contract.py", "hub/sandbox/", "hub/testing/")
#: A lock's mode is a word of the statement and takes no parameter; both words stand beside it.
WRITES_A_STATEMENT = {"hub/store/people.py": 1}
#: An address outside that a page may hold: where whoever must leave quickly is sent.
LEADS_OUT = {"https://www.dmi.dk/"}
TEMPLATES = sorted(HUB.rglob("templates/*.html"))
LOCKS = sorted((ROOT / "requirements").glob("*.lock"))


def places(breaks: Callable[[ast.AST], bool], *, besides: tuple[str, ...] = ()) -> list[str]:
    """Return where a rule is broken, in modules that do not begin with one of ``besides``."""
    return [
        f"{name_of(path)}:{getattr(node, 'lineno', 0)}"
        for path in MODULES
        if not name_of(path).startswith(besides)
        for node in nodes(path)
        if breaks(node)
    ]


def called(node: ast.AST) -> str:
    """Return the last name of what is called; "" for what is no call."""
    if not isinstance(node, ast.Call):
        return ""
    return node.func.attr if isinstance(node.func, ast.Attribute) else dotted(node.func)


def is_made_of_pieces(node: ast.AST) -> bool:
    """Tell whether a text is put together where it stands, out of values."""
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.Mod) or is_made_of_pieces(node.left) or is_made_of_pieces(node.right)
    return isinstance(node, ast.JoinedStr) or called(node) == "format"


# --- rooms that are pure ------------------------------------------------------------------------------------------


def test_the_pure_rooms_are_made_of_nothing_that_does_io() -> None:
    found = {
        name_of(path): strange
        for path in MODULES
        if name_of(path).startswith(PURE)
        and (
            strange := {name.partition(".")[0] for name in reached_by(path)}
            - OF_PURE
            - READS_ITS_OWN_FILES.get(name_of(path), set())
        )
    }
    assert not found, f"time and data come in as arguments: {found}"


def test_the_pure_rooms_touch_no_file() -> None:
    found = {
        f"{name_of(path)}:{node.lineno}"
        for path in MODULES
        if name_of(path).startswith(PURE) and name_of(path) not in READS_ITS_OWN_FILES
        for node in nodes(path)
        if isinstance(node, ast.Call) and called(node) in TOUCHES_FILES
    }
    assert not found, f"data comes in as an argument: {found}"


def test_what_a_plan_and_a_consent_are_does_not_change_in_place() -> None:
    rooms = ("hub/plan/", "hub/consent/", "hub/mappings/")
    found = [
        f"{name_of(path)}:{node.lineno}"
        for path in MODULES
        if name_of(path).startswith(rooms)
        for node in nodes(path)
        if isinstance(node, ast.ClassDef)
        for mark in node.decorator_list
        if "dataclass" in ast.unparse(mark) and "frozen=True" not in ast.unparse(mark)
    ]
    assert not found, f"a dataclass of these rooms is frozen: {found}"


# --- who speaks to whom -------------------------------------------------------------------------------------------


def reaches_past(path: Path) -> Iterator[str]:
    for name in reached_by(path):
        for what, rooms in ONLY_IN.items():
            if (name == what or name.startswith(f"{what}.")) and not name_of(path).startswith(rooms or ("-",)):
                yield name


def test_what_speaks_starts_or_guesses_stays_in_its_rooms() -> None:
    found = {name_of(path): past for path in MODULES if (past := sorted(set(reaches_past(path))))}
    assert not found, f"not from here: {found}"


def test_a_line_is_written_by_a_name_that_the_rule_of_lines_knows() -> None:
    """What is in a line is asked in tests/unit/cli/test_log_lines.py, of ``_log``; so there is no other."""
    found = [
        f"{name_of(path)}:{node.lineno}"
        for path in MODULES
        if not name_of(path).startswith("hub/sandbox/")
        for node in nodes(path)
        if isinstance(node, ast.Call) and dotted(node.func) in ("structlog.get_logger", "get_logger")
        if not any(
            isinstance(one, ast.Assign) and one.value is node and dotted(one.targets[0]) == "_log"
            for one in nodes(path)
        )
    ]
    assert not found, f"write `_log = structlog.get_logger()` at the top: {found}"


def test_nobody_is_believed_unseen() -> None:
    """A certificate is always checked, and the name in it."""

    def is_blind(node: ast.AST) -> bool:
        if isinstance(node, ast.keyword):
            return node.arg in ("verify", "check_hostname") and ast.unparse(node.value) == "False"
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            return any(dotted(one).endswith((".check_hostname", ".verify_mode")) for one in targets)
        return dotted(node).endswith("_create_unverified_context")

    assert not places(is_blind)


# --- what is read and what is said to a database ---------------------------------------------------------------


def test_a_document_of_somebody_else_is_parsed_in_one_place() -> None:
    found = places(lambda node: called(node) in TAKES_A_PARSER and "etree" in ast.unparse(node), besides=PARSES)
    # What the hub serves of itself is a file of its own contracts.
    assert not [place for place in found if not place.startswith("hub/adapters/_employment_service.py:")], found


def test_xml_is_parsed_without_entities_and_network() -> None:
    def is_open(node: ast.AST) -> bool:
        if not isinstance(node, ast.Call) or "etree" not in dotted(node.func):
            return False
        if called(node) in TAKES_A_PARSER:
            return len(node.args) < 2 and not any(one.arg == "parser" for one in node.keywords)
        told = {one.arg or "": ast.unparse(one.value) for one in node.keywords}
        is_hardened = {"resolve_entities": "False", "no_network": "True"}.items() <= told.items() or "" in told
        return called(node) in ("XMLParser", "HTMLParser", "XMLPullParser") and not is_hardened

    assert not places(is_open), "resolve_entities=False, no_network=True"


def test_sql_is_spoken_in_the_store_alone() -> None:
    def speaks(node: ast.AST) -> bool:
        is_driver = isinstance(node, ast.Attribute) and node.attr == "exec_driver_sql"
        return is_driver or (isinstance(node, ast.Call) and dotted(node.func).endswith(".connection.execute"))

    assert not places(speaks, besides=("hub/store/",))


def test_what_answers_http_writes_through_the_spine_alone() -> None:
    """An API or a page may count what stands there; a transaction that writes is ``flow``'s."""
    found = {
        f"{name_of(path)}:{node.lineno}"
        for path in MODULES
        if name_of(path).startswith(("hub/api/", "hub/ui/"))
        for node in nodes(path)
        if isinstance(node, ast.Call) and dotted(node.func).endswith("store.begin")
        if not any(one.arg == "read_only" and ast.unparse(one.value) == "True" for one in node.keywords)
    }
    assert not found, f"write in hub/flow: {found}"


def test_no_statement_is_put_together_out_of_values() -> None:
    def is_put_together(node: ast.AST) -> bool:
        if not isinstance(node, ast.Call) or called(node) not in ("text", "exec_driver_sql"):
            return False
        return any(is_made_of_pieces(one) for one in node.args[:1])

    found = [place.rpartition(":")[0] for place in places(is_put_together)]
    assert {name: found.count(name) for name in found} == WRITES_A_STATEMENT


def test_nothing_is_suppressed_whatever_it_is() -> None:
    def suppresses_all(node: ast.AST) -> bool:
        kinds = {"Exception", "BaseException"}
        return called(node) == "suppress" and bool(kinds & {dotted(one) for one in ast.walk(node)})

    assert not places(suppresses_all)


# --- pages and locks ----------------------------------------------------------------------------------------------


def broken_in(page: str) -> Iterator[str]:
    """Yield what in a page would need somebody else's server, or a hole in the Content-Security-Policy."""
    yield from (one for one in re.findall(r"(?:https?:)?//[\w.-]+/?[^\s\"'<{]*", page) if one not in LEADS_OUT)
    yield from re.findall(r"<style|\bstyle=|\bon[a-z]+=|\bhx-on\b|javascript:|\|\s*safe\b|autoescape", page)
    for opened, inside in re.findall(r"<script([^>]*)>(.*?)</script>", page, re.DOTALL):
        if 'src="{{ asset(' not in opened or inside.strip():
            yield f"<script{opened}>"


def test_a_page_needs_nothing_from_elsewhere_and_runs_nothing_of_its_own() -> None:
    found = {name_of(path): bad for path in TEMPLATES if (bad := list(broken_in(path.read_text("utf-8"))))}
    assert not found
    assert not places(lambda node: called(node) == "Markup"), "text becomes HTML in a template alone"


def test_whatever_is_installed_is_known_by_its_hash() -> None:
    assert LOCKS
    for lock in LOCKS:
        whole = re.sub(r"\\\n\s*", "", lock.read_text("utf-8"))
        lines = [line for line in whole.splitlines() if line and not line.lstrip().startswith("#")]
        loose = [line for line in lines if not re.match(r"[\w.-]+==\S+ (;.* )?--hash=sha256:[0-9a-f]{64}", line)]
        assert not loose, f"{name_of(lock)}: write it by `make lock`: {loose}"
