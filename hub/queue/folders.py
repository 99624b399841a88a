"""One claimed file of a drop folder: taken in, refused and sealed, or left to wait. Whoever looks asks here.

The jobs of a running hub look into the folders, and so does ``hub intake``.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import structlog

from hub.authority import Acknowledgement, Authorities, ClaimedFile, Drops
from hub.clock import new_id
from hub.crypto.envelope import Keyring, version_of
from hub.errors import HubError, Refused, Unavailable, told
from hub.flow.accept import accept
from hub.queue.worker import outcome_of
from hub.store.inbox import Receipt
from hub.store.transaction import Store

_log = structlog.get_logger()


def refused_place(authority: str) -> str:
    """Return the place for which refused files of an authority are sealed (:meth:`Keyring.unseal_alone`)."""
    return f"refused|{authority}"


def take_file(file: ClaimedFile, authority: str, store: Store, authorities: Authorities) -> Receipt | HubError:
    """Take one file in, or put it in the refused place; return the receipt, or why not.

    :raises Unavailable: it waits on.
    """
    parcel = replace(file.parcel, correlation_id=str(new_id()))
    outcome = outcome_of(lambda: accept(parcel, store, authorities))
    if isinstance(outcome, Unavailable):
        raise outcome
    if isinstance(outcome, Receipt):
        file.taken_in(
            Acknowledgement(
                outcome.id, outcome.received_at, outcome.correlation_id, outcome.is_repeat, dict(outcome.outcome)
            )
        )
        return outcome
    if not isinstance(outcome, Refused):  # a bug of ours: set aside, or it would be claimed again and again
        _log.error("file-failed", authority=authority, correlation_id=parcel.correlation_id, **told(outcome))
        outcome = HubError("The hub could not take this file in, and the file is not to blame.")
    sealed = store.keyring.seal_alone(parcel.body, refused_place(authority))
    file.refused(outcome, sealed, parcel.correlation_id)
    return outcome


def refused_files(authorities: Authorities) -> Iterator[tuple[Path, str]]:
    """Yield every refused file that lies sealed, and whose it is."""
    for name, authority in authorities.items():
        folder = authority.adapter.folder if isinstance(authority.adapter, Drops) else None
        for file in sorted((folder / "refused").glob("*.sealed")) if folder else ():
            yield file, name


def rewrap_file(file: Path, authority: str, keyring: Keyring) -> bool:
    """Have a refused file's key wrapped by the master key in use; tell whether it was not. It stays whose it was.

    :raises SettingsRefused: the master key that wrapped it is not set.
    :raises Tampered: the file was changed, or is another authority's.
    :raises FileNotFoundError: a running hub has cleared it since it was listed.
    """
    with file.open("rb") as before:  # held open, so that its stat outlives a hub that clears the folder meanwhile
        sealed = before.read()
        if version_of(sealed) == keyring.in_use:
            return False
        wrapped = keyring.rewrap(sealed, refused_place(authority))
        # A new file under a name that nobody can foresee, and all by its descriptor: root works in the hub's own
        # folder, where a link that lay there instead would have it give another file away.
        anew = file.with_name(f".{new_id().hex}.unfinished")
        with anew.open("xb") as out:
            out.write(wrapped)
            out.flush()
            was = os.fstat(before.fileno())
            with suppress(PermissionError):  # only root can; and what root has wrapped anew the hub itself must read
                os.fchown(out.fileno(), was.st_uid, was.st_gid)
            # All that it calls takes a descriptor on Linux.
            shutil.copystat(before.fileno(), out.fileno())  # type: ignore[arg-type]
            os.fsync(out.fileno())
    anew.rename(file)
    return True
