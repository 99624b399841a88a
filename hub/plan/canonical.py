"""One spelling of an element's content, for digests: equal content gives equal bytes.

Left out on purpose: order, message id and registration time. A source that sends the same content again under a new
version changes nothing for a reader.
"""

from __future__ import annotations

from dataclasses import replace

import orjson

from hub.plan.element import Element


def canonical(element: Element) -> bytes:
    """Return the element's content as bytes, the same for equal content."""
    content = {
        "id": str(element.id),
        "authority": element.authority,
        "source_system": element.provenance.source_system,
        "case": element.provenance.case,
        "kind": element.kind,
        "category": element.category,
        "label": element.label,
        "status": element.status,
        "title": element.title,
        "text": element.text,
        "valid": [edge and edge.timestamp() for edge in (element.valid.start, element.valid.end)],
        "codes": [[code.system, code.code, code.text] for code in element.codes],
        "part_of": element.part_of and str(element.part_of),
        "concerns": sorted(str(person) for person in element.concerns),
        "details": dict(element.details),
    }
    return orjson.dumps(content, option=orjson.OPT_SORT_KEYS)


def own_content(element: Element) -> bytes:
    """Return what the element says itself: its content without its links to other elements and people.

    A link may lead to something that a reader does not see, so a change of it alone may not move a time that is told.
    """
    return canonical(replace(element, part_of=None, concerns=frozenset()))
