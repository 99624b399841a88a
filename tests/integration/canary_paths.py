"""Every way in and through the hub, walked by canaries: as it should be, and as it should not."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import orjson

from hub.authority import contract_folder
from hub.cli.town import Town
from hub.clock import new_id
from tests.integration.api.test_roles import ROUTES
from tests.integration.canaries import CANARIES, Canary

XML, JSON, SOAP = "application/xml", "application/json", "text/xml; charset=utf-8"
#: Door → what it takes, and which examples are in order.
DOORS = {
    "children": ("/in/children", XML, "children/v1", "normal.xml"),
    "social": ("/in/social", JSON, "social/v1", "sag-normal.json"),
    "youth": ("/in/youth", JSON, "youth/v1", "forloeb-normal.json"),
    "employment": ("/soap/employment", SOAP, "employment/v1", "submit-normal.xml"),
}
_NUMBER = re.compile(rb"(?<![\d-])\d{6} ?-? ?\d{4}(?![\d-])")
_NAME = re.compile(r"(?:[A-ZÆØÅ][\wæøå]+ )+Test [A-ZÆØÅ][\wæøå]+".encode())
_LEAF = re.compile(rb"(?<=>)[^<>\s][^<>]*(?=</)|(?<=: )\"[^\"]*\"")


class Walk:
    """The canaries, each walking once and then again, and every answer that was an error."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.errors: list[bytes] = []
        self.walked: set[str] = set()
        self.seen: set[int] = set()
        self.failed: list[tuple[str, str, int]] = []
        self._next = 0
        self._client = httpx.Client(timeout=20)  # one for all: each reads the machine's certificates as it is made

    def one(self) -> Canary:
        """Return whose turn it is."""
        canary = CANARIES[self._next % len(CANARIES)]
        self._next += 1
        self.walked.add(canary.cpr)
        return canary

    def ask(
        self, caller: str | None, method: str, path: str, body: bytes | None = None, kind: str = JSON, **headers: str
    ) -> httpx.Response:
        """Ask the hub, and keep what it answers to what is wrong."""
        given = {"Content-Type": kind, **{name.replace("_", "-"): value for name, value in headers.items()}}
        if caller:
            given["Authorization"] = f"Bearer {self.town.tokens[caller]}"
        answer = self._client.request(method, self.town.url("hub") + path, content=body, headers=given)
        self.seen.add(answer.status_code)
        if answer.status_code >= 500 and not path.startswith("/soap/"):  # a fault of SOAP 1.1 is a 500
            self.failed.append((method, path, answer.status_code))
        if answer.status_code >= 400:
            told = "\n".join(f"{name}: {value}" for name, value in answer.headers.items())
            self.errors.append(told.encode() + b"\n\n" + answer.content)
        return answer

    def close(self) -> None:
        """End the connections."""
        self._client.close()

    def says(self, path: str, content: Any, caller: str = "coordinator") -> httpx.Response:
        """Ask by POST with JSON."""
        return self.ask(caller, "POST", path, orjson.dumps(content))


def opens_plan(walk: Walk, who: Canary, authorities: list[str]) -> str:
    """Open a plan in which everybody may see goals."""
    person = {"cpr": who.cpr, "name": who.name}
    opened = walk.says("/consents", {"kind": "one-plan", "person": person, "authorities": authorities})
    assert opened.status_code == 201, opened.text
    plan = str(opened.json()["plan"])
    sharing = {"kind": "sharing", "plan": plan, "sources": authorities, "recipients": authorities}
    given = walk.says("/consents", {**sharing, "categories": ["goals", "activities", "cases"]})
    assert given.status_code == 201, given.text
    return plan


def good_ways(walk: Walk, town: Town) -> list[str]:
    """Let people have plans and cases at every authority, by SOAP, XML, REST, a folder and polls."""
    plans = []
    for number in range(10):
        who = walk.one()
        plans.append(opens_plan(walk, who, ["children", "social", "employment", "youth"]))
        case = {
            "cpr": who.cpr, "name": who.name, "title": f"Sag om {who.name}", "label": "FORTROLIGE_PERSONOPLYSNINGER",
            "goals": [{"id": "m1", "title": who.words}],
        }  # fmt: skip
        for system in ("children", "social", "employment"):
            via = {"via": "folder" if number % 2 else "http"} if system == "children" else {}
            town.tell(system, "POST", "/sandbox/cases", {**case, **via})
    return plans


