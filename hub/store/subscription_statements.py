"""The statements of subscriptions, built once.

What they are given: ``ours`` the municipality, ``whom`` the recipient, ``row`` the row of the outbox, ``wanted`` the
subscription, ``at`` the instant, ``before`` the instant before which things are over, ``most`` how many rows.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam

from hub.store.subscription_tables import subscription_events, subscriptions
from hub.store.tables import Instant

_ROW, _EVENT = subscriptions.c, subscription_events.c
_AT = bindparam("at", type_=Instant())
_OURS = _ROW.municipality == bindparam("ours")
_IS_ON = _ROW.status != sa.literal_column("'off'")
_WANTED: sa.BindParameter[Any] = bindparam("wanted", type_=sa.Uuid())

_NEWEST = (
    sa.select(sa.func.max(_EVENT.number))
    .where(_EVENT.subscription_id == _ROW.id, _EVENT.outbox_id == bindparam("row", type_=sa.Uuid()))
    .correlate(subscriptions)
    .scalar_subquery()
)
_ITS_NEWEST = sa.and_(_EVENT.subscription_id == _ROW.id, _EVENT.number == _NEWEST)
#: Who is told of a recipient's deliveries, and what each was told last of this one; always in the same order, for the
#: rows are held until the commit.
WHO_HEARS = (
    sa.select(_ROW.id, _ROW.topic, _EVENT.topic.label("last_topic"), _EVENT.target.label("last_target"))
    .outerjoin(subscription_events, _ITS_NEWEST)
    .where(_OURS, _ROW.recipient == bindparam("whom"), _IS_ON)
    .order_by(_ROW.id)
)
NEXT = (
    subscriptions.update().where(_ROW.id == _WANTED).values(last_event=_ROW.last_event + 1).returning(_ROW.last_event)
)

_HAS_NEWS = sa.or_(_ROW.told < _ROW.last_event, _ROW.heartbeat_at <= _AT)
_IS_TO_BE_TOLD = sa.or_(
    _ROW.status == sa.literal_column("'requested'"), sa.and_(_ROW.status == sa.literal_column("'active'"), _HAS_NEWS)
)
_MAY = sa.and_(_IS_TO_BE_TOLD, _ROW.not_before <= _AT, sa.or_(_ROW.lease_until.is_(None), _ROW.lease_until <= _AT))
DUE = (
    sa.select(_ROW.id)
    .where(_OURS, _ROW.recipient.in_(bindparam("among", expanding=True)), _MAY)
    .order_by(sa.func.coalesce(_ROW.last_attempt_at, _ROW.created_at), _ROW.id)
)
LEASE = (
    subscriptions.update()
    .where(_ROW.id == _WANTED, _MAY)
    .values(lease=bindparam("token"), lease_until=bindparam("until", type_=Instant()))
    .returning(*subscriptions.columns)
)

_BEFORE, _MOST = bindparam("before", type_=Instant()), bindparam("most", type_=sa.Integer())
_KEY = sa.tuple_(_EVENT.subscription_id, _EVENT.number)
_IS_ITS = sa.and_(_ROW.id == _EVENT.subscription_id, _OURS)
_OLD = (
    sa.select(_EVENT.subscription_id, _EVENT.number)
    .where(_EVENT.at < _BEFORE, sa.exists().where(_IS_ITS))
    .order_by(_EVENT.at)
    .limit(_MOST)
)
CLEAR_EVENTS = subscription_events.delete().where(_KEY.in_(_OLD))
_HAS_EVENTS = sa.exists().where(_EVENT.subscription_id == _ROW.id)
_ENDED = (
    sa.select(_ROW.id).where(_OURS, _ROW.ended_at < _BEFORE, sa.not_(_HAS_EVENTS)).order_by(_ROW.ended_at).limit(_MOST)
)
CLEAR_ENDED = subscriptions.delete().where(_ROW.id.in_(_ENDED))
