"""A letter that says there is something to see: it reaches the citizen's box, and tells nobody what."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any, ClassVar

from hub.cli.story import MIDDLE, Citizen, Story
from hub.clock import now
from hub.plan.danish_time import LOCAL

_KAREN = Citizen("170576-9998", "Karen Test Eng")
_TITLE = "Samtale om bostøtte"


class LetterStory(Story):
    """A reminder by Digital Post: one for each time, and without a word of content."""

    name: ClassVar[str] = "a-letter"
    title: ClassVar[str] = "A letter reminds Karen of an appointment, and tells nobody what it is about"

    def tell(self) -> None:
        """Book for tomorrow, read the box, move it, read again."""
        self.open_plan(_KAREN, "social")
        case = self.send_case("social", _KAREN, title="Bostøtte", appointments=[_tomorrow(10)])
        letters = self.until(lambda found: len(found) >= 1, self._letters)
        self.prove("A letter lies in the post box", len(letters) == 1, len(letters))
        text = "".join(one["subject"] + one["text"] for one in letters)
        self.say(letters[0]["text"].split("\n")[0])
        is_silent = not any(word in text for word in (_TITLE, "Bostøtte", _KAREN.name, _digits(_KAREN.cpr)))
        self.prove("It says that there is an appointment, and not which", "aftale" in text and is_silent, text)
        self.change_case("social", case, appointments=[_tomorrow(14)])
        self.say("Social services move the appointment to the afternoon.")
        letters = self.until(lambda found: len(found) >= 2, self._letters)
        self.prove("The new time is told of, once", [one["times"] for one in letters] == [1, 1], len(letters))
        delivered = self.until(lambda found: len(found) >= 2, self._delivered)
        self.prove("The post says of both that they lie in Karen's box", len(delivered) == 2, delivered)

    def _letters(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.town.tell("post", "GET", "/sandbox/letters")
        return [one for one in found if one["cpr"] == _digits(_KAREN.cpr)]

    def _delivered(self) -> list[str]:
        activity = self.town.ask("operator", "GET", "/ops/activity").json()["activity"]
        return [one["action"] for one in activity if one["action"] == "letter-delivered"]


def _tomorrow(hour: int) -> dict[str, str]:
    day = (now().astimezone(LOCAL) + timedelta(days=1)).date()
    start = datetime.combine(day, time(hour), LOCAL)
    end = start + timedelta(hours=1)
    times = {"start": start.isoformat(), "end": end.isoformat()}
    return {"id": "a1", "title": _TITLE, **times, "place": "Rådhuset", "label": MIDDLE}


def _digits(cpr: str) -> str:
    return cpr.replace("-", "")
