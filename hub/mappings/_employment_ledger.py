"""What becomes of every leaf that the employment authority sends. A test walks the XSD beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from hub.authority import Fate, LedgerEntry

#: The two documents that carry a case.
PUSHED, FETCHED = "SubmitPersonCaseRequest", "GetPersonCaseResponse"

_CASE: Mapping[str, str] = {
    "CaseIdentifier": "provenance.case; first half of the message id of a fetched case",
    "CaseVersionIdentifier": "first part of the order key; second half of the message id of a fetched case",
    "ChangedDateTime": "second part of the order key; status of activities and benefits",
    "CaseDeletedIndicator": "a snapshot that names nothing",
    "CaseSubject/Code": "codes (KLE) of the case",
    "CaseSubject/CodeText": "text of the code",
    "SensitivityCode": "label of the case, of its caseworker and of every item without its own",
    "CaseStatusIdentifier": "status of the case",
    "CaseTitle": "title of the case",
    "Person/PersonCivilRegistrationIdentifier": "the plan's person",
    "Person/PreviousPersonCivilRegistrationIdentifier": "an earlier number of the plan's person",
    "Person/PersonFullName": "name of the plan's person",
    "Person/PersonAddressProtectionIndicator": "protected address of the plan's person",
    "TargetGroup/Code": "codes (target group) of the case",
    "TargetGroup/CodeText": "text of the code",
}
_STRUCTURE = "ResponsibleAuthority/AuthorityStructure"
_WORKER = "ResponsibleAuthority/CaseWorker"
_IN_CHARGE_OF_CASE: Mapping[str, str] = {
    f"{_STRUCTURE}/AuthorityCode": "details.organisation-code of the case",
    f"{_STRUCTURE}/AuthorityName": "details.organisation of the case and of its caseworker",
    f"{_STRUCTURE}/OrganisationTypeIdentifier": "details.organisation-type of the case",
    f"{_WORKER}/CaseWorkerGivenName": "title and details.name of the contact person",
    f"{_WORKER}/CaseWorkerSurname": "title and details.name of the contact person",
    f"{_WORKER}/CaseWorkerTelephone": "details.phone of the contact person",
    f"{_WORKER}/CaseWorkerEmail": "details.email of the contact person",
}
_IN_CHARGE_OF_ACTIVITY: Mapping[str, str] = {
    f"{_STRUCTURE}/AuthorityCode": "details.organisation-code",
    f"{_STRUCTURE}/AuthorityName": "details.organisation",
    f"{_STRUCTURE}/OrganisationTypeIdentifier": "details.organisation-type",
    f"{_WORKER}/CaseWorkerGivenName": "details.caseworker",
    f"{_WORKER}/CaseWorkerSurname": "details.caseworker",
    f"{_WORKER}/CaseWorkerTelephone": "details.phone",
    f"{_WORKER}/CaseWorkerEmail": "details.email",
}
_DAYS = {"StartDate": "valid.start", "EndDate": "valid.end"}
#: Item → its own leaves → plan field.
_ITEMS: Mapping[str, Mapping[str, str]] = {
    "GoalItems/GoalItem": {
        "GoalIdentifier": "source id",
        "SensitivityCode": "label",
        "GoalStatusIdentifier": "status",
        "GoalTitle": "title",
        "GoalDescription": "text",
        **_DAYS,
    },
    "GoalItems/GoalItem/SubGoalItem": {
        "SubGoalIdentifier": "source id",
        "SensitivityCode": "label",
        "GoalStatusIdentifier": "status",
        "SubGoalTitle": "title",
        "SubGoalDescription": "text",
        "EndDate": "valid.end",
    },
    "ActivityItems/ActivityItem": {
        "GoalIdentifier": "part_of",
        "ChangeTypeIdentifier": "status, when it was registered in error",
    },
    "ActivityItems/ActivityItem/ActivityCoreItem": {
        "ActivityIdentifier": "source id",
        "SensitivityCode": "label",
        "StartDate": "valid.start; status",
        "EndDate": "valid.end; status",
        "HoursPerWeek": "details.hours-per-week",
        "MinutesPerWeek": "details.minutes-per-week",
        "ActivationTypeIdentifier": "codes (activation type)",
        "ActivationTypeText": "text of the code; details.activation-type without one",
        "ActivityTitle": "title",
        "ActivityDescription": "text",
        "ActivityLocationAddress": "details.place",
        **_IN_CHARGE_OF_ACTIVITY,
    },
    "InterviewItems/InterviewItem": {
        "InterviewIdentifier": "source id",
        "BookingIdentifier": "details.booking",
        "SensitivityCode": "label",
        "InterviewTypeIdentifier": "codes (interview type)",
        "InterviewTypeText": "text of the code; title, where there is no other",
        "InterviewContactTypeIdentifier": "codes (contact type); details.contact",
        "InterviewTitle": "title",
        "InterviewStartDateTime": "valid.start",
        "InterviewEndDateTime": "valid.end",
        "InterviewLocationAddress": "details.place",
        "InterviewWithMoreAuthoritiesIndicator": "details.with-more-authorities",
        "ParticipationStatusTypeIdentifier": "status; details.missed; details.cancelled-by",
        "InterviewNote": "text",
        "ActivityIdentifier": "part_of",
    },
    "BarrierItems/BarrierItem": {
        "BarrierIdentifier": "source id",
        "SensitivityCode": "label",
        "HealthIndicator": "category",
        "BarrierTitle": "title",
        "BarrierDescription": "text",
    },
    "BenefitItems/BenefitItem": {
        "BenefitIdentifier": "source id",
        "SensitivityCode": "label",
        "BenefitType/Code": "codes (benefit type)",
        "BenefitType/CodeText": "title; text of the code",
        "StartDate": "valid.start; status",
        "EndDate": "valid.end; status",
    },
    "NoteItems/NoteItem": {
        "NoteIdentifier": "source id",
        "SensitivityCode": "label",
        "WrittenDateTime": "valid.start",
        "NoteTitle": "title",
        "NoteText": "text",
    },
}
_AMOUNT = "BenefitItems/BenefitItem/MonthlyAmount"


def _entries() -> Iterator[LedgerEntry]:
    yield LedgerEntry(f"/{PUSHED}/MessageIdentifier", Fate.MAPPED, "message id; last part of the order key")
    yield LedgerEntry(
        f"/{PUSHED}/SentDateTime", Fate.DROPPED, "the order is told by CaseVersionIdentifier and ChangedDateTime"
    )
    for document in (PUSHED, FETCHED):
        yield LedgerEntry(f"/{document}/SourceSystemName", Fate.MAPPED, "provenance.source_system")
        case = f"/{document}/PersonCase"
        for leaf, field in {**_CASE, **_IN_CHARGE_OF_CASE}.items():
            yield LedgerEntry(f"{case}/{leaf}", Fate.MAPPED, field)
        for item, leaves in _ITEMS.items():
            for leaf, field in leaves.items():
                yield LedgerEntry(f"{case}/{item}/{leaf}", Fate.MAPPED, field)
        yield LedgerEntry(
            f"{case}/{_AMOUNT}",
            Fate.WITHHELD,
            "a plan needs to know which benefit, not how much; it stays at its source",
        )


LEDGER: Sequence[LedgerEntry] = tuple(_entries())
