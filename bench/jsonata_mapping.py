"""The mapping of social services beside the same mapping as a JSONata expression: same JSON in, same output."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from time import process_time
from typing import Any

import orjson

from bench.measure import Aim, Better, Row, in_turns
from hub.authority import Document, contract_folder
from hub.mappings.social import SocialMapping
from hub.plan.element import Draft

AIM = Aim(Better.LOWER, 0.33)
_HERE = Path(__file__).parent / "jsonata"
_EXAMPLES = ("sag-normal.json", "sag-maximal.json")
_ROUNDS, _TIMES = 7, 300
_MAPPING = SocialMapping()


def rows() -> Iterator[Row]:
    """Measure every example; nothing where there is no Node."""
    npm = shutil.which("npm")
    if npm is None:
        return
    subprocess.run([npm, "ci", "--no-audit", "--no-fund", "--silent"], cwd=_HERE, check=True)  # noqa: S603 - our own
    for example in _EXAMPLES:
        path = contract_folder("social/v1") / "examples" / example
        with _jsonata(path) as evaluate:
            body = path.read_bytes()
            if (theirs := evaluate(1)["output"]) != (ours := mapped(body)):
                wrong = [pair for pair in zip(theirs, ours, strict=False) if pair[0] != pair[1]]
                raise AssertionError(f"The two map {example} otherwise: {wrong[:1]}")
            hub, bare = in_turns([partial(_measured, body), partial(_theirs, evaluate)], _ROUNDS)
        yield Row(f"social, {path.stem}: JSON to drafts", "jsonata (npm)", "µs", hub, bare, AIM)


def mapped(body: bytes) -> list[dict[str, Any]]:
    """Return the drafts of a case as plain values."""
    document = Document("social", "social/v1", "Sag", "m", orjson.loads(body))
    return [_plain(draft) for draft in _MAPPING.to_plan(document)[0].drafts]


def _plain(draft: Draft) -> dict[str, Any]:
    return {
        "source_id": draft.source_id,
        "kind": draft.kind.value,
        "category": draft.category,
        "label": draft.label.name if draft.label else None,
        "status": draft.status.value,
        "title": draft.title,
        "text": draft.text,
        "valid": [_instant(draft.valid.start), _instant(draft.valid.end)],
        "codes": [{"system": code.system, "code": code.code, "text": code.text} for code in draft.codes],
        "part_of": draft.part_of,
        "concerns": [identifier.value for identifier in draft.concerns],
        "details": dict(draft.details),
    }


def _instant(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z") if at else None


def _measured(body: bytes) -> float:
    start = process_time()
    for _ in range(_TIMES):
        mapped(body)
    return (process_time() - start) / _TIMES * 1e6


def _theirs(evaluate: Callable[[int], Any]) -> float:
    return float(evaluate(_TIMES)["microseconds"])


@contextmanager
def _jsonata(document: Path) -> Iterator[Any]:
    command: Sequence[str] = ("node", "run.mjs", "sag.jsonata", str(document))
    with subprocess.Popen(command, cwd=_HERE, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as running:  # noqa: S603
        questions, answers = running.stdin, running.stdout
        if questions is None or answers is None:
            raise AssertionError("Its pipes were asked for.")

        def evaluate(times: int) -> Any:
            questions.write(b"%d\n" % times)
            questions.flush()
            return orjson.loads(answers.readline())

        yield evaluate
        questions.close()
