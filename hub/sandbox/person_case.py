"""A case in the words of the employment authority: PersonCase of contracts/employment/v1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import HTTPException

from hub.sandbox.nodes import Node, xml_bool
from hub.sandbox.shelf import Case

_KLE, _KLE_TEXT = "15.20.00", "Aktiv beskæftigelsesindsats"
_ACTIVE, _CLOSED, _UNDER_WAY, _OTHER_INTERVIEW = "2", "4", "2", 12
_PARTICIPATION = {"planned": "1", "held": "2", "missed": "3", "cancelled": "5"}
_JOB_CENTRE, _MUNICIPALITY = "8", "376"

#: On whose behalf the system calls.
ORGANISATION: Node = (
    "ActiveOrganisationHeader",
    [("OrganisationTypeIdentifier", _JOB_CENTRE), ("OrganisationCode", _MUNICIPALITY)],
)
#: Who calls: the system by itself.
USER: Node = (
    "RequestUserMetadata",
    [
        (
            "RequestUserStructure",
            [
                ("UserFullName", "Sandbox Job"),
                ("RequestUserTypeIdentifier", "3"),
                ("UserIdentifier", "sandbox-employment"),
            ],
        )
    ],
)


def person_case(case: Case) -> Node:
    """Write a case. :raises HTTPException: 422, a part of it that the contract cannot say."""
    told = case.content
    return (
        "PersonCase",
        [
            ("CaseIdentifier", case.id),
            ("CaseVersionIdentifier", str(case.version)),
            ("ChangedDateTime", case.changed_at),
            ("CaseSubject", [("Code", _KLE), ("CodeText", _KLE_TEXT)]),
            ("SensitivityCode", told["label"]),
            ("CaseStatusIdentifier", _CLOSED if told["close"] else _ACTIVE),
            ("CaseTitle", told["title"]),
            _person(told),
            ("ResponsibleAuthority", _responsible(told["contacts"])),
            ("GoalItems", [_goal(item) for item in told["goals"]]),
            ("ActivityItems", [_activity(item) for item in told["activities"]]),
            ("InterviewItems", [_interview(item) for item in told["appointments"]]),
            ("BarrierItems", [_barrier(item) for item in told["health"]]),
            ("NoteItems", [_note(item, case.changed_at) for item in told["notes"]]),
        ],
    )


def _person(told: Mapping[str, Any]) -> Node:
    former: list[Node] = [("PreviousPersonCivilRegistrationIdentifier", cpr) for cpr in told["previous_cprs"]]
    fields: list[Node] = [("PersonCivilRegistrationIdentifier", told["cpr"]), *former, ("PersonFullName", told["name"])]
    return "Person", [*fields, ("PersonAddressProtectionIndicator", xml_bool(told["protected_address"]))]


def _responsible(contacts: list[Mapping[str, Any]]) -> list[Node]:
    organisation: Node = (
        "AuthorityStructure",
        [
            ("AuthorityCode", _MUNICIPALITY),
            ("AuthorityName", "Jobcenter Guldborgsund"),
            ("OrganisationTypeIdentifier", _JOB_CENTRE),
        ],
    )
    if len(contacts) > 1:
        raise HTTPException(422, "a case of this system has one caseworker")
    return [organisation, *(_caseworker(contact) for contact in contacts)]


def _caseworker(contact: Mapping[str, Any]) -> Node:
    given, _, surname = contact["name"].rpartition(" ")
    if not given:
        raise HTTPException(422, "a caseworker of this system has a given name and a surname")
    fields: list[Node] = [("CaseWorkerGivenName", given), ("CaseWorkerSurname", surname)]
    return "CaseWorker", [*fields, ("CaseWorkerTelephone", contact["phone"] or None)]


def _goal(item: Mapping[str, Any]) -> Node:
    return "GoalItem", [*_identity("Goal", item), ("GoalStatusIdentifier", _UNDER_WAY), ("GoalTitle", item["title"])]


def _activity(item: Mapping[str, Any]) -> Node:
    if item["start"] is None:
        raise HTTPException(422, "an activity of this system has a start")
    fields: list[Node] = [
        ("StartDate", item["start"]),
        ("EndDate", item["end"]),
        ("ActivationTypeIdentifier", item["code"]),
        ("ActivityTitle", item["title"]),
    ]
    return "ActivityItem", [("ActivityCoreItem", [*_identity("Activity", item), *fields])]


def _interview(item: Mapping[str, Any]) -> Node:
    fields: list[Node] = [
        ("InterviewTypeIdentifier", str(item["interview_type"] or _OTHER_INTERVIEW)),
        ("InterviewTitle", item["title"]),
        ("InterviewStartDateTime", item["start"]),
        ("InterviewEndDateTime", item["end"]),
        ("InterviewLocationAddress", item["place"] or None),
        ("ParticipationStatusTypeIdentifier", _PARTICIPATION[item["status"]]),
    ]
    return "InterviewItem", [*_identity("Interview", item), *fields]


def _barrier(item: Mapping[str, Any]) -> Node:
    fields: list[Node] = [
        ("HealthIndicator", "true"),
        ("BarrierTitle", "Helbred"),
        ("BarrierDescription", item["text"]),
    ]
    return "BarrierItem", [*_identity("Barrier", item), *fields]


def _note(item: Mapping[str, Any], written_at: str) -> Node:
    return "NoteItem", [*_identity("Note", item), ("WrittenDateTime", written_at), ("NoteText", item["text"])]


def _identity(kind: str, item: Mapping[str, Any]) -> list[Node]:
    return [(f"{kind}Identifier", item["id"]), ("SensitivityCode", item["label"])]
