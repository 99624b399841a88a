"""A post box for letters to made-up citizens: takes MeMo letters by SF1601's words, and shows what has come.

It answers a repeat as it answered the first, tells the hub what became of a letter, and knows who is not registered.
"""

from __future__ import annotations

import base64
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

from fastapi import BackgroundTasks, Depends, FastAPI, HTTPException, Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from lxml import etree
from pydantic import Field

from hub.authority import contract_folder
from hub.clock import new_id, now
from hub.sandbox.behaving import add_behaviour
from hub.sandbox.case import Strict
from hub.sandbox.guard import add_guard
from hub.sandbox.system import Behaviour, ask_hub, obey, raw_body, require_token

_MEMO = "{https://DigitalPost.dk/MeMo-1}"
_STATUS = "http://serviceplatformen.dk/xml/print/PKO_PostStatus/1/types"
_TABLE = """CREATE TABLE IF NOT EXISTS letters (n INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE,
    cpr TEXT NOT NULL, subject TEXT NOT NULL, text TEXT NOT NULL, transmission TEXT NOT NULL, received_at TEXT NOT NULL,
    times INTEGER NOT NULL)"""
_KEEP = """INSERT INTO letters (key, cpr, subject, text, transmission, received_at, times) VALUES (?, ?, ?, ?, ?, ?, 1)
    ON CONFLICT (key) DO UPDATE SET times = times + 1 RETURNING transmission, times"""
_READ = "SELECT key, cpr, subject, text, transmission, received_at, times FROM letters ORDER BY n"
_NAMES = ("key", "cpr", "subject", "text", "transmission", "received_at", "times")
_NOT_REGISTERED = "not-registered"
_SAFE = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


class Register(Strict):
    """Who is not registered for Digital Post, and how the post says so.

    :ivar at_once: in its answer to the letter; else by a receipt later.
    """

    not_registered: list[str] = Field(default_factory=list)
    at_once: bool = False
    #: Whether receipts are sent by themselves.
    sends_receipts: bool = True


class PostBox:
    """The post."""

    name = "post"

    def __init__(self, store: Path, hub_url: str, hub_token: str, token: str) -> None:
        self._path, self._hub_url, self._hub_token, self._token = store, hub_url, hub_token, token
        self.behaviour, self.register = Behaviour(), Register()
        self._schema = etree.XMLSchema(file=contract_folder("post/v1") / "kombi.xsd")
        with self._begin() as connection:
            connection.execute(_TABLE)

    def app(self) -> FastAPI:
        """Return its server: the page, the control API and the post's own door."""
        app = FastAPI(title="sandbox post", docs_url=None, redoc_url=None, openapi_url=None)
        add_guard(app)
        add_behaviour(app, self)
        _add_page(app, self)
        _add_controls(app, self)

        @app.post("/kombi")
        def take(request: Request, body: Annotated[bytes, Depends(raw_body)], later: BackgroundTasks) -> Response:
            require_token(request, self._token)
            obey(self.behaviour)
            letter = self._read(body)
            if self.register.at_once and letter["cpr"] in self.register.not_registered:
                return _answer("false", "", _NOT_REGISTERED)
            transmission, is_first = self._keep(letter)
            if is_first and self.register.sends_receipts:
                later.add_task(self.tell, letter["key"])
            return _answer("true", transmission, "")

        return app

    def letters(self) -> list[dict[str, Any]]:
        """Return every letter once, in the order received; ``times`` says how often it came."""
        with self._begin() as connection:
            return [dict(zip(_NAMES, row, strict=True)) for row in connection.execute(_READ).fetchall()]

    def tell(self, key: str, status: str = "") -> dict[str, Any]:
        """Tell the hub what became of a letter.

        :param status: a TransaktionsStatusKode; by none, what the register says.
        """
        letter = next((one for one in self.letters() if one["key"] == key), None)
        if letter is None:
            raise HTTPException(404, "no such letter")
        is_known = letter["cpr"] not in self.register.not_registered
        body = _receipt(letter, status or ("Afleveret Digital Post" if is_known else "Fejlet"))
        headers = {"Authorization": f"Bearer {self._hub_token}", "Content-Type": "application/xml"}
        answer = ask_hub(f"{self._hub_url}/post/receipts", body, headers)
        return {"status": answer.status, "answer": answer.answer}

    def _read(self, body: bytes) -> dict[str, str]:
        """Read a letter that is valid against the contract (400 where it is not)."""
        try:
            root = etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True))
        except etree.XMLSyntaxError:
            raise HTTPException(400, "this is no XML") from None
        if not self._schema.validate(root) or root.tag != "kombi_request":
            raise HTTPException(400, "this is no letter of the contract")
        names = {"key": "messageUUID", "cpr": "recipientID", "text": "content"}
        found = {ours: root.findtext(f".//{_MEMO}{theirs}") or "" for ours, theirs in names.items()}
        subject = root.findtext(f".//{_MEMO}MessageHeader/{_MEMO}label") or ""
        return {**found, "subject": subject, "text": base64.b64decode(found["text"]).decode()}

    def _keep(self, letter: Mapping[str, str]) -> tuple[str, bool]:
        """Keep a letter; return its transmission id, and whether it is the first with its key."""
        row = (letter["key"], letter["cpr"], letter["subject"], letter["text"], str(new_id()), now().isoformat())
        with self._begin() as connection:
            transmission, times = connection.execute(_KEEP, row).fetchone()
        return str(transmission), times == 1

    @contextmanager
    def _begin(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._path, timeout=10)) as connection, connection:
            yield connection


