"""Nothing that a document points to is asked for: a server stands where each points, and nobody comes."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.adapters.children import ChildrenAdapter
from hub.authority import Parcel, contract_folder
from hub.errors import ContractViolation

pytestmark = pytest.mark.integration
NORMAL = (contract_folder("children/v1") / "examples" / "normal.xml").read_text(encoding="utf-8")
XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'


@pytest.fixture
def door() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


def came(door: socket.socket) -> bool:
    try:
        door.accept()[0].close()
    except BlockingIOError:
        return False
    return True


def test_the_test_would_notice(door: socket.socket) -> None:
    with socket.create_connection(door.getsockname()):
        assert came(door)


@pytest.mark.parametrize("attribute", ["schemaLocation", "noNamespaceSchemaLocation"])
def test_a_schema_that_a_document_names_is_not_fetched(door: socket.socket, attribute: str, tmp_path: Path) -> None:
    address = f"http://127.0.0.1:{door.getsockname()[1]}/x.xsd"
    looser = tmp_path / "looser.xsd"
    looser.write_text(
        '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:one-plan-hub:children:1">'
        '<xs:element name="SagOpdatering"/></xs:schema>'
    )
    for where in (address, looser.as_uri()):
        told = where if attribute == "noNamespaceSchemaLocation" else f"urn:one-plan-hub:children:1 {where}"
        named = NORMAL.replace("<SagOpdatering ", f'<SagOpdatering {XSI} xsi:{attribute}="{told}" ', 1)
        assert received(named) == "SagOpdatering", "what it says of schemas is read over"
        with pytest.raises(ContractViolation, match="schema"):
            received(named.replace("<SagVersion>1<", "<SagVersion>x<"))
    assert not came(door)


@pytest.mark.parametrize(
    "pointing",
    [
        '<!DOCTYPE SagOpdatering SYSTEM "{0}"><SagOpdatering/>',
        '<!DOCTYPE SagOpdatering [<!ENTITY % x SYSTEM "{0}">%x;]><SagOpdatering/>',
        '<!DOCTYPE SagOpdatering [<!ENTITY x SYSTEM "{0}">]><SagOpdatering>&x;</SagOpdatering>',
        '<x:include xmlns:x="http://www.w3.org/2001/XInclude" href="{0}"/>',
        '<SagOpdatering xmlns:x="http://www.w3.org/2001/XInclude"><x:include href="{0}"/></SagOpdatering>',
        '<?xml-stylesheet href="{0}"?><SagOpdatering/>',
        '<?xml-model href="{0}"?><SagOpdatering xml:base="{0}"/>',
    ],
)
def test_nothing_else_that_a_document_points_to_is_fetched(door: socket.socket, pointing: str) -> None:
    with pytest.raises(ContractViolation):
        received(pointing.format(f"http://127.0.0.1:{door.getsockname()[1]}/x"))
    assert not came(door)


def received(text: str) -> str:
    return ChildrenAdapter({}).receive(Parcel("children", text.encode(), "application/xml")).kind
