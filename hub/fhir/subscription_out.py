"""A subscription as FHIR R4 ``Subscription``: what its client asked for, without the headers, which may be secrets."""

from __future__ import annotations

from hub.authority.feeding import Topic
from hub.fhir.subscription_in import CONTENT, HEARTBEAT, ID_ONLY, MAX_COUNT, PAYLOAD, REST_HOOK
from hub.fhir.words import Resource, filled
from hub.flow.notification import GUIDE, canonical
from hub.store.subscriptions import Subscription

_PROFILE, _TOPICS = (
    GUIDE + name for name in ("backport-subscription", "capabilitystatement-subscriptiontopic-canonical")
)
_DEFINED = "http://hl7.org/fhir/uv/subscriptions-backport/OperationDefinition/"


def subscription_resource(one: Subscription) -> Resource:
    """Return a subscription as its client reads it."""
    terms = one.terms
    extension: list[Resource] = [{"url": MAX_COUNT, "valuePositiveInt": terms.max_count}]
    if terms.heartbeat_seconds is not None:
        extension.insert(0, {"url": HEARTBEAT, "valueUnsignedInt": terms.heartbeat_seconds})
    return filled(
        resourceType="Subscription",
        id=str(one.id),
        meta={"profile": [_PROFILE]},
        status=one.status.value,
        reason=terms.reason,
        criteria=canonical(terms.topic),
        error=one.trouble,
        channel={
            "extension": extension,
            "type": REST_HOOK,
            "endpoint": terms.endpoint,
            "payload": PAYLOAD,
            "_payload": {"extension": [{"url": CONTENT, "valueCode": ID_ONLY}]},
        },
    )


def subscriptions_served() -> Resource:
    """Return what the facade can do with subscriptions, for the capability statement."""
    return {
        "extension": [{"url": _TOPICS, "valueCanonical": canonical(topic)} for topic in Topic],
        "type": "Subscription",
        "supportedProfile": [_PROFILE],
        "documentation": "Of a recipient's own system alone: by rest-hook, ids alone, to an address that is allowed.",
        "interaction": [{"code": one} for one in ("read", "search-type", "create", "update")],
        "versioning": "versioned-update",
        "conditionalRead": "not-match",
        "searchParam": [{"name": "status", "type": "token"}],
        "operation": [
            {"name": name, "definition": f"{_DEFINED}backport-subscription-{name}"} for name in ("status", "events")
        ],
    }
