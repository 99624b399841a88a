"""A third authority joins as a separate installed package, without an edit to the hub."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import orjson
import pytest
from rich.console import Console

from hub.cli.story import Citizen, Story, meeting
from hub.cli.town import SetUp, Town

PACKAGE = Path(__file__).parents[1] / "packages" / "kindergarten"
EXAMPLE = PACKAGE / "kindergarten_for_hub" / "contract" / "v1" / "examples" / "meeting.json"


@contextmanager
def a_kindergarten() -> Iterator[tuple[str, list[Any]]]:
    """Serve the kindergartens' own system; give its address and what it was sent."""
    received: list[Any] = []

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(orjson.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", received
    finally:
        server.shutdown()
        server.server_close()


def installed(folder: Path) -> Path:
    """Build the package and install it into a folder of its own, as pip does; nothing is fetched."""
    target = folder / "site"
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--no-build-isolation"]
    subprocess.run([*command, "--target", str(target), str(PACKAGE)], check=True, capture_output=True, cwd=folder)
    return target


@pytest.mark.integration
def test_a_package_of_its_own_joins_with_one_adapter_one_mapping_and_one_contract(tmp_path: Path) -> None:
    site = installed(tmp_path)
    with a_kindergarten() as (url, received):
        set_up = SetUp(environment={"PYTHONPATH": str(site)}, authorities={"kindergarten": {"url": url}})
        with Town(tmp_path, set_up) as town:
            case = orjson.loads(EXAMPLE.read_bytes())
            story = Story(town, Console(quiet=True))
            child = Citizen(case["child"], "Barn Test")
            plan = story.open_plan(child, "children", "kindergarten")
            story.share(plan, "kindergarten", "children", "appointments")
            story.share(plan, "children", "kindergarten", "appointments")

            taken_in = town.ask("kindergarten", "POST", "/in/kindergarten", case)
            assert taken_in.status_code == 201, taken_in.text
            story.send_case("children", child, title="Sag", appointments=[meeting("a1", "Opfølgning", 9)])

            at_children = story.until(lambda held: len(held) == 1, story.held, "children", plan)
            assert [element["title"] for element in at_children.values()] == ["Forældresamtale"]
            seen = story.seen_by("coordinator", plan)["elements"]
            assert {element["authority"] for element in seen} == {"children", "kindergarten"}
            story.until(bool, lambda: received)
            assert [one["title"] for update in received for one in update["shared"]] == ["Opfølgning"]


def test_the_hub_holds_no_word_of_it() -> None:
    hub = Path(__file__).parents[2] / "hub"
    assert not [path for path in hub.rglob("*.py") if "kindergarten" in path.read_text("utf-8")]
