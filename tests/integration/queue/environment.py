"""The environment of a hub that runs as a process of its own beside a test's set-up, and calls social services."""

from __future__ import annotations

import base64
import os

import orjson

from hub.settings import Settings


def environment_of(settings: Settings, url: str, token: str) -> dict[str, str]:
    """Return the variables by which the hub has a set-up's database, queues and keys, and nothing else of ``HUB_*``.

    :param url: of social services. :param token: by which they are called.
    """
    others = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
    return others | {
        "HUB_DATABASE_URL": settings.database_url,
        "HUB_BROKER_URL": settings.broker_url,
        "HUB_QUEUE_PREFIX": settings.queue_prefix,
        "HUB_KEYS__1": base64.b64encode(settings.keys[1].get_secret_value()).decode(),
        "HUB_INDEX_KEY": base64.b64encode(settings.index_key.get_secret_value()).decode(),
        "HUB_AUTHORITIES__SOCIAL": orjson.dumps({"url": url, "token": token, "poll_every": 0}).decode(),
    }
