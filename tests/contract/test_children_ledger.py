"""Every leaf that children and family services may send has a fate, and each fate is true."""

from __future__ import annotations

import re
from collections.abc import Sequence
from copy import deepcopy

import pytest
from lxml import etree

from hub.authority import Document, Fate, LedgerEntry, contract_folder
from hub.mappings.children import ChildrenMapping
from hub.plan.contribution import Contribution
from tests.generation.xsd import XS, Schema
from tests.xml_leaves import another, found

pytestmark = pytest.mark.files

CONTRACTS = {
    "children/v1": ("children.xsd", "SagOpdatering", "maximal.xml"),
    "children/l201-v1": ("l201.xsd", "UdsatteBoernOgUngeLeveranceL201U1Struktur", "delivery.xml"),
    "children/l231-v1": ("l231.xsd", "BoernMedHandicapLeveranceL231Struktur", "delivery.xml"),
}
#: What the example of the others does not show: the period counts where no time is given, and a number where no CPR is.
ELSEWHERE = {"Slettet": "deleted.xml", "Period": "without-times.xml", "UDL_NR": "foreign-number.xml"}
LEDGERS = {contract: ChildrenMapping().ledger(contract) for contract in CONTRACTS}
ENTRIES = [pytest.param(contract, entry, id=entry.path) for contract, ledger in LEDGERS.items() for entry in ledger]
#: What a leaf becomes when its type allows only a few words; anything else gets another word, number or day.
OTHER_WORD = {
    "IKKE_FORTROLIGE_DATA": "VIP_SAGER",
    "FORTROLIGE_PERSONOPLYSNINGER": "VIP_SAGER",
    "FOELSOMME_PERSONOPLYSNINGER": "VIP_SAGER",
    "VIP_SAGER": "IKKE_FORTROLIGE_DATA",
    "true": "false",
    "false": "true",
    "Bestilt": "Afsluttet",
    "IGang": "PaaHold",
    "Planlagt": "Annulleret",
    "Afsluttet": "IGang",
    "Bevilget": "Kladde",
    "Udeblevet": "Aflyst",
    "mor": "far",
    "Sundhedsforhold": "Skoleforhold",
    "Sundhed": "Oekonomi",
    "Ungeplan": "BarnetsPlan",
    "0505109990": "0505209996",
    "2911829996": "1509819996",
    "0505159995": "0505239996",
}


@pytest.mark.parametrize("contract", CONTRACTS)
def test_every_leaf_of_the_contract_has_one_fate_and_none_is_invented(contract: str) -> None:
    file, root, _ = CONTRACTS[contract]
    paths = [entry.path for entry in LEDGERS[contract]]
    assert set(paths) == Schema(contract_folder(contract) / file).leaves(root)
    assert len(paths) == len(set(paths))


@pytest.mark.parametrize("contract", CONTRACTS)
def test_every_fate_says_where_to_or_why_not(contract: str) -> None:
    assert all(entry.note for entry in LEDGERS[contract])


@pytest.mark.parametrize(("contract", "entry"), ENTRIES)
def test_a_mapped_leaf_changes_the_contribution_and_a_dropped_one_does_not(contract: str, entry: LedgerEntry) -> None:
    file, _, example = CONTRACTS[contract]
    root = etree.parse(contract_folder(contract) / "examples" / example).getroot()
    if other_example := ELSEWHERE.get(entry.path.rpartition("/")[2]):
        root = etree.parse(contract_folder(contract) / "examples" / other_example).getroot()
    changed = deepcopy(root)
    leaf = found(changed, entry.path)
    leaf.text = other(leaf.text or "", entry.path)
    mend_references(changed, entry.path)
    etree.XMLSchema(file=contract_folder(contract) / file).assertValid(changed)
    is_same = mapped(contract, root) == mapped(contract, changed)
    assert is_same == (entry.fate is not Fate.MAPPED)


@pytest.mark.parametrize("contract", CONTRACTS)
def test_every_element_of_the_contract_is_described(contract: str) -> None:
    for file in contract_folder(contract).glob("*.xsd"):
        declared = [each for each in etree.parse(file).iter(f"{XS}element") if each.get("name")]
        assert declared
        assert not [each.get("name") for each in declared if each.find(f"{XS}annotation/{XS}documentation") is None]


def test_the_ledger_of_another_contract_is_not_made_up() -> None:
    with pytest.raises(LookupError):
        ChildrenMapping().ledger("children/v9")


def mapped(contract: str, root: etree._Element) -> Sequence[Contribution]:
    own_id = root.findtext(".//{*}MeddelelseId") or "5f7d1c9a-0000-8000-8000-000000000001"
    return ChildrenMapping().to_plan(Document("children", contract, etree.QName(root).localname, own_id, root))


def other(text: str, path: str) -> str:
    """Return another value of the same form."""
    if path.endswith("/Opfoelgning/Status"):
        return "Aflyst"
    if text in OTHER_WORD:
        return OTHER_WORD[text]
    if re.fullmatch(r"\d{4}M\d\d", text):
        return text[:5] + "09"
    return another(text, path.lower().endswith(("slut", "slutdato", "til", "frist")))


def mend_references(root: etree._Element, path: str) -> None:
    """Point references at what there is: a renamed item takes its references along, a changed one goes elsewhere."""
    for name, kind in (
        ("UndersoegelseId", "Undersoegelse"),
        ("PlanId", "Plan"),
        ("MaalId", "Maal"),
        ("IndsatsId", "Indsats"),
    ):
        for reference in root.iter(f"{{*}}{name}"):
            ids = [each.findtext("{*}Id") for each in root.iter(f"{{*}}{kind}")]
            if reference.text in ids:
                continue
            if path.endswith(f"/{name}"):
                parent = reference.getparent()
                assert parent is not None
                parent.remove(reference)
            else:
                reference.text = ids[0]
