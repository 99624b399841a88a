"""Every leaf that the employment authority may send has a fate, and each fate is true."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy

import pytest
from lxml import etree

from hub.authority import Document, Fate, LedgerEntry
from hub.mappings.employment import EmploymentMapping
from hub.plan.contribution import Contribution
from tests.employment_messages import CONTRACT, EXAMPLES, NAMESPACE
from tests.generation.xsd import XS, Schema
from tests.xml_leaves import another, found

pytestmark = pytest.mark.files

XSD = CONTRACT / "employment.xsd"
ROOTS = ("SubmitPersonCaseRequest", "GetPersonCaseResponse")
LEDGER = EmploymentMapping().ledger("employment/v1")
#: What a leaf becomes when its type allows only a few words; anything else gets another word, number or day.
OTHER_WORD = {
    "IKKE_FORTROLIGE_DATA": "VIP_SAGER",
    "FORTROLIGE_PERSONOPLYSNINGER": "VIP_SAGER",
    "FOELSOMME_PERSONOPLYSNINGER": "VIP_SAGER",
    "VIP_SAGER": "IKKE_FORTROLIGE_DATA",
    "true": "false",
    "false": "true",
    "150981-9996": "1509829996",
    "7509819995": "7509829995",
    "-1": "29",
}
OTHER_NUMBER = {
    "CaseStatusIdentifier": "4",
    "GoalStatusIdentifier": "3",
    "ParticipationStatusTypeIdentifier": "2",
    "OrganisationTypeIdentifier": "7",
    "ChangeTypeIdentifier": "3",
}


def case(root: str, example: str = "submit-maximal.xml") -> etree._Element:
    """Return an example, as a message of the kind."""
    (message,) = etree.parse(EXAMPLES / example).iter(f"{{{NAMESPACE}}}SubmitPersonCaseRequest")
    message = etree.fromstring(etree.tostring(message))
    if root == "GetPersonCaseResponse":
        message.tag = f"{{{NAMESPACE}}}{root}"
        del message[:2]
    return message


def test_every_leaf_of_the_contract_has_one_fate_and_none_is_invented() -> None:
    paths = [entry.path for entry in LEDGER]
    assert set(paths) == {leaf for root in ROOTS for leaf in Schema(XSD).leaves(root)}
    assert len(paths) == len(set(paths))


def test_every_fate_says_where_to_or_why_not() -> None:
    assert all(entry.note for entry in LEDGER)


@pytest.mark.parametrize("entry", LEDGER, ids=lambda entry: entry.path)
def test_a_mapped_leaf_changes_the_contribution_and_another_does_not(entry: LedgerEntry) -> None:
    root = case(entry.path.split("/")[1], "submit-deleted.xml" if "Deleted" in entry.path else "submit-maximal.xml")
    changed = deepcopy(root)
    leaf = found(changed, entry.path)
    leaf.text = other(leaf.text or "", etree.QName(leaf).localname)
    mend_references(changed, entry.path)
    etree.XMLSchema(file=XSD).assertValid(changed)
    is_same = mapped(root) == mapped(changed)
    assert is_same == (entry.fate is not Fate.MAPPED)


def test_no_amount_of_a_benefit_enters_a_plan() -> None:
    amounts = [entry for entry in LEDGER if entry.path.endswith("/MonthlyAmount")]
    assert [entry.fate for entry in amounts] == [Fate.WITHHELD, Fate.WITHHELD]
    told = [amount.text or "" for amount in case(ROOTS[0]).iter(f"{{{NAMESPACE}}}MonthlyAmount")]
    assert told
    for draft in mapped(case(ROOTS[0]))[0].drafts:
        texts = [
            draft.title,
            draft.text,
            *draft.details.values(),
            *(f"{code.code} {code.text}" for code in draft.codes),
        ]
        assert not [amount for amount in told for text in texts if amount in text]


def test_every_element_of_the_contract_is_described() -> None:
    declared = [each for each in etree.parse(XSD).iter(f"{XS}element") if each.get("name")]
    assert declared
    assert not [each.get("name") for each in declared if each.find(f"{XS}annotation/{XS}documentation") is None]


def test_the_ledger_of_another_contract_is_not_made_up() -> None:
    with pytest.raises(LookupError):
        EmploymentMapping().ledger("employment/v9")


def mapped(root: etree._Element) -> Sequence[Contribution]:
    own_id = root.findtext(f"{{{NAMESPACE}}}MessageIdentifier", "fetched")
    return EmploymentMapping().to_plan(
        Document("employment", "employment/v1", etree.QName(root).localname, own_id, root)
    )


def other(text: str, name: str) -> str:
    """Return another value of the same form."""
    if name in OTHER_NUMBER:
        return OTHER_NUMBER[name]
    if text in OTHER_WORD:
        return OTHER_WORD[text]
    return another(text, name.startswith(("End", "InterviewEnd")))


def mend_references(root: etree._Element, path: str) -> None:
    """Point references at what there is: a renamed item takes its references along, a changed one goes elsewhere."""
    for name, holder, referring in (
        ("GoalIdentifier", "GoalItem", "ActivityItem"),
        ("ActivityIdentifier", "ActivityCoreItem", "InterviewItem"),
    ):
        ids = [each.findtext(f"{{*}}{name}") for each in root.iter(f"{{*}}{holder}")]
        for item in root.iter(f"{{*}}{referring}"):
            reference = item.find(f"{{*}}{name}")
            if reference is None or reference.text in ids:
                continue
            if path.endswith(f"/{referring}/{name}"):
                item.remove(reference)
            else:
                reference.text = ids[0]