def occasions(walk: Walk, plans: list[str]) -> None:
    """Write words of a person wherever words are asked for, and withdraw a consent."""
    for plan in plans[:4]:
        who = walk.one()
        for path, body in (
            ("emergency", {"reason": who.words, "minutes": 5}),
            ("hold", {"reason": who.words}),
            ("hold/lift", {"reason": who.words}),
            ("meetings", {"purpose": "ssd", "organisations": ["children"]}),
            ("meetings", {"purpose": "ssd", "organisations": ["children"], "reason": who.words}),
        ):
            walk.says(f"/plans/{plan}/{path}", body)
        person = {"cpr": who.cpr, "name": who.name}
        walk.says("/consents/simulate", {"give": {"kind": "one-plan", "person": person, "authorities": ["children"]}})
        own_words(walk, plan, who)
        walk.ask("coordinator", "GET", f"/plans/{plan}")
        for consent in walk.ask("coordinator", "GET", f"/consents?plan={plan}").json()["consents"][:1]:
            walk.ask("coordinator", "POST", f"/consents/{consent['consent']}/withdraw")
    letters = walk.ask("operator", "GET", "/ops/dead-letters").json()
    for found in re.findall(r'"id":"([0-9a-f-]{36})"', orjson.dumps(letters).decode()):
        who = walk.one()
        walk.ask("operator", "GET", f"/ops/dead-letters/{found}")
        walk.says(f"/ops/dead-letters/{found}/reveal", {"reason": who.words})
        walk.says("/ops/replays", {"ids": [found], "reason": who.words, "canary": 1, "per_minute": 60}, "operator")
        walk.says(f"/ops/dead-letters/{found}/discard", {"reason": who.words}, "operator")


def own_words(walk: Walk, plan: str, who: Canary) -> None:
    """Write a joint goal into a plan, ask about it and answer; and each of them so that it is refused."""
    words = {"kind": "goal", "title": who.words[:200], "text": who.words}
    written = walk.says(f"/plans/{plan}/goals", words)
    assert written.status_code == 201, written.text
    asks = {"element": written.json()["id"], "says": "ask", "words": who.words}
    asked = walk.says(f"/plans/{plan}/statements", asks)
    assert asked.status_code == 201, asked.text
    answer = f"/statements/{asked.json()['statement']}/answer"
    assert walk.says(answer, {"answer": who.words}).is_success
    assert not walk.says(answer, {"answer": who.words}).is_success
    stale = orjson.dumps(words)
    one = f"/plans/{plan}/goals/{written.json()['id']}"
    assert walk.ask("coordinator", "PUT", one, stale, **{"If-Match": '"7"'}).status_code == 409
    for wrong in ({**words, "kind": who.words}, {**words, "part_of": who.words}, {**words, who.words: 1}):
        assert not walk.says(f"/plans/{plan}/goals", wrong).is_success
    assert not walk.says(f"/plans/{plan}/statements", {**asks, "says": who.words}).is_success


def examples(walk: Walk) -> None:
    """Send every example of every contract, in order and refused, about somebody known and about somebody unknown."""
    for caller, (path, kind, contract, _) in DOORS.items():
        for file in sorted(contract_folder(contract).rglob("examples/**/*.*")):
            if file.suffix in (".xml", ".json"):
                walk.ask(caller, "POST", path, _told_of(walk.one(), file.read_bytes()), kind)
        walk.ask(caller, "POST", f"/in/{caller}/events", orjson.dumps({"EventId": walk.one().cpr}))


def every_leaf(walk: Walk) -> None:
    """Send a case in order with a canary in the place of one value, each value in turn: also where codes stand."""
    for caller, (path, kind, contract, example) in DOORS.items():
        whole = (contract_folder(contract) / "examples" / example).read_bytes()
        for number, leaf in enumerate(_LEAF.finditer(whole)):
            who = walk.one()
            words = (who.cpr, who.name, who.words)[number % 3]
            quoted = f'"{words}"' if kind == JSON else words
            body = whole[: leaf.start()] + quoted.encode() + whole[leaf.end() :]
            walk.ask(caller, "POST", path, body.replace(b"b1a2c01", new_id().hex[-7:].encode()), kind)


