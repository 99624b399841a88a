"""The pages of rules, record and keys: each role its own part; two people publish; no secret, no plan."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hub.cli.contract_check import SECONDS
from hub.consent.policy import RuleEffect
from hub.flow.policies import show_policy
from hub.flow.seal import seal
from hub.testing.conformance import CHECKS
from hub.ui.words import LANGUAGES, word
from tests.integration.api.served import Served, served
from tests.integration.ui.visitor import Visitor, parts_of, words_of

pytestmark = pytest.mark.integration
HOME = "/administration"
OWN = {
    "administrator": ("/rules", "/rules/new", "/authorities", "/retention"),
    "auditor": ("/record",),
    "security": ("/clients", "/keys"),
}


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A hub of its own: what is published holds for all of it."""
    with served(f"sqlite:///{tmp_path_factory.mktemp('administration') / 'hub.db'}") as running:
        yield running


def signed_in(hub: Served, name: str) -> Visitor:
    visitor = Visitor(hub.url)
    assert visitor.signs_in(hub.tokens[name], HOME).headers["location"] == HOME
    return visitor


def token_of(visitor: Visitor) -> str:
    return parts_of(visitor.gets(HOME), "//form[@action='/sign-out']/input[@name='form']/@value")[0]


@pytest.mark.parametrize("role", OWN)
def test_each_role_has_its_own_pages_and_no_other(alone: Served, role: str) -> None:
    with signed_in(alone, role) as visitor:
        links = parts_of(visitor.gets(HOME), "//nav[@class='ways']/a/@href")
        for owner, pages in OWN.items():
            for path in pages:
                assert visitor.gets(f"{HOME}{path}").status_code == (200 if owner == role else 403), path
                assert f"{HOME}{path}" in links or owner != role or path == "/rules/new"
        for path in ("/coordinator", "/operations", f"/coordinator/plans/{alone.plan}", "/citizen"):
            assert visitor.gets(path).status_code == 403, path
        assert visitor.gets(f"{HOME}/nothing").status_code == 404


def test_no_secret_stands_on_a_page_of_keys_and_clients(alone: Served) -> None:
    with signed_in(alone, "security") as visitor:
        clients, keys = visitor.gets(f"{HOME}/clients").text, visitor.gets(f"{HOME}/keys").text
    assert "coordinator" in clients
    for token in alone.tokens.values():
        assert token not in clients + keys
    assert "token_sha256" not in clients


def test_a_draft_shows_what_it_changes_and_two_people_publish_it(alone: Served) -> None:
    with signed_in(alone, "administrator") as one, signed_in(alone, "another-administrator") as other:
        form = token_of(one)
        typed = parts_of(one.gets(f"{HOME}/rules/new"), "//textarea/text()")[0]
        base = parts_of(one.gets(f"{HOME}/rules/new"), "//input[@name='based_on']/@value")[0]
        broken = one.posts(f"{HOME}/rules/drafts", form=form, based_on=base, document=typed + "\nnonsense = [")
        assert broken.status_code == 422
        assert "nonsense = [" in broken.text, "what was typed stays"
        wrong = one.posts(f"{HOME}/rules/drafts", form=form, based_on=base, document=typed + "\n[strange]\nx = 1\n")
        assert wrong.status_code == 422
        assert "strange" in words_of(wrong)
        changed = typed.replace("of_age = 18", "of_age = 19")
        assert changed != typed
        made = one.posts(f"{HOME}/rules/drafts", form=form, based_on=base, document=changed)
        assert made.status_code == 303
        draft = made.headers["location"]
        page = one.gets(draft)
        assert "før 18, nu 19" in words_of(page, "//section[@aria-labelledby='changes']")
        assert "Prøvet på opdigtede borgere" in words_of(page)
        assert "/publish" not in page.text, "nobody publishes their own"
        alone_again = one.posts(f"{draft}/publish", form=form)
        assert alone_again.status_code == 422
        assert "af to" in words_of(alone_again)
        assert f"Til version {base}" in words_of(other.gets(f"{HOME}/rules"))
        assert "Udgiv" in words_of(other.gets(draft))
        assert other.posts(f"{draft}/publish", form=token_of(other)).status_code == 303
        assert "Udgivet" in words_of(other.gets(draft))
        late = one.posts(f"{HOME}/rules/drafts", form=form, based_on=base, document=typed)
        assert late.status_code == 422, "another version has come since it was begun"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_rules_in_force_are_a_table_of_who_gets_what_on_which_ground(alone: Served, language: str) -> None:
    known = show_policy(alone.store)
    with signed_in(alone, "administrator") as one:
        page = one.gets(f"{HOME}/rules?lang={language}")
    for rule in known.rules:
        said = words_of(page, f"//tr[@id='r-{rule.id}']")
        for part in (
            rule.en if language == "en" else rule.da,
            rule.citation,
            word(f"rules.ground.{rule.effect}", language),
        ):
            assert " ".join(part.split()) in said, rule.id
    asked = [next(r.effect for r in known.rules if f"r-{r.id}" == one) for one in parts_of(page, "//tr/@id")]
    assert asked == sorted(asked, key=list(RuleEffect).index), "what is prohibited is asked first"
    assert len(asked) == len(known.rules)


