"""A parent chooses for a child and is told nothing of the plan; a child that decides itself gets simple words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from hub.clock import now
from hub.plan.element import Kind
from hub.sandbox.provider_people import PEOPLE
from hub.testing.builders import a_contribution
from tests.integration.api.served import ANNA_CPR, Served
from tests.integration.databases import EMBEDDED
from tests.integration.sandboxes import Sandbox
from tests.integration.ui.consenting import confirms, form_with, forms_of, sends, ticked
from tests.integration.ui.provider import knows, signs_in_as
from tests.integration.ui.test_by_provider import a_hub_of
from tests.integration.ui.visitor import Visitor, parts_of, words_of
from tests.integration.world import World

pytestmark = pytest.mark.integration
FATHER = "0503829995"
NOAH, SECRET = "Noah Test Dahl", "Noahs eget mål"
CONSENTS = "/citizen/consents"


@dataclass
class Home:
    """Anna, who holds custody of a child of fifteen, and the child's plan."""

    hub: Served
    plan: str
    cpr: str

    @property
    def there(self) -> str:
        return f"{CONSENTS}/{self.plan}"


def a_number(years: int) -> str:
    today = now().date()
    return f"{today.replace(day=1):%d%m}{(today.year - years) % 100:02d}4996"


def tells_of_custody(hub: Served, cpr: str, custody: str = "yes", version: int = 1) -> None:
    case = a_contribution("children", "case of Noah").about(cpr).version(version)
    told = case.with_draft("g1", title=SECRET).with_relative("r1", ANNA_CPR, name="Anna Test Andersen").build()
    drafts = [
        replace(one, details={"custody": custody, "relation": "mother"}) if one.kind is Kind.HOUSEHOLD_MEMBER else one
        for one in told.drafts
    ]
    World(hub.store).accepts(replace(told, drafts=tuple(drafts)))


@pytest.fixture
def home(tmp_path: Path, provider: Sandbox) -> Iterator[Home]:
    for hub in a_hub_of(EMBEDDED, tmp_path, provider):
        cpr, opened = hub.opens_plan(a_number(15), NOAH)
        tells_of_custody(hub, cpr)
        yield Home(hub, opened["plan"], cpr)


@pytest.fixture
def mother(home: Home, provider: Sandbox) -> Iterator[Visitor]:
    with Visitor(home.hub.url) as somebody:
        signs_in_as(somebody, provider, "mette")
        yield somebody


@contextmanager
def the_child(home: Home, provider: Sandbox) -> Iterator[Visitor]:
    knows(provider, {"sub": "noah", "called": "Noah", "claims": {"acr": "Substantial", "cpr": home.cpr}})
    try:
        with Visitor(home.hub.url) as somebody:
            signs_in_as(somebody, provider, "noah")
            yield somebody
    finally:
        knows(provider, *({"sub": p.sub, "called": p.called, "claims": dict(p.claims)} for p in PEOPLE))


def says_yes_for(visitor: Visitor, there: str, recipient: str = "social") -> str:
    select = sends(visitor, form_with(visitor.gets(there), "/answer", recipient=recipient), answer="yes")
    check = sends(visitor, form_with(select, "/check"), **ticked("goals"))
    assert SECRET not in check.text
    answer = confirms(visitor, check)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def without_minute(page: httpx.Response) -> str:
    """Return the words of a page but for when it was shown."""
    return re.sub(r"Vist [^V]*? kl\. \d+\.\d+", "Vist", words_of(page))


def test_a_parent_chooses_whose_plan_and_is_told_nothing_of_what_is_in_it(home: Home, mother: Visitor) -> None:
    own = mother.gets(CONSENTS)
    assert parts_of(own, "//section[@aria-labelledby='children']//a/@href") == [home.there]
    page = mother.gets(home.there)
    assert f"Plan for {NOAH}" in words_of(page)
    assert SECRET not in page.text
    assert "Det kan de se i planen" not in words_of(page)
    assert mother.gets(f"/citizen/consents/{home.plan}/receipts/{home.plan}").status_code == 404


