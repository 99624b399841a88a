"""Whoever has a signed message and a key of their own cannot make the hub read anything else."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.adapters._ws_addressing import SUBCODES as ADDRESSING
from hub.adapters._ws_security import SUBCODES
from hub.adapters.employment import EmploymentAdapter
from hub.authority import Document, Parcel
from hub.errors import Refused
from hub.testing.effort import worked
from tests.certificates import Identity, an_identity
from tests.signed_calls import MESSAGE_ID, a_signed_call

pytest.importorskip("xmlsec", reason="the extra wssecurity is not installed")
from tests.generation.wrapping import Attack, Signed, attacks

pytestmark = pytest.mark.files

NS = "urn:one-plan-hub:employment:1"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("keys")


@pytest.fixture(scope="module")
def signer(folder: Path) -> Identity:
    return an_identity(folder, "jobsystem")


@pytest.fixture(scope="module")
def stranger(folder: Path) -> Identity:
    return an_identity(folder, "stranger")


@pytest.fixture(scope="module")
def adapter(signer: Identity) -> EmploymentAdapter:
    return EmploymentAdapter({"trusted_certificates_file": str(signer.certificate_file)})


@pytest.fixture
def message(signer: Identity) -> bytes:
    return a_signed_call(signer, MESSAGE_ID)


def receive(adapter: EmploymentAdapter, body: bytes) -> Document:
    return adapter.receive(Parcel("employment", body, "text/xml"))


def refusal(adapter: EmploymentAdapter, body: bytes) -> Refused:
    with pytest.raises(Refused) as caught:
        receive(adapter, body)
    return caught.value


def told(error: Refused) -> str:
    """Return the name that WS-Security has for a refusal; "" where SOAP itself refuses."""
    assert not [fault for fault in error.faults if fault in ADDRESSING]
    return next((SUBCODES[fault] for fault in error.faults if fault in SUBCODES), "")


EVERY = list(attacks())


def test_the_attacks_are_many_and_have_names_of_their_own() -> None:
    assert len(EVERY) >= 120
    assert len({attack.name for attack in EVERY}) == len(EVERY)


def test_the_untouched_message_is_taken(adapter: EmploymentAdapter, message: bytes) -> None:
    document = receive(adapter, message)
    assert document.message_id == MESSAGE_ID
    assert document.content.findtext(f"{{{NS}}}PersonCase/{{{NS}}}CaseTitle") == "Revalidering"


@pytest.mark.parametrize("attack", EVERY, ids=lambda attack: attack.name)
def test_an_attack_is_refused(
    adapter: EmploymentAdapter, message: bytes, signer: Identity, stranger: Identity, attack: Attack
) -> None:
    receive(adapter, message)  # the control: what is attacked would have been taken
    attacked = attack.of(message, signer, stranger)
    assert attacked != message
    refused, seconds = worked(lambda: refusal(adapter, attacked))
    assert seconds < 1
    assert told(refused) == attack.refused_as
    assert "EVIL" not in refused.diagnostics()


def test_signing_anew_by_itself_is_no_attack(
    adapter: EmploymentAdapter, message: bytes, signer: Identity, stranger: Identity
) -> None:
    signed = Signed(message, signer, stranger)
    signed["CaseTitle"].text = "Et andet navn"
    signed.sign()
    assert receive(adapter, signed.bytes()).content.findtext(f"{{{NS}}}PersonCase/{{{NS}}}CaseTitle") == "Et andet navn"
