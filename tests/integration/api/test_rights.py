"""What a citizen asks of the hub about the own plan, over HTTP: the ledger and the access report."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest

from hub.clock import now
from tests.integration.api.served import ANNA_CPR, Served, on_both, on_the_command_line

pytestmark = pytest.mark.integration
GOAL = {"id": "goal", "kind": "goal", "category": "goals", "title": 'Ro <om> "aftenen" & <script>alert(1)</script>'}


class Page(HTMLParser):
    """Every tag and attribute of a page, and what it reads."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def annas(hub: Served, *elements: dict[str, Any]) -> str:
    hub.sends(ANNA_CPR, *elements, case=f"rights-{now().timestamp()}")
    return f"/plans/{hub.plan}"


@on_both
def test_a_citizen_gets_all_that_the_hub_holds_with_its_source_and_why(hub: Served) -> None:
    plan = annas(hub, GOAL)
    hub.ask("employment", "GET", plan)
    report = hub.ask("anna", "GET", f"{plan}/report").json()
    (element,) = [one for one in report["elements"] if one["title"] == GOAL["title"]]
    assert element["source"]["system"] == "plain"
    assert element["why"]["sentence"]["da"]
    assert report["person"]["name"] == "Anna Test Andersen"
    assert report["person"]["numbers"] == [{"number": f"{ANNA_CPR[:6]}-****", "system": "urn:oid:1.2.208.176.1.2"}]
    assert {one["kind"] for one in report["consents"]} >= {"one-plan"}
    assert {"children", "coordination", "employment"} <= {one["organisation"] for one in report["members"]}
    (read,) = [one for one in report["disclosures"] if one["what"] == "read" and "goals" in one["categories"]][:1]
    assert read["organisations"] == ["employment"]
    assert {one["article"] for one in report["rights"]} == {"7", "16", "17", "18", "77"}
    assert {one["days"] for one in report["kept"] if one["what"] == "audit-entries"} == {1826}
    assert not report["is_on_behalf"]


@on_both
def test_the_report_is_written_down_as_an_export_and_told_in_the_next(hub: Served) -> None:
    plan = annas(hub, GOAL)
    report = hub.ask("coordinator", "GET", f"{plan}/report").json()
    row = hub.audited("report-given")[-1]
    assert row["details"]["elements"] == sorted(one["id"] for one in report["elements"])
    assert (row["actor"], row["details"]["organisation"]) == ("coordinator", "coordination")
    told = hub.ask("anna", "GET", f"{plan}/disclosures").json()["disclosures"]
    assert ("exported", ["coordination"]) in [(one["what"], one["organisations"]) for one in told]


def test_the_page_prints_and_holds_no_script_and_nothing_to_fetch(hub: Served) -> None:
    plan = annas(hub, GOAL)
    answer = hub.ask("anna", "GET", f"{plan}/report?as=html")
    page = Page(answer.text)
    assert answer.headers["content-type"].startswith("text/html")
    assert "@media print" in page.text
    assert not {"script", "link", "img", "iframe", "form", "a"} & set(page.tags)
    assert {name for name, _ in page.attributes} == {"lang", "charset"}
    assert GOAL["title"] in page.text, "what an authority wrote is shown as it wrote it"
    assert "script-src" not in answer.headers["content-security-policy"]
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")


def test_the_page_speaks_the_language_that_is_asked_for(hub: Served) -> None:
    plan = annas(hub, GOAL)
    assert "Det, hubben har om dig" in hub.ask("anna", "GET", f"{plan}/report?as=html").text
    english = hub.ask("anna", "GET", f"{plan}/report?as=html", headers={"Accept-Language": "en"}).text
    assert "What the hub has about you" in english
    assert '<html lang="en">' in english


def test_a_coordinators_report_has_what_both_may_see(hub: Served) -> None:
    secret = {"id": "secret", "kind": "note", "category": "health", "title": "Sygdom"}
    plan = annas(hub, GOAL, secret)
    own = hub.ask("anna", "GET", f"{plan}/report")
    on_behalf = hub.ask("coordinator", "GET", f"{plan}/report")
    assert "Sygdom" in own.text
    assert "Sygdom" not in on_behalf.text
    assert "health" not in str(on_behalf.json()["elements"])
    assert on_behalf.json()["is_on_behalf"]


def test_no_other_form_of_the_report_is_made(hub: Served) -> None:
    assert hub.ask("anna", "GET", f"/plans/{hub.plan}/report?as=pdf").status_code == 400


