"""The page of a sandbox system, used as a person uses it: by its forms, over HTTP."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import httpx
import pytest
from lxml import etree

from tests.integration.sandboxes import TOKEN, Sandbox, a_sandbox

pytestmark = pytest.mark.integration
PAGE = "/sandbox/page/"
NEW = {"cpr": "150387-9996", "name": "Mette Test Holm", "title": "Vej til job", "goal": "Et deltidsjob"}
MEETING = {"meeting": "Jobsamtale", "start": "2026-12-01T10:00", "minutes": "45", "place": "Jobcentret"}


@pytest.fixture(scope="module", params=["children", "employment", "social"])
def system(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """One of each, with a hub that does not answer."""
    with a_sandbox(request.param, tmp_path_factory.mktemp(request.param)) as running:
        yield running


@pytest.fixture
def browser(system: Sandbox) -> Iterator[httpx.Client]:
    limits = httpx.Limits(keepalive_expiry=2)  # the sandbox closes a connection that has rested for five seconds
    with httpx.Client(
        base_url=system.url, follow_redirects=True, trust_env=False, timeout=20, limits=limits
    ) as browser:
        browser.headers["Origin"] = system.url
        browser.post(PAGE + "mend")
        yield browser


def open_case(browser: httpx.Client, **changes: str) -> str:
    """Open a case and return its id, which the page goes to."""
    answer = browser.post(PAGE + "cases", data=NEW | changes)
    assert answer.status_code == 200, answer.text
    (step,) = answer.history
    assert step.status_code == 303
    return unquote(step.headers["location"].removeprefix("/#case-"))


def shown(page: httpx.Response, case: str) -> str:
    """Return the text of one case on the page."""
    tree = etree.HTML(page.text)
    (article,) = [one for one in tree.iter("article") if one.get("id") == f"case-{case}"]
    return text_of(article)


def text_of(part: etree._Element) -> str:
    return " ".join(str(part.xpath("string()")).split())


def test_the_page_says_that_it_is_a_sandbox_and_loads_nothing_from_elsewhere(browser: httpx.Client) -> None:
    page = browser.get("/")
    assert "Made-up people" in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "<script" not in page.text
    addresses = re.findall(r'(?:href|src|action)="([^"]*)"', page.text)
    assert addresses
    assert all(address.startswith(("/", "#", "data:,")) for address in addresses)
    assert browser.get("/sandbox/page.css").headers["content-type"].startswith("text/css")


def test_a_case_is_opened_renamed_and_closed(browser: httpx.Client, system: Sandbox) -> None:
    case = open_case(browser)
    assert "Mette Test Holm, 150387-9996" in shown(browser.get("/"), case)
    assert "the hub does not answer" in shown(browser.get("/"), case)
    renamed = browser.post(f"{PAGE}cases/{case}/title", data={"title": "Et andet navn"})
    assert "Et andet navn" in shown(renamed, case)
    assert "open, version 2" in shown(renamed, case)
    closed = shown(browser.post(f"{PAGE}cases/{case}/close"), case)
    assert "closed, version 3" in closed
    assert "Change this case" not in closed


def test_an_appointment_is_booked_moved_and_cancelled(browser: httpx.Client, system: Sandbox) -> None:
    case = open_case(browser, **MEETING)
    assert "Jobsamtale, 1 Dec 2026 10:00, Jobcentret: planned" in shown(browser.get("/"), case)
    booked = browser.post(
        f"{PAGE}cases/{case}/appointments", data={"title": "Opfølgning", "start": "2026-12-02T09:30", "minutes": "30"}
    )
    assert "Opfølgning, 2 Dec 2026 09:30: planned" in shown(booked, case)
    place = f"{PAGE}cases/{case}/appointments"
    moved = browser.post(f"{place}/move", data={"appointment": "a1", "start": "2026-12-03T13:15"})
    assert "Jobsamtale, 3 Dec 2026 13:15, Jobcentret: planned" in shown(moved, case)
    cancelled = browser.post(f"{place}/cancel", data={"appointment": "a1"})
    assert "Jobsamtale, 3 Dec 2026 13:15, Jobcentret: cancelled" in shown(cancelled, case)
    assert "Opfølgning, 2 Dec 2026 09:30: planned" in shown(cancelled, case)


def test_hostile_text_is_text(browser: httpx.Client) -> None:
    hostile = """"><script>alert(1)</script><img src=x onerror='alert(2)'>{{ 7 * 7 }}"""
    case = open_case(browser, title=hostile, name=hostile, goal=hostile, **(MEETING | {"meeting": hostile}))
    page = browser.get("/")
    assert shown(page, case).count(" ".join(hostile.split())) >= 4
    tree = etree.HTML(page.text)
    assert not [*tree.iter("script", "img")]
    assert not [name for element in tree.iter() for name in element.attrib if str(name).startswith("on")]


