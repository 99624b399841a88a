"""Every word of the pages, in Danish and in English: gettext catalogues in ``locale``, read once.

A word has a key of its own instead of its text in one language, so that neither is a translation of the other.
Sentences that explain a decision come from ``hub.consent``; what authorities wrote is shown as they wrote it.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files

from babel.messages.pofile import read_po

LANGUAGES = ("da", "en")


def word(key: str, language: str, **facts: object) -> str:
    """Return a word or sentence in ``da`` or ``en``, with facts where it has room for them."""
    return WORDS[language][key].format(**facts)


def known_word(group: str, name: str, language: str) -> str:
    """Return the word for a name out of an open list, such as an authority's; the name itself where there is none."""
    return WORDS[language].get(f"{group}.{name}", name)


def _words(language: str) -> Mapping[str, str]:
    with (files("hub.ui") / "locale" / f"{language}.po").open("rb") as file:
        return {str(message.id): str(message.string) for message in read_po(file, language) if message.id}


#: By language and key.
WORDS: Mapping[str, Mapping[str, str]] = {language: _words(language) for language in LANGUAGES}
