"""The conformance kit passes the hub's own adapters, and each of its checks finds an adapter that breaks it."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from typer.testing import CliRunner

from hub.adapters.youth import YouthAdapter
from hub.authority import DeliveryKey, Document, LedgerEntry, Parcel, PlanUpdate, Receipt, ReceiptStatus
from hub.cli.commands import app
from hub.errors import ContractViolation, RecipientDown, RecipientFailed, RecipientRefused, SettingsRefused
from hub.mappings.youth import YouthMapping
from hub.testing.conformance import CHECKS, Kit, Unfit, check_all, kit_of
from hub.testing.conformance_contracts import is_valid, leaves

pytestmark = pytest.mark.integration

IN_THE_TREE = tuple(sorted(one.name for one in entry_points(group="hub.adapters") if one.value.startswith("hub.")))
YOUTH = kit_of("youth")


def test_there_is_something_to_ask() -> None:
    assert {"children", "employment", "partners", "social", "youth"} <= set(IN_THE_TREE)


@pytest.mark.slow
@pytest.mark.parametrize("name", IN_THE_TREE)
def test_an_authority_of_the_tree_does_what_the_port_asks(name: str) -> None:
    findings = list(check_all(kit_of(name)))
    assert [finding.check for finding in findings] == list(CHECKS)
    assert not [finding for finding in findings if not finding.is_well]


# --- broken ones ------------------------------------------------------------------------------------------------------


def broken(adapter: type[YouthAdapter] = YouthAdapter, words: type[YouthMapping] = YouthMapping) -> Kit:
    make: Any = adapter
    return replace(YOUTH, make=make, words=words())


def finds(check: str, kit: Kit, said: str) -> None:
    with pytest.raises(Unfit) as caught:
        CHECKS[check](kit)
    assert said in caught.value.sentence
    assert caught.value.next_step


class Delivers(YouthAdapter):
    delivers = True


def test_an_adapter_that_delivers_to_nowhere_is_found() -> None:
    finds("joins", broken(Delivers), "no address")


class TakesAnySetting(YouthAdapter):
    def __init__(self, settings: Mapping[str, Any]) -> None:
        super().__init__({name: value for name, value in settings.items() if name != "no_such_setting"})


class TellsSettings(YouthAdapter):
    def __init__(self, settings: Mapping[str, Any]) -> None:
        try:
            super().__init__(settings)
        except SettingsRefused as error:
            raise SettingsRefused(str(settings), faults=error.faults) from None


def test_an_adapter_that_takes_any_setting_or_repeats_it_is_found() -> None:
    finds("settings", broken(TakesAnySetting), "A wrong no_such_setting is not refused")
    finds("settings", broken(TellsSettings), "repeats its value")


class LosesNotes(YouthMapping):
    def to_plan(self, document: Document) -> Any:
        document.content.pop("Samtaler", None)
        return super().to_plan(document)


def test_a_mapping_that_loses_something_is_found() -> None:
    finds("examples", broken(words=LosesNotes), "does not come out as")


class TellsValues(YouthAdapter):
    def receive(self, parcel: Parcel) -> Document:
        try:
            return super().receive(parcel)
        except ContractViolation as error:
            raise ContractViolation(
                error.sentence + parcel.body.decode("utf-8", "replace"), error.next_step, error.faults
            ) from None


class NamesNoField(YouthAdapter):
    def receive(self, parcel: Parcel) -> Document:
        try:
            return super().receive(parcel)
        except ContractViolation as error:
            raise ContractViolation(error.sentence, error.next_step) from None


class TakesEverything(YouthAdapter):
    def receive(self, parcel: Parcel) -> Document:
        return Document("youth", "youth/v1", "UngeForloeb", "m", orjson.loads(parcel.body))


def with_golden_of(kit: Kit, folder: Path) -> Kit:
    """Let what an adapter refuses be what is expected: what is left to find is how."""
    sheet = kit.sheets[0]
    (folder / "examples" / "refused").mkdir(parents=True)
    (folder / "expected" / "refused").mkdir(parents=True)
    (folder / "openapi.yaml").write_bytes((sheet.folder / "openapi.yaml").read_bytes())
    example = sheet.folder / "examples" / "refused" / "nobody.json"
    body = example.read_bytes().replace(b'"0000000000"', b'"kanariefugl"')
    (folder / "examples" / "refused" / "it.json").write_bytes(body)
    with pytest.raises(ContractViolation) as caught:
        kit.adapter().receive(Parcel("youth", body, "application/json"))
    error = caught.value
    faults = [{"field": fault.field, "sentence": fault.sentence} for fault in error.faults]
    golden = {"code": error.code, "sentence": error.sentence, "next_step": error.next_step, "faults": faults}
    (folder / "expected" / "refused" / "it.json").write_bytes(orjson.dumps(golden))
    return replace(kit, sheets=(replace(sheet, folder=folder),))


def test_a_refusal_that_tells_a_value_or_no_field_is_found(tmp_path: Path) -> None:
    finds("refusals", with_golden_of(broken(TellsValues), tmp_path / "values"), "repeats a value")
    finds("refusals", with_golden_of(broken(NamesNoField), tmp_path / "fields"), "without naming a field")
    finds("refusals", broken(NamesNoField), "otherwise than")
    finds("refusals", broken(TakesEverything), "is not refused")


class ForgetsALeaf(YouthMapping):
    def ledger(self, contract: str) -> list[LedgerEntry]:
        return [entry for entry in super().ledger(contract) if entry.path != "Ung.Navn"]


class InventsALeaf(YouthMapping):
    def ledger(self, contract: str) -> list[LedgerEntry]:
        first, *rest = super().ledger(contract)
        return [first, *rest, replace(first, path="Ung.Adresse")]


class IsMute(YouthMapping):
    def ledger(self, contract: str) -> list[LedgerEntry]:
        first, *rest = super().ledger(contract)
        return [replace(first, note=" "), *rest]


def test_a_ledger_that_is_not_whole_is_found() -> None:
    finds("ledger", broken(words=ForgetsALeaf), "leaves without a fate: Ung.Navn")
    finds("ledger", broken(words=InventsALeaf), "lacks: Ung.Adresse")
    finds("ledger", broken(words=IsMute), "without a note")


class NamesByChance(YouthAdapter):
    def receive(self, parcel: Parcel) -> Document:
        return replace(super().receive(parcel), message_id=str(random.random()))


class NamesAllAlike(YouthAdapter):
    def receive(self, parcel: Parcel) -> Document:
        return replace(super().receive(parcel), message_id="m")


def test_message_ids_that_do_not_last_are_found() -> None:
    finds("message-ids", broken(NamesByChance), "no lasting message id")
    finds("message-ids", broken(NamesAllAlike), "the message id of another")


class KeepsTheDocument(YouthAdapter):
    def receive(self, parcel: Parcel) -> Document:
        self._last = super().receive(parcel)
        time.sleep(0.001)  # long enough for another thread to put its own there
        return self._last


def test_an_adapter_that_mixes_up_threads_is_found() -> None:
    finds("threads", broken(KeepsTheDocument), "several threads")


class Works(YouthAdapter):
    def receive(self, parcel: Parcel) -> Document:
        end = time.thread_time() + 2.2
        while parcel.body == b"" and time.thread_time() < end:
            pass
        return super().receive(parcel)


class FailsOnJunk(YouthAdapter):
    def receive(self, parcel: Parcel) -> Document:
        parcel.body.decode("utf-8")
        return super().receive(parcel)


def test_an_adapter_that_works_long_or_fails_on_junk_is_found() -> None:
    finds("hostile", broken(Works), "A body of nothing took 2")
    finds("hostile", broken(FailsOnJunk), "no UTF-8 is not refused (UnicodeDecodeError)")
    finds("hostile", broken(TellsValues), "repeats it")


class WritesNull(YouthMapping):
    def from_plan(self, update: PlanUpdate) -> Document:
        document = super().from_plan(update)
        return replace(document, content={**document.content, "Delt": None})


class Sends(YouthAdapter):
    """Sends by a client of its own; a subclass says what is wrong with it."""

    follows = False
    path = "/plan"

    def __init__(self, settings: Mapping[str, Any]) -> None:
        super().__init__(settings)
        self._url = str(settings.get("url", ""))

    def send(self, document: Document, key: DeliveryKey) -> Receipt:
        try:
            answer = self._put(document, key)
        except httpx.TransportError:
            raise RecipientDown("It does not answer.") from None
        if answer.status_code in (401, 429, 503):
            raise RecipientDown("Later.", retry_after=self._wait(answer))
        if answer.is_client_error:
            raise RecipientRefused("It refuses.")
        return self._read(answer, key)

    def _put(self, document: Document, key: DeliveryKey) -> httpx.Response:
        return httpx.put(
            self._url + self.path,
            content=orjson.dumps(document.content),
            headers={"Idempotency-Key": str(key)},
            timeout=1,
            follow_redirects=self.follows,
        )

    def _wait(self, answer: httpx.Response) -> float | None:
        return float(answer.headers.get("retry-after", 1))

    def _read(self, answer: httpx.Response, key: DeliveryKey) -> Receipt:
        try:
            if answer.status_code == 200 and answer.json()["Sekvens"] == key.sequence:
                return Receipt(ReceiptStatus.TAKEN_IN)
        except (ValueError, KeyError):
            pass
        raise RecipientFailed("It failed.")


class TellsInTheAddress(Sends):
    path = "/plan/0201609995"


class SendsTwice(Sends):
    def _put(self, document: Document, key: DeliveryKey) -> httpx.Response:
        super()._put(document, key)
        return super()._put(document, key)


def test_the_adapter_that_the_broken_ones_are_made_of_is_well() -> None:
    for check in ("updates", "outcomes"):
        CHECKS[check](broken(Sends))


def test_an_update_against_the_contract_or_in_the_address_is_found() -> None:
    finds("updates", broken(words=WritesNull), "not valid by its contract")
    finds("updates", broken(TellsInTheAddress), "The address of a delivery tells")
    finds("updates", broken(SendsTwice), "2 times")


class TakesAnyAnswer(Sends):
    def _read(self, answer: httpx.Response, key: DeliveryKey) -> Receipt:
        return Receipt(ReceiptStatus.TAKEN_IN)


class BlamesTheMessage(Sends):
    def send(self, document: Document, key: DeliveryKey) -> Receipt:
        try:
            return super().send(document, key)
        except RecipientDown as error:
            raise RecipientFailed(error.sentence) from None


class ForgetsToWait(Sends):
    def _wait(self, answer: httpx.Response) -> None:
        return None


class FollowsRedirects(Sends):
    follows = True


class TellsAnswers(Sends):
    def _read(self, answer: httpx.Response, key: DeliveryKey) -> Receipt:
        try:
            return super()._read(answer, key)
        except RecipientFailed:
            raise RecipientFailed(f"It said {answer.text}.") from None


class LetsErrorsThrough(Sends):
    def send(self, document: Document, key: DeliveryKey) -> Receipt:
        self._put(document, key)
        return super().send(document, key)


@pytest.mark.parametrize(
    ("adapter", "said"),
    [
        (TakesAnyAnswer, "Answered by 500, it gives a receipt"),
        (BlamesTheMessage, "Answered by 401, it gives RecipientFailed"),
        (ForgetsToWait, "Retry-After"),
        (FollowsRedirects, "follows a redirect"),
        (TellsAnswers, "repeats what was sent or answered"),
        (LetsErrorsThrough, "Answered by a closed connection, it gives RemoteProtocolError"),
    ],
)
def test_an_adapter_that_misreads_an_answer_is_found(adapter: type[Sends], said: str) -> None:
    finds("outcomes", broken(adapter), said)


class Explodes(YouthMapping):
    def ledger(self, contract: str) -> Any:
        raise ZeroDivisionError


def test_a_check_that_explodes_does_not_stop_the_others() -> None:
    findings = {one.check: one for one in check_all(broken(words=Explodes))}
    assert not findings["ledger"].is_well
    assert "ZeroDivisionError" in findings["ledger"].said
    assert findings["outcomes"].is_well


# --- contracts --------------------------------------------------------------------------------------------------------


def test_a_sheet_that_cannot_be_used_is_refused(tmp_path: Path) -> None:
    for text in ("contract = ", "[in]\nschema = 'x.json'", "contract = 'a/v1'\n[out]\nschema = 'x'"):
        (tmp_path / "conformance.toml").write_text(text)
        with pytest.raises(SettingsRefused):
            kit_of("youth", folder=tmp_path)


def test_leaves_of_a_json_schema_are_found_through_lists_and_references(tmp_path: Path) -> None:
    schema = tmp_path / "schema.json"
    schema.write_text(
        '{"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "array", "items":'
        ' {"$ref": "#/$defs/c"}}}, "$defs": {"c": {"type": "object", "properties": {"d": {}}}}}'
    )
    assert leaves(schema, "") == {"a", "b[].d"}
    assert is_valid(schema, "", b'{"a": "x"}')
    assert not is_valid(schema, "", b'{"a": 1}')
    assert not is_valid(schema, "", b"no json")


# --- the command ------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_command_prints_a_table_and_ends_with_0_or_1(tmp_path: Path) -> None:
    well = CliRunner().invoke(app, ["adapters", "check", "youth"])
    assert (well.exit_code, "✗" in well.output, well.output.count("✓")) == (0, False, len(CHECKS))
    sheet = Path("contracts/youth/v1/conformance.toml").read_text("utf-8")
    for part in ("examples", "expected", "openapi.yaml"):
        (tmp_path / part).symlink_to(Path("contracts/youth/v1").resolve() / part)
    (tmp_path / "conformance.toml").write_text(sheet.replace("UngeForloeb", "Maal"))
    ill = CliRunner().invoke(app, ["adapters", "check", "youth", "--contract", str(tmp_path), "--json"])
    told = {one["check"]: one for one in orjson.loads(ill.output)}
    assert ill.exit_code == 1
    assert [name for name, one in told.items() if not one["ok"]] == ["ledger"]
    assert told["ledger"]["next"]


def test_settings_of_the_file_reach_the_adapter(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text('page_size = "many"')
    outcome = CliRunner().invoke(app, ["adapters", "check", "social", "--settings", str(file)])
    assert isinstance(outcome.exception, SettingsRefused)
    assert [fault.field for fault in outcome.exception.faults] == ["authorities.social.page_size"]
