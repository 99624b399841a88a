"""The page of a proof, to read and to print."""

from __future__ import annotations

import pytest

from hub.crypto.signing import verify
from tests.integration.api.served import CANARY_NAME, Served, on_both
from tests.integration.api.test_revocations import a_held_goal
from tests.integration.ui.visitor import Visitor, words_of

pytestmark = pytest.mark.integration


def a_revocation(hub: Served) -> str:
    _plan, consent = a_held_goal(hub, hub.a_cpr(), CANARY_NAME)
    hub.ask("coordinator", "POST", f"/consents/{consent}/withdraw")
    return f"/coordinator/consents/{consent}/proof"


@on_both
def test_a_proof_is_read_in_danish_and_in_english(hub: Served, coordinator: Visitor) -> None:
    path = a_revocation(hub)
    danish = words_of(coordinator.gets(path))
    for said in ("Bevis for et samtykke", "Børn og familie", "er ikke sendt endnu", "Om mål", "Intet var på vej"):
        assert said in danish
    english = words_of(coordinator.gets(f"{path}?lang=en"))
    for said in ("Proof of a consent", "Children and family", "has not been sent yet", "About goals", "Nothing was"):
        assert said in english
    assert not [name for name in CANARY_NAME.split() if name in danish + english]


def test_the_file_of_the_page_is_the_signed_proof(hub: Served, coordinator: Visitor) -> None:
    file = coordinator.gets(f"{a_revocation(hub)}-file")
    assert file.headers["content-disposition"].startswith("attachment")
    document = verify(file.content, [hub.store.keyring.signing_key.public])
    assert document["statement"]["recipients"][0]["recipient"] == "children"


def test_a_proof_that_is_not_there_and_one_that_is_not_yours_are_the_same_page(hub: Served, visitor: Visitor) -> None:
    path = a_revocation(hub)
    visitor.signs_in(hub.tokens["another-coordinator"])
    nobodys = "/coordinator/consents/99999999-9999-4999-8999-999999999999/proof"
    for what in ("", "-file"):
        answers = [visitor.gets(path + what), visitor.gets(nobodys + what)]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert words_of(answers[0]) == words_of(answers[1])


def test_who_is_not_signed_in_is_sent_to_sign_in(hub: Served, visitor: Visitor) -> None:
    assert visitor.gets(a_revocation(hub)).status_code == 303
