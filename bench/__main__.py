"""Measure and report: ``python -m bench``, or a part of it with ``--only mapping``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from bench import (
    commits,
    consent,
    counting,
    delivery,
    facade,
    folder,
    growth,
    hearing,
    jsonata_mapping,
    latency,
    mapping,
    plan_page,
    relay,
    view,
)
from bench.machine import ROOT, facts
from bench.measure import Row
from bench.pictures import bars
from bench.report import Part, missed, page, show
from bench.set_ups import Servers, find_servers
from hub.cli.log_lines import log_as_json
from hub.clock import monotonic, now

_SKIPPED = (
    "Skipped: PostgreSQL and RabbitMQ. None answer here; name them in HUB_TEST_DATABASE_URL and HUB_TEST_BROKER_URL."
)


@dataclass(frozen=True, slots=True)
class _Chapter:
    name: str
    title: str
    about: str
    rows: Callable[[Servers | None], Iterable[Row]]


_CHAPTERS = (
    _Chapter(
        "mapping",
        "Mapping a case",
        "Microseconds from a document's bytes to contributions, on one thread: `adapter.receive` (parse, guard against "
        "floods and entities, check against the schema) and `mapping.to_plan` (elements of a plan). Bare: the same "
        "bytes parsed, checked against the same schema, and every field found that the mapping's ledger calls mapped.",
        lambda _servers: mapping.rows(),
    ),
    _Chapter(
        "jsonata",
        "Mapping a REST case beside JSONata",
        "Microseconds from the JSON of a case of social services to its drafts as plain values, the same on both sides "
        "(compared before anything is measured): `orjson` and `hub.mappings.social` beside `JSON.parse` and "
        "the npm package jsonata with `bench/jsonata/sag.jsonata`, compiled once. Neither checks the schema.",
        lambda _servers: jsonata_mapping.rows(),
    ),
    _Chapter(
        "consent",
        "Deciding who may see what",
        "Under the policy that the hub ships and twenty consents of two people, on one thread. Decisions per second "
        "about two thousand elements of three authorities and all categories, one in seven of which names a sibling; "
        "the decider is prepared anew for each two thousand. Of elements no two of which are alike in what a decision "
        "rests on, nothing is decided twice. And microseconds for a view of fifty such elements, some forty of which "
        "differ in what a decision rests on. Bare: a walk over the same rules and consents that says "
        "yes or no and nothing else: no reason, sentence, obligation, hidden part or end. Both must give the same "
        "answers before anything is measured.",
        lambda _servers: consent.rows(),
    ),
    _Chapter(
        "folder",
        "A folder of ten thousand files",
        "Files that wait all at once, taken in one after the other by one process on SQLite: a thousand plans, ten "
        "versions of a case each. The highest memory of the process when all are in, beside that after the first "
        "thousand; and the time of one file of the last thousand beside one of the second, when every plan is filled.",
        lambda _servers: folder.rows(),
    ),
    _Chapter(
        "delivery",
        "Deliveries",
        f"Deliveries settled per second, from the first to the last of those to two HTTP recipients that "
        f"{delivery.CASES} cases had made due before anybody worked on them; each is a new version of a document that "
        "moves a goal, a measure and a meeting. Four deliveries are under way at once, as four tasks: in one "
        "process of threads on both sides, and, beside Celery's default of four processes (`prefork`), in two "
        "processes of two threads. Celery: tasks that were published and confirmed before, acknowledged late, from "
        "a durable queue. With the same two commits a task is the hub's own delivery, and only what brings a row to it "
        "is Celery's; with their writes alone it decides nothing, opens and seals nothing, and posts an example update "
        "in between; with bare rows it inserts one row in each. And two workers of one "
        "thread beside one, where recipients answer after 20 ms.",
        delivery.rows,
    ),
    _Chapter(
        "relay",
        "Rings",
        f"Rings per second of {relay.RINGS} due rows, {relay.BATCH} at a time. Bare: kombu's channel with as many "
        "messages and the same batches of confirms, without a database.",
        relay.rows,
    ),
    _Chapter(
        "hearing",
        "Rings heard",
        f"Rings per second of {relay.RINGS} rings without a database: rung {relay.BATCH} at a time, each batch "
        f"confirmed, and then heard and answered one by one, {hearing.PREFETCH} of a queue at a time; and the hearing "
        "and answering alone. Bare: kombu's channel and its consumer, with the same queue, batches, confirms, prefetch "
        "and acks.",
        hearing.rows,
    ),
    _Chapter(
        "commits",
        "Commits, and the limit of them",
        "Commits per second: of PostgreSQL, of one row each, over as many connections as the hub has threads, which is "
        f"the limit; and of the hub while it takes in {commits.CASES} cases and while it delivers them to two "
        "recipients. Of the hub those count that have written something. The ratio is the share of the limit that the "
        "hub uses: far below one, it is not the disk that the hub waits for.",
        commits.rows,
    ),
    _Chapter(
        "latency",
        "From acceptance to receipt",
        "Milliseconds from the acceptance of a case (its transaction) to the receipt of the delivery that tells of it, "
        "for each of two recipients that answer at once. One program accepts and rings, as `hub serve` does, another "
        "delivers, as `hub worker` does. Half load is half of what the two do at most, measured just before. Times are "
        "of this machine; the ratio says how far the slowest are from the middle.",
        latency.rows,
    ),
    _Chapter(
        "view",
        "Reading a plan",
        "Reads per second of `GET /plans/{id}` over HTTP (uvicorn, httptools): fifty elements that a consent shows "
        "and ten that are withheld, opened, decided, explained and audited. Bare: a FastAPI route that selects the "
        "fifty in the clear and commits one audit row.",
        view.rows,
    ),
    _Chapter(
        "facade",
        "Reading a plan as FHIR",
        "Reads per second of `GET /fhir/CarePlan/{id}/$everything` over HTTP: the same plan, filtered by consent, "
        "decided and audited, as FHIR R4 with its parts, team, patient, organisations and where each came from. Bare: "
        "a FastAPI route that selects the fifty elements in the clear, makes models of `fhir.resources` of them, which "
        "validates them, and answers with a searchset of these, the plan and the patient: what one would write first.",
        facade.rows,
    ),
    _Chapter(
        "counting",
        "What counting costs",
        "Milliseconds of processor time that one `GET /plans/{id}` takes of a hub's process, which counts in one "
        "round and does not in the next: the measuring of the request, the audit entry and the decisions of the read.",
        counting.rows,
    ),
    _Chapter(
        "growth",
        "Growth",
        "Milliseconds of one update, one reading, one look-up and one count of all queues on PostgreSQL, among as many "
        "plans as a small municipality has, and as all of Denmark has. Every plan of the crowd has the rows, keys and "
        "indexes that the hub wrote for a real one (`bench/crowd.py`). The work is done on thirty real plans in each "
        "database, turn by turn, in one process. Recipients answer over HTTP at once.",
        growth.rows,
    ),
    _Chapter(
        "page",
        "Reading a plan's page",
        "Milliseconds from asking for the coordinator's page of a plan to its last byte, on the demo: the town of "
        f"`hub demo` after its first story, on SQLite, one process of the hub beside six others. {plan_page.USERS} "
        "people are signed in, each in a session of their own, and read for a second before the next page; and, for "
        "comparison, each asks for the next page at once.",
        lambda _servers: plan_page.rows(),
    ),
)

_WITHOUT_SERVERS = frozenset({"mapping", "jsonata", "consent", "folder", "page"})


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what was asked for, print it, and write the report of a whole run; return 1 where an aim is missed."""
    parser = argparse.ArgumentParser(prog="make bench", description="Measure the hub beside bare baselines.")
    parser.add_argument(
        "--only",
        nargs="+",
        choices=[chapter.name for chapter in _CHAPTERS],
        default=[],
        help="some parts, printed only unless --into is given",
    )
    parser.add_argument("--into", type=Path, help="folder of the report; of a whole run docs/reports unless given")
    chosen = parser.parse_args(arguments)
    log_as_json()
    console = Console(width=160)
    servers, wanted = find_servers(), chosen.only or [chapter.name for chapter in _CHAPTERS]
    if servers is None and not _WITHOUT_SERVERS.issuperset(wanted):
        console.print(_SKIPPED)
    start, parts = monotonic(), []
    for chapter in _CHAPTERS:
        if chapter.name in wanted:
            part = Part(chapter.title, chapter.about, list(chapter.rows(servers)))
            show(part, console)
            parts.append(part)
    console.print(f"{monotonic() - start:.0f} seconds.")
    into = chosen.into or (ROOT / "docs" / "reports" if not chosen.only else None)
    if into is not None:
        today, of_part = now().date(), "".join(f"{name}-" for name in chosen.only)
        report = into / f"bench-{of_part}{today.isoformat()}.md"
        picture = report.with_suffix(".svg")
        bars(f"Ratios and their aims, {today.isoformat()}", [row for part in parts for row in part.rows], picture)
        told = page(parts, dict(facts(servers)), today, "" if servers else _SKIPPED, picture.name)
        report.write_text(told, "utf-8")
        console.print(f"Written: {report}")
    for row in missed(parts):
        console.print(f"Missed: {row.what}, beside {row.beside}: the aim is {row.aim}.")
    return 1 if missed(parts) else 0


if __name__ == "__main__":  # its programs import it anew
    sys.exit(main())
