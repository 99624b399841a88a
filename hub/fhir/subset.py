"""A part of a resource: what R4 counts to its summary, or the elements that a reader names.

Which elements a summary has and which no resource may lack is R4's to say (``isSummary``, ``min``); ``fhir.resources``
knows it of each type. A part says of itself that it is one (``SUBSETTED``), so that nobody writes it back.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from pydantic.fields import FieldInfo

from hub.fhir.words import Resource

_SUBSETTED = {"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "SUBSETTED"}
_ALWAYS = frozenset({"resourceType", "id", "meta"})


def subset(resource: Resource, summary: str, elements: Iterable[str]) -> Resource:
    """Return the part of a resource that is asked for.

    :param summary: ``true``, ``text`` or ``data`` (http://hl7.org/fhir/R4/search.html#summary); empty: the whole.
    :param elements: names of elements at its root; none: all of them.
    """
    kind, named = resource["resourceType"], frozenset(elements)
    if summary == "true":
        return _only(resource, _of(kind)[0] | _of(kind)[1])
    if summary == "text":
        return _only(resource, _of(kind)[1] | {"text"})
    if summary == "data":
        return _only(resource, frozenset(resource) - {"text"})
    return _only(resource, named | _of(kind)[1]) if named else resource


def _only(resource: Resource, names: frozenset[str]) -> Resource:
    kept = {name: value for name, value in resource.items() if name in names | _ALWAYS}
    meta = dict(resource.get("meta", {}))
    return {**kept, "meta": {**meta, "tag": [*meta.get("tag", []), _SUBSETTED]}}


@lru_cache
def _of(kind: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return which elements of a type its summary has, and which no resource of it may lack."""
    from fhir.resources.R4B import get_fhir_model_class

    fields = get_fhir_model_class(kind).model_fields.items()
    facts = {(one.alias or name): one for name, one in fields if isinstance(one.json_schema_extra, dict)}
    in_summary = frozenset(name for name, one in facts.items() if _says(one, "summary_element_property"))
    required = frozenset(name for name, one in facts.items() if one.is_required() or _says(one, "element_required"))
    return in_summary, required


def _says(field: FieldInfo, fact: str) -> bool:
    return isinstance(field.json_schema_extra, dict) and bool(field.json_schema_extra.get(fact))
