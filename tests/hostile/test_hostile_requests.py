"""Hostile JSON and HTTP: every one of them is answered 4xx, and soon; none is a failure of the hub.

Over 3,000, by a seed that pytest prints (``HUB_TEST_SEED`` repeats it).
"""

from __future__ import annotations

import random
import socket
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest
from structlog.testing import capture_logs

from hub.api.declared import Scope
from hub.plan.person import Role
from tests.generation.seed import SEED
from tests.integration.api.served import ANNA_CPR, CANARY_CPR, Served, served
from tests.integration.api.test_roles import DECLARED, NOT_THERE, OWN_AND_OTHER

pytestmark = pytest.mark.integration
JSON_COUNT, HTTP_COUNT = 2_000, 1_200
#: Longer than any answer takes on a busy machine, and than the hub waits for what does not come.
SECONDS = 45.0
_UNFINISHED, _CLOSED = b"Content-Length: 400\r\n\r\n", "HTTP/1.1 4xx the connection was closed"
#: What takes JSON; others read XML, a form, or nothing.
WITHOUT_JSON = ("POST /soap", "POST /oauth", "POST /post", "POST /policies/drafts/{id}/publish")
#: Members that the routes' bodies have, so that mutations reach behind the first look.
WORDS = (
    "kind", "plan", "cpr", "reason", "sources", "recipients", "categories", "period", "label", "elements", "delivery",
    "status", "numbers", "issuer", "minutes", "purpose", "organisations", "resourceType", "parameter", "id", "give",
    "withdraw", "policy", "named", "authority", "rule", "effect", "person", "after", "receipt",
)  # fmt: skip


@dataclass(frozen=True)
class Attack:
    """What is sent, raw, and its name for who has to find out.

    :ivar is_unfinished: the hub waits for the rest, as long as it waits for anybody; nobody sends it.
    """

    name: str
    raw: bytes

    @property
    def is_unfinished(self) -> bool:
        return _UNFINISHED in self.raw


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(f"sqlite:///{tmp_path_factory.mktemp('hostile') / 'hub.db'}") as running:
        yield running


def status_of(hub: Served, attack: Attack) -> str:
    """Send one; return the first line of the answer, or what came instead."""
    place = urlsplit(hub.url)
    with socket.create_connection((place.hostname, place.port), timeout=SECONDS) as line:
        line.settimeout(SECONDS)
        try:
            line.sendall(attack.raw)
            if attack.is_unfinished:
                line.shutdown(socket.SHUT_WR)  # of anything else the hub would not answer who has hung up half
            answer = line.makefile("rb").readline(200)
        except TimeoutError:
            return "it hangs"
        except (ConnectionResetError, BrokenPipeError):  # before all of it was sent
            return _CLOSED
    return answer.decode("latin-1").strip() or (_CLOSED if attack.is_unfinished else "no answer")


def a_request(method: str, path: str, token: str, body: bytes = b"", *headers: bytes) -> bytes:
    fields = [b"Host: hub.test", *headers]
    if token:
        fields.append(b"Authorization: Bearer " + token.encode())
    if body:
        fields.append(b"Content-Length: " + str(len(body)).encode())
    return f"{method} {path} HTTP/1.1\r\n".encode() + b"\r\n".join(fields) + b"\r\n\r\n" + body


def evil_values(dice: random.Random) -> list[Any]:
    deep: Any = []
    for _ in range(dice.randrange(2, 200)):
        deep = [deep]
    return [
        None, True, -1, 2**63, 1e308, "", " ", "\x00", "\u202e", "x" * dice.randrange(1, 5_000), [], [[]], {}, deep,
        {"$ref": "#"}, {"__proto__": {}}, "'; DROP TABLE plans; --", "../../etc/passwd", "${jndi:ldap://x}", "{{7*7}}",
        "<!DOCTYPE x>", "=cmd|' /C calc'!A0", CANARY_CPR, f"{CANARY_CPR[:6]}-{CANARY_CPR[6:]}", NOT_THERE, "2026-13-45",
        ["*"] * dice.randrange(1, 50), "urn:x", "\ud7ff", "0" * 400,
    ]  # fmt: skip


