"""What a case of the employment authority holds, as drafts of elements."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from hub.mappings._employment_words import (
    ACTIVATION_TYPE,
    BENEFIT_TYPE,
    CASE_STATUS,
    CONTACT_TYPE,
    CONTACT_WAY,
    DELETED,
    GOAL_STATUS,
    INTERVIEW_TYPE,
    KLE,
    ORGANISATION_TYPE,
    PARTICIPATION,
    TARGET_GROUP,
    WHY_CANCELLED,
)
from hub.mappings._xml_words import Branch
from hub.plan.codes import code_tables
from hub.plan.element import Category, Code, Detail, Draft, Kind, Period, Sensitivity, Status

_CASE, _CASE_WORKER = "Case", "CaseWorker"  # source ids of what has no identifier of its own within the case


def drafts_of(case: Branch) -> tuple[Draft, ...]:
    """Return a draft for the case, for its caseworker and for each item.

    :raises ContractViolation: an end before its start, or an id that holds a CPR number.
    """
    return tuple(_Drafts(case).all())


class _Drafts:
    """The case and its items as drafts."""

    def __init__(self, case: Branch) -> None:
        self._case = case
        self._label = case.word("SensitivityCode")
        self._changed_at = case.moment("ChangedDateTime")

    def all(self) -> Iterator[Draft]:
        """Yield the drafts in the document's order."""
        yield self._case_draft()
        yield from self._case_worker()
        for goal in self._items("GoalItem"):
            yield from self._goal(goal)
        yield from map(self._activity, self._items("ActivityItem"))
        yield from map(self._interview, self._items("InterviewItem"))
        yield from map(self._barrier, self._items("BarrierItem"))
        yield from map(self._benefit, self._items("BenefitItem"))
        yield from map(self._note, self._items("NoteItem"))

    def _items(self, name: str) -> Iterator[Branch]:
        group = self._case.get(f"{name}s")
        return group.all(name) if group else iter(())

    def _case_draft(self) -> Draft:
        case, status = self._case, CASE_STATUS[_number(self._case, "CaseStatusIdentifier")]
        codes = (*_coded(KLE, case, "CaseSubject"), *_coded(TARGET_GROUP, case, "TargetGroup"))
        return Draft(
            source_id=_CASE,
            kind=Kind.CASE,
            category=Category.CASES,
            label=Sensitivity[self._label] if self._label else None,
            status=status,
            title=case.word("CaseTitle"),
            codes=codes,
            details=_organisation(case),
        )

    def _case_worker(self) -> Iterator[Draft]:
        worker = _worker(self._case)
        if worker is None:
            return
        name = _full_name(worker)
        details = {
            Detail.NAME: name,
            Detail.ROLE: "Sagsbehandler",
            "organisation": _organisation(self._case)["organisation"],
            **_reached_by(worker),
        }
        yield Draft(
            source_id=_CASE_WORKER,
            kind=Kind.CONTACT_PERSON,
            category=Category.CONTACTS,
            label=Sensitivity[self._label] if self._label else None,
            status=Status.ACTIVE,
            title=name,
            part_of=_CASE,
            details=details,
        )

    def _goal(self, goal: Branch) -> Iterator[Draft]:
        whole = self._item(
            "Goal",
            goal,
            Kind.GOAL,
            Category.GOALS,
            GOAL_STATUS[_number(goal, "GoalStatusIdentifier")],
            goal.word("GoalTitle"),
            text=goal.text("GoalDescription"),
            valid=_days(goal),
        )
        yield whole
        for step in goal.all("SubGoalItem"):
            yield self._item(
                "SubGoal",
                step,
                Kind.SUB_GOAL,
                Category.GOALS,
                GOAL_STATUS[_number(step, "GoalStatusIdentifier")],
                step.word("SubGoalTitle"),
                text=step.text("SubGoalDescription"),
                valid=Period(end=step.days("EndDate", "EndDate").end),
                part_of=whole.source_id,
            )

    def _activity(self, item: Branch) -> Draft:
        core = item.at("ActivityCoreItem")
        valid = _days(core)
        is_error = _digits(item, "ChangeTypeIdentifier") == DELETED
        facts = {
            Detail.HOURS_PER_WEEK: _digits(core, "HoursPerWeek"),
            "minutes-per-week": _digits(core, "MinutesPerWeek"),
            Detail.PLACE: core.word("ActivityLocationAddress"),
        }
        kind_of_offer, words = _digits(core, "ActivationTypeIdentifier"), core.word("ActivationTypeText")
        if not kind_of_offer:
            facts["activation-type"] = words
        return self._item(
            "Activity",
            core,
            Kind.ACTIVITY,
            Category.ACTIVITIES,
            Status.ENTERED_IN_ERROR if is_error else _standing(valid, self._changed_at),
            core.word("ActivityTitle"),
            text=core.text("ActivityDescription"),
            valid=valid,
            part_of=_reference(item, "Goal"),
            codes=(Code(ACTIVATION_TYPE, kind_of_offer, words),) if kind_of_offer else (),
            details=_filled(facts) | _organisation(core) | _own_worker(core),
        )

    def _interview(self, item: Branch) -> Draft:
        number = _number(item, "InterviewTypeIdentifier")
        words = item.word("InterviewTypeText") or code_tables()[INTERVIEW_TYPE].text(str(number))
        participation = _number(item, "ParticipationStatusTypeIdentifier")
        facts = {
            Detail.PLACE: item.word("InterviewLocationAddress"),
            "booking": item.word("BookingIdentifier"),
            Detail.WITH_MORE_AUTHORITIES: _yes(item, "InterviewWithMoreAuthoritiesIndicator"),
            Detail.CONTACT: CONTACT_WAY.get(_digits(item, "InterviewContactTypeIdentifier"), ""),
        }
        return self._item(
            "Interview",
            item,
            Kind.APPOINTMENT,
            Category.APPOINTMENTS,
            PARTICIPATION[participation],
            item.word("InterviewTitle") or words or f"Samtale af type {number}",
            text=item.text("InterviewNote"),
            valid=item.hours("InterviewStartDateTime", "InterviewEndDateTime"),
            part_of=_reference(item, "Activity"),
            codes=(Code(INTERVIEW_TYPE, str(number), words), *_contact_type(item)),
            details=_filled(facts) | WHY_CANCELLED.get(participation, {}),
        )

    def _barrier(self, item: Branch) -> Draft:
        category = Category.HEALTH if item.says("HealthIndicator") else Category.NEEDS
        title, text = item.word("BarrierTitle"), item.text("BarrierDescription")
        return self._item("Barrier", item, Kind.NEED, category, Status.ACTIVE, title, text=text)

    def _benefit(self, item: Branch) -> Draft:
        """Draft a benefit without its amount: a course that the authority runs, but nothing that the person does."""
        valid, codes = _days(item), _coded(BENEFIT_TYPE, item, "BenefitType")
        status, title = _standing(valid, self._changed_at), codes[0].text or codes[0].code
        return self._item("Benefit", item, Kind.CASE, Category.ECONOMY, status, title, valid=valid, codes=codes)

    def _note(self, item: Branch) -> Draft:
        """Draft a note; it does not say what it is about, and what nobody has judged is shared with nobody."""
        title, written = item.word("NoteTitle") or "Notat", Period(item.moment("WrittenDateTime"))
        return self._item(
            "Note", item, Kind.NOTE, None, Status.ACTIVE, title, text=item.text("NoteText"), valid=written
        )

    def _item(
        self,
        name: str,
        item: Branch,
        kind: Kind,
        category: str | None,
        status: Status,
        title: str,
        *,
        text: str = "",
        valid: Period | None = None,
        part_of: str | None = None,
        codes: tuple[Code, ...] = (),
        details: Mapping[str, str] | None = None,
    ) -> Draft:
        """Draft an item: id and label, which every item has, are read here."""
        return Draft(
            source_id=_source_id(name, item.at(f"{name}Identifier").open_id()),
            kind=kind,
            category=category,
            label=Sensitivity[word] if (word := item.word("SensitivityCode") or self._label) else None,
            status=status,
            title=title,
            text=text,
            valid=valid or Period(),
            codes=codes,
            part_of=part_of or _CASE,
            details=details or {},
        )


