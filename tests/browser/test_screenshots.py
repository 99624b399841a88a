"""The pictures in the documents are taken here; only ``make screenshots`` writes them (HUB_SCREENSHOTS)."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hub.store.circuits import Direction
from hub.ui.homes import HOMES
from tests.browser.family import MORNING, ROLES, Family, a_family
from tests.browser.pages import ADMINISTRATOR, CITIZEN, COORDINATOR, OPERATOR
from tests.browser.visit import NARROW, WIDE, a_visit
from tests.integration.silence import falls_silent
from tests.integration.ui.visitor import Visitor

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.integration, pytest.mark.browser]
ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "screenshots"
#: So that a checkout and a page of the documents stay small.
PICTURE_BYTES = 150_000
#: An id is another each time; in a picture all are this one, so that it is the same picture.
_SAME_IDS = """{
    const id = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, texts = document.createTreeWalker(document.body, 4);
    while (texts.nextNode()) texts.currentNode.data = texts.currentNode.data.replace(
        id, '0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d');
}"""


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture of the documents.

    :ivar above: what stands at its top; the top of the page when left out.
    """

    name: str
    role: str
    route: str
    language: str = "en"
    width: int = WIDE
    height: int = 860
    above: str = ""


PICTURES = (
    # First: each page that is read of the plan is a line more of this one.
    Picture("citizen-seen", CITIZEN, "/citizen/seen"),
    Picture("coordinator-today", COORDINATOR, "/coordinator"),
    Picture("coordinator-plan", COORDINATOR, "/coordinator/plans/{plan}"),
    Picture("coordinator-collisions", COORDINATOR, "/coordinator/plans/{plan}/findings"),
    Picture("coordinator-who-knows-what", COORDINATOR, "/coordinator/plans/{plan}/who-can-see"),
    Picture("coordinator-family", COORDINATOR, "/coordinator/families/{plan}"),
    Picture("coordinator-dead-letter", COORDINATOR, "/coordinator/dead-letters/{letter}", height=640),
    Picture("citizen-plan", CITIZEN, "/citizen", "da", NARROW, 720),
    Picture("citizen-consents", CITIZEN, "/citizen/consents"),
    Picture("operations-now", OPERATOR, "/operations"),
    Picture("operations-dead-letters", OPERATOR, "/operations/dead-letters", height=720),
    Picture("administration-rules", ADMINISTRATOR, "/administration/rules", above="#matrix"),
    Picture("administration-requests", ADMINISTRATOR, "/administration/requests"),
    Picture("administration-draft", ADMINISTRATOR, "/administration/rules/drafts/{draft}"),
)
#: Who is in the pictures, and so stays signed in.
SEEN = sorted({picture.role for picture in PICTURES})


@pytest.fixture(scope="module")
def family(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Family]:
    """The family an hour later, when one source has not answered for some time."""
    with a_family(tmp_path_factory.mktemp("family"), at=MORNING) as known:
        plan = known.address("/plans/{plan}")
        later(known, 11)
        known.hub.ask("coordinator", "GET", plan)
        later(known, 10)
        known.hub.ask("social", "GET", plan)
        later(known, 14)
        later(known, 14)
        falls_silent(known.hub.store, "employment", Direction.SOURCE, seconds=3600)
        later(known, 13)
        yield known


def later(family: Family, minutes: int) -> None:
    """Let time pass, while all stay signed in: a quarter of an hour without use would end that."""
    assert family.clock is not None
    family.clock.advance(timedelta(minutes=minutes))
    for role in SEEN:
        with Visitor(family.url) as somebody:
            somebody.client.cookies.update(dict(family.cookies_of(ROLES[role])))
            assert somebody.gets("/welcome").headers["location"] in HOMES.values()


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.name)
def test_a_picture_is_taken(browser: Browser, family: Family, picture: Picture, tmp_path: Path) -> None:
    into = Path(os.environ.get("HUB_SCREENSHOTS") or tmp_path) / f"{picture.name}.png"
    cookies = family.cookies_of(ROLES[picture.role])
    with a_visit(browser, family.url, language=picture.language, width=picture.width, cookies=cookies) as visit:
        visit.page.set_viewport_size({"width": picture.width, "height": picture.height})
        assert visit.opens(family.address(picture.route)) == 200
        assert visit.path() == family.address(picture.route), "somebody is not signed in any more"
        visit.says("document.fonts.ready.then(() => true)")
        visit.says(_SAME_IDS)
        if picture.above:
            visit.says(f"document.querySelector('{picture.above}').scrollIntoView()")
        into.write_bytes(visit.page.screenshot())
    taken = into.read_bytes()
    assert struct.unpack(">II", taken[16:24]) == (picture.width, picture.height)
    assert len(taken) <= PICTURE_BYTES


def test_the_documents_show_these_pictures_and_no_other() -> None:
    named = {f"{picture.name}.png" for picture in PICTURES}
    assert {file.name for file in FOLDER.iterdir()} == named, "make screenshots"
    texts = [(ROOT / "README.md").read_text("utf-8"), *(page.read_text("utf-8") for page in ROOT.glob("docs/*/*.md"))]
    assert [name for name in named if not any(f"screenshots/{name}" in text for text in texts)] == []