def test_a_parent_gives_and_takes_the_own_word_back(home: Home, mother: Visitor) -> None:
    receipt = mother.gets(says_yes_for(mother, home.there))
    assert "Ja: Socialområdet må se mål" in words_of(receipt)
    (word,) = (f for f in forms_of(mother.gets(home.there)) if f.action.endswith("/change"))
    check = sends(mother, word, answer="withdraw")
    assert "Du får kun at vide, hvad dine egne ord åbner" in words_of(check)
    assert confirms(mother, check).status_code == 303
    assert not [f for f in forms_of(mother.gets(home.there)) if f.action.endswith("/change")]


def test_what_others_have_said_for_the_child_is_not_told(home: Home, mother: Visitor) -> None:
    before = mother.gets(home.there)
    sharing = {"kind": "sharing", "plan": home.plan, "sources": ["*"], "recipients": ["employment"],
               "categories": ["contacts"]}  # fmt: skip
    assert home.hub.ask("coordinator", "POST", "/consents", sharing).status_code == 201
    asked = {"recipient": "children", "category": "goals", "purpose": "For at holde et møde sammen"}
    assert home.hub.ask("coordinator", "POST", f"/plans/{home.plan}/consent-requests", asked).status_code == 201
    after = mother.gets(home.there)
    assert words_of(after).partition("Vist")[0] == words_of(before).partition("Vist")[0]
    assert len(forms_of(after)) == len(forms_of(before))
    assert "møde sammen" not in after.text


def test_when_and_until_when_another_has_said_the_same_is_not_told(home: Home, mother: Visitor) -> None:
    receipt = says_yes_for(mother, home.there)
    before = [without_minute(mother.gets(one)) for one in (home.there, receipt)]
    assert "Ja: Socialområdet må se mål" in before[0]
    soon = (now() + timedelta(days=10)).isoformat()
    same = {"kind": "sharing", "plan": home.plan, "sources": ["*"], "recipients": ["social"], "categories": ["goals"],
            "period": {"to": soon}, "given_by": [{"capacity": "custody", "cpr": FATHER, "name": "Test"}]}  # fmt: skip
    said = home.hub.ask("coordinator", "POST", "/consents", same).json()
    assert receipt.endswith(said["consent"]), "it is the next version of what she has said"
    after = [without_minute(mother.gets(one)) for one in (home.there, receipt)]
    assert after == [one.replace(f"{said['consent']}, 1", f"{said['consent']}, 2") for one in before]


def test_who_holds_no_custody_any_more_finds_nothing(home: Home, mother: Visitor) -> None:
    check = sends(
        mother, form_with(sends(mother, form_with(mother.gets(home.there), "/answer", recipient="social"),
                                answer="yes"), "/check"), **ticked("goals"),
    )  # fmt: skip
    tells_of_custody(home.hub, home.cpr, custody="no", version=2)
    assert confirms(mother, check).status_code == 404
    assert mother.gets(home.there).status_code == 404
    assert not parts_of(mother.gets(CONSENTS), "//section[@aria-labelledby='children']//a/@href")


def test_a_child_reads_simple_words_and_whose_yes_is_missing(home: Home, provider: Sandbox) -> None:
    with the_child(home, provider) as noah:
        cards = noah.gets(CONSENTS)
        assert parts_of(cards, "//h1/text()") == ["Hvem må se hvad?"]
        assert "Du bestemmer med her." in words_of(cards)
        select = sends(noah, form_with(cards, "/answer", recipient="employment"), answer="yes")
        check = sends(noah, form_with(select, "/check"), **ticked("goals"))
        assert "den eller dem, der har forældremyndigheden, skal også sige ja" in words_of(check)
        assert "Ingen får mere eller mindre at se nu." in words_of(check)


def test_the_words_of_child_and_parent_together_are_one_consent(home: Home, mother: Visitor, provider: Sandbox) -> None:
    says_yes_for(mother, home.there, "employment")
    with the_child(home, provider) as noah:
        said = words_of(noah.gets(CONSENTS))
    assert "Ja: Beskæftigelse må se mål" in said