def test_a_draft_is_discarded_for_a_reason(alone: Served) -> None:
    with signed_in(alone, "administrator") as one:
        form = token_of(one)
        page = one.gets(f"{HOME}/rules/new")
        typed = parts_of(page, "//textarea/text()")[0].replace("asks_from = 15", "asks_from = 14")
        base = parts_of(page, "//input[@name='based_on']/@value")[0]
        draft = one.posts(f"{HOME}/rules/drafts", form=form, based_on=base, document=typed).headers["location"]
        assert one.posts(f"{draft}/discard", form=form, reason="whim").status_code == 400
        for _ in range(2):
            assert one.posts(f"{draft}/discard", form=form, reason="mistaken").status_code == 303
        assert "Kasseret" in words_of(one.gets(draft))


def test_the_record_is_searched_by_its_address_and_a_forged_entry_is_found(alone: Served) -> None:
    alone.opens_plan()
    while seal(alone.store, is_whole=True):
        pass
    with signed_in(alone, "auditor") as auditor:
        found = auditor.gets(f"{HOME}/record?action=signed-in&actor=auditor")
        assert set(parts_of(found, "//section[@aria-labelledby='entries']//h3/text()")) == {"signed-in"}
        assert parts_of(found, "//input[@name='actor']/@value") == ["auditor"]
        assert "Ingen poster passer." in words_of(auditor.gets(f"{HOME}/record?action=nothing-such"))
        form = token_of(auditor)
        while seal(alone.store, is_whole=True):
            pass
        assert "Optegnelsen er hel" in words_of(auditor.posts(f"{HOME}/record/verification", form=form))
        alone.forges_the_audit()
        broken = auditor.posts(f"{HOME}/record/verification", form=form)
        assert "ikke hel" in words_of(broken)
        assert "sikkerhedshændelse" in words_of(broken)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_an_adapter_is_tried_against_its_contract_and_that_is_written_down(alone: Served) -> None:
    path = f"{HOME}/authorities/social/contract-check"
    with signed_in(alone, "administrator") as administrator:
        page = administrator.gets(f"{HOME}/authorities")
        assert path in parts_of(page, "//form/@action")
        assert "social/v1" in words_of(page, "//article[@id='a-social']")
        administrator.client.timeout = SECONDS  # a machine that is busy with others takes its time
        checked = administrator.posts(path, form=token_of(administrator))
        assert checked.status_code == 200
        assert len(parts_of(checked, "//main//li")) == len(CHECKS)
        assert administrator.posts(path, form="another's").status_code == 403
        nobody = administrator.posts(f"{HOME}/authorities/nobody/contract-check", form=token_of(administrator))
        assert nobody.status_code == 404
    (deed,) = alone.audited("contract-checked")
    assert (deed["actor"], deed["details"]["contract"]) == ("administrator", "social/v1")
    assert deed["details"]["checks"] == len(CHECKS)
    not_passed = parts_of(checked, "//main//li//*[contains(@class, 'badge-error')]")
    assert len(not_passed) == len(deed["details"]["failed"]), "none, unless the machine is busy with others"
    with signed_in(alone, "auditor") as auditor:
        assert auditor.posts(path, form=token_of(auditor)).status_code == 403
