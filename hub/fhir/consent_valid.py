"""Whether a resource is a Consent at all: R4's types and required elements, by ``fhir.resources``.

R4B's Consent has R4's elements. What it leaves unchecked (codes of required bindings) ``consent_in`` checks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from pydantic import BaseModel, ValidationError

from hub.errors import Fault, InvalidRequest

_STEP = re.compile(r"_?[A-Za-z]{1,40}")


@lru_cache(maxsize=1)
def _model() -> type[BaseModel]:
    """Load the model when it is first needed: it takes a quarter of a second and 40 MB."""
    from fhir.resources.R4B import get_fhir_model_class

    model: type[BaseModel] = get_fhir_model_class("Consent")
    return model


def check_consent(resource: Mapping[str, Any]) -> None:
    """Check a resource. :raises InvalidRequest: naming every element that R4 does not allow, and no value."""
    if resource.get("resourceType") != "Consent":
        raise InvalidRequest(
            "The resource is no Consent.", faults=[Fault("resourceType", "It is not Consent.", "Send one Consent.")]
        )
    try:
        _model().model_validate(resource)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        paths = dict.fromkeys(_path(one["loc"]) for one in found)
        faults = [Fault(path, "R4 has no such element, or another type for it.") for path in paths]
        raise InvalidRequest("The resource is no valid R4 Consent.", faults=faults) from None


def _path(steps: Sequence[int | str]) -> str:
    path = "Consent"
    for step in steps:
        if isinstance(step, int):
            path += f"[{step}]"
        else:
            path += f".{step}" if _STEP.fullmatch(step) else ".(unknown)"
    return path
