"""Which dead letters have one cause: they look alike once ids, numbers, times and quoted values are left out."""

from __future__ import annotations

import re
from hashlib import sha256

#: What differs from one failure to the next of the same kind, and what stands for it; the first that fits is taken.
_DIFFERS = (
    (re.compile(r"\"[^\"]*\"|«[^»]*»|“[^”]*”|(?<!\w)'[^']*'(?!\w)"), "<value>"),
    (re.compile(r"\b[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}\b", re.IGNORECASE), "<id>"),
    (re.compile(r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?"), "<time>"),
    (re.compile(r"\b\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?\b"), "<time>"),
    (re.compile(r"\b(?=[0-9a-f]*\d)(?=\d*[a-f])[0-9a-f]{8,}\b", re.IGNORECASE), "<id>"),
    (re.compile(r"\d[\d.,]*(?<![.,])"), "<number>"),
)


def normalised(text: str) -> str:
    """Return what a text says whomever it is about, in small letters and single blanks."""
    for differs, instead in _DIFFERS:
        text = differs.sub(instead, text)
    return " ".join(text.casefold().split())


def group_of(cause: str, recipient: str, kind: str, note: str) -> str:
    """Return the id of the group that a dead letter belongs to: 12 hex digits, the same in every process and version.

    :param cause: a word of :class:`hub.flow.dead_causes.Cause`.
    :param kind: the code of the error that ended it, such as ``recipient-refused``.
    :param note: the sentence that was written down with it.
    """
    named = "\x1f".join((cause, recipient, kind, normalised(note)))
    return sha256(named.encode()).hexdigest()[:12]
