"""Checks of what goes out, and of settings. Each returns what it saw in one line, or raises :class:`Unfit`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from hub.authority import DeliveryKey, Disclosed, PlanUpdate, ReceiptStatus
from hub.clock import monotonic
from hub.errors import (
    HubError,
    RecipientDown,
    RecipientFailed,
    RecipientRefused,
    Refused,
    SettingsRefused,
    Unavailable,
)
from hub.plan.element import Category, Code, Element, Kind, OrderKey, Period, Provenance, Sensitivity, Status
from hub.plan.identifier import CPR, Identifier
from hub.testing.conformance_contracts import is_valid
from hub.testing.conformance_kit import Kit, Unfit, tried
from hub.testing.conformance_sheet import Outgoing
from hub.testing.conformance_wire import Asked, Behaviour, a_closed_address, a_system

#: Stands wherever an authority may write; no error and no address may repeat it.
CANARY = "kanariefugl-7731"
_NUMBER = "0201609995"
_SECRETS = (CANARY, _NUMBER, f"{_NUMBER[:6]}-{_NUMBER[6:]}")
_NOON = datetime(2026, 3, 29, 1, 0, tzinfo=UTC)  # the hour that Danish clocks skip
_PLAN = UUID("9b2d1f0e-1c3a-4f5b-8a7d-6e5c4b3a2f10")
_SEQUENCE = 7
_SOON = 17.0  # seconds: the 15 of the port, and what a busy machine adds
_RETRY_AFTER = 7
_TEXTS = ("", f"{CANARY} & <b>æøå</b> ]]> \"'\n\u2028 😀", "  ")


def joins(kit: Kit) -> str:
    """The adapter says who it is, which contract it speaks, and whether it knows a way out."""
    adapter = kit.adapter()
    if not adapter.name or not adapter.channel or "/" not in adapter.contract:
        raise Unfit("Name, channel or contract is missing.", "Set name, channel and contract (<authority>/<version>).")
    if adapter.contract not in {sheet.contract for sheet in kit.sheets}:
        raise Unfit(f"No sheet is of the contract {adapter.contract}.", "Write its name into conformance.toml.")
    if adapter.delivers:
        raise Unfit("It says that it delivers though no address is set.", "Let delivers be true with an address only.")
    for sheet, goes_out in kit.outgoing():
        if not kit.make(goes_out.reaching(a_closed_address())).delivers:
            raise Unfit(f"With the settings of {sheet.contract} it does not deliver.", "Correct settings of the sheet.")
    return f"{adapter.name} speaks {adapter.contract} by {adapter.channel}"


def updates(kit: Kit) -> str:
    """Each update becomes a document valid by its own contract, on the wire, under an address that tells of nobody."""
    count = 0
    for _, goes_out in kit.outgoing():
        for update in _some_updates(kit.name):
            asked, receipt = _delivered(kit, goes_out, update)
            if not is_valid(goes_out.schema, goes_out.root, asked.body):
                raise Unfit(
                    f"What from_plan writes of {len(update.disclosed)} elements is not valid by its contract.",
                    "Correct from_plan, or widen the contract: other authorities' words have no limits.",
                )
            if any(secret in asked.path for secret in _SECRETS):
                raise Unfit("The address of a delivery tells of a person.", "Put nothing but the plan's id into it.")
            if str(_SEQUENCE) not in asked.body.decode("utf-8", "replace") + str(asked.headers):
                raise Unfit("The recipient is not told the sequence.", "Send it: a recipient drops lower ones.")
            if receipt is not ReceiptStatus.TAKEN_IN:
                raise Unfit("The answer of the sheet is not read as a receipt.", "Correct send, or [out.answer].")
            count += 1
    return f"{count} updates are valid on the wire" if count else "nothing goes out by this contract"


@dataclass(frozen=True, slots=True)
class _Outcome:
    """How a system behaves, and which errors of the port say so."""

    name: str
    behaviour: Behaviour
    may_raise: tuple[type[HubError], ...]


def outcomes(kit: Kit) -> str:
    """Each way in which a recipient's system may answer becomes the right error of the port, in time and in silence."""
    count = 0
    for _, goes_out in kit.outgoing():
        for outcome in _outcomes(goes_out):
            with a_system(outcome.behaviour) as system:
                _check_outcome(kit, goes_out, system.url, outcome)
            count += 1
        nobody = _Outcome("nobody listens", Behaviour(), (RecipientDown,))
        _check_outcome(kit, goes_out, a_closed_address(), nobody)
        _check_redirect(kit, goes_out)
        count += 2
    return f"{count} ways to answer become the right error" if count else "nothing goes out by this contract"