def wrong_addresses(walk: Walk) -> None:
    """Ask every route with a canary in its address, its query, its headers and its body, by right and wrong methods."""
    for route in ROUTES:
        method, _, path = route.partition(" ")
        who = walk.one()
        for word, caller in ((who.hyphened.replace("-", "%2D"), "operator"), (quote(who.name), "coordinator")):
            walk.ask(caller, method, re.sub(r"\{\w+\}", word, path))
            walk.ask(caller, method, re.sub(r"\{\w+\}", str(new_id()), path) + f"?q={word}&plan={word}")
        text = who.words.encode()
        walk.ask("coordinator", method, re.sub(r"\{\w+\}", str(new_id()), path), text, X_Correlation_Id=who.cpr)
        walk.ask(None, "PUT", re.sub(r"\{\w+\}", who.cpr, path), text, traceparent=who.cpr)
        walk.says(re.sub(r"\{\w+\}", str(new_id()), path), {"cpr": who.cpr, "name": who.name, "reason": who.words})
        walk.says(re.sub(r"\{\w+\}", str(new_id()), path), {who.cpr: {who.name: [who.words]}}, "operator")


def wrong_words(walk: Walk) -> None:
    """Search, sign in, ask for tokens and send FHIR, all of it wrong and about a canary."""
    for body in ('{"cpr":"%s"}', '{"cpr":"%s1"}', '{"cpr":%s}', '{"cpr":["%s"]}', "%s", '{"%s":1}'):
        walk.ask("coordinator", "POST", "/plans/search", (body % walk.one().cpr).encode())
    for _ in range(8):
        who = walk.one()
        form = f"grant_type={who.cpr}&client_assertion={who.cpr}.{who.cpr}.x&scope={who.name}".encode()
        walk.ask(None, "POST", "/oauth/token", form, "application/x-www-form-urlencoded")
        walk.ask(
            None,
            "POST",
            "/sign-in",
            f"token={who.cpr}&name={who.name}".encode(),
            "application/x-www-form-urlencoded",
        )
        walk.ask(None, "GET", f"/plans/{new_id()}", Authorization=f"Bearer {who.cpr}", Cookie=f"__Host-hub={who.cpr}")
        patient = {"reference": f"Patient/{who.cpr}", "display": who.name}
        consent = {"resourceType": "Consent", "status": who.cpr, "patient": patient, "identifier": [{"value": who.cpr}]}
        walk.says("/fhir/Consent", consent)
        named = [{"name": who.name, "valueString": who.cpr}, {"name": "plan", "valueString": who.hyphened}]
        walk.says("/fhir/Consent/$decide", {"resourceType": "Parameters", "parameter": named})
        said = {"status": who.cpr, "note": [{"text": who.words}], "code": {"text": who.name}, "output": [who.cpr]}
        number = {"system": "urn:oid:1.2.208.176.1.2", "value": who.cpr}
        for kind, name in (
            ("Goal", "subject"),
            ("Task", "for"),
            ("Communication", "subject"),
            ("Appointment", "patient"),
        ):
            resource = {"resourceType": kind, "identifier": [number], name: {"identifier": number}, **said}
            walk.says(f"/fhir/{kind}", resource)
            once = orjson.dumps(resource | {"lifecycleStatus": "active", "description": {"text": who.name}})
            walk.ask("coordinator", "POST", f"/fhir/{kind}", once, If_None_Exist=f"identifier=urn:x:y|{who.cpr}")
            request = {"method": "POST", "url": kind, "ifNoneExist": who.cpr}
            entry = {"fullUrl": who.cpr, "resource": resource, "request": request}
            walk.says("/fhir", {"resourceType": "Bundle", "type": "transaction", "entry": [entry, {who.cpr: who.name}]})
        walk.says("/receipts", {"delivery": who.cpr, "status": who.name, "reason": who.words}, "children")


@contextmanager
def a_system_that_quotes() -> Iterator[str]:
    """Serve a recipient that takes nothing in, and says so by quoting what it knows of a person."""
    who = CANARIES[-1]

    class Quotes(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            said = orjson.dumps({"Aarsag": who.words, "Fejl": who.cpr, "Status": "afvist"})
            self.send_response(422, f"No {who.cpr}")
            for name, value in (("Content-Type", JSON), ("X-Person", who.cpr), ("Content-Length", str(len(said)))):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: object) -> None:
            """Say nothing on the terminal."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Quotes) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def drops_files(walk: Walk, folder: Path) -> None:
    """Put files into the children's folder that are refused: of somebody unknown, and not well-formed."""
    whole = (contract_folder("children/v1") / "examples" / "normal.xml").read_bytes()
    for number in range(4):
        told = _told_of(walk.one(), whole)
        (folder / "in" / f"fil-{number}.xml").write_bytes(told if number % 2 else told[:-30])


def _told_of(who: Canary, body: bytes) -> bytes:
    return _NAME.sub(who.name.encode(), _NUMBER.sub(who.cpr.encode(), body))
