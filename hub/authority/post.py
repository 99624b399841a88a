"""THE PORT OF LETTERS: what the hub asks of whoever brings a letter to a citizen, such as Digital Post.

    post = load_post({"url": …, "token": …, "sender_cvr": …, "sender_name": …})     # None when nothing is configured
    handed = post.send(letter)            # one letter, however often it is sent with the same key

A letter is composed as it is sent and kept nowhere; it says that there is something to see, and not what.
"""

from __future__ import annotations

from collections.abc import Mapping as Dict
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from importlib.metadata import entry_points
from typing import Any, Protocol
from uuid import UUID

from hub.authority.documents import Parcel
from hub.errors import Fault, SettingsRefused
from hub.plan.identifier import Identifier

POSTS = "hub.posts"
#: The setting that names the entry point, and the one that is taken where it is missing.
KIND, USUAL = "kind", "digital-post"


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter to one person.

    :ivar key: the same for every repeat, by which the post knows one.
    :ivar to: the person's CPR number.
    :ivar made_at: when it was made due; the same for every repeat.
    """

    key: UUID
    to: Identifier = field(repr=False)
    subject: str
    text: str
    made_at: datetime


class Fate(StrEnum):
    """What the post says of a letter."""

    TAKEN_ON = "taken-on"  # the post has it
    DELIVERED = "delivered"  # it lies in the citizen's box, and so has come forward (digitalpostloven § 10)
    RETURNED = "returned"  # it will not arrive this way: the citizen is not registered, or something else is in the way


@dataclass(frozen=True, slots=True)
class LetterReceipt:
    """The post's word about one letter.

    :ivar reference: the post's own id of it; "" where it gave none.
    :ivar code: why it was returned; a code of the post's, and never its words, which may tell of the citizen.
    """

    key: UUID
    fate: Fate
    reference: str = ""
    code: str = ""


class Posts(Protocol):
    """Brings letters to citizens. Made with its own settings; raises SettingsRefused on bad ones."""

    #: By which its breaker goes, operators hold it, and its own system comes in with receipts.
    name: str

    def send(self, letter: Letter) -> LetterReceipt:
        """Hand one letter over; connect ≤ 3 s, read ≤ 10 s, total ≤ 15 s.

        :raises RecipientDown: the post does not answer.
        :raises RecipientFailed: it failed on this letter.
        :raises RecipientRefused: it will not talk to the hub, such as for want of rights.
        """
        ...

    def receipt(self, parcel: Parcel) -> LetterReceipt | None:
        """Read what the post tells later of a letter; None for news that changes nothing.

        :raises ContractViolation: naming each field, never a value.
        """
        ...


def load_post(settings: Dict[str, Any]) -> Posts | None:
    """Return the configured post, by entry-point name; None when nothing is configured.

    :raises SettingsRefused: there is no such post, or its settings are wrong.
    """
    if not settings:
        return None
    kind, own = settings.get(KIND, USUAL), {name: value for name, value in settings.items() if name != KIND}
    found = {point.name: point for point in entry_points(group=POSTS)}
    if kind not in found:
        raise SettingsRefused(
            "The post cannot be joined.", faults=[Fault(f"post.{KIND}", f"No installed package has it in {POSTS}.")]
        )
    made: Posts = found[kind].load()(own)
    return made