def settings(kit: Kit) -> str:
    """Settings that cannot be used are refused at the start, by name and never by value."""
    reaching = next((goes_out.reaching(a_closed_address()) for _, goes_out in kit.outgoing()), {})
    bad: list[dict[str, Any]] = [{"no_such_setting": CANARY}, *({name: [CANARY]} for name in reaching)]
    bad += [{"url": f"ftp://{CANARY}.example"}, {"url": f"http://{CANARY}.example"}] if "url" in reaching else []
    for wrong in bad:
        (name,) = wrong
        _, error = tried(lambda: kit.make({**reaching, **wrong}))  # noqa: B023
        if not isinstance(error, SettingsRefused):
            raise Unfit(
                f"A wrong {name} is not refused ({type(error).__name__ if error else 'taken'}).",
                "Raise SettingsRefused with a Fault for authorities.<name>.<setting>; plain http is for this machine.",
            )
        if not error.faults or not all(fault.field.startswith(f"authorities.{kit.name}") for fault in error.faults):
            raise Unfit(f"A wrong {name} is refused without its place.", f"Name authorities.{kit.name}.{name}.")
        if CANARY in error.diagnostics():
            raise Unfit(f"The refusal of a wrong {name} repeats its value, which may be a secret.", "Name it only.")
    return f"{len(bad)} wrong settings are refused"


