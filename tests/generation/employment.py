"""The employment authority as a sender: a case in SOAP (employment/v1), of either version."""

from __future__ import annotations

import random
from functools import cache

from hub.authority import contract_folder
from tests.generation.sample import Fate, Sample, Style
from tests.generation.senders import Sender, Way, texts_of
from tests.generation.xsd import Schema

_SOAP11, _SOAP12 = "http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope"
_NAMESPACE = "urn:one-plan-hub:employment:1"
_KNOWN = (
    f'<ActiveOrganisationHeader xmlns="{_NAMESPACE}"><OrganisationTypeIdentifier>7</OrganisationTypeIdentifier>'
    "<OrganisationCode>376</OrganisationCode></ActiveOrganisationHeader>"
)
_OTHER = '<x:Sporing xmlns:x="urn:kanarie" s:mustUnderstand="{}">Kanariefugl</x:Sporing>'


@cache
def a_case() -> Sender:
    """SubmitPersonCaseRequest."""
    schema = Schema(contract_folder("employment/v1") / "employment.xsd")
    return Sender(
        name="employment",
        contract="employment/v1",
        root=schema.root("SubmitPersonCaseRequest"),
        names=frozenset(schema.names() | {"Envelope", "Header", "Body"}),
        style=_an_envelope,
        citizen="Person",
        special={"PersonCase.CaseDeletedIndicator": lambda dice: "false"},  # a deleted case says nothing else
        # It decides the need's category; examples show how.
        translated=frozenset({"BarrierItem.HealthIndicator", "PersonCase.CaseDeletedIndicator"}),
        source_ids=_ids_in_a_case,
        more_styles=(another_version, two_bodies, a_header_that_must_be_understood, a_header_that_may_be),
        its_words=texts_of("employment/v1"),
    )


def _an_envelope(dice: random.Random) -> Style:
    version = dice.choice([_SOAP11, _SOAP12])
    return _enveloped(Style(), version, dice.choice(["", "<s:Header/>", f"<s:Header>{_KNOWN}</s:Header>"]))


def _enveloped(style: Style, version: str, header: str, after: str = "") -> Style:
    kind = "text/xml" if version == _SOAP11 else "application/soap+xml"
    style.content_type = kind
    style.wrap = lambda text: f'<s:Envelope xmlns:s="{version}">{header}<s:Body>{text}{after}</s:Body></s:Envelope>'
    return style


def another_version(sample: Sample) -> Fate:
    """Say by the Content-Type that it is of the version that it is not."""
    kinds = ["text/xml", "application/soap+xml"]
    sample.style.content_type = kinds[sample.style.content_type == kinds[0]]
    return Fate.REFUSED


def two_bodies(sample: Sample) -> Fate:
    """Put a second element into the Body."""
    _enveloped(sample.style, _SOAP11, "", "<Kanariefugl/>")
    return Fate.REFUSED


def a_header_that_must_be_understood(sample: Sample) -> Fate:
    """Ask for something that the contract does not know."""
    _enveloped(sample.style, _SOAP11, f"<s:Header>{_OTHER.format(1)}</s:Header>")
    return Fate.REFUSED


def a_header_that_may_be(sample: Sample) -> Fate:
    """Send a header along that is nothing to the hub, as gateways do."""
    _enveloped(sample.style, _SOAP12, f"<s:Header>{_KNOWN}{_OTHER.format('false')}</s:Header>")
    return Fate.TAKEN


def _ids_in_a_case(way: Way) -> tuple[str, ...]:
    """Return the item's source id; an activity has its id one level down."""
    for node in reversed(way):
        for child in (*node.children, *(inner for each in node.children[:1] for inner in each.children)):
            if child.field.key:
                return (f"{child.field.name.removesuffix('Identifier')}:{child.text.strip()}",)
    return ()
