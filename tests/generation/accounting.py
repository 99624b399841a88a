"""Is every leaf of a document accounted for? By the ledger, and for a mapped leaf by what the contributions say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hub.authority import Fate
from hub.plan.contribution import Contribution
from hub.plan.element import Draft, Sensitivity
from tests.generation.contract import Node, Sort
from tests.generation.making import PAIRS
from tests.generation.senders import Sender, Way

_DENMARK = ZoneInfo("Europe/Copenhagen")
#: Names of what ends something.
_LASTS = {last for _, last in PAIRS} | {"Frist"}


def unaccounted(sender: Sender, root: Node, contributions: Sequence[Contribution]) -> list[str]:
    """Return the ledger paths of leaves that have no fate, or are mapped and told of nowhere."""
    fates = {entry.path: entry.fate for entry in sender.authority.mapping.ledger(sender.contract)}
    lost = []
    for way in root.leaves():
        path = sender.ledger_path(way)
        if path not in fates or (fates[path] is Fate.MAPPED and not _is_told(sender, way, contributions)):
            lost.append(path)
    return lost


def _is_told(sender: Sender, way: Way, contributions: Sequence[Contribution]) -> bool:
    node = way[-1]
    if not node.text.strip() or sender.skips(way) or f"{way[-2].field.name}.{node.field.name}" in sender.translated:
        return True
    ids = sender.source_ids(way)
    for contribution in sender.told_by(way, list(contributions)):
        drafts = [draft for draft in contribution.drafts if not ids or draft.source_id in ids]
        told = _Told(contribution, drafts, is_item=bool(ids), raises_labels=sender.raises_labels)
        if (drafts or not ids) and told.tells(node):
            return True
    return False


class _Told:
    """What a contribution says of the case, or some of its drafts of an item."""

    def __init__(
        self, contribution: Contribution, drafts: Sequence[Draft], *, is_item: bool, raises_labels: bool
    ) -> None:
        self._contribution, self._drafts = contribution, drafts
        self._is_item, self._raises_labels = is_item, raises_labels

    def tells(self, node: Node) -> bool:
        value = node.field.value
        assert value is not None
        text = " ".join(node.text.split())
        if value.words:
            return text not in Sensitivity.__members__ or self._has_label(Sensitivity[text])
        match value.sort:
            case Sort.NUMBER:
                return "".join(each for each in text if each.isdigit()) in set(self._numbers())
            case Sort.DAY:
                return _edge_of(date.fromisoformat(text[:10]), node.field.name) in set(self._moments(node.field.name))
            case Sort.INSTANT:
                return datetime.fromisoformat(text).astimezone(UTC) in set(self._moments(node.field.name))
            case Sort.FLAG:
                return ("yes" if text in ("true", "1") else "no") in set(self._flags())
            case Sort.WHOLE:
                return str(int(text)) in set(self._texts())
        texts = [" ".join(told.split()) for told in self._texts()]
        return any(text in told or text.lower() in told for told in texts)

    def _numbers(self) -> Iterator[str]:
        yield from (each.value for each in self._contribution.person.identifiers)
        for draft in self._drafts:
            yield from (each.value for each in draft.concerns)

    def _has_label(self, label: Sensitivity) -> bool:
        """Tell whether a draft has it; of a contract that raises labels, or a higher one."""
        labels = [draft.label for draft in self._drafts if draft.label]
        return label in labels or (self._raises_labels and any(label < one for one in labels))

    def _moments(self, name: str) -> Iterator[datetime | None]:
        if not self._is_item:
            yield self._contribution.order.changed_at
        for draft in self._drafts:
            yield draft.valid.end if name in _LASTS else draft.valid.start

    def _flags(self) -> Iterator[str]:
        if not self._is_item:
            yield "yes" if self._contribution.person.has_protected_address else "no"
        for draft in self._drafts:
            yield from draft.details.values()

    def _texts(self) -> Iterator[str]:
        contribution = self._contribution
        if not self._is_item:
            yield from (contribution.case, contribution.source_system, contribution.message_id)
            yield from (contribution.person.name, str(contribution.order.version))
        for draft in self._drafts:
            yield from (draft.source_id, draft.title, draft.text, draft.part_of or "", draft.category or "")
            yield from draft.details.values()
            for code in draft.codes:
                yield from (code.code, code.text)


def _edge_of(day: date, name: str) -> datetime:
    """Return when a Danish day begins; of a last day, which counts whole, when the next one does."""
    first = day + timedelta(days=1) if name in _LASTS else day
    return datetime.combine(first, time(), _DENMARK).astimezone(UTC)