@on_both
def test_what_the_citizen_asked_for_by_right_is_in_the_report_too(hub: Served) -> None:
    plan = annas(hub, {"id": "right", "kind": "goal", "category": "goals", "title": "Svømning"})
    element = next(one["id"] for one in hub.ask("anna", "GET", plan).json()["elements"] if one["title"] == "Svømning")
    claim = {"element": element, "claim": "Jeg går ikke til svømning"}
    assert hub.ask("anna", "POST", f"{plan}/corrections", claim).status_code == 201
    why = {"element": element, "reason": "Det er forkert, siger jeg"}
    restricted = hub.ask("anna", "POST", f"{plan}/restrictions", why).json()
    report = hub.ask("anna", "GET", f"{plan}/report").json()
    assert claim["claim"] in [one["claim"] for one in report["corrections"]]
    assert restricted["restriction"] in [one["restriction"] for one in report["restrictions"]]
    page = hub.ask("anna", "GET", f"{plan}/report?as=html").text
    assert claim["claim"] in page
    assert why["reason"] in page
    tasks = hub.ask("employment", "GET", "/corrections").json()["corrections"]
    assert claim["claim"] in [one["claim"] for one in tasks]
    lifted = hub.ask("anna", "POST", f"/restrictions/{restricted['restriction']}/lift", {"reason": "Nu er det rettet"})
    assert lifted.status_code == 200


@on_both
def test_what_is_there_is_done_for_nobody_who_may_not(hub: Served) -> None:
    """The matrix of roles asks some routes for an id that is not there; these are."""
    plan = annas(hub, {"id": "mine", "kind": "goal", "category": "goals", "title": "Cykling"})
    element = next(one["id"] for one in hub.ask("anna", "GET", plan).json()["elements"] if one["title"] == "Cykling")
    why = {"element": element, "reason": "Det er forkert, siger jeg"}
    restricted = hub.ask("anna", "POST", f"{plan}/restrictions", why).json()["restriction"]
    kept = {"code": "case", "reason": "Sagen er anket"}
    other = f"/plans/{hub.opens_plan()[1]['plan']}"
    assert hub.ask("coordinator", "POST", f"{other}/erasure").status_code == 201
    held, theirs = (
        f"/legal-holds/{hub.ask(caller, 'POST', f'{other}/legal-holds', kept).json()['legal_hold']}/lift"
        for caller in ("caseworker", "coordinator")
    )
    strangers = hub.tokens.keys() - {"coordinator", "caseworker"}
    for caller in strangers:
        for method, path, body in (
            ("POST", held, None), ("POST", f"{other}/erasure/approve", None), ("GET", f"{other}/erasure", None),
            ("GET", f"{other}/legal-holds", None),
        ):  # fmt: skip
            assert hub.ask(caller, method, path, body).status_code in (403, 404), (caller, path)
    lift = (f"/restrictions/{restricted}/lift", {"reason": "Nu er det rettet"})
    for caller in strangers - {"anna"}:
        assert hub.ask(caller, "POST", *lift).status_code in (403, 404), caller
    refused = hub.ask("caseworker", "POST", theirs)
    assert (refused.status_code, refused.json()["detail"]) == (403, "Another organisation has set this legal hold.")
    holds = hub.ask("coordinator", "GET", f"{other}/legal-holds").json()["legal_holds"]
    assert [one["lifted_at"] for one in holds] == [None, None]
    assert hub.ask("coordinator", "POST", held).status_code == 200, "whoever coordinates may"
    assert hub.ask("anna", "POST", *lift).status_code == 200


@on_both
def test_a_plan_is_erased_over_http_by_two_people(hub: Served) -> None:
    plan = hub.opens_plan()[1]["plan"]
    about = f"/plans/{plan}"
    assert hub.ask("coordinator", "POST", f"{about}/erasure").status_code == 201
    assert hub.ask("coordinator", "POST", f"{about}/erasure/approve").status_code == 403
    held = hub.ask("caseworker", "POST", f"{about}/legal-holds", {"code": "case", "reason": "Sagen er anket"}).json()
    assert hub.ask("caseworker", "POST", f"{about}/erasure/approve").status_code == 409
    assert hub.ask("caseworker", "POST", f"/legal-holds/{held['legal_hold']}/lift").status_code == 200
    approved = hub.ask("caseworker", "POST", f"{about}/erasure/approve").json()
    assert approved["waits_for"] == [], "nobody held anything"
    assert hub.ask("coordinator", "GET", about).status_code == 404
    assert hub.ask("coordinator", "GET", f"{about}/erasure").json()["approved_at"]
    done = on_the_command_line(hub, "erasures", "--finish", plan)
    assert done.returncode == 0, done.stderr
    certificate = hub.ask("coordinator", "GET", f"{about}/erasure/certificate").json()
    assert certificate["statement"]["plan"] == plan
    for caller in hub.tokens.keys() - {"coordinator", "caseworker"}:
        assert hub.ask(caller, "GET", f"{about}/erasure/certificate").status_code in (403, 404), caller
    erased = [
        one for one in hub.ask("operator", "GET", "/ops/activity").json()["activity"] if one["action"] == "erased"
    ]
    assert erased[-1]["rows"] > 0
