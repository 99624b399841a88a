"""Made-up people walk into the hub by every door; whoever runs it is never shown a word of them in a browser."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from hub.cli.town import SetUp, Town
from hub.clock import new_id
from hub.plan.person import Role
from hub.ui.homes import HOMES
from tests.browser.family import STAFF
from tests.browser.pages import ADMINISTRATOR, AUDITOR, COORDINATOR, OF_KEYS, OPERATOR, pages_of
from tests.browser.visit import LANGUAGES, NARROW, WIDE, Visit, a_visit
from tests.integration import canary_paths as ways
from tests.integration.api.test_roles import ROUTES
from tests.integration.canaries import hits
from tests.integration.test_canaries import as_talkative, in_all
from tests.patience import wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Route

pytestmark = [pytest.mark.integration, pytest.mark.browser, pytest.mark.timeout(600)]
#: Whoever runs the hub, or looks after its rules, record and keys.
OF_THE_HUB = (OPERATOR, ADMINISTRATOR, AUDITOR, OF_KEYS)
#: Milliseconds in which a page that is open has heard the bell and asked for what is new.
ASKS_BY_ITSELF = 2_500
REASON = "Modtageren har rettet fejlen hos sig selv"


@dataclass
class Walked:
    """A town that many have walked into, in order and not, and where deliveries have died.

    :ivar addresses: what stands in the address of a page, by its name there.
    """

    town: Town
    walk: ways.Walk
    plans: list[str]
    addresses: Mapping[str, str]


@pytest.fixture(scope="module")
def walked(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walked]:
    """Everybody has walked, and nothing is discarded yet."""
    folder = tmp_path_factory.mktemp("town")
    (folder / "tmp").mkdir()
    with ways.a_system_that_quotes() as url, Town(folder, as_talkative(SetUp(), folder / "tmp", url)) as town:
        walk = ways.Walk(town)
        plans = ways.good_ways(walk, town)
        letters = wait_for(lambda: dead_letters(walk), bool)
        ways.drops_files(walk, town.folder / "children-files")
        ways.wrong_words(walk)
        chosen = {"ids": letters[:1], "reason": REASON, "canary": 1, "per_minute": 60}
        replay = walk.says("/ops/replays", chosen, "operator").json()["id"]
        draft = str(new_id())  # none: the page says so
        yield Walked(town, walk, plans, {"letter": letters[0], "replay": replay, "draft": draft, "rest": "nothing"})
        walk.close()


def dead_letters(walk: ways.Walk) -> list[str]:
    """Return the ids of dead letters."""
    return [str(one["id"]) for one in walk.ask("operator", "GET", "/ops/dead-letters").json()["dead_letters"]]


@contextmanager
def signed_in(browser: Browser, town: Town, role: str, language: str = "da", width: int = WIDE) -> Iterator[Visit]:
    """Sign somebody of a role in through the provider."""
    with a_visit(browser, town.url("hub"), language=language, width=width) as visit:
        visit.chooses(STAFF[role])
        visit.page.wait_for_url(f"**{HOMES[Role(role)]}")
        yield visit


def told(visit: Visit, path: str) -> list[str]:
    """Return what is found of any canary in all that a page brings, asks for by itself, and shows."""
    brought: list[bytes] = []

    def passes(route: Route) -> None:
        if route.request.url.endswith("/bell"):  # it never ends, and only rings: test_operations_pages.py
            route.continue_()
            return
        answer = route.fetch()
        brought.extend([answer.body(), f"{answer.url} {answer.headers}".encode()])
        route.fulfill(response=answer)

    visit.page.route("**/*", passes)
    visit.opens(path)
    visit.unfolds()
    if visit.page.locator("[data-hx-get]").count():
        visit.page.wait_for_timeout(ASKS_BY_ITSELF)
    visit.page.unroute_all(behavior="ignoreErrors")
    assert visit.path() == path.partition("?")[0], "it leads nowhere else"
    shown = [visit.page.content().encode(), visit.page.inner_text("html").encode()]
    return in_all(path, [*brought, *shown])


def seen_by(browser: Browser, walked: Walked, role: str, language: str) -> list[str]:
    """Return what is found on all pages of a role."""
    with signed_in(browser, walked.town, role, language) as visit:
        paths = [
            page.where.format_map({**walked.addresses, "message": walked.addresses["letter"]})
            for page in pages_of(role)
        ]
        if role == OPERATOR:
            visit.opens("/operations/dead-letters")
            links = visit.page.locator("main a[href^='/operations/']")
            paths += sorted({link.get_attribute("href") or "" for link in links.all()})
            paths += [f"/operations/trace/{one}" for one in dead_letters(walked.walk)[:3]]
        if role == AUDITOR:
            paths += [f"/administration/record?action={one}" for one in ("refused", "accepted", "dead-letter-shown")]
        return [found for path in paths for found in told(visit, path)]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("role", OF_THE_HUB)
def test_no_page_of_the_hub_tells_a_word_of_anybody(browser: Browser, walked: Walked, role: str, language: str) -> None:
    assert dead_letters(walked.walk), "there is something that could be told"
    assert seen_by(browser, walked, role, language) == []


def test_nor_does_what_an_operators_browser_fetches_from_the_api(browser: Browser, walked: Walked) -> None:
    paths = [route.partition(" ")[2] for route in ROUTES if route.startswith("GET /ops/") and "{" not in route]
    paths += [f"/ops/{kind}/{one}" for one in dead_letters(walked.walk) for kind in ("dead-letters", "trace")]
    paths += [f"/ops/replays/{walked.addresses['replay']}", "/ops/audit?limit=500", "/healthz", "/readyz"]
    who = {"Authorization": f"Bearer {walked.town.tokens['operator']}"}
    found: list[str] = []
    with a_visit(browser, walked.town.url("hub")) as visit:
        for path in paths:
            answer = visit.page.request.get(path, headers=who)
            assert answer.ok, path
            found += in_all(path, [answer.body(), str(answer.headers).encode()])
    assert found == []


@pytest.mark.parametrize("width", [NARROW, WIDE])
@pytest.mark.parametrize("language", LANGUAGES)
def test_whoever_coordinates_the_plan_is_shown_it_for_a_reason_on_a_page_that_shuts_nobody_out(
    browser: Browser, walked: Walked, axe: str, language: str, width: int
) -> None:
    with signed_in(browser, walked.town, COORDINATOR, language, width) as visit:
        visit.opens(f"/coordinator/dead-letters/{walked.addresses['letter']}")
        visit.page.locator("#reason").fill("fordi")
        visit.clicks("main form button")
        assert visit.page.locator(".form-error-message").count() == 1
        assert visit.barriers(axe) + visit.complaints == []
        visit.page.locator("#reason").fill(f"{REASON}, {language} {width}")
        visit.clicks("main form button")
        visit.page.locator(".tree").first.wait_for()
        assert hits(visit.page.content().encode())
        assert visit.barriers(axe) + visit.complaints == []


def test_nor_once_words_of_people_were_written_wherever_words_are_asked_for(browser: Browser, walked: Walked) -> None:
    ways.occasions(walked.walk, walked.plans)
    for plan in walked.plans[4:6]:
        read = walked.walk.ask("coordinator", "GET", f"/plans/{plan}").json()
        who = walked.walk.one()
        claim = {"element": read["elements"][0]["id"], "claim": who.words}
        assert walked.walk.says(f"/plans/{plan}/corrections", claim).is_success
        assert walked.walk.says(f"/plans/{plan}/restrictions", {"reason": who.words}).is_success
    assert [one for role in OF_THE_HUB for one in seen_by(browser, walked, role, "da")] == []


def test_the_search_would_find_them(browser: Browser, walked: Walked) -> None:
    with signed_in(browser, walked.town, COORDINATOR) as visit:
        assert told(visit, f"/coordinator/plans/{walked.plans[-1]}")
        assert hits(visit.page.content().encode())
