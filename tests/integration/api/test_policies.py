"""The policy over the API: written by one administrator, published by another, and never by anyone else."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from importlib.resources import files
from typing import Any
from uuid import UUID

import orjson
import pytest

from hub.store.tables import memberships
from tests.integration.api.served import ANNA_CPR, Served, served
from tests.integration.databases import EMBEDDED, OPERATED, a_database_for_a_hub

pytestmark = pytest.mark.integration
#: Two people.
ONE, ANOTHER = "administrator", "another-administrator"


@pytest.fixture(scope="module", params=[EMBEDDED, OPERATED])
def hub(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """An API of our own: what is published here would be in force for every other test of one that is shared."""
    with a_database_for_a_hub(request.param, tmp_path_factory.mktemp("policies")) as url, served(url) as running:
        yield running


def in_force(hub: Served) -> int:
    version: int = hub.ask("operator", "GET", "/policies").json()["policies"][0]["version"]
    return version


def the_policy(hub: Served) -> dict[str, Any]:
    document: dict[str, Any] = hub.ask(ONE, "GET", f"/policies/{in_force(hub)}").json()
    return document


def a_change(hub: Served) -> dict[str, Any]:
    """Return the policy in force with one more rule."""
    document = the_policy(hub)
    rule = {
        "id": f"CON-MUSIC-{len(document['rule'])}", "effect": "consent", "citation": "A rule of the tests",
        "da": "Musikskolen må se mål.", "en": "The music school may see goals.", "sources": ["children"],
        "recipients": ["music"], "roles": ["partner"], "purposes": ["one-plan"], "categories": ["goals"],
        "label": "IKKE_FORTROLIGE_DATA",
    }  # fmt: skip
    return document | {"rule": [*document["rule"], rule]}


def drafted(hub: Served, by: str = ONE, document: Any = None) -> dict[str, Any]:
    answer = hub.ask(by, "POST", "/policies/drafts", document or a_change(hub))
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


def test_what_one_administrator_drafts_and_another_publishes_is_in_force(hub: Served) -> None:
    before, change = in_force(hub), a_change(hub)
    draft = drafted(hub, document=change)
    assert in_force(hub) == before
    waiting = hub.ask(ANOTHER, "GET", "/policies").json()["drafts"]
    assert [(one["drafted_by"], one["based_on"]) for one in waiting if one["draft"] == draft["draft"]] == [
        (ONE, before)
    ]
    published = hub.ask(ANOTHER, "POST", draft["links"]["publish"]).json()
    assert (published["state"], published["version"], published["decided_by"]) == ("published", before + 1, ANOTHER)
    newest, *_ = hub.ask(ONE, "GET", "/policies").json()["policies"]
    assert (newest["version"], newest["drafted_by"], newest["published_by"]) == (before + 1, ONE, ANOTHER)
    assert newest["published_at"] == published["decided_at"]
    assert the_policy(hub) == change
    assert hub.ask(ANOTHER, "GET", "/policies").json()["drafts"] == []
    with hub.store.begin(read_only=True) as unit:
        assert "music" in {name for rule in unit.policies.in_force().rules for name in rule.recipients}


def test_whoever_drafted_it_cannot_publish_it(hub: Served) -> None:
    before, draft = in_force(hub), drafted(hub)
    answer = hub.ask(ONE, "POST", f"/policies/drafts/{draft['draft']}/publish")
    assert (answer.status_code, answer.json()["code"]) == (403, "not-allowed")
    assert "another administrator" in answer.json()["next_step"]
    assert in_force(hub) == before
    assert hub.audited("refused")[-1]["details"] == {"by": ONE, "code": "not-allowed", "draft": draft["draft"]}
    assert hub.ask(ANOTHER, "POST", f"/policies/drafts/{draft['draft']}/publish").status_code == 200


def test_a_draft_says_what_it_would_change(hub: Served) -> None:
    document = a_change(hub)
    del document["rule"][0]
    document["rule"][0]["label"] = "FORTROLIGE_PERSONOPLYSNINGER"
    document["categories"] = [*document["categories"], "leisure"]
    draft = drafted(hub, document=document)
    read = hub.ask(ANOTHER, "GET", draft["links"]["self"]).json()
    assert read == draft
    assert (read["compared_with"], read["is_current"], read["document"]) == (in_force(hub), True, document)
    changes = read["changes"]
    assert [rule["id"] for rule in changes["rules_added"]] == [document["rule"][-1]["id"]]
    assert [rule["id"] for rule in changes["rules_removed"]] == ["LAW-P-HOLD"]
    label = {"field": "label", "before": "IKKE_FORTROLIGE_DATA", "after": "FORTROLIGE_PERSONOPLYSNINGER"}
    none: dict[str, Any] = {"added": [], "removed": []}
    assert changes["rules_changed"] == [{"id": "LAW-P-CPR28", "fields": [label | none]}]
    (categories,) = changes["settings"]
    assert (categories["field"], categories["added"], categories["removed"]) == ("categories", ["leisure"], [])


def test_a_draft_tells_which_cells_it_opens(hub: Served) -> None:
    document = the_policy(hub)
    ground = {"effect": "permit", "recipients": ["library"], "sources": ["*"], "categories": ["economy"]}
    rule = {**next(one for one in document["rule"] if one["id"] == "CON-FVL28"), **ground, "id": "LAW-O-LIBRARY"}
    draft = drafted(hub, document=document | {"rule": [*document["rule"], rule]})
    opened = {"recipient": "library", "before": None, "after": "permit", "categories": ["economy"]}
    assert draft["changes"]["cells"] == [
        opened | {"source": source, "role": role}
        for source in ("*", "children")
        for role in ("authority-system", "caseworker")
    ]


def test_a_draft_whose_base_is_not_in_force_any_more_is_refused_and_says_how_to_go_on(hub: Served) -> None:
    old, stale = drafted(hub), drafted(hub, by=ANOTHER)
    assert hub.ask(ANOTHER, "POST", old["links"]["publish"]).status_code == 200
    answer = hub.ask(ONE, "POST", stale["links"]["publish"])
    assert answer.status_code == 409
    assert answer.json()["next_step"].startswith(f"Begin with version {in_force(hub)}")
    read = hub.ask(ONE, "GET", stale["links"]["self"]).json()
    assert (read["is_current"], read["compared_with"]) == (False, in_force(hub))
    assert read["links"].keys() == {"self", "based_on", "discard"}


def test_a_change_begun_on_an_older_version_is_refused_before_it_takes_the_newer_one_back(hub: Served) -> None:
    begun, document = in_force(hub), the_policy(hub)
    assert hub.ask(ANOTHER, "POST", drafted(hub)["links"]["publish"]).status_code == 200
    assert hub.ask(ONE, "POST", f"/policies/drafts?based_on={begun}", document).status_code == 409
    assert hub.ask(ONE, "POST", f"/policies/drafts?based_on={begun + 1}", a_change(hub)).status_code == 201


@pytest.mark.parametrize("content_type", ["application/json", "application/toml"])
def test_every_fault_of_a_draft_is_named_at_once_and_nothing_is_kept(hub: Served, content_type: str) -> None:
    waiting = hub.ask(ONE, "GET", "/policies").json()
    body = b"""purposes = ["one-plan"]
        [[rule]]
        id = "R1"
        effect = "hemmeligt"
        roles = ["king"]
        [ages]
        own_no = 99
        """
    if content_type == "application/json":
        body = orjson.dumps(tomllib.loads(body.decode()))
    answer = hub.ask(ONE, "POST", "/policies/drafts", body, headers={"Content-Type": content_type})
    assert answer.status_code == 400
    named = {fault["field"] for fault in answer.json()["faults"]}
    assert {"categories", "rule.R1.effect", "rule.R1.roles[0]", "rule.R1.label", "ages.own_no"} <= named
    assert "hemmeligt" not in answer.text
    assert hub.ask(ONE, "GET", "/policies").json() == waiting


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/toml", b"purposes = ["),
        ("application/toml", b"purposes = '\xff'"),
        ("application/toml", b"purposes = " + b"[" * 40_000),
        ("application/json", b"purposes = []"),
        ("application/json", b"[]"),
        ("application/json", b'{"purposes": ["a"], "purposes": ["b"]}'),
    ],
)
def test_what_is_no_document_is_refused(hub: Served, content_type: str, body: bytes) -> None:
    answer = hub.ask(ONE, "POST", "/policies/drafts", body, headers={"Content-Type": content_type})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid-request")


@pytest.mark.parametrize("content_type", ["application/json", "application/toml"])
def test_a_document_that_is_too_long_is_refused(hub: Served, content_type: str) -> None:
    answer = hub.ask(ONE, "POST", "/policies/drafts", b"#" * 100_001, headers={"Content-Type": content_type})
    assert answer.status_code == 413


def test_a_time_where_a_day_belongs_is_refused_though_toml_has_times(hub: Served) -> None:
    document = hub.ask(ONE, "GET", f"/policies/{in_force(hub)}", headers={"Accept": "application/toml"}).text

    def since(day: str) -> Any:
        text = document.replace('id = "CON-FVL28"', f'id = "CON-FVL28"\nvalid_from = {day}').encode()
        return hub.ask(ONE, "POST", "/policies/drafts", text, headers={"Content-Type": "application/toml"})

    assert since("2027-01-01").json()["document"] != the_policy(hub)
    refused = since("2027-01-01T10:00:00")
    assert refused.status_code == 400
    assert [fault["field"] for fault in refused.json()["faults"]] == ["rule.CON-FVL28.valid_from"]


@pytest.mark.parametrize("media_type", ["application/json", "application/toml"])
def test_a_version_that_is_taken_out_and_drafted_again_changes_nothing(hub: Served, media_type: str) -> None:
    taken = hub.ask(ONE, "GET", f"/policies/{in_force(hub)}", headers={"Accept": media_type})
    assert taken.headers["content-type"].startswith(media_type)
    answer = hub.ask(ONE, "POST", "/policies/drafts", taken.content, headers={"Content-Type": media_type})
    nothing: dict[str, Any] = {"rules_added": [], "rules_removed": [], "rules_changed": [], "settings": [], "cells": []}
    assert answer.json()["changes"] == nothing | {"is_reordered": False}


def test_the_first_version_is_what_the_hub_ships(hub: Served) -> None:
    shipped = tomllib.loads((files("hub.consent") / "danish_rules.toml").read_text("utf-8"))
    first = hub.ask("operator", "GET", "/policies/1", headers={"Accept": "application/toml"})
    assert [rule["id"] for rule in tomllib.loads(first.text)["rule"]] == [rule["id"] for rule in shipped["rule"]]
    told = hub.ask("operator", "GET", "/policies").json()["policies"][-1]
    assert (told["version"], told["published_by"], told["drafted_by"]) == (1, "test", None)


@pytest.mark.parametrize("by", [ONE, ANOTHER])
def test_a_draft_is_discarded_by_either_with_a_reason_and_then_not_published(hub: Served, by: str) -> None:
    draft = drafted(hub)
    discarded = hub.ask(by, "POST", draft["links"]["discard"], {"reason": "rejected"}).json()
    assert (discarded["state"], discarded["reason"], discarded["decided_by"]) == ("discarded", "rejected", by)
    for path, body in ((draft["links"]["publish"], None), (draft["links"]["discard"], {"reason": "mistaken"})):
        answer = hub.ask(ANOTHER, "POST", path, body)
        assert (answer.status_code, answer.json()["detail"]) == (409, "The draft is discarded already.")


def test_a_reason_is_a_word_of_the_list(hub: Served) -> None:
    draft = drafted(hub)
    assert hub.ask(ONE, "POST", draft["links"]["discard"], {"reason": "Anna ringede"}).status_code == 400
    assert hub.ask(ONE, "GET", draft["links"]["self"]).json()["state"] == "draft"


def test_each_step_is_in_the_audit_with_its_draft_its_versions_and_its_people(hub: Served) -> None:
    before = in_force(hub)
    published, discarded = drafted(hub), drafted(hub)
    hub.ask(ONE, "POST", discarded["links"]["discard"], {"reason": "not-needed"})
    hub.ask(ANOTHER, "POST", published["links"]["publish"])
    known = {"based_on": before, "by": ONE, "drafted_by": ONE}
    assert [row["details"] for row in hub.audited("policy-drafted")[-2:]] == [
        known | {"draft": published["draft"]},
        known | {"draft": discarded["draft"]},
    ]
    assert hub.audited("policy-discarded")[-1]["details"] == known | {
        "draft": discarded["draft"], "reason": "not-needed",
    }  # fmt: skip
    row = hub.audited("policy-published")[-1]
    assert (row["actor"], row["details"]) == (
        ANOTHER, known | {"by": ANOTHER, "draft": published["draft"], "version": before + 1},
    )  # fmt: skip


def test_nobody_but_an_administrator_writes_or_decides(hub: Served) -> None:
    before, draft = in_force(hub), drafted(hub)
    for caller in hub.tokens.keys() - {ONE, ANOTHER}:
        for path, body in (
            ("/policies/drafts", a_change(hub)),
            (draft["links"]["publish"], None),
            (draft["links"]["discard"], {"reason": "rejected"}),
        ):
            assert hub.ask(caller, "POST", path, body).status_code == 403
    assert in_force(hub) == before
    assert hub.ask(ONE, "GET", draft["links"]["self"]).json()["state"] == "draft"


@pytest.mark.parametrize("version", ["0", "99999", "one", str(2**63)])
def test_a_version_that_is_not_there_is_refused(hub: Served, version: str) -> None:
    assert hub.ask(ONE, "GET", f"/policies/{version}").status_code == (404 if version == "99999" else 400)


def test_an_administrator_opens_no_plan_whatever_the_policy_says_and_wherever_they_work(hub: Served) -> None:
    """Not even where their organisation takes part, and a rule of their own making would show them everything."""
    everything = {"roles": ["administrator"], "recipients": ["*"], "sources": ["*"], "categories": ["*"]}
    base = next(one for one in the_policy(hub)["rule"] if one["id"] == "CON-FVL28")
    rule = {**base, **everything, "id": "LAW-O-MINE", "effect": "permit", "label": "VIP_SAGER"}
    opened = drafted(hub, document=the_policy(hub) | {"rule": [*the_policy(hub)["rule"], rule]})
    assert hub.ask(ANOTHER, "POST", opened["links"]["publish"]).status_code == 200
    hub.sends(ANNA_CPR, {"id": "mine"}, case="administrators")
    seen = hub.ask("coordinator", "GET", f"/plans/{hub.plan}").json()["elements"]
    assert seen
    with hub.store.begin(read_only=True) as unit:
        members = unit.connection.execute(memberships.select().where(memberships.c.plan_id == UUID(str(hub.plan))))
        assert {"children", "coordination"} <= {row.member for row in members}
    for administrator in (ONE, ANOTHER):
        for path in (
            f"/plans/{hub.plan}", f"/explain/{hub.plan}/{seen[0]['id']}", f"/consents?plan={hub.plan}",
            f"/fhir/CarePlan/{hub.plan}", f"/plans/{hub.plan}/emergencies", f"/plans/{hub.plan}/meetings",
        ):  # fmt: skip
            assert hub.ask(administrator, "GET", path).status_code == 404, path
        assert hub.ask(administrator, "POST", "/plans/search", {"cpr": ANNA_CPR}).status_code == 404
        emergency = {"reason": "Der er fare for barnets liv og helbred nu.", "minutes": 5}
        assert hub.ask(administrator, "POST", f"/plans/{hub.plan}/emergency", emergency).status_code == 404
        one_plan = {"kind": "one-plan", "person": {"cpr": hub.a_cpr(), "name": "A"}, "authorities": ["social"]}
        assert hub.ask(administrator, "POST", "/consents", one_plan).status_code == 403
