"""A coordinator and a citizen sign in through the identity provider, as a browser does it."""

from __future__ import annotations

import re
from typing import ClassVar
from urllib.parse import parse_qsl, urlsplit

import httpx

from hub.cli.story import Citizen, Story

_SIGNE = Citizen("220790-9992", "Signe Test Vang")
_FORM = re.compile(r'name="form" value="([0-9a-f]{64})"')
_GOES_ON = re.compile(r'http-equiv="refresh" content="0; url=(/[a-z/-]+)"')
_SEE_OTHER, _FORBIDDEN = 303, 403


class SignInStory(Story):
    """Who somebody is, the identity provider says; what they are here, the hub's settings."""

    name: ClassVar[str] = "sign-in"
    title: ClassVar[str] = "Karen coordinates, Signe is a citizen: both sign in through the identity provider"

    def tell(self) -> None:
        """Let three people sign in, and look how far each gets."""
        plan = self.open_plan(_SIGNE, "children", "social")
        page = f"/coordinator/plans/{plan}"
        with self._browser() as karen:
            sent = karen.get(page)
            self.prove("Whoever is not signed in is led to sign in", sent.status_code == _SEE_OTHER, sent.status_code)
            self._sign_in(karen, "karen")
            found = self._find(karen)
            self.prove("The coordinator signs in and finds the plan by its number", found == page, found)
            read = karen.get(page)
            self.prove("The coordinator reads the plan", read.is_success and _SIGNE.name in read.text, read.status_code)
            left = self._sign_out(karen)
            self.prove("Signed out here and at the provider, the plan is closed again", left == _SEE_OTHER, left)
        with self._browser() as signe:
            goes_on = _GOES_ON.search(self._sign_in(signe, "signe").text)
            own = signe.get(goes_on[1]).status_code if goes_on else 0
            seen = own, signe.get(page).status_code
            self.prove("The citizen signs in, and is no coordinator", seen == (httpx.codes.OK, _FORBIDDEN), seen)
        with self._browser() as stranger:
            last = self._sign_in(stranger, "uffe").status_code
            self.prove(
                "Somebody whom the provider knows, but who has no role, is let in nowhere", last == _FORBIDDEN, last
            )

    def _browser(self) -> httpx.Client:
        return httpx.Client(base_url=self.town.url("hub"), timeout=20, trust_env=False)

    def _sign_in(self, browser: httpx.Client, who: str) -> httpx.Response:
        """Go to the provider, choose somebody, and come back."""
        there = browser.get("/sign-in/start").headers["location"]
        asked = dict(parse_qsl(urlsplit(there).query))
        chosen = httpx.post(f"{self.town.url('identity')}/authorize", data={**asked, "sub": who}, trust_env=False)
        self.say(f"At the identity provider somebody chooses to be {who}.")
        return browser.get(chosen.headers["location"])

    def _find(self, browser: httpx.Client) -> str:
        found = self._post(browser, "/coordinator", cpr=_SIGNE.cpr)
        return str(found.headers.get("location", ""))

    def _sign_out(self, browser: httpx.Client) -> int:
        leaving = self._post(browser, "/sign-out").headers["location"]
        there = re.search(r'<a href="(http[^"]+)"', browser.get(leaving).text)
        back = httpx.get(there[1].replace("&amp;", "&"), trust_env=False).headers["location"] if there else ""
        return browser.get("/coordinator").status_code if back.endswith("/sign-in/left") else 0

    def _post(self, browser: httpx.Client, path: str, **fields: str) -> httpx.Response:
        """Send a form of the hub's own page."""
        token = _FORM.search(browser.get("/coordinator").text)
        form = {**fields, "form": token[1] if token else ""}
        return browser.post(path, data=form, headers={"Sec-Fetch-Site": "same-origin"})