def _standing(valid: Period, at: datetime) -> Status:
    """Tell where something with days but no status stood when the case was changed."""
    if valid.start is not None and at < valid.start:
        return Status.PLANNED
    return Status.ACTIVE if valid.covers(at) else Status.COMPLETED


def _organisation(item: Branch) -> dict[str, str]:
    responsible = item.get("ResponsibleAuthority")
    if responsible is None:
        return {}
    structure = responsible.at("AuthorityStructure")
    return {
        "organisation": structure.word("AuthorityName"),
        "organisation-code": structure.word("AuthorityCode"),
        "organisation-type": ORGANISATION_TYPE[_number(structure, "OrganisationTypeIdentifier")],
    }


def _worker(item: Branch) -> Branch | None:
    responsible = item.get("ResponsibleAuthority")
    return responsible.get("CaseWorker") if responsible else None


def _own_worker(activity: Branch) -> dict[str, str]:
    worker = _worker(activity)
    return {"caseworker": _full_name(worker), **_reached_by(worker)} if worker else {}


def _full_name(worker: Branch) -> str:
    return f"{worker.word('CaseWorkerGivenName')} {worker.word('CaseWorkerSurname')}"


def _reached_by(worker: Branch) -> dict[str, str]:
    return _filled({Detail.PHONE: worker.word("CaseWorkerTelephone"), Detail.EMAIL: worker.word("CaseWorkerEmail")})


def _coded(system: str, item: Branch, name: str) -> tuple[Code, ...]:
    code = item.get(name)
    return (Code(system, code.word("Code"), code.word("CodeText")),) if code else ()


def _contact_type(interview: Branch) -> tuple[Code, ...]:
    number = _digits(interview, "InterviewContactTypeIdentifier")
    return (Code(CONTACT_TYPE, number, code_tables()[CONTACT_TYPE].text(number)),) if number else ()


def _source_id(kind: str, own: str) -> str:
    """Return an item's id within its case: their identifiers are unique only among items of a kind."""
    return f"{kind}:{own}"


def _reference(item: Branch, kind: str) -> str | None:
    own = item.word(f"{kind}Identifier")
    return _source_id(kind, own) if own else None


def _days(item: Branch) -> Period:
    return item.days("StartDate", "EndDate")


def _number(item: Branch, name: str) -> int:
    return int(item.word(name))


def _digits(item: Branch, name: str) -> str:
    """Return a number as it is usually written, "" when it is absent: XML Schema takes 07 and +7 for 7."""
    return str(_number(item, name)) if item.get(name) else ""


def _yes(item: Branch, name: str) -> str:
    return "" if item.get(name) is None else "yes" if item.says(name) else "no"


def _filled(details: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in details.items() if value}