@pytest.mark.parametrize(
    ("form", "filled_in", "status", "sentence"),
    [
        ("cases", {"cpr": "150387-9996", "title": "Uden navn"}, 422, "must be: name"),
        ("cases", {**NEW, "meeting": "Uden tid"}, 422, "both a title and a time"),
        ("cases", {**NEW, **MEETING, "minutes": "0"}, 422, "must be: minutes"),
        ("cases", {**NEW, "x": "1"}, 422, "must be: x"),
        ("cases/none/title", {"title": "x"}, 404, "no such case"),
        ("cases/CASE/appointments/move", {"appointment": "z", "start": "2026-12-03T13:15"}, 422, "no such appointment"),
        ("cases/CASE/appointments", {"title": "x", "start": "soon"}, 422, "must be: start"),
        ("break", {"how": "sideways"}, 422, "must be: how"),
    ],
)
def test_what_does_not_fit_is_said_on_the_page_and_nothing_changes(
    browser: httpx.Client, system: Sandbox, form: str, filled_in: dict[str, str], status: int, sentence: str
) -> None:
    case = open_case(browser, **MEETING)
    before = re.sub(r'<p class="wrong".*?</p>', "", browser.get("/").text).split()
    answer = browser.post(PAGE + form.replace("CASE", case), data=filled_in)
    assert (answer.status_code, sentence in answer.text) == (status, True), answer.text
    assert browser.get("/").text.split() == before
    assert system.ask("GET", "/sandbox/behaviour")["broken"] is None


def test_a_system_is_broken_and_mended_on_the_page(browser: httpx.Client, system: Sandbox) -> None:
    for how in ("down", "slow", "garbage", "refuse"):
        page = browser.post(PAGE + "break", data={"how": how})
        assert f"broken: {how}" in page.text
        assert system.ask("GET", "/sandbox/behaviour")["broken"] == how
    assert "It stands <strong>well</strong>" in browser.post(PAGE + "mend").text
    assert system.ask("GET", "/sandbox/behaviour")["broken"] is None


#: Every door that the hub knocks at, by system.
DOORS = {
    "children": [("POST", "/plan-updates")],
    "employment": [("POST", "/soap"), ("GET", "/soap?wsdl")],
    "social": [("PUT", "/api/planer/x"), ("GET", "/api/sager/x"), ("GET", "/api/sager/aendringer")],
}


@pytest.mark.parametrize(
    ("how", "status", "body"),
    [("down", None, b""), ("garbage", 200, b"<html><body>We are"), ("refuse", 422, b"takes nothing at present")],
)
def test_every_door_of_a_broken_system_is_broken_and_its_page_is_not(
    browser: httpx.Client, system: Sandbox, how: str, status: int | None, body: bytes
) -> None:
    system.ask("PUT", "/sandbox/behaviour", {"broken": how})
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "text/xml", "Idempotency-Key": "k"}
    name = system.ask("GET", "/healthz")["system"]
    for method, path in DOORS[name]:
        if status is None:
            with pytest.raises(httpx.RemoteProtocolError, match="without sending"):
                browser.request(method, path, headers=headers)
            continue
        answer = browser.request(method, path, headers=headers)
        assert answer.status_code == (500 if how == "refuse" and path == "/soap" else status)
        assert body in answer.content
    assert browser.get("/").status_code == 200


# --- strangers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/sandbox/plans", "/sandbox/page.css"])
@pytest.mark.parametrize("host", ["attacker.example", "127.0.0.1.attacker.example:80", "192.0.2.1", "[::2"])
def test_another_name_for_this_machine_reaches_nothing(browser: httpx.Client, path: str, host: str) -> None:
    assert browser.get(path, headers={"Host": host}).status_code == 403


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "[::1]"])
def test_this_machine_may_call_itself_as_it_likes(browser: httpx.Client, name: str) -> None:
    assert browser.get("/", headers={"Host": f"{name}:{browser.base_url.port}"}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://attacker.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_page_of_another_site_can_change_nothing(
    browser: httpx.Client, system: Sandbox, headers: dict[str, str]
) -> None:
    assert browser.post(PAGE + "break", data={"how": "down"}, headers=headers).status_code == 403
    assert browser.put("/sandbox/behaviour", json={"broken": "down"}, headers=headers).status_code == 403
    assert browser.post("/sandbox/cases", json=NEW, headers=headers).status_code == 403
    assert system.ask("GET", "/sandbox/behaviour")["broken"] is None


def test_what_the_hub_delivered_is_on_the_page(tmp_path: Path) -> None:
    update = (Path(__file__).parents[2] / "contracts/children/v1/examples/plan-update.xml").read_bytes()
    tree = etree.fromstring(update)
    names = {name: tree.findtext(f".//{{*}}{name}") or "" for name in ("Noegle", "Sekvens", "Titel", "Begrundelse")}
    with a_sandbox("children", tmp_path) as system:
        headers = {"Authorization": f"Bearer {TOKEN}", "Idempotency-Key": names["Noegle"]}
        assert httpx.post(f"{system.url}/plan-updates", content=update, headers=headers).status_code == 200
        page = text_of(etree.HTML(httpx.get(system.url).text))
    assert f"Up to sequence {names['Sekvens']}" in page
    assert names["Titel"] in page
    assert names["Begrundelse"] in page
    assert "taken-in" in page
