"""Ask a source again only for what has changed: its last answers are kept beside their ETags (RFC 9110, 13.1.2).

    kept = KeptAnswers(source)
    kept.get("/api/sager/…", {"Accept": "application/json"})    # the same answer, whether it came again or was kept

An event and a poll often name the same version of a case; the second time nothing crosses the wire. A kept answer is
never used without asking, and lives in memory alone.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping

from hub.adapters._http import Answer, HttpSender

_NOT_MODIFIED = 304
_MOST_TAG = 1_000  # characters
_MOST, _MOST_BYTES = 64, 100_000  # answers, and bytes of each: six megabytes at most for a source


class KeptAnswers:
    """The last answers of one source. Safe to share between threads."""

    def __init__(self, source: HttpSender) -> None:
        """Keep answers of a source; none yet."""
        self._source = source
        self._answers: OrderedDict[str, Answer] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, path: str, headers: Mapping[str, str]) -> Answer:
        """Ask for a document. :raises HubError: as the sender's ``request`` does."""
        with self._lock:
            known = self._answers.get(path)
        if known is None:
            return self._keep(path, self._source.request("GET", path, headers=headers))
        asked = {**headers, "If-None-Match": known.headers["etag"]}
        answer = self._source.request("GET", path, headers=asked, reads=(_NOT_MODIFIED,))
        return known if answer.status == _NOT_MODIFIED else self._keep(path, answer)

    def forget(self, path: str) -> None:
        """Forget an answer, such as one that was of no use: mended at the source, it may have the same ETag."""
        with self._lock:
            self._answers.pop(path, None)

    def _keep(self, path: str, answer: Answer) -> Answer:
        with self._lock:
            self._answers.pop(path, None)
            if _can_be_sent(answer.headers.get("etag", "")) and len(answer.body) <= _MOST_BYTES:
                self._answers[path] = answer
                if len(self._answers) > _MOST:
                    self._answers.popitem(last=False)
        return answer


def _can_be_sent(tag: str) -> bool:
    """Tell whether an ETag can go back in a header: RFC 9110 lets it hold more than that."""
    return 0 < len(tag) <= _MOST_TAG and tag.isascii() and tag.isprintable()
