"""Every word of the pages is there in both languages, and none besides."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hub.consent.decision import Reason
from hub.consent.policy import Hidden
from hub.consent.standing import Lack
from hub.plan.element import Kind, Status
from hub.plan.plan import PlanStatus
from hub.ui.spoken import YOUNG
from hub.ui.times import age
from hub.ui.words import LANGUAGES, WORDS, word

UI = Path(__file__).parents[3] / "hub" / "ui"
SOURCES = [path for path in (*UI.glob("*.py"), *UI.glob("templates/*.html")) if path.name != "words.py"]
#: Groups of words that are looked up by a name of a closed or an open list.
BY_NAME = (
    "kind.",
    "status.",
    "hidden.",
    "plan.status.",
    "authority.",
    "detail.",
    "value.",
    "day.",
    "age.",
    "error.",
    "category.",
    "evaluation.group.",
    "evaluation.measure.",
    "proof.every.",
    "proof.kind.",
    "role.",
    "task.",
    "purpose.",
    "renewal.",
    "stopped.",
    "result.",
    "update.",
    "changed.",
    "severity.",
    "young.",
    "ground.",
    "lack.",
    "check.title.",
    "check.confirm.",
    "receipt.yes",
    "receipt.no",
    "receipt.withdrawn",
    "own.kind.",
    "said.",
    "unanswered.",
    "ops.way.",
    "ops.trouble.",
    "ops.alarm.",
    "ops.deed.",
    "circuit.",
    "hold.",
    "cause.",
    "fix.",
    "because.",
    "replay.",
    "would.",
    "step.",
    "trace.fact.",
    "admin.role.",
    "admin.by.",
    "contract.",
    "matrix.column.",
    "ladder.",
    "condition.",
    "requests.right.",
    "requests.stands.",
    "requests.show.",
    "requests.fact.",
    "requests.none.",
    "rules.",
    "record.field.",
    "ops.way.",
)
#: For which something is shown.
GROUNDS = (Reason.OWN, Reason.DUTY, Reason.STATUTE, Reason.CONSENT, Reason.EMERGENCY)
KEYS = WORDS["da"].keys()
NOON = datetime(2026, 11, 23, 11, tzinfo=UTC)


@pytest.mark.parametrize("key", sorted({key for words in WORDS.values() for key in words}))
def test_a_word_is_there_in_both_languages_with_room_for_the_same_facts(key: str) -> None:
    da, en = (WORDS[language][key] for language in LANGUAGES)
    assert da.strip()
    assert en.strip()
    assert set(re.findall(r"{(\w+)}", da)) == set(re.findall(r"{(\w+)}", en))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalogue_names_no_word_twice(language: str) -> None:
    keys = re.findall(r'^msgid "(.+)"$', (UI / "locale" / f"{language}.po").read_text("utf-8"), re.MULTILINE)
    assert len(keys) == len(set(keys)) == len(WORDS[language])


def test_no_word_is_missing_and_none_is_left_over() -> None:
    written = "\n".join(path.read_text("utf-8") for path in SOURCES)
    quoted = set(re.findall(r'"([a-z_]+(?:\.[a-z_0-9]+)*)"', written))
    assert not [key for key in KEYS if key not in quoted and not key.startswith(BY_NAME)]
    asked = set(re.findall(r'\b(?:say|word)\("([a-z_.]+)"', written))
    assert asked
    begun = {key for key in asked if key.endswith(".")}
    assert not asked - begun - KEYS
    assert not [key for key in begun if not key.startswith(BY_NAME)]


def test_each_simple_word_stands_for_another() -> None:
    simple = [key for key in KEYS if key.startswith(YOUNG)]
    assert simple
    assert not [key for key in simple if key.removeprefix(YOUNG) not in KEYS]


def test_every_name_of_a_closed_list_has_its_word() -> None:
    names = {f"kind.{kind}" for kind in Kind} | {f"status.{status}" for status in Status}
    names |= {f"lack.{lack}" for lack in Lack} | {f"ground.{reason}" for reason in GROUNDS}
    names |= {f"hidden.{part}" for part in Hidden} | {f"plan.status.{status}" for status in PlanStatus}
    assert not names - KEYS


def test_every_error_says_what_to_do_next() -> None:
    for status in (400, 403, 404, 413, 500, 503):
        assert word(f"error.{status}", "da")
        assert word(f"error.{status}.next", "en")


@pytest.mark.parametrize("path", sorted(UI.glob("templates/*.html")), ids=lambda path: path.name)
def test_a_template_holds_no_words_of_its_own_no_script_and_no_style(path: Path) -> None:
    text = re.sub(r"{#.*?#}|{%.*?%}|{{.*?}}|<[^>]*>", " ", path.read_text("utf-8"), flags=re.DOTALL)
    assert not re.findall(r"[A-Za-zÆØÅæøå]{2,}", text)
    # A script is a file of its own, and one that the hub serves: the pages' policy lets no other run.
    served = r"<script(?! src=\"{{ asset\([^)]*\) }}\" defer></script>)"
    assert not re.search(rf"{served}|<style|style=|\son\w+=|\|\s*safe", path.read_text("utf-8"))


@pytest.mark.parametrize(
    ("ago", "da", "en"),
    [
        (timedelta(seconds=-30), "lige nu", "just now"),
        (timedelta(seconds=59), "lige nu", "just now"),
        (timedelta(minutes=1), "for 1 minut siden", "1 minute ago"),
        (timedelta(minutes=59, seconds=59), "for 59 minutter siden", "59 minutes ago"),
        (timedelta(hours=1), "for 1 time siden", "1 hour ago"),
        (timedelta(hours=23, minutes=59), "for 23 timer siden", "23 hours ago"),
        (timedelta(days=1), "for 1 dag siden", "1 day ago"),
        (timedelta(days=400), "for 400 dage siden", "400 days ago"),
    ],
)
def test_an_age_is_said_in_its_largest_unit(ago: timedelta, da: str, en: str) -> None:
    assert (age(NOON - ago, NOON, "da"), age(NOON - ago, NOON, "en")) == (da, en)
