"""What a folder's sender is told of each file, as ``contracts/hub/v1/receipt.xsd`` describes it.

    receipts/<SHA-256 of the file's bytes, in hexadecimal>.xml

The sender knows the name beforehand, and nothing personal is in it. A file that comes again is answered again, with the
same receipt in the place of the first.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from lxml import etree

from hub.authority import Acknowledgement
from hub.clock import monotonic, new_id, now
from hub.errors import HubError

NAMESPACE = "urn:one-plan-hub:receipt:1"
Field = tuple[str, str | list[tuple[str, str]]]
_CLEARED_EVERY = 3_600.0  # seconds
_UNFINISHED = ".unfinished"
_LEFT_BEHIND = timedelta(hours=1)  # nobody writes so long


class FolderReceipts:
    """The receipts of one drop folder."""

    def __init__(self, folder: Path, keep: timedelta) -> None:
        """Write into ``folder``, and clear what is older than ``keep``."""
        self.folder = folder
        self._keep = keep
        self._cleared_at: float | None = None

    def taken_in(self, digest: bytes, receipt: Acknowledgement) -> None:
        """Say, durably, that a file is taken in, and which of its parts are not."""
        skipped = [
            ("Sprunget", [("Position", str(one["position"])), ("Aarsag", one["code"])])
            for one in receipt.outcome.get("skipped", ())
        ]
        self._write(
            digest,
            "Kvittering",
            [
                ("KvitteringId", str(receipt.receipt)),
                ("Modtaget", receipt.received_at.isoformat()),
                ("KorrelationId", receipt.correlation_id),
                ("Optaget", str(receipt.outcome.get("taken_in", 0))),
                *skipped,
            ],
        )

    def refused(self, digest: bytes, file: str, error: HubError, correlation_id: str) -> None:
        """Say, durably, that a file is refused, why, and what to do."""
        faults = [
            (
                "Fejl",
                [("Felt", fault.field), ("Beskrivelse", fault.sentence), *_filled("NaesteSkridt", fault.next_step)],
            )
            for fault in error.faults
        ]
        self._write(
            digest,
            "Afvisning",
            [
                ("AfvisningId", file),
                ("Afvist", now().isoformat()),
                ("KorrelationId", correlation_id),
                ("Aarsag", error.code),
                ("Beskrivelse", error.sentence),
                *_filled("NaesteSkridt", error.next_step),
                *faults,
            ],
        )

    def clear(self) -> None:
        """Delete receipts that have been there for long enough; looks at most once an hour."""
        if self._cleared_at is not None and monotonic() - self._cleared_at < _CLEARED_EVERY:
            return
        self._cleared_at = monotonic()
        clear(self.folder, self._keep)

    def _write(self, digest: bytes, name: str, fields: Iterable[Field]) -> None:
        root = etree.Element(f"{{{NAMESPACE}}}{name}", nsmap={None: NAMESPACE})  # type: ignore[dict-item]  # stub's str
        _add(root, fields)
        write(
            self.folder / f"{digest.hex()}.xml",
            etree.tostring(root, xml_declaration=True, encoding="utf-8", pretty_print=True),
        )


def _filled(name: str, text: str) -> list[tuple[str, str]]:
    return [(name, text)] if text else []


def _add(parent: etree._Element, fields: Iterable[Field]) -> None:
    for name, content in fields:
        child = etree.SubElement(parent, f"{{{NAMESPACE}}}{name}")
        if isinstance(content, str):
            child.text = content
        else:
            _add(child, content)


def write(path: Path, content: bytes) -> None:
    """Write a file so that it is whole on the disk, or not there; one of its name is replaced in one step."""
    unfinished = path.with_name(f".{new_id().hex}{_UNFINISHED}")
    with unfinished.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(path)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def clear(folder: Path, keep: timedelta) -> None:
    """Delete files that are older than ``keep``, and those that a crash left half-written."""
    at = now().timestamp()
    with os.scandir(folder) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):
                if entry.is_file() and _is_over(entry, at, keep):
                    os.unlink(entry.path)


def _is_over(entry: os.DirEntry[str], at: float, keep: timedelta) -> bool:
    if entry.name.endswith(_UNFINISHED):  # what is wrapped anew has the age of what it replaces: its writing counts
        return at - entry.stat().st_ctime > _LEFT_BEHIND.total_seconds()
    return at - entry.stat().st_mtime > keep.total_seconds()