def evil_body(dice: random.Random) -> tuple[str, bytes]:
    """Make a body that no route can take: no JSON, or JSON with members that are not asked for."""
    member = dice.choice(WORDS).encode()
    broken = [
        b"NaN", b"Infinity", b"-Infinity", b"{", b"[1,]", b"{'a': 1}", b'{"a": 1,}', b"// x\n{}", b"\xef\xbb\xbf{",
        b"\xff\xfe{}", b'"\xed\xa0\x80"', b'{"' + member + b'": NaN}', b"[" * dice.randrange(2, 90_000), b"1e99999",
        b'{"' + member + b'": "\\ud800"}', b'{"' + member + b'": "\x01"}', b"\x00", b"nul", b"{}{}", b"\x80" * 20,
        b'{"' + member + b'": 1, "' + member + b'": 2, "x": 3}', b'{"a":' * 500, b"0x10", b"+1", b".5", b"01", b"[",
        b"x" * dice.randrange(1, 150_000), b'{"' + member + b'": ' + b"9" * 5_000 + b", " + b'"x": 1}',
    ]  # fmt: skip
    if dice.random() < 0.5:
        return "broken", dice.choice(broken)
    made = {word: dice.choice(evil_values(dice)) for word in dice.sample(WORDS, dice.randrange(1, 8))}
    return "foreign", orjson.dumps({**made, f"no-such-{dice.randrange(99)}": dice.choice(evil_values(dice))})


def json_attacks(hub: Served, dice: random.Random, count: int) -> Iterator[Attack]:
    routes = [
        (route, next(iter(sorted(declared.roles))))
        for route, declared in sorted(DECLARED.items())
        if route.startswith("POST") and declared.scope is not Scope.NOBODY and not route.startswith(WITHOUT_JSON)
    ]
    for _ in range(count):
        route, role = dice.choice(routes)
        kind, body = evil_body(dice)
        path = address(route.split()[1], hub)
        token = hub.tokens[OWN_AND_OTHER[role][0]]
        yield Attack(f"{kind} {route} {body[:60]!r}", a_request("POST", path, token, body, _JSON))


_JSON = b"Content-Type: application/json"


def address(path: str, hub: Served, other: str = NOT_THERE) -> str:
    """Fill in a path; where nothing is, so that nothing comes about by an empty body that is right."""
    named: dict[str, object] = {"authority": "employment", "kind": "Goal", "version": 1, "path": "x"}
    return path.format_map(defaultdict(lambda: other, named))  # whatever else stands in an address is an id


def http_attacks(hub: Served, dice: random.Random, count: int) -> Iterator[Attack]:
    token = hub.tokens["coordinator"]
    for _ in range(count):
        make = dice.choice(_HTTP)
        name, raw = make(hub, dice, token)
        yield Attack(f"{name}: {raw[:90]!r}", raw)


def _framing(hub: Served, dice: random.Random, token: str) -> tuple[str, bytes]:
    auth, body = f"Authorization: Bearer {token}\r\n".encode(), orjson.dumps({"cpr": ANNA_CPR})
    start, host = b"POST /plans/search HTTP/1.1\r\n", b"Host: hub.test\r\n"
    junk = bytes(dice.randrange(1, 256) for _ in range(dice.randrange(1, 60)))
    return "framing", dice.choice(
        [
            start + host + auth + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            start + host + host + auth + b"Content-Length: 2\r\n\r\n{}",
            start + auth + b"Content-Length: 2\r\n\r\n{}",
            start + host + auth + b"Content-Length: -1\r\n\r\n{}",
            start + host + auth + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}x",
            start + host + auth + b"Content-Length: 99999999999999999999999\r\n\r\n{}",
            start + host + auth + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n{}\r\n0\r\n\r\n",
            start + host + auth + b"Transfer-Encoding: x\r\n\r\n{}",
            start + host + auth + _UNFINISHED + body,
            start + host + b"X\x00: 1\r\n" + auth + b"\r\n",
            start + host + b"Bad Name: 1\r\n" + auth + b"\r\n",
            start + host + b": empty\r\n" + auth + b"\r\n",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            b"GET /proof-keys HTTP/9.9\r\n" + host + b"\r\n",
            b"GET  /proof-keys\r\n\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + junk,
            junk + b"\r\n\r\n",
        ]
    )


def _address(hub: Served, dice: random.Random, token: str) -> tuple[str, bytes]:
    route = dice.choice(
        [one for one, what in sorted(DECLARED.items()) if "{" in one and what.scope is not Scope.NOBODY]
    )
    evil = dice.choice(
        ["%00", "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "%ff%fe", "'%20OR%201=1", "%0d%0aSet-Cookie:x=1", "x" * 4_100, "-1",
         "%F0%9F%92%A9", "%3Cscript%3E", CANARY_CPR, "020160%2D9995", "%2530%2532", "1e9", "null", "{}", "%25%30%30"]
    )  # fmt: skip
    method, path = route.split()
    role = min(DECLARED[route].roles)
    owner = hub.tokens[OWN_AND_OTHER[role][0]]
    body = b"{}" if method == "POST" else b""
    where = address(path, hub, evil).replace("employment", evil)
    where = where if evil in where else path.format_map(defaultdict(lambda: evil))  # such as a search's type alone
    return "address", a_request(method, where, owner, body, _JSON)


