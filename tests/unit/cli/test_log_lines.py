"""The log says what is in a list, and nothing else comes out."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import lru_cache

import orjson
import pytest

from hub.cli.log_lines import FIELDS, OnlyListed
from hub.metrics.counts import Counts
from tests.source import MODULES, ROOT, name_of, nodes

PAGE = (ROOT / "docs" / "reference" / "log.md").read_text("utf-8")
LEVELS = ("debug", "info", "warning", "error", "exception", "critical")
#: What ``**told(error)`` and the like add; each is a literal of its own module.
SPREAD = {"error", "code", "where", "sentence", "next_step", "authority", "direction"}
TALKS = """
import logging, structlog
from hub.cli.log_lines import log_as_json
from hub.metrics.counts import Counts
log_as_json()
structlog.get_logger().error("failed", code="bug", cpr="0201609995", name="Kanariefugl", body=b"Kanariefugl")
with structlog.contextvars.bound_contextvars(correlation_id="c-1", person="Kanariefugl"):
    structlog.get_logger().warning("queue-mute", queue="hub.due")
log = logging.getLogger("a.library")
log.warning("Could not send %r to %s", "0201609995", "Kanariefugl")
log.warning("Could not send 0201609995 to Kanariefugl")
try:
    raise ValueError("0201609995 Kanariefugl")
except ValueError:
    log.exception("It failed: %s", "Kanariefugl")
"""

#: Says lines of ours and of a library's to a standard error that fails now and then, and is closed in the end.
LOSES = """
import io, logging, sys, structlog
from hub.cli.log_lines import log_as_json

class Failing(io.StringIO):
    error = None
    def write(self, text):
        error, self.error = self.error, None
        if error is not None:
            raise error
        return super().write(text)

sys.stderr = Failing()
log_as_json()
ours, theirs = structlog.get_logger(), logging.getLogger("a.library")
ours.error("failed")
for error in (OSError(28, "No space left on device"), BrokenPipeError(), ValueError("I/O operation on closed file.")):
    for log, line in ((ours, "loop-failed"), (theirs, "It was %s")):
        sys.stderr.error = error
        log.error(line, *["Kanariefugl"] * line.count("%s"))
ours.error("refused")
sys.stdout.write(sys.stderr.getvalue())
sys.stderr.close()
for level in ("info", "warning", "error"):
    getattr(ours, level)("failed")
    getattr(theirs, level)("It was %s", "Kanariefugl")
sys.stdout.write("done")
"""


def writes_a_line(call: ast.Call) -> bool:
    named = call.func
    is_log = isinstance(named, ast.Attribute) and named.attr in LEVELS and ast.unparse(named.value) == "_log"
    return is_log or (isinstance(named, ast.Name) and named.id == "log")


@lru_cache
def calls() -> Sequence[tuple[str, ast.Call]]:
    """Return every call that writes a line, and its module."""
    return [
        (name_of(path), node)
        for path in MODULES
        if "sandbox" not in path.parts
        for node in nodes(path)
        if isinstance(node, ast.Call) and writes_a_line(node)
    ]


def column(heading: str) -> list[str]:
    section = PAGE.partition(f"## {heading}")[2].partition("\n## ")[0]
    return re.findall(r"^\| `([a-z_-]+)` \|", section, flags=re.MULTILINE)


@pytest.mark.files
def test_what_is_in_no_list_does_not_come_out() -> None:
    done = subprocess.run([sys.executable, "-c", TALKS], capture_output=True, check=True, cwd=ROOT)
    lines = [orjson.loads(line) for line in done.stderr.splitlines()]
    assert b"Kanariefugl" not in done.stderr
    assert b"0201609995" not in done.stderr
    assert [line["event"] for line in lines] == ["failed", "queue-mute", *["library-says"] * 3]
    assert [line.get("left_out") for line in lines[:2]] == [3, 1]
    assert (lines[1]["correlation_id"], lines[2]["said"]) == ("c-1", "Could not send %r to %s")
    assert "said" not in lines[3]
    assert lines[4]["error"] == "ValueError"
    assert all(line.keys() <= FIELDS for line in lines)


@pytest.mark.files
def test_a_line_that_cannot_be_written_is_lost_and_nothing_else() -> None:
    done = subprocess.run([sys.executable, "-c", LOSES], capture_output=True, check=True, cwd=ROOT)
    *lines, last = done.stdout.splitlines()
    assert [orjson.loads(line)["event"] for line in lines] == ["failed", "refused"]
    assert last == b"done"


def test_what_is_left_out_is_counted() -> None:
    listed, counts = OnlyListed(), Counts()
    listed.count_in(counts)
    assert listed(None, "info", {"event": "failed", "cpr": "x", "name": "y"}) == {"event": "failed", "left_out": 2}
    assert b"hub_log_fields_dropped_total 2.0" in counts.text()


def test_every_field_stands_in_the_documents_and_no_other() -> None:
    assert sorted(column("Fields")) == sorted(FIELDS)


def faults_of(where: str, call: ast.Call) -> Iterator[str]:
    (event,) = call.args
    if not (isinstance(event, ast.Constant) or (isinstance(event, ast.Name) and event.id == "what")):
        yield f"{where}: an event is a word, written where it happens"
    unlisted = {keyword.arg for keyword in call.keywords if keyword.arg} - FIELDS
    if unlisted:
        yield f"{where}: {unlisted} would be left out (hub/cli/log_lines.py)"


@pytest.mark.files
def test_a_line_has_a_word_for_its_event_and_only_listed_fields() -> None:
    assert len(calls()) > 20
    found = [fault for where, call in calls() for fault in faults_of(where, call)]
    assert not found, "\n".join(found)


@pytest.mark.files
def test_every_event_stands_in_the_documents_and_no_other() -> None:
    written = {call.args[0].value for _, call in calls() if isinstance(call.args[0], ast.Constant)}
    assert written | {"breaker-opened", "breaker-closed", "library-says"} == set(column("Events"))


def test_what_is_spread_into_a_line_is_listed() -> None:
    assert SPREAD <= FIELDS
