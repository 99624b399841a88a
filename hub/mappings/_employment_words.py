"""The code lists of employment/v1, number by number; README.md of the contract prints the same tables."""

from __future__ import annotations

from hub.plan.element import Status

KLE = "https://data.gov.dk/id/classification/KLE"
TARGET_GROUP = "urn:one-plan-hub:lab:target-group"
ACTIVATION_TYPE = "urn:one-plan-hub:star:activation-type"
INTERVIEW_TYPE = "urn:one-plan-hub:star:interview-type"
CONTACT_TYPE = "urn:one-plan-hub:star:interview-contact-type"
BENEFIT_TYPE = "urn:one-plan-hub:employment:benefit-type"

CASE_STATUS = {
    1: Status.PROPOSED,
    2: Status.ACTIVE,
    3: Status.ON_HOLD,
    4: Status.COMPLETED,
    5: Status.ENTERED_IN_ERROR,
}
GOAL_STATUS = {1: Status.PLANNED, 2: Status.ACTIVE, 3: Status.COMPLETED, 4: Status.CANCELLED}
PARTICIPATION = {
    1: Status.PLANNED,
    2: Status.COMPLETED,
    3: Status.CANCELLED,
    4: Status.CANCELLED,
    5: Status.CANCELLED,
}
#: What a cancelled interview says besides: that nobody came, or who called it off.
WHY_CANCELLED = {3: {"missed": "yes"}, 4: {"cancelled-by": "citizen"}, 5: {"cancelled-by": "authority"}}
#: Of how an interview is held, what the plan has a word for; of the others it says nothing.
CONTACT_WAY = {"1": "in-person", "2": "phone", "3": "digital", "6": "in-person"}
DELETED = "3"  # ChangeTypeIdentifier: registered in error

ORGANISATION_TYPE = {4: "anden aktør", 7: "kommune", 8: "jobcenter", 24: "virksomhed"}
