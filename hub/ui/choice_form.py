"""A citizen's answer as a form carries it: read strictly, and never filled in. What is missing or unknown is no answer.

The same fields go from the page that asks to the page that checks and from there to where it is written down, so that
each of them says the whole of what is chosen and none remembers anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID

from hub.clock import new_id
from hub.consent.consent import EVERY, Capacity, Consent, ConsentKind, Effect, Grant, Scope
from hub.consent.reader import ONE_PLAN
from hub.errors import InvalidRequest
from hub.flow.choose import AsShown
from hub.flow.offers import Offers
from hub.flow.simulated import Choice, ToGive, ToNarrow, ToWithdraw
from hub.plan.danish_time import LOCAL, months_later
from hub.plan.element import Period, Sensitivity

#: Which wording the citizen was shown; it is kept with what they say. Raise it when a page of consents says otherwise.
TEXT_VERSION = "pages-1"
GIVE, REFUSE, NARROW, WITHDRAW = "give", "refuse", "narrow", "withdraw"
KEEP = "keep"
_BOX, _ON = "category-", "yes"
_MONTHS = (1, 3, 6, 12)
_NOBODY_YET = UUID(int=0)
_MARK = re.compile(r"[0-9a-f]{64}")
_SENSITIVE = Sensitivity.FOELSOMME_PERSONOPLYSNINGER
_UNREADABLE = "The form lacks something, or holds what it was not made with."


@dataclass(frozen=True, slots=True)
class Answered:
    """What somebody has chosen on a page.

    :ivar end: the first day on which it holds no more; None: as it was, or for good.
    :ivar version: of the consent that is changed, as it was shown.
    :ivar request: the question to which it is the answer.
    """

    kind: str
    recipient: str = ""
    categories: frozenset[str] = frozenset()
    is_sensitive: bool = False
    end: date | None = None
    consent: UUID | None = None
    version: int = 0
    request: UUID | None = None

    def fields(self) -> Iterator[tuple[str, str]]:
        """Yield the fields that say the same in the next form."""
        told = {
            "kind": self.kind,
            "recipient": self.recipient,
            "sensitive": _ON if self.is_sensitive else "",
            "end": self.end.isoformat() if self.end else KEEP,
            "consent": str(self.consent or ""),
            "version": str(self.version or ""),
            "request": str(self.request or ""),
        }
        yield from ((name, value) for name, value in told.items() if value)
        yield from ((_BOX + category, _ON) for category in sorted(self.categories))

    def wanted(self, plan: UUID, at: datetime, language: str) -> Choice:
        """Return what is to be tried out, or said in earnest."""
        end = datetime.combine(self.end, time(), LOCAL) if self.end else None
        how = Grant(_NOBODY_YET, Capacity.SELF, at, text_version=TEXT_VERSION, language=language, channel="page")
        if self.kind == WITHDRAW and self.consent:
            return ToWithdraw(self.consent)
        if self.kind == NARROW and self.consent:
            return ToNarrow(self.consent, self.version, self.categories, end, how)
        effect = Effect.DENY if self.kind == REFUSE else Effect.PERMIT
        label = _SENSITIVE if self.is_sensitive else Sensitivity.FORTROLIGE_PERSONOPLYSNINGER
        scope = Scope(
            sources=frozenset({EVERY}),
            recipients=frozenset({self.recipient}),
            purposes=frozenset({ONE_PLAN}),
            categories=frozenset({EVERY}) if effect is Effect.DENY else self.categories,
            label=min(Sensitivity) if effect is Effect.DENY else label,
        )
        period = Period(at, None if effect is Effect.DENY else end)
        said = Consent(new_id(), 1, ConsentKind.SHARING, _NOBODY_YET, (how,), period, effect=effect, scope=scope)
        return ToGive(said, plan)


def choices_of_months(most: int) -> Sequence[int]:
    """Return for how many months somebody may say yes. :param most: the municipality's longest."""
    return sorted({*(one for one in _MONTHS if one < most and one > 1), min(most, max(_MONTHS))})


def shorter_months(end: datetime | None, at: datetime) -> Sequence[int]:
    """Return to how many months from now a yes may be cut that ends then."""
    return [one for one in _MONTHS[:-1] if end is None or _after(one, at) < end.astimezone(LOCAL).date()]


def read_answer(form: Mapping[str, str], offers: Offers, most: int, at: datetime) -> Answered:
    """Read a form. What it may name is what is offered.

    :param most: months for which a yes may hold.
    :raises InvalidRequest: something is missing, unknown or of another form.
    """
    kind = form.get("kind", "")
    if kind == WITHDRAW:
        return Answered(kind, consent=_id(form, "consent"))
    named = frozenset(name.removeprefix(_BOX) for name, value in form.items() if name.startswith(_BOX) and value == _ON)
    if kind == NARROW:
        version = form.get("version", "")
        if not version.isdecimal() or len(version) > 6:
            raise InvalidRequest(_UNREADABLE)
        return Answered(kind, "", named, False, _end(form, None, at), _id(form, "consent"), int(version))
    recipient = form.get("recipient", "")
    offer = next((one for one in offers.recipients if one.recipient == recipient), None)
    if offer is None or kind not in (GIVE, REFUSE):
        raise InvalidRequest(_UNREADABLE)
    if kind == REFUSE:
        return Answered(kind, recipient)
    is_sensitive = form.get("sensitive") == _ON
    may_be_sensitive = any(offer.categories.get(one, 0) >= _SENSITIVE for one in named)
    if not named or not named <= offer.categories.keys() or (is_sensitive and not may_be_sensitive):
        raise InvalidRequest(_UNREADABLE)
    request = _id(form, "request") if form.get("request") else None
    return Answered(kind, recipient, named, is_sensitive, _end(form, most, at), request=request)


def read_shown(form: Mapping[str, str]) -> AsShown:
    """Read what the page that checks has sent back. :raises InvalidRequest: it is not as that page was made."""
    try:
        at = datetime.fromisoformat(form.get("at", ""))
    except ValueError:
        raise InvalidRequest(_UNREADABLE) from None
    mark = form.get("mark", "")
    if at.tzinfo is None or not _MARK.fullmatch(mark):
        raise InvalidRequest(_UNREADABLE)
    return AsShown(at, mark)


def _id(form: Mapping[str, str], name: str) -> UUID:
    try:
        return UUID(form.get(name, ""))
    except ValueError:
        raise InvalidRequest(_UNREADABLE) from None


def _end(form: Mapping[str, str], most: int | None, at: datetime) -> date | None:
    """Read until when: a day, or so many months from now; ``keep`` where there is an end already.

    :param most: months for which it may hold; None where it may only be cut.
    """
    end, months = form.get("end", ""), form.get("months", "")
    if most is None and KEEP in (end, months):
        return None
    if months.isdecimal() and len(months) < 4 and int(months) > 0:
        found = _after(int(months), at)
    else:
        try:
            found = date.fromisoformat(end)
        except ValueError:
            raise InvalidRequest(_UNREADABLE) from None
    if not at.astimezone(LOCAL).date() < found <= _after(most or max(_MONTHS), at):
        raise InvalidRequest(_UNREADABLE)
    return found


def _after(months: int, at: datetime) -> date:
    return months_later(at.astimezone(LOCAL).date(), months)