def _query(hub: Served, dice: random.Random, _: str) -> tuple[str, bytes]:
    role, path = dice.choice(
        [(Role.AUDITOR, "/audit?most="), (Role.AUDITOR, "/audit?since="), (Role.AUDITOR, "/audit?plan="),
         (Role.OPERATOR, "/ops/activity?after="), (Role.COORDINATOR, "/notices?after="),
         (Role.COORDINATOR, "/consents?plan="), (Role.COORDINATOR, "/consents/ask-anew?after=")]
    )  # fmt: skip
    evil = dice.choice(["x", "%00", "-1", "1e400", "'--", "%ff", "9" * 400, "[]", "%0a", "0x10", "%F0%9F%92%A9", "1.5"])
    return "query", a_request("GET", path + evil, hub.tokens[OWN_AND_OTHER[role][0]])


def _who(hub: Served, dice: random.Random, token: str) -> tuple[str, bytes]:
    evil = dice.choice(
        [b"Basic eDp5", b"Bearer", b"Bearer ", b"Bearer \xff\xfe", b"Bearer " + b"x" * 20_000, b"null",
         b"Bearer " + token.encode()[:-1], b"Bearer hub_at_x", b"Digest x", b"Bearer " + token.encode() + b"\x80",
         b"Bearer " + token.encode() + b"\r\nAuthorization: Bearer " + token.encode()]
    )  # fmt: skip
    path = dice.choice(
        ["/consents/ask-anew", "/notices", "/register-tasks", f"/plans/{hub.plan}", "/audit", "/ops/queues"]
    )
    return "who", f"GET {path} HTTP/1.1\r\nHost: hub.test\r\n".encode() + b"Authorization: " + evil + b"\r\n\r\n"


def _method(hub: Served, dice: random.Random, token: str) -> tuple[str, bytes]:
    method = dice.choice(
        ["PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "PROPFIND", "OPTIONS", "HEAD", "get", "FOO", "POST"]
    )
    return "method", a_request(method, "/consents/ask-anew" if method != "CONNECT" else "evil.test:443", token)


def _headers(hub: Served, dice: random.Random, token: str) -> tuple[str, bytes]:
    many = b"\r\n".join(b"X-%d: %s" % (one, b"y" * 90) for one in range(dice.randrange(400, 900)))
    evil = dice.choice(
        [many, b"X: " + b"x" * dice.randrange(33_000, 60_000), b"Host: evil.test", b"X" * 40_000 + b": 1"]
    )
    return "headers", a_request("GET", "/consents/ask-anew", token, b"", evil)


_HTTP: tuple[Callable[[Served, random.Random, str], tuple[str, bytes]], ...] = (
    _framing, _framing, _address, _address, _query, _who, _method, _headers,
)  # fmt: skip


@pytest.mark.parametrize(("attacks", "count"), [(json_attacks, JSON_COUNT), (http_attacks, HTTP_COUNT)])
def test_whatever_is_hostile_is_answered_with_4xx_and_soon(
    hub: Served, attacks: Callable[[Served, random.Random, int], Iterator[Attack]], count: int
) -> None:
    dice = random.Random(f"{SEED} {attacks.__name__}")  # of a test, to be repeated
    before, wrong, sent, closed = len(hub.audited("read")), list[str](), 0, 0
    for attack in attacks(hub, dice, count):
        with capture_logs() as logs:
            status, sent = status_of(hub, attack), sent + 1
        failed = [str(log) for log in logs if log["event"] == "failed"]  # told nobody, where the line was closed
        if failed or not status.startswith("HTTP/1.1 4"):
            wrong.append(f"{status} to {attack.name} {failed}")
        closed += status == _CLOSED and not attack.is_unfinished
    assert not wrong, "\n".join(wrong[:20])
    assert closed <= count / 20, "what is too large may be left in the middle, and little else"
    assert sent == count
    assert len(hub.audited("read")) == before, "nothing was read by any of them"
    assert hub.ask(None, "GET", "/readyz").status_code == 200