def _add_page(app: FastAPI, box: PostBox) -> None:
    templates = Environment(loader=PackageLoader("hub.sandbox"), autoescape=True, undefined=StrictUndefined)
    page = templates.get_template("postbox.html")
    style = (files("hub.sandbox") / "static" / "page.css").read_text("utf-8")

    @app.get("/")
    def show() -> Response:
        return HTMLResponse(page.render(letters=box.letters()[::-1], behaviour=box.behaviour), headers=_SAFE)

    @app.get("/sandbox/page.css")
    def style_sheet() -> Response:
        return Response(style, media_type="text/css", headers=_SAFE)


def _add_controls(app: FastAPI, box: PostBox) -> None:
    @app.put("/sandbox/register")
    def register(register: Register) -> Register:
        box.register = register
        return register

    @app.get("/sandbox/letters")
    def letters() -> list[dict[str, Any]]:
        return box.letters()

    @app.post("/sandbox/letters/{key}/receipt")
    def receipt(key: str, status: str = "") -> dict[str, Any]:
        return box.tell(key, status)


def _answer(result: str, transmission: str, fault: str) -> Response:
    root = etree.Element("kombi_response")
    etree.SubElement(root, "Result").text = result
    if transmission:
        etree.SubElement(root, "TransmissionID").text = transmission
    reaction = etree.SubElement(etree.SubElement(root, "HovedoplysningerSvarREST"), "SvarReaktion")
    if fault:
        etree.SubElement(etree.SubElement(reaction, "Fejl"), "FejlId").text = fault
    else:
        etree.SubElement(etree.SubElement(reaction, "Advis"), "AdvisTekst").text = "Received"
    return Response(etree.tostring(root, xml_declaration=True, encoding="utf-8"), media_type="application/xml")


def _receipt(letter: Mapping[str, Any], status: str) -> bytes:
    root = etree.Element(f"{{{_STATUS}}}PKO_PostStatus", nsmap={"pko": _STATUS})
    told = {
        "TransmissionId": letter["transmission"],
        "MessageUUID": letter["key"],
        "KanalKode": "Digital Post",
        "TransaktionsDatoTid": now().isoformat(),
        "TransaktionsStatusKode": status,
    }
    for name, text in told.items():
        etree.SubElement(root, f"{{{_STATUS}}}{name}").text = text
    if status == "Fejlet":
        why = etree.SubElement(root, f"{{{_STATUS}}}FejlDetaljer")
        etree.SubElement(why, f"{{{_STATUS}}}FejlKode").text = _NOT_REGISTERED
    return etree.tostring(root, xml_declaration=True, encoding="utf-8")
