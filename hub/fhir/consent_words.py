"""Consents in FHIR's words: systems, roles of actors, and the few extensions that R4 has no element for."""

from __future__ import annotations

from hub.consent.consent import Capacity, Effect

SCOPE = "http://terminology.hl7.org/CodeSystem/consentscope"
PRIVACY = "patient-privacy"
LOINC, CONSENT_DOCUMENT = "http://loinc.org", "59284-0"
KIND = "urn:one-plan-hub:consent-kind"
PURPOSE = "urn:one-plan-hub:purpose"
ABOUT = "urn:one-plan-hub:imported-consent"
ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
PARTICIPATION = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"

#: The base of a consent, as policyRule says it (R4) and as the root's type says it (IHE PCF): both, and they agree.
POLICY_RULE = {Effect.PERMIT: "OPTIN", Effect.DENY: "OPTOUT"}
#: Who is told, and who wrote what is told. IHE PCF has the first; R4's own examples write the second as AUT.
RECIPIENTS, SOURCES = ("IRCP", "PRCP"), ("AUT",)

#: Extensions of our own. None modifies what the resource says to whoever does not know it.
GRANT = "urn:one-plan-hub:fhir:grant"
REPLACES = "urn:one-plan-hub:fhir:replaces"

PERFORMER = {Capacity.SELF: "Patient", Capacity.CUSTODY: "RelatedPerson", Capacity.GUARDIAN: "RelatedPerson"}
#: Statuses of R4's required binding, and what becomes of each.
COUNTS, WITHDRAWN = "active", "inactive"
NEVER_COUNT = ("draft", "proposed", "rejected", "entered-in-error")
