"""Words for whom a page speaks to: a child of the age that decides itself gets simpler ones, where there are such."""

from __future__ import annotations

from collections.abc import Callable

from hub.ui.words import WORDS, word

YOUNG = "young."
Say = Callable[..., str]


def spoken(language: str, *, is_young: bool) -> Say:
    """Return what says a word in a language; to somebody young, simply.

    say("consents.lead", who="Jobcentret")
    """

    def say(key: str, **facts: object) -> str:
        simple = YOUNG + key
        return word(simple if is_young and simple in WORDS[language] else key, language, **facts)

    return say
