"""The youth services on real sockets: their system tells of courses, and takes updates in."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.adapters.youth import YouthAdapter
from hub.authority import DeliveryKey, Parcel, ReceiptStatus
from hub.errors import NotLetIn
from hub.mappings.youth import YouthMapping
from hub.testing.conformance_out import an_update
from tests.integration.sandboxes import TOKEN, a_sandbox, a_server

pytestmark = pytest.mark.integration

CASE = {
    "cpr": "0505109990",
    "name": "Lars Test Berggren",
    "title": "Vej til uddannelse",
    "label": "FORTROLIGE_PERSONOPLYSNINGER",
    "goals": [{"id": "m1", "title": "Begynde på grundforløb"}],
    "activities": [{"id": "a1", "title": "FGU", "code": "FGU", "start": "2026-02-09"}],
    "appointments": [
        {"id": "t1", "title": "Opfølgning", "start": "2026-02-24T13:00:00+01:00", "end": "2026-02-24T13:45:00+01:00"}
    ],
    "contacts": [{"id": "k1", "name": "Karen Vejleder", "phone": "54 73 00 00"}],
    "notes": [{"id": "n1", "text": "Et notat"}],
    "household": [{"cpr": "2911829996", "name": "Kirsten Test Berggren", "relation": "mother", "custody": True}],
}


def test_what_their_system_posts_is_a_course_of_the_contract_and_a_changed_number_is_linked(tmp_path: Path) -> None:
    with a_server(201, b"{}") as (hub, asked), a_sandbox("youth", tmp_path / "system", hub_url=hub) as system:
        case = system.ask("POST", "/sandbox/cases", CASE)["case"]
        system.ask("PATCH", f"/sandbox/cases/{case}", {"cpr": "0505209996"})
    adapter = YouthAdapter({})
    assert [(method, path) for method, path, _, _ in asked] == [("POST", "/in/youth")] * 2
    told = [
        contribution
        for *_, headers, body in asked
        for contribution in YouthMapping().to_plan(adapter.receive(Parcel("youth", body, headers["content-type"])))
    ]
    assert [one.order.version for one in told] == [1, 2]
    assert {one.source_id.partition(":")[0] for one in told[0].drafts} == {
        "Forloeb", "Foraeldre", "Kontaktperson", "Maal", "Aktiviteter", "Samtaler", "Notater",
    }  # fmt: skip
    assert [number.value for number in told[1].person.identifiers] == ["0505209996", "0505109990"]


def test_an_update_is_taken_in_once_and_only_with_the_token(tmp_path: Path) -> None:
    update = an_update("youth")
    document, key = YouthMapping().from_plan(update), DeliveryKey("youth", update.plan, update.sequence)
    with a_sandbox("youth", tmp_path / "system") as system:
        adapter = YouthAdapter({"url": system.url, "token": TOKEN})
        assert adapter.send(document, key).status is ReceiptStatus.TAKEN_IN
        assert adapter.send(document, key).status is ReceiptStatus.ALREADY_HELD
        with pytest.raises(NotLetIn, match="401"):
            YouthAdapter({"url": system.url, "token": "another"}).send(document, key)
        held = system.ask("GET", "/sandbox/plans")[str(update.plan)]
    assert len(held["elements"]) == len(update.disclosed)
