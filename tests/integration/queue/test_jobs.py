"""Polls, fetches and folders: what an authority tells of is taken in, whatever comes in between."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from structlog.testing import capture_logs

from hub.adapters._folder import FolderIntake
from hub.authority import Authorities, Authority, ClaimedFile, Document, Parcel
from hub.clock import now
from hub.errors import ContractViolation, NotFound, SourceDown, UnknownPerson
from hub.flow.announce import announce
from hub.flow.standing import Asked, hold, probe, release, standings
from hub.plan.contribution import Contribution
from hub.queue.folders import refused_place
from hub.store.circuits import Direction, HoldReason
from hub.testing.builders import TEST_CPR
from hub.testing.clock import frozen
from hub.testing.memory_adapter import MemoryAdapter, MemoryMapping, Told
from tests.integration.set_up import SetUp, authorities_of, eventually

pytestmark = pytest.mark.integration


def told(case: str, title: str) -> Told:
    return Told(TEST_CPR, case=case, goals={"g1": title})


def tell(source: MemoryAdapter, reference: str, set_up: SetUp, authorities: Authorities) -> None:
    event = orjson.dumps({"event_id": f"e-{reference}", "reference": reference})
    announce(Parcel(source.name, event, correlation_id="c-1"), set_up.store, authorities)


def stands(set_up: SetUp, authority: str) -> Mapping[str, Any]:
    rows = standings([authority], set_up.store, set_up.settings)
    return next(row for row in rows if (row["authority"], row["direction"]) == (authority, Direction.SOURCE))


def the_fetch(set_up: SetUp) -> Mapping[str, Any]:
    [job] = [job for job in set_up.jobs() if job["kind"] == "fetch"]
    return job


def test_a_thin_event_is_fetched_and_what_it_named_reaches_the_others(set_up: SetUp) -> None:
    children, social = MemoryAdapter("children"), MemoryAdapter("social")
    authorities = authorities_of(children, social)
    set_up.opens_plan(authorities)
    social.documents["s-1"] = told("S1", "Egen bolig")
    with set_up.running(authorities):
        tell(social, "s-1", set_up, authorities)
        eventually(lambda: list(children.holds.values()) == ["Egen bolig"])
    assert the_fetch(set_up)["due_at"] is None
    assert the_fetch(set_up)["correlation_id"] == "c-1"


def test_a_fetch_about_an_unknown_person_waits_until_the_plan_opens(set_up: SetUp) -> None:
    children, social = MemoryAdapter("children"), MemoryAdapter("social")
    authorities = authorities_of(children, social)
    social.documents["s-1"] = told("S1", "Egen bolig")
    with set_up.running(authorities):
        tell(social, "s-1", set_up, authorities)
        eventually(lambda: the_fetch(set_up)["last_result"] == UnknownPerson.code)
        assert the_fetch(set_up)["due_at"] is None
        set_up.opens_plan(authorities)
        eventually(lambda: list(children.holds.values()) == ["Egen bolig"])
    assert the_fetch(set_up)["last_result"] == ""


def test_a_plan_that_opens_while_a_fetch_is_being_refused_is_not_missed(set_up: SetUp) -> None:
    authorities = authorities_of(MemoryAdapter("social"))
    tell(MemoryAdapter("social"), "s-1", set_up, authorities)
    with set_up.store.begin() as unit:
        job = unit.jobs.lease(the_fetch(set_up)["due_at"], 60, ["social"])
    assert job is not None
    set_up.opens_plan(authorities)
    with set_up.store.begin() as unit:
        unit.jobs.park(job, the_fetch(set_up)["due_at"], UnknownPerson.code)  # it was refused before the plan opened
    assert the_fetch(set_up)["due_at"] is not None


def test_a_document_that_is_gone_at_its_source_is_parked(set_up: SetUp) -> None:
    authorities = authorities_of(MemoryAdapter("social"))
    with set_up.running(authorities):
        tell(MemoryAdapter("social"), "s-1", set_up, authorities)
        eventually(lambda: the_fetch(set_up)["last_result"] == NotFound.code)
    assert the_fetch(set_up)["due_at"] is None


def test_a_source_that_is_down_is_asked_again(set_up: SetUp) -> None:
    children, social = MemoryAdapter("children"), MemoryAdapter("social")
    authorities = authorities_of(children, social)
    set_up.opens_plan(authorities)
    social.documents["s-1"] = told("S1", "Egen bolig")
    social.source_fails_with(SourceDown("It does not answer."))
    with set_up.running(authorities):
        tell(social, "s-1", set_up, authorities)
        eventually(lambda: the_fetch(set_up)["last_result"] == SourceDown.code)
        assert the_fetch(set_up)["due_at"] is not None
        social.source_fails_with(None)
        eventually(lambda: list(children.holds.values()) == ["Egen bolig"])


def test_a_source_that_is_down_is_left_alone_and_no_other_waits_for_it(set_up: SetUp) -> None:
    children, social, employment = (MemoryAdapter(name) for name in ("children", "social", "employment"))
    authorities = authorities_of(children, social, employment)
    set_up.opens_plan(authorities)
    employment.source_fails_with(SourceDown("It does not answer.", retry_after=600))
    social.documents["s-1"] = told("S1", "Egen bolig")
    with set_up.running(authorities):
        for number in range(5):
            tell(employment, f"e-{number}", set_up, authorities)
        eventually(lambda: stands(set_up, "employment")["state"] == "open")
        tell(social, "s-1", set_up, authorities)
        eventually(lambda: list(children.holds.values()) == ["Egen bolig"])
    fetches = [job for job in set_up.jobs() if job["authority"] == "employment"]
    asked = [job for job in fetches if job["last_result"] == SourceDown.code]
    assert len(asked) <= 2, "those that were under way when it failed, and no more"
    assert {job["attempts"] for job in fetches} == {0}, "no fetch is to blame"
    assert stands(set_up, "employment")["waiting"] == 5


def test_one_fetch_probes_and_the_others_follow(set_up: SetUp) -> None:
    children, social = MemoryAdapter("children"), MemoryAdapter("social")
    authorities = authorities_of(children, social)
    set_up.opens_plan(authorities)
    social.source_fails_with(SourceDown("It does not answer.", retry_after=600))
    with set_up.running(authorities):
        for number in range(3):
            social.documents[f"s-{number}"] = told(f"S{number}", f"Mål {number}")
            tell(social, f"s-{number}", set_up, authorities)
        eventually(lambda: stands(set_up, "social")["state"] == "open")
        eventually(lambda: not stands(set_up, "social")["under_way"])  # else its failure may outlast the probe
        social.source_fails_with(None)
        operator = Asked("social", [Direction.SOURCE], authorities, "operator", "c")
        assert probe(operator, set_up.store, set_up.settings)
        eventually(lambda: len(children.holds) == 3)
    assert stands(set_up, "social")["state"] == "closed"


def test_a_held_source_is_asked_nothing_and_its_folder_is_not_looked_into(set_up: SetUp, tmp_path: Path) -> None:
    children, social = DropsFiles("children", tmp_path / "drop"), MemoryAdapter("social", poll_every=0.1)
    authorities = authorities_of(children, social)
    set_up.opens_plan(authorities)
    (tmp_path / "drop" / "in").mkdir(parents=True)
    (tmp_path / "drop" / "in" / "1.json").write_bytes(told("C1", "Ro").body())
    for name in authorities:
        hold(Asked(name, [Direction.SOURCE], authorities, "operator", "c"), HoldReason.AGREED, set_up.store)
    with set_up.running(authorities):
        threading.Event().wait(1)
        assert (social.polled_from, social.holds) == ([], {})
        for name in authorities:
            release(Asked(name, [Direction.SOURCE], authorities, "operator", "c"), set_up.store, set_up.settings)
        eventually(lambda: social.polled_from and list(social.holds.values()) == ["Ro"])


def test_a_poll_that_finds_nothing_new_makes_the_source_fresh_unless_a_document_is_missing(set_up: SetUp) -> None:
    social = MemoryAdapter("social", poll_every=0.1)
    authorities = authorities_of(social)
    set_up.opens_plan(authorities)
    with set_up.running(authorities):
        eventually(lambda: stands(set_up, "social")["last_success_at"])
    tell(social, "s-gone", set_up, authorities)
    with set_up.running(authorities):
        eventually(lambda: any(job["last_result"] == NotFound.code for job in set_up.jobs()))
        before = stands(set_up, "social")["last_success_at"]
        with frozen(now() + timedelta(hours=1)):
            eventually(lambda: stands(set_up, "social")["last_attempt_at"] > before + timedelta(minutes=59))
    assert stands(set_up, "social")["last_success_at"] == before


def test_a_poll_goes_on_where_it_was_when_the_hub_is_started_again(set_up: SetUp) -> None:
    children, social = MemoryAdapter("children"), MemoryAdapter("social", poll_every=0.2)
    authorities = authorities_of(children, social)
    set_up.opens_plan(authorities)
    for n in range(1, 6):
        social.documents[f"s-{n}"] = told(f"S{n}", f"Mål {n}")
        social.changes.append(f"s-{n}")
    with set_up.running(authorities):
        eventually(lambda: len(children.holds) == 5)
        eventually(lambda: social.polled_from[-1] == "5")
    assert social.polled_from[:3] == ["", "2", "4"]
    social.polled_from.clear()
    social.documents["s-6"] = told("S6", "Mål 6")
    social.changes.append("s-6")
    with set_up.running(authorities):
        eventually(lambda: len(children.holds) == 6)
    assert set(social.polled_from) <= {"5", "6"}


class ClumsyWords(MemoryMapping):
    """Words with a bug that shows on some documents only, and whose error tells of a person."""

    def to_plan(self, document: Document) -> Sequence[Contribution]:
        if "bug" in document.message_id:
            raise KeyError(TEST_CPR)
        return super().to_plan(document)


def test_a_fetch_that_meets_a_bug_does_not_hold_up_the_others(set_up: SetUp) -> None:
    children, social = MemoryAdapter("children"), MemoryAdapter("social")
    authorities = {**authorities_of(children), "social": Authority("social", social, ClumsyWords("social"))}
    set_up.opens_plan(authorities)
    social.documents["s-1"] = told("bug", "Egen bolig")
    social.documents["s-2"] = told("S2", "Eget arbejde")
    with capture_logs() as logs, set_up.running(authorities, max_attempts=2):
        tell(social, "s-1", set_up, authorities)
        tell(social, "s-2", set_up, authorities)
        eventually(lambda: list(children.holds.values()) == ["Eget arbejde"])
        eventually(lambda: [job["last_result"] for job in set_up.jobs() if job["reference"] == "s-1"] == ["bug"])
        eventually(lambda: [job["due_at"] for job in set_up.jobs() if job["reference"] == "s-1"] == [None])
    assert TEST_CPR not in repr(logs)


class DropsFiles(MemoryAdapter):
    """An authority that drops files."""

    def __init__(self, name: str, folder: Path) -> None:
        super().__init__(name)
        self.folder = folder
        self._intake = FolderIntake(folder, name, "application/json", settle=0)

    def claim(self) -> AbstractContextManager[ClaimedFile | None]:
        return self._intake.claim()

    def waiting(self) -> int:
        return self._intake.waiting()


def test_files_of_a_folder_are_taken_in_or_sealed_beside_a_report(set_up: SetUp, tmp_path: Path) -> None:
    children, social = DropsFiles("children", tmp_path / "drop"), MemoryAdapter("social")
    words = Authority("children", children, ClumsyWords("children"))
    authorities = {**authorities_of(social), "children": words}
    set_up.opens_plan(authorities)
    (tmp_path / "drop" / "in").mkdir(parents=True)
    good, bad, unlucky = told("C1", "Ro").body(), b'{"person": "0201609995"}', told("bug", "Ro").body()
    for name, body in {"1.json": bad, "2.json": unlucky, "3.json": good}.items():
        (tmp_path / "drop" / "in" / name).write_bytes(body)
    with set_up.running(authorities):
        eventually(lambda: list(social.holds.values()) == ["Ro"])
        eventually(lambda: not list((tmp_path / "drop" / "in").iterdir()))
        written = tmp_path / "drop" / "in" / "4.json.part"
        written.write_bytes(told("C2", "Mere ro").body())
        written.rename(written.with_suffix(""))
        eventually(lambda: "Mere ro" in social.holds.values())
    left = {path.relative_to(tmp_path / "drop").parts[0] for path in (tmp_path / "drop").rglob("*") if path.is_file()}
    assert left == {"receipts", "refused"}
    refused = {path.name: path.read_bytes() for path in (tmp_path / "drop" / "refused").iterdir()}
    assert b"0201609995" not in b"".join(refused.values())
    reports = {name: orjson.loads(body)["code"] for name, body in refused.items() if name.endswith(".error.json")}
    assert sorted(reports.values()) == sorted([ContractViolation.code, "hub-error"])
    sealed = [body for name, body in refused.items() if name.endswith(".sealed")]
    place = refused_place("children")
    assert {set_up.store.keyring.unseal_alone(body, place) for body in sealed} == {bad, unlucky}
