"""A subscription as FHIR R4 ``Subscription``: what its client asked for, without the headers, which may be secrets."""

from __future__ import annotations

from hub.fhir.subscription_in import CONTENT, HEARTBEAT, ID_ONLY, MAX_COUNT, PAYLOAD, REST_HOOK
from hub.fhir.words import Resource, filled
from hub.flow.notification import GUIDE, canonical
from hub.store.subscriptions import Subscription


def subscription_resource(one: Subscription) -> Resource:
    """Return a subscription as its client reads it."""
    terms = one.terms
    extension: list[Resource] = [{"url": MAX_COUNT, "valuePositiveInt": terms.max_count}]
    if terms.heartbeat_seconds is not None:
        extension.insert(0, {"url": HEARTBEAT, "valueUnsignedInt": terms.heartbeat_seconds})
    return filled(
        resourceType="Subscription",
        id=str(one.id),
        meta={"profile": [GUIDE + "backport-subscription"]},
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
