"""The report of a soak: its verdict, how each process stood, and pictures of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from statistics import quantiles

from bench.pictures import lines
from bench.soak_verdict import MOST_GROWTH, Sample, faults, judged, line_of_kind, of_process
from bench.soaking import Run

_MEGABYTE = 1e6
_KINDS = ("memory", "descriptors", "threads")


def write(run: Run, set_up: str, facts: Mapping[str, str], on: date, report: Path) -> None:
    """Write the report, and beside it a picture of memory and one of descriptors."""
    samples, names = run.soaked.samples, list(run.soaked.samples[-1].processes)
    memory, descriptors = (report.with_name(f"{report.stem}-{kind}.svg") for kind in ("memory", "descriptors"))
    drawn = {name: [(x, y / _MEGABYTE) for x, y in of_process(samples, name, "memory")] for name in names}
    lines(f"Resident memory, {set_up}", "minutes of load", "MB", drawn, memory)
    opened = {name: of_process(samples, name, "descriptors") for name in names}
    lines(f"Open descriptors, {set_up}", "minutes of load", "descriptors", opened, descriptors)
    report.write_text("\n".join(_page(run, set_up, facts, on, (memory.name, descriptors.name))), "utf-8")


def _page(run: Run, set_up: str, facts: Mapping[str, str], on: date, pictures: Sequence[str]) -> Iterator[str]:
    found, samples = faults(run.soaked), run.soaked.samples
    yield f"# Soak, {set_up}, {on.isoformat()}"
    yield ""
    yield (
        f"{samples[-1].minutes:.0f} minutes of `make soak`: real processes of the hub, and the sandbox systems of "
        "three authorities, under a steady load that waits for nobody. [What a report is](README.md) says how it is "
        "judged."
    )
    yield ""
    yield f"**Verdict: {'all is well' if not found else 'not well'}.**"
    yield from ["", *(f"- {fault}" for fault in found)]
    yield from ["", "| | |", "|---|---|", *(f"| {name} | {said} |" for name, said in facts.items())]
    yield from (f"| {name} | {said} |" for name, said in _done(run))
    yield from ["", "## Processes", ""]
    yield (
        "Mean of the last two thirds; in brackets what the line rises by in an hour, of descriptors and threads that "
        "through the moments of rest, the lowest of each two minutes. The hub's own are "
        f"judged: memory may grow by {MOST_GROWTH:.0%} of its size an hour, descriptors and threads not at all."
    )
    yield from ["", "| process | memory, MB | descriptors | threads | most memory, MB |", "|---|--:|--:|--:|--:|"]
    yield from (_row(name, samples) for name in samples[-1].processes)
    for picture, shown in zip(pictures, ("resident memory", "open descriptors"), strict=True):
        yield from ["", f"![Lines of the {shown} of each process over the minutes of load.]({picture})"]
    yield ""


def _done(run: Run) -> Iterator[tuple[str, str]]:
    soaked = run.soaked
    most = f"; {run.capacity:.1f} is what it did at most, just before" if run.capacity else ""
    yield "load", f"{run.rate:.1f} deeds a second{most}; the programs of the load and the systems share the machine"
    yield "done", ", ".join(f"{often:,} × {deed}" for deed, often in sorted(run.done.items()))
    yield "put off", f"{sum(run.put_off.values())} times a deed was told to come again (503, 429), and did"
    cuts = quantiles(run.seconds, n=100)
    yield "due → answered", f"p50 {cuts[49] * 1000:.0f} ms, p95 {cuts[94] * 1000:.0f} ms, p99 {cuts[98] * 1000:.0f} ms"
    yield (
        "queue",
        (
            f"at most {max(one.due for one in soaked.samples)} deliveries due at a look, the oldest "
            f"{max(one.oldest_seconds for one in soaked.samples):.1f} s old"
        ),
    )
    settled = "still due" if soaked.settled_seconds is None else f"all settled after {soaked.settled_seconds:.1f} s"
    yield "in the end", f"{settled}; held otherwise than said {soaked.not_held}; dead letters {soaked.dead_letters}"
    yield "errors", str(sum(soaked.errors.values()))
    yield "audit", "whole" if not soaked.audit_faults else "not whole"


def _row(name: str, samples: Sequence[Sample]) -> str:
    seen, cells = judged(samples), []
    for kind in _KINDS:
        found, unit = line_of_kind(seen, name, kind), _MEGABYTE if kind == "memory" else 1
        if found is None:
            cells.append("ended")
            continue
        cells.append(f"{found.size / unit:.1f} ({found.an_hour / unit:+.1f})")
    most = max(y for _, y in of_process(samples, name, "memory")) / _MEGABYTE
    return f"| {name} | {' | '.join(cells)} | {most:.1f} |"
