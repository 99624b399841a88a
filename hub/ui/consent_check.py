"""The page that checks: what an answer would do, before and after, told from the simulation; and what goes on anyway.

What opens and closes is a function of permissions; what is in the plan now is named as far as its reader sees it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from hub.consent.consent import Consent, ConsentKind, Effect, names
from hub.consent.decision import Reason
from hub.consent.matrix import Reach, Seat
from hub.consent.reader import ONE_PLAN
from hub.consent.simulate import About, Shift
from hub.flow.offers import Offers
from hub.flow.show import Shown
from hub.flow.simulated import Delivery, Simulated
from hub.flow.who_can_see import WhoCanSee
from hub.plan.element import Sensitivity
from hub.plan.person import Role
from hub.ui.choice_form import GIVE, NARROW, REFUSE, WITHDRAW, Answered
from hub.ui.consent_cards import until, word_of
from hub.ui.spoken import Say, spoken
from hub.ui.words import known_word

#: How far somebody sees: up to which step in part, whole, and with how much left out.
Rank = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Line:
    """One category, before and after."""

    what: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Affected:
    """One recipient, and what it sees before and after.

    :ivar gains: elements that are in the plan now and that it would see, in words; ``loses`` likewise.
    :ivar sends: what the hub would send it next.
    """

    name: str
    lines: tuple[Line, ...]
    gains: tuple[str, ...]
    loses: tuple[str, ...]
    sends: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GoesOn:
    """What a recipient sees afterwards anyway, and on what ground."""

    who: str
    what: str
    why: str


@dataclass(frozen=True, slots=True)
class CheckPage:
    """All that the template shows.

    :ivar fields: the answer, when it was tried out, and the mark, for the form that confirms.
    """

    plan: str
    whose: str
    is_parent: bool
    title: str
    sentence: str
    until: str
    affected: tuple[Affected, ...]
    goes_on: tuple[GoesOn, ...]
    lacks: tuple[str, ...]
    confirm: str
    refrain: str
    fields: tuple[tuple[str, str], ...]


def check_page(
    offers: Offers, answered: Answered, found: Simulated, now: WhoCanSee | None, shown: Shown | None, language: str
) -> CheckPage:
    """Return the page in ``da`` or ``en``.

    :param now: who sees what as it is; None for a holder of custody.
    :param shown: the plan as the reader sees it, for the titles; None likewise.
    """
    say = spoken(language, is_young=offers.is_young)
    consent = found.consent
    if consent is None:
        raise AssertionError("only a policy is simulated without a consent")
    titles = {one.element.id: one.element.title for one in shown.view.seen} if shown else {}
    told = _Told(say, language, titles)
    kind = f"{answered.kind}.no" if answered.kind == WITHDRAW and consent.effect is Effect.DENY else answered.kind
    is_last = answered.kind in (GIVE, NARROW)
    return CheckPage(
        plan=str(offers.plan),
        whose=offers.child,
        is_parent=offers.is_parent,
        title=say(f"check.title.{kind}"),
        sentence=word_of(consent, say, language),
        until=until(consent, say, language) if is_last or answered.kind == REFUSE else "",
        affected=tuple(told.affected(found.shifts, found.deliveries, now)),
        goes_on=tuple(told.goes_on(now, found.shifts, consent)) if now else (),
        lacks=tuple(say(f"lack.{lack}") for lack in sorted(found.lacking)),
        confirm=say(f"check.confirm.{kind}"),
        refrain=say("check.refrain"),
        fields=(*answered.fields(), ("at", found.at.isoformat()), ("mark", found.mark)),
    )


@dataclass(frozen=True, slots=True)
class _Told:
    """Says what changes."""

    say: Say
    language: str
    titles: Mapping[UUID, str]

    def affected(
        self, shifts: Sequence[Shift], deliveries: Sequence[Delivery], now: WhoCanSee | None
    ) -> Iterator[Affected]:
        """Yield the recipients for whom anything changes, each once, whichever way it comes to see it."""
        sent = {one.recipient: one for one in deliveries}
        for name in sorted({shift.seat.organisation for shift in shifts}, key=self._who):
            own = [shift for shift in shifts if shift.seat.organisation == name]
            opened = {one.about for shift in own for one in shift.parts if one.opened}
            closed = {one.about for shift in own for one in shift.parts if one.closed}
            yield Affected(
                self._who(name),
                tuple(self._lines(name, own, now)),
                tuple(self._elements({one for shift in own for one in shift.gained} | opened)),
                tuple(self._elements({one for shift in own for one in shift.lost} | closed)),
                tuple(self._sends(sent.get(name))),
            )

    def goes_on(self, now: WhoCanSee, shifts: Sequence[Shift], consent: Consent) -> Iterator[GoesOn]:
        """Yield what the recipients of a consent see afterwards, by the ground on which they do."""
        after = {
            (shift.seat, cell.category, source): cell
            for shift in shifts
            for cell in shift.cells
            for source in [cell.source]
        }
        together: dict[tuple[str, str], set[str]] = {}
        for row in now.rows:
            seat = row.row.seat
            if seat.purpose != ONE_PLAN or not _is_named(consent, seat.organisation):
                continue
            for told in row.cells:
                for source in told.cell.sources:
                    shift = after.get((seat, told.cell.category, source))
                    is_seen = told.cell.in_part_up_to is not None and (shift is None or shift.after[1] is not None)
                    why = (shift.why if shift else None) or told.cell.why
                    if is_seen and why.permits and why.reason is not Reason.OWN:
                        key = self._who(seat.organisation), self.say(f"ground.{why.reason}")
                        together.setdefault(key, set()).add(known_word("category", told.cell.category, self.language))
        for (who, ground), what in sorted(together.items()):
            yield GoesOn(who, ", ".join(sorted(what)), ground)

    def _lines(self, name: str, shifts: Iterable[Shift], now: WhoCanSee | None) -> Iterator[Line]:
        """Yield each category that changes with the most that the recipient sees of it before, and afterwards."""
        was = {} if now is None else _reaches(name, now)
        cells = {(shift.seat, cell.category, cell.source): cell for shift in shifts for cell in shift.cells}
        will_be = was | {where: _rank(cell.after) for where, cell in cells.items()}
        was |= {where: _rank(cell.before) for where, cell in cells.items()}
        found = []
        for category in {category for _, category, _ in cells}:
            before, after = (
                _extent(max(rank for (_, about, _), rank in ranks.items() if about == category))
                for ranks in (was, will_be)
            )
            moved = [(was[where], will_be[where]) for where in cells if where[1] == category]
            is_more, is_less = any(new > old for old, new in moved), any(new < old for old, new in moved)
            if before == after:
                after = "check.otherwise" if is_more and is_less else "check.more" if is_more else "check.less"
            found.append(Line(known_word("category", category, self.language), self.say(before), self.say(after)))
        yield from sorted(found, key=lambda line: line.what)

    def _elements(self, found: Iterable[About]) -> Iterator[str]:
        for one in sorted(found):
            kind, title = self.say(f"kind.{one.kind}"), self.titles.get(one.element, "")
            yield f"{kind}: {title}" if title else kind

    def _sends(self, delivery: Delivery | None) -> Iterator[str]:
        if delivery and delivery.additions:
            yield self.say("check.sends_one" if delivery.additions == 1 else "check.sends", count=delivery.additions)
        if delivery and delivery.withdrawals:
            key = "check.deletes_one" if delivery.withdrawals == 1 else "check.deletes"
            yield self.say(key, count=delivery.withdrawals)

    def _who(self, name: str) -> str:
        if name == Role.CITIZEN:
            return self.say("check.you")
        return known_word("authority", name, self.language)


def _reaches(name: str, now: WhoCanSee) -> dict[tuple[Seat, str, str], Rank]:
    """Return how far somebody sees what others have written, by seat, category and source."""
    return {
        (row.row.seat, told.cell.category, source): _rank(told.cell.reach)
        for row in now.rows
        if row.row.seat.organisation == name
        for told in row.cells
        if told.cell.why.reason is not Reason.OWN
        for source in told.cell.sources
    }


def _is_named(consent: Consent, organisation: str) -> bool:
    return consent.kind is ConsentKind.ONE_PLAN or names(consent.scope.recipients, organisation)


def _rank(reach: Reach) -> Rank:
    """Return how far somebody sees, in an order."""
    whole, in_part, left_out = reach
    return (-1 if in_part is None else in_part, -1 if whole is None else whole, -len(left_out))


def _extent(rank: Rank) -> str:
    in_part, whole, _ = rank
    if in_part < 0:
        return "who.none"
    return "who.all" if whole == in_part == max(Sensitivity) else "who.some"
