from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.api.conftest import embedded_hub, hub, operated_hub
from tests.integration.api.served import Served
from tests.integration.sandboxes import Sandbox, a_sandbox
from tests.integration.ui.provider import signs_in_as
from tests.integration.ui.visitor import Visitor

__all__ = ["embedded_hub", "hub", "operated_hub"]


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """The sandbox's identity provider."""
    with a_sandbox("identity", tmp_path_factory.mktemp("identity")) as running:
        yield running


@pytest.fixture
def visitor(hub: Served) -> Iterator[Visitor]:
    """Somebody with a browser, not signed in."""
    with Visitor(hub.url) as somebody:
        yield somebody


@pytest.fixture
def coordinator(hub: Served, visitor: Visitor) -> Visitor:
    """A coordinator who is signed in."""
    assert visitor.signs_in(hub.tokens["coordinator"]).status_code == 303
    return visitor


@pytest.fixture
def anna(hub: Served, provider: Sandbox) -> Iterator[Visitor]:
    """The citizen whose plan it is, signed in through the provider; of a hub that has one."""
    with Visitor(hub.url) as somebody:
        signs_in_as(somebody, provider, "mette")
        yield somebody


@pytest.fixture
def karen(hub: Served, provider: Sandbox) -> Iterator[Visitor]:
    """The coordinator of the plan, signed in through the provider."""
    with Visitor(hub.url) as somebody:
        signs_in_as(somebody, provider, "karen")
        yield somebody
