"""Whether a resource is what it says it is: R4's types and required elements, by ``fhir.resources``.

R4B's resources of these types have R4's elements. What it leaves unchecked (codes of required bindings, what may be
referred to) is checked by whoever reads a resource of the type (``consent_in``, ``goal_in`` and their neighbours).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from pydantic import BaseModel, ValidationError

from hub.errors import Fault, InvalidRequest

_STEP = re.compile(r"_?[A-Za-z]{1,40}")


@cache
def _model(kind: str) -> type[BaseModel]:
    """Load a model when it is first needed: the first takes a quarter of a second and 40 MB."""
    from fhir.resources.R4B import get_fhir_model_class

    model: type[BaseModel] = get_fhir_model_class(kind)
    return model


def check_resource(resource: Mapping[str, Any], kind: str, path: str = "") -> None:
    """Check a resource of a type.

    :param path: where it stands in what was sent; its type where it stands alone.
    :raises InvalidRequest: naming every element that R4 does not allow, and no value.
    """
    if resource.get("resourceType") != kind:
        where = f"{path}.resourceType" if path else "resourceType"
        fault = Fault(where, f"It is not {kind}.", f"Send one {kind}.")
        raise InvalidRequest(f"The resource is no {kind}.", faults=[fault])
    try:
        _model(kind).model_validate(resource)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        paths = dict.fromkeys(_path(path or kind, one["loc"]) for one in found)
        faults = [Fault(one, "R4 has no such element, or another type for it.") for one in paths]
        raise InvalidRequest(f"The resource is no valid R4 {kind}.", faults=faults) from None


def _path(path: str, steps: Sequence[int | str]) -> str:
    for step in steps:
        if isinstance(step, int):
            path += f"[{step}]"
        else:
            path += f".{step}" if _STEP.fullmatch(step) else ".(unknown)"
    return path
