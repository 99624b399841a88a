"""The desk at which a system's staff works: a case is opened, changed and told to the hub."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC
from typing import Any

from fastapi import HTTPException

from hub.clock import new_id, now
from hub.sandbox.case import CaseChange, CaseContent
from hub.sandbox.shelf import Case, Shelf
from hub.sandbox.system import HubAnswer, System


class Desk:
    """One system's cases. Every change is kept first and told then."""

    def __init__(self, system: System, shelf: Shelf, *, has_folder: bool) -> None:
        self._system, self._shelf, self._has_folder = system, shelf, has_folder
        self._one_at_a_time = threading.Lock()  # two changes at once would give the same version twice

    def create(self, content: CaseContent) -> tuple[Case, HubAnswer]:
        """Open a case and tell the hub. :raises HTTPException: 422, the system has no words for a part of it."""
        told = self._sayable(content)
        number = self._shelf.next_number()
        return self._tell(self._keep(Case(self._system.case_id(number), number, 1, _stamp(), str(new_id()), told)))

    def change(self, case_id: str, changes: CaseChange) -> tuple[Case, HubAnswer]:
        """Change a case and tell the hub. :raises HTTPException: 404 no such case, 422 no words for it."""
        given = changes.model_dump(mode="json", exclude_unset=True)
        with self._one_at_a_time:
            case = self.case(case_id)
            given |= self._former_numbers(case.content, given.get("cpr"))
            told = self._sayable(CaseContent.model_validate({**case.content, **given}))
            version = case.version + 1
            changed = replace(case, version=version, changed_at=_stamp(), message_id=str(new_id()), content=told)
            changed = self._keep(changed)
        return self._tell(changed)

    def resend(self, case_id: str) -> tuple[Case, HubAnswer]:
        """Tell the hub of a case again, by the same message. :raises HTTPException: 404."""
        return self._tell(self.case(case_id))

    def case(self, case_id: str) -> Case:
        """Return a case. :raises HTTPException: 404."""
        case = self._shelf.case(case_id)
        if case is None:
            raise HTTPException(404, "no such case")
        return case

    def _former_numbers(self, told: Mapping[str, Any], cpr: str | None) -> dict[str, Any]:
        """Return what the system keeps of a number that changes; one without a field for it forgets it."""
        if cpr is None or cpr == told["cpr"] or "previous_cprs" in self._system.has_no_words_for:
            return {}
        return {"previous_cprs": [told["cpr"], *(one for one in told["previous_cprs"] if one != cpr)]}

    def _sayable(self, content: CaseContent) -> dict[str, Any]:
        """Return the case as it is kept, or refuse what the system could not say and would silently leave out."""
        told = content.model_dump(mode="json")
        unsaid = [path for path in self._system.has_no_words_for if _is_told(told, path)]
        if unsaid:
            raise HTTPException(422, f"this system has no words for {', '.join(unsaid)}")
        if content.via == "folder" and not self._has_folder:
            raise HTTPException(409, "this system was started without --folder")
        return told

    def _keep(self, case: Case) -> Case:
        rendered = replace(case, message=self._system.render(case))
        self._shelf.save(rendered)
        return rendered

    def _tell(self, case: Case) -> tuple[Case, HubAnswer]:
        hub = self._system.send(case)
        self._shelf.save_answer(case.id, hub.status, hub.answer)
        return case, hub


def _is_told(told: Mapping[str, Any], path: str) -> bool:
    field, _, part = path.partition(".")
    return any(item[part] for item in told[field]) if part else bool(told[field])


def _stamp() -> str:
    return now().astimezone(UTC).isoformat(timespec="milliseconds")
