"""Documents at the edges of a schema, to compare our own XSD with the real set of Danmarks Statistik on.

The real set (../shared/data/denmark/dst) is read where it lies and never copied; the network is never asked.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any, cast

import pytest
from lxml import etree

from hub.authority import contract_folder
from tests.generation.seed import SEED

REAL = Path(__file__).parents[2].parent / "shared" / "data" / "denmark" / "dst"
MEASURES = contract_folder("children/l201-v1") / "foranstaltning.xsd"
NS, ENVELOPE = "http://rep.oio.dk/dst.dk/xml/schemas/2010/04/16/", "http://rep.oio.dk/dst.dk/xml/schemas/2002/06/28/"
XSI_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
DOCUMENTS = 600

where_the_real_set_is = pytest.mark.skipif(
    not REAL.is_dir(),
    reason="nothing to compare our XSDs with: ../shared/data/denmark/dst (Danmarks Statistik) is absent",
)

#: Values at the edges of lengths, patterns and types; put into any leaf.
VALUES = [
    "", " ", "x", "x" * 10, "x" * 15, "x" * 16, "x" * 20, "x" * 21, "x" * 30, "x" * 31, "x" * 50, "x" * 51,
    "x" * 100, "x" * 101, "x" * 256, "æøå", "😀" * 20, "a\nb", "12345678", "1234567", "123456789", "a2345678",
    "0505159995", "050515-9995", "3102159995", "3002159995", "2902159995", "3104159995", "0013159995", "0500159995",
    "6505159995", "0000000000", "1234567890", "050515999", "05051599955", " 0505159995 ", "٠٥٠٥١٥٩٩٩٥",
    "000", "405", "4050", "40", "4a5", " 405", "2026-10-05", "2026-10-32", "2026-02-29", "2028-02-29", "26-10-05",
    "2026-10-05Z", "2026-10-05+01:00", "-0044-03-15", "12026-01-01", "0000-01-01", "05-10-2026", "2026-10-05T00:00:00",
    "2026-11-02T08:00:00", "2026-11-02T08:00:00Z", "2026-11-02T24:00:00", "2026-11-02T25:00:00", "2026-11-02 08:00:00",
    "2026-11-02T08:00:00.123456789", "a@b.dk", "@b.dk", "a@", "a@b@c", "a b@c.dk", "a,b@c.dk", "a<b@c.dk", "a>b@c.dk",
    "x" * 191 + "@b.dk", "x" * 192 + "@b.dk", "a@" + "x" * 64, "a@" + "x" * 65, "2026M10", "2026M13",
]  # fmt: skip


class RealSet(etree.Resolver):
    """Finds the real set's files that are included from addresses on the web; the network is never asked."""

    def resolve(self, system_url: str, public_id: str, context: Any) -> Any:  # type: ignore[override]  # stub lacks it
        found = cast(Any, self).resolve_filename
        if system_url.endswith("/DST_DeliveryMetadataNewStructure.xsd") and system_url.startswith("http"):
            return found(str(REAL / "dst_handicap" / "DST_DeliveryMetadataNewStructure.xsd"), context)
        if system_url.endswith("/DST_ForanstaltningStrukturSamling.xsd"):
            return found(str(MEASURES), context)
        assert not system_url.startswith("http"), f"the real set wants {system_url}"
        return None


def real(path: str) -> etree.XMLSchema:
    parser = etree.XMLParser(no_network=True)
    parser.resolvers.add(RealSet())
    return etree.XMLSchema(etree.parse(REAL / path, parser))


# --- mutations ----------------------------------------------------------------------------------------------------

Mutation = Callable[[etree._Element, random.Random], None]


def any_element(root: etree._Element, dice: random.Random) -> etree._Element:
    return dice.choice(list(root.iter("*"))[1:])


def parent_of(element: etree._Element) -> etree._Element:
    parent = element.getparent()
    assert parent is not None
    return parent


def another_value(root: etree._Element, dice: random.Random) -> None:
    leaf = dice.choice([element for element in root.iter("*") if len(element) == 0])
    leaf.text = dice.choice(VALUES)


def one_less(root: etree._Element, dice: random.Random) -> None:
    gone = any_element(root, dice)
    parent_of(gone).remove(gone)


