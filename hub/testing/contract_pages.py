"""Write the reference pages of the contracts from their files: every document, element and property, and what holds.

python -m hub.testing.contract_pages docs/reference/contracts
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from hub.authority import contract_folder
from hub.testing.contract_compatibility import read_contract
from hub.testing.contract_shapes import Agreed, Member, Shape

_HEADER = (
    "<!-- Written by `make docs` from contracts/{contract}; change the contract, not this page. -->\n\n"
    "# {contract}\n\n"
    "Everything that its files agree on. What a schema cannot say stands in its\n"
    "[README](../../../contracts/{contract}/README.md), and whole documents are in its folder `examples`.\n"
    "A hub serves them all at `GET /contracts`.\n"
)


def contracts() -> list[str]:
    """Return the names of all contracts that have documents."""
    root = contract_folder("")
    texts = [*root.glob("*/*/*.xsd"), *root.glob("*/*/openapi.yaml")]
    return sorted({path.parent.relative_to(root).as_posix() for path in texts})


def page_of(contract: str) -> str:
    """Return a contract's page, in Markdown."""
    lines = [_HEADER.format(contract=contract)]
    for file, agreed in read_contract(contract_folder(contract)).items():
        lines.append(f"## {file}\n")
        lines += _operations(agreed)
        lines += _documents(agreed)
        for key in reachable(agreed):
            lines += _shape(key, agreed)
    return "\n".join(lines).rstrip() + "\n"


def file_of(contract: str) -> str:
    """Return the name of a contract's page."""
    return contract.replace("/", "-") + ".md"


def reachable(agreed: Agreed) -> list[str]:
    """Return the keys of the shapes with members, in the order in which a reader meets them."""
    found: dict[str, None] = {}
    ahead = [member.shape for _, member in agreed.documents]
    while ahead:
        key = ahead.pop(0)
        if key not in found and agreed.shape(key).members:
            found[key] = None
            ahead += [member.shape for member in agreed.shape(key).members]
    return list(found)


def undocumented(agreed: Agreed) -> list[str]:
    """Return the operations, documents and members of which nothing is said; of its two halves an operation tells."""
    silent = [one.name for one in agreed.operations if not one.told.strip()]
    halves = {f"{one.name} {half}" for one in agreed.operations for half in ("asks", "answers")}
    whole = [member for _, member in agreed.documents if member.name not in halves]
    outermost = [member.name for member in whole if not _told(member, agreed)]
    return (
        silent
        + outermost
        + [
            f"{key}: {member.name}"
            for key in reachable(agreed)
            for member in agreed.shape(key).members
            if not _told(member, agreed) and not member.name.startswith(("[", "("))
        ]
    )


def _operations(agreed: Agreed) -> Iterator[str]:
    if not agreed.operations:
        return
    yield "| operation | asked | what it does |\n|---|---|---|"
    for one in agreed.operations:
        yield f"| `{one.name}` | {one.asked} | {_cell(one.told)} |"
    yield ""


def _documents(agreed: Agreed) -> Iterator[str]:
    told = [(way, member, _told(member, agreed)) for way, member in agreed.documents]
    if any(text for _, _, text in told):
        yield "| document | goes | what it is |\n|---|---|---|"
        yield from (f"| `{member.name}` | {way} | {_cell(text)} |" for way, member, text in told)
        yield ""


def _shape(key: str, agreed: Agreed) -> Iterator[str]:
    shape = agreed.shape(key)
    yield f"### {key}\n"
    if shape.told:
        yield f"{_cell(shape.told)}\n"
    if shape.base in ("choice", "oneOf"):
        yield "One of these.\n"
    yield "| name | times | holds | what it is |\n|---|---|---|---|"
    for member in shape.members:
        inner = agreed.shape(member.shape)
        holds = f"`{member.shape}`" if inner.members else _value(inner)
        also = ["may be nil"] * member.is_nillable + sorted(member.rules)
        told = _told(member, agreed)
        yield f"| `{member.name}` | {_times(member)} | {_cell('; '.join([holds, *also]))} | {_cell(told)} |"
    yield ""


def _value(shape: Shape) -> str:
    if shape.words is not None:
        return " · ".join(f"`{word}`" for word in shape.words)
    limits = [f"{name} {value:g}" for name, value in {**shape.lower, **shape.upper}.items()]
    return ", ".join([shape.base.rpartition("}")[2], *limits, *(f"`{rule}`" for rule in sorted(shape.rules))])


def _times(member: Member) -> str:
    if member.most is None:
        return f"{member.least} or more" if member.least else "any"
    if member.least == member.most:
        return str(member.least)
    return f"{member.least} to {member.most}" if member.least or member.most > 1 else "optional"


def _told(member: Member, agreed: Agreed) -> str:
    return member.told or agreed.shape(member.shape).told


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    into = Path(sys.argv[1])
    into.mkdir(parents=True, exist_ok=True)
    for name in contracts():
        (into / file_of(name)).write_text(page_of(name), "utf-8")
