"""Signed XML documents: by a signature inside, or by one in a file beside a dropped document.

    document = Signers(trust, is_required=True).check(body, root, beside)    # what was signed, or ContractViolation

An enveloped signature is the last child of the root and signs the rest of the document; a detached one signs a file's
bytes as they are. Either way only what was signed is read (see :mod:`hub.adapters._signature`). A repeat needs no
window of time: the inbox knows a document by its message id, for good.
"""

from __future__ import annotations

import base64
from copy import deepcopy
from dataclasses import dataclass

from lxml import etree

from hub.adapters._certificates import Trust
from hub.adapters._signature import DS, ENVELOPED, EXCLUSIVE_C14N, NOT_BUILT, Signed, verify
from hub.adapters._xml import read_xml
from hub.clock import now
from hub.errors import ContractViolation, Fault

#: A refusal of a document without a signature.
MISSING = Fault(
    "/*/Signature",
    "The document is not signed.",
    "Sign it: a ds:Signature as the last child of the root, or for a dropped file one in a file beside it (.sig).",
)
_SIGNATURE = f"{{{DS}}}Signature"
_CERTIFICATE = [f"{{{DS}}}{name}" for name in ("KeyInfo", "X509Data", "X509Certificate")]


@dataclass(frozen=True, slots=True)
class Signers:
    """Whose signatures count, and whether a document without one is refused."""

    trust: Trust
    is_required: bool

    def check(self, body: bytes, root: etree._Element, beside: str | None) -> tuple[etree._Element, bytes]:
        """Return the document that was signed, and its bytes; where none is required, the document as it came.

        :param body: the document as it came.
        :param root: the same, parsed.
        :param beside: the detached signature, where there is one.
        :raises ContractViolation: it is not signed, or not as agreed, or by somebody else.
        """
        inside = list(root.iter(_SIGNATURE))
        if beside is None and not inside:
            if self.is_required:
                raise _refused(MISSING)
            return root, b""
        if beside is not None and inside:
            raise _refused(NOT_BUILT)
        if beside is not None:
            self._check_detached(body, beside)
            return root, body
        return self._enveloped(root, inside)

    def _check_detached(self, body: bytes, beside: str) -> None:
        try:
            signature = read_xml(beside.encode())
        except ContractViolation:
            raise _refused(NOT_BUILT) from None
        if signature.tag != _SIGNATURE:
            raise _refused(NOT_BUILT)
        # The one reference may tell the file's name, or nothing: what it must sign is the file that it lies beside.
        uri = next((one.get("URI", "") for one in signature.iter(f"{{{DS}}}Reference")), "")
        verify(signature, [Signed(uri, body, ())], _certificate(signature), self.trust, now())

    def _enveloped(self, root: etree._Element, inside: list[etree._Element]) -> tuple[etree._Element, bytes]:
        if len(inside) > 1 or not len(root) or root[-1] is not inside[0]:
            raise _refused(NOT_BUILT)
        expected = Signed("", _without_last(root), (ENVELOPED, EXCLUSIVE_C14N))
        (signed,) = verify(inside[0], [expected], _certificate(inside[0]), self.trust, now())
        return read_xml(signed), signed


def _without_last(root: etree._Element) -> etree._Element:
    """Return a copy without the last child; what follows that child is text of the root, and stays."""
    rest = deepcopy(root)
    last = rest[-1]
    tail, before = last.tail or "", last.getprevious()
    rest.remove(last)
    if before is None:
        rest.text = (rest.text or "") + tail
    else:
        before.tail = (before.tail or "") + tail
    return rest


def _certificate(signature: etree._Element) -> bytes:
    """Return the certificate that a signature tells of itself, in DER; that says nothing yet of whom it is by."""
    holder = signature
    for name in _CERTIFICATE:
        found = holder.findall(name)
        if len(found) != 1 or len(holder) != (1 if holder is not signature else len(signature)):
            raise _refused(NOT_BUILT)
        holder = found[0]
    try:
        return base64.b64decode("".join((holder.text or "").split()), validate=True)
    except ValueError:
        raise _refused(NOT_BUILT) from None


def _refused(fault: Fault) -> ContractViolation:
    return ContractViolation("The signature is refused.", faults=[fault])