def one_twice(root: etree._Element, dice: random.Random) -> None:
    element = any_element(root, dice)
    element.addnext(deepcopy(element))


def another_order(root: etree._Element, dice: random.Random) -> None:
    parent = parent_of(any_element(root, dice))
    children = list(parent)
    dice.shuffle(children)
    parent[:] = children


def another_namespace(root: etree._Element, dice: random.Random) -> None:
    element = any_element(root, dice)
    element.tag = f"{{{dice.choice([NS, ENVELOPE, 'urn:x'])}}}{etree.QName(element).localname}"


def another_name(root: etree._Element, dice: random.Random) -> None:
    element = any_element(root, dice)
    element.tag = f"{element.tag}{dice.choice(['x', 'Type'])}"


def nothing_said(root: etree._Element, dice: random.Random) -> None:
    leaf = dice.choice([element for element in root.iter("*") if len(element) == 0])
    leaf.text = dice.choice([None, "x"])
    leaf.set(XSI_NIL, dice.choice(["true", "false", "1", "ja"]))


def an_attribute(root: etree._Element, dice: random.Random) -> None:
    any_element(root, dice).set(dice.choice(["id", "{urn:x}id", "{http://www.w3.org/XML/1998/namespace}lang"]), "x")


def text_between(root: etree._Element, dice: random.Random) -> None:
    any_element(root, dice).tail = dice.choice([" ", "x"])


def another_root(root: etree._Element, dice: random.Random) -> None:
    root.tag = dice.choice([f"{{{NS}}}Leverance", f"{{{ENVELOPE}}}{etree.QName(root).localname}", "Leverance"])


#: What may be absent.
OPTIONAL = (
    "RefID", "EntityPath", "Authorisation", "ReportingDataType", "CommunicatorStructureCollection",
    "ContactStructureCollection", "DBoksContactNewStructure", "FormVersion", "ForanstaltningSlutDato", "KOEN",
    "FOEDDAG", "INDSATS_SLUTDATO", "SAGSBEHANDLER", "ORIGIN_INDSATSFORLOEB_ID", "ORIGIN_PERSON_ID",
)  # fmt: skip


def only_valid_choices(root: etree._Element, dice: random.Random) -> None:
    """Leave out what may be absent."""
    for element in [element for element in root.iter("*") if etree.QName(element).localname in OPTIONAL]:
        if dice.random() < 0.4 and element.getparent() is not None:
            parent_of(element).remove(element)


MUTATIONS: list[Mutation] = [
    *[another_value] * 6, one_less, one_twice, another_order, another_namespace, another_name, nothing_said,
    an_attribute, text_between, another_root, *[only_valid_choices] * 3,
]  # fmt: skip


def generated(start: Callable[[random.Random], etree._Element]) -> list[tuple[int, str]]:
    """Return numbered documents, each valid at first and then changed by up to two mutations."""
    documents = []
    for number in range(DOCUMENTS):
        dice = random.Random(f"{SEED}-{number}")
        root = start(dice)
        for mutate in dice.sample(MUTATIONS, dice.choice([0, 1, 1, 1, 2])):
            if len(root) and len(list(root.iter("*"))) > 5:
                mutate(root, dice)
        documents.append((number, etree.tostring(root, encoding="unicode")))
    return documents


# --- comparisons --------------------------------------------------------------------------------------------------


def compare(ours: etree.XMLSchema, theirs: etree.XMLSchema, documents: list[tuple[int, str]], least: int) -> None:
    verdicts = [(number, ours.validate(root), theirs.validate(root)) for number, root in parsed(documents)]
    assert not [number for number, our, their in verdicts if our != their], f"seed {SEED}: we disagree on these"
    accepted = sum(1 for _, our, _ in verdicts if our)
    assert accepted >= least, f"seed {SEED}: only {accepted} of {len(verdicts)} were valid: the test would not bite"
    assert len(verdicts) - accepted >= least, f"seed {SEED}: only {accepted} of {len(verdicts)} were refused"


def parsed(documents: list[tuple[int, str]]) -> list[tuple[int, etree._Element]]:
    return [(number, etree.fromstring(text)) for number, text in documents]