def _outcomes(goes_out: Outgoing) -> Iterator[_Outcome]:
    page = b"<html>" + CANARY.encode()
    failed = (RecipientFailed,)
    for status in (400, 403, 409, 422):
        yield _Outcome(f"{status}", Behaviour(status, page, "text/html"), (RecipientRefused,))
    yield _Outcome("500", Behaviour(500, page, "text/html"), failed)
    for status in (401, 503):
        yield _Outcome(f"{status}", Behaviour(status, page, "text/html"), (RecipientDown,))
    later = {"Retry-After": str(_RETRY_AFTER)}
    yield _Outcome("429", Behaviour(429, page, "text/html", later), (RecipientDown,))
    yield _Outcome("a closed connection", Behaviour(closes=True), (RecipientDown,))
    yield _Outcome("silence", Behaviour(is_silent=True), (RecipientDown,))
    if goes_out.answer:  # a contract without a receipt cannot tell garbage from one
        yield _Outcome("garbage", Behaviour(200, page + b"\xff\x00", goes_out.answer_type), failed)
        cut = goes_out.answered(_SEQUENCE)
        yield _Outcome("half a receipt", Behaviour(200, cut[: len(cut) // 2], goes_out.answer_type), failed)
    if "{sequence}" in goes_out.answer:
        other = goes_out.answered(_SEQUENCE - 1)
        yield _Outcome("a receipt for another sequence", Behaviour(200, other, goes_out.answer_type), failed)


def _check_outcome(kit: Kit, goes_out: Outgoing, url: str, outcome: _Outcome) -> None:
    begun = monotonic()
    _, error = tried(lambda: _sent(kit, goes_out.reaching(url), an_update(kit.name)))
    if not isinstance(error, outcome.may_raise):
        wanted = " or ".join(kind.__name__ for kind in outcome.may_raise)
        raise Unfit(
            f"Answered by {outcome.name}, it gives {type(error).__name__ if error else 'a receipt'}.",
            f"Raise {wanted}.",
        )
    if monotonic() - begun > _SOON:
        raise Unfit(f"Answered by {outcome.name}, it took {monotonic() - begun:.0f} s.", "Stop after 15 s in all.")
    if isinstance(error, Unavailable) and outcome.name == "429" and error.retry_after != _RETRY_AFTER:
        raise Unfit("It does not pass on Retry-After.", "Raise RecipientDown with retry_after in seconds.")
    _check_silence(error, outcome.name)


def _check_redirect(kit: Kit, goes_out: Outgoing) -> None:
    with ExitStack() as stack:
        elsewhere = stack.enter_context(a_system(Behaviour(goes_out.answer_status, goes_out.answered(_SEQUENCE))))
        away = Behaviour(307, headers={"Location": f"{elsewhere.url}/{CANARY}"})
        system = stack.enter_context(a_system(away))
        _, error = tried(lambda: _sent(kit, goes_out.reaching(system.url), an_update(kit.name)))
        if elsewhere.asked or not isinstance(error, (Refused, Unavailable)):
            raise Unfit(
                "It follows a redirect, and so sends to whom nobody configured.", "Do not; raise RecipientFailed."
            )
        _check_silence(error, "a redirect")


def _check_silence(error: HubError | None, name: str) -> None:
    if error is not None and any(secret in error.diagnostics() for secret in _SECRETS):
        raise Unfit(f"Its error for {name} repeats what was sent or answered.", "Say the status, never a body.")


def _delivered(kit: Kit, goes_out: Outgoing, update: PlanUpdate) -> tuple[Asked, ReceiptStatus | None]:
    answer = Behaviour(goes_out.answer_status, goes_out.answered(update.sequence), goes_out.answer_type)
    with a_system(answer) as system:
        status, error = tried(lambda: _sent(kit, goes_out.reaching(system.url), update))
        if error is not None and not isinstance(error, HubError):
            raise Unfit(f"from_plan or send fails ({type(error).__name__}).", "Take any update, and any answer.")
        if len(system.asked) != 1:
            raise Unfit(f"A delivery asked their system {len(system.asked)} times.", "Send each delivery once.")
        return system.asked[0], status


def _sent(kit: Kit, settings: dict[str, Any], update: PlanUpdate) -> ReceiptStatus:
    key = DeliveryKey(update.recipient, update.plan, update.sequence)
    return kit.make(settings).send(kit.words.from_plan(update), key).status


def _some_updates(recipient: str) -> Iterator[PlanUpdate]:
    everything = an_update(recipient)
    yield everything
    yield replace(everything, disclosed=())
    yield replace(everything, withdrawn=())
    yield from (replace(everything, disclosed=(one,)) for one in everything.disclosed)


def an_update(recipient: str) -> PlanUpdate:
    """Return an update with every kind, status and label, open ends, and texts that need escaping."""
    statuses, labels = list(Status), [None, *Sensitivity]
    elements = [
        _an_element(place, kind, statuses[place % len(statuses)], labels[place % len(labels)])
        for place, kind in enumerate([*Kind, *Kind], start=1)
    ]
    return PlanUpdate(
        plan=_PLAN,
        recipient=recipient,
        person=Identifier(CPR, _NUMBER),
        sequence=_SEQUENCE,
        correlation_id="c-20260329-1",
        made_at=_NOON,
        disclosed=tuple(Disclosed(element, "b64:mJ8f", "Borgeren har sagt ja.") for element in elements),
        withdrawn=(UUID(int=4711),),
    )


def _an_element(place: int, kind: Kind, status: Status, label: Sensitivity | None) -> Element:
    text = _TEXTS[place % len(_TEXTS)]
    start, end = (_NOON, None)[place % 2], (None, _NOON + timedelta(days=400))[place // 2 % 2]
    return Element(
        id=UUID(int=place),
        kind=kind,
        category=(Category.GOALS, None, CANARY)[place % 3],
        label=label,
        status=status,
        title=_TEXTS[1],
        text=text,
        valid=Period(start, end),
        codes=(Code("https://data.gov.dk/id/classification/KLE", "27.24.00"), Code(text, text, text))[: place % 3],
        part_of=UUID(int=1) if place % 2 else None,
        concerns=frozenset(),
        details={"place": text, "phone": CANARY, CANARY: text} if place % 2 else {},
        provenance=Provenance("another", "System 1", "C1", "m", "another/v1"),
        order=OrderKey(1, _NOON, "m"),
        registered_at=_NOON,
    )
