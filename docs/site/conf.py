"""How Sphinx makes the site of the documents (`make site`): they are read as they stand, where they stand.

The source is the whole project, so that a link from a page to a contract or to the README stays within the site.
GitHub shows the same pages, so there are no directives; a comment ``<!-- pages: how-to/* -->`` asks for a list of them.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]

project = "One Plan Hub"
author = "One Plan Hub maintainers"
project_copyright = author
language = "en"
extensions = ["myst_parser"]
root_doc = "docs/index"
include_patterns = [
    *("*.md", "docs/*.md", "docs/**/*.md", "contracts/*.md", "contracts/**/*.md", "deploy/*.md"),
    "hub/ui/static/vendor/README.md",
]
exclude_patterns = ["docs/site/**"]
suppress_warnings = ["misc.highlighting_failure"]  # a shell's text with JSON in it is coloured as far as it goes
pygments_style = "a11y-light"
pygments_dark_style = "a11y-dark"

myst_heading_anchors = 6  # as GitHub makes them, so that one link serves both
myst_enable_extensions = ["tasklist"]
myst_links_external_new_tab = False

html_theme = "furo"
html_title = "One Plan Hub"
html_copy_source = False
html_show_sphinx = False
html_static_path = ["static"]
html_css_files = ["site.css"]

#: Links to folders, which GitHub lists and a site does not: where the site lists what is in them.
FOLDERS = {
    "docs/adr": "docs/decisions.md",
    "docs/reports": "docs/reports/README.md",
    "docs/reference/contracts": "contracts/README.md",
}
_PAGES = re.compile(r"^<!-- pages(?: of ([^:]+))?: (.+) -->$", re.MULTILINE)
_LINK = re.compile(r"\[([^\]]*)\]\((?!\w+:)([^)#\s]+)\)")


def _listed(asked: re.Match[str]) -> str:
    caption = [f":caption: {asked[1]}"] if asked[1] else []
    return "\n".join(["```{toctree}", ":maxdepth: 1", ":glob:", *caption, "", *asked[2].split(), "```"])


def as_a_site_has_it(text: str, page: Path) -> str:
    """Return a page's text: folders listed where it asks, links to folders led to their lists, or else unlinked."""

    def led(link: re.Match[str]) -> str:
        target = (page.parent / link[2]).resolve()
        if not target.is_dir():
            return link[0]
        listed = FOLDERS.get(target.relative_to(ROOT).as_posix())
        return f"[{link[1]}]({os.path.relpath(ROOT / listed, page.parent)})" if listed else link[1]

    return _LINK.sub(led, _PAGES.sub(_listed, text))


def _read(app: Any, name: str, content: list[str]) -> None:
    content[0] = as_a_site_has_it(content[0], ROOT / f"{name}.md")


def _first_page(app: Any, error: Exception | None) -> None:
    """Lead who opens the folder to the first page."""
    if error is None:
        shutil.copyfile(Path(__file__).with_name("first.html"), Path(app.outdir) / "index.html")


def setup(app: Any) -> None:
    """Let Sphinx call us, by its own protocol."""
    app.connect("source-read", _read)
    app.connect("build-finished", _first_page)
