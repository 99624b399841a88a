"""Every instrument: its name, what it says, and the closed list that each label's values come from.

``docs/reference/metrics.md`` has the same list; a test fails when the two differ, or when a list here is not what the
rooms above say (``tests/unit/metrics``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

#: What stands for every value that is in no list.
OTHER = "other"


class Kind(StrEnum):
    """What an instrument is, in Prometheus' words."""

    COUNTER = "counter"
    HISTOGRAM = "histogram"
    GAUGE = "gauge"


class Of(StrEnum):
    """Lists that are not written here: they are known when a process has started."""

    AUTHORITIES = "authorities"  # those that are configured, the person register and the post
    CODE = "code"  # words of the code itself: templates of routes, names of loops, codes of errors, versions


@dataclass(frozen=True, slots=True, eq=False)
class Instrument:
    """One thing that is counted or measured.

    :ivar labels: by name, the values that there may be; others become ``other``.
    :ivar buckets: upper bounds of a histogram, seconds.
    :ivar is_summed: what becomes of several values that end up under ``other``: their sum, else the highest.
    """

    kind: Kind
    name: str
    says: str
    labels: Mapping[str, Of | Sequence[str]] = field(default_factory=dict)
    buckets: tuple[float, ...] = ()
    is_summed: bool = False


_AUTHORITY, _RECIPIENT = {"authority": Of.AUTHORITIES}, {"recipient": Of.AUTHORITIES}
_DIRECTION = {"direction": ("recipient", "source")}
_WAY = {**_AUTHORITY, **_DIRECTION}

# --- counted in each process --------------------------------------------------------------------------------------

RECEIVED = Instrument(
    Kind.COUNTER,
    "hub_messages_received_total",
    "Messages that came in or were fetched, by what became of them.",
    {**_AUTHORITY, "outcome": ("accepted", "repeated", "refused", "unavailable", "failed")},
)
DELIVERIES = Instrument(
    Kind.COUNTER,
    "hub_deliveries_total",
    "Deliveries that were taken up, by what became of them.",
    {
        **_RECIPIENT,
        "outcome": ("not-due", "paused", "up-to-date", "told", "delivered", "later", "dead", "lost-lease"),
    },
)
DELIVERY_SECONDS = Instrument(
    Kind.HISTOGRAM,
    "hub_delivery_duration_seconds",
    "How long a recipient's system took to answer a delivery, or not to answer it.",
    _RECIPIENT,
    (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15),
)
DECISIONS = Instrument(
    Kind.COUNTER,
    "hub_consent_decisions_total",
    "Decisions whether an element may be seen, by what was decided.",
    {"occasion": ("delivery", "reading"), "result": ("permitted", "partly", "withheld")},
)
HTTP_SECONDS = Instrument(
    Kind.HISTOGRAM,
    "hub_http_request_duration_seconds",
    "How long a request took, from its headers to the last byte of its answer.",
    {
        "method": ("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"),
        "route": Of.CODE,
        "status": ("1xx", "2xx", "3xx", "4xx", "5xx"),
    },
    (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 30),
)
AUDIT_ENTRIES = Instrument(
    Kind.COUNTER, "hub_audit_entries_total", "Audit entries that were committed with what they tell of."
)
LOG_FIELDS_DROPPED = Instrument(
    Kind.COUNTER, "hub_log_fields_dropped_total", "Fields of log lines that are in no list, and so were left out."
)

SPANS = Instrument(
    Kind.COUNTER,
    "hub_spans_total",
    "Spans of traces that are told, by what became of them; `sent` alone is none that was dropped.",
    {"outcome": ("sent", "full", "many", "failed", "refused")},
)

# --- how a process is -----------------------------------------------------------------------------------------------

INFO = Instrument(Kind.GAUGE, "hub_info", "Always 1; which version this process runs.", {"version": Of.CODE})
LOOP_TROUBLED = Instrument(
    Kind.GAUGE,
    "hub_loop_troubled",
    "Whether the last turn of a loop of this process failed (1), and with which code.",
    {"loop": Of.CODE, "code": Of.CODE},
)
LOOP_TURN = Instrument(
    Kind.GAUGE,
    "hub_loop_last_turn_timestamp_seconds",
    "When a loop of this process last did a turn without trouble.",
    {"loop": Of.CODE},
)
STATE_UP = Instrument(Kind.GAUGE, "hub_state_up", "Whether the database told in time (1) how things stand, or not (0).")
STATE_SECONDS = Instrument(
    Kind.GAUGE,
    "hub_state_read_seconds",
    "How long the last look at the database took, or the present one so far, whichever is longer.",
)

# --- what the database says: the same from every process ------------------------------------------------------------

QUEUE_DEPTH = Instrument(
    Kind.GAUGE, "hub_queue_depth", "Plans of which something is due to a recipient.", _RECIPIENT, is_summed=True
)
QUEUE_UNDER_WAY = Instrument(
    Kind.GAUGE, "hub_queue_under_way", "Deliveries that a worker holds just now.", _RECIPIENT, is_summed=True
)
QUEUE_OLDEST = Instrument(
    Kind.GAUGE,
    "hub_queue_oldest_seconds",
    "How long the oldest of what the hub is to send to a recipient has been due; 0: nothing is.",
    _RECIPIENT,
)
FEED_OLDEST = Instrument(
    Kind.GAUGE,
    "hub_feed_oldest_seconds",
    "How long the oldest of what a recipient is to fetch by its feed has been due; 0: nothing is.",
    _RECIPIENT,
)
RELAY_LAG = Instrument(
    Kind.GAUGE, "hub_relay_lag_seconds", "How long what is due longest has not been rung for; 0: all has."
)
DEAD_LETTERS = Instrument(
    Kind.GAUGE,
    "hub_dead_letters",
    "Deliveries and fetches that need a person, by cause.",
    {"cause": ("contract", "business-refusal", "consent-changed", "unknown-person", "bug", "poison", "auth")},
    is_summed=True,
)
CIRCUIT_STATE = Instrument(
    Kind.GAUGE,
    "hub_circuit_state",
    "How calls to a system stand: 1 for the state that it is in.",
    {**_WAY, "state": ("closed", "open", "half-open", "held")},
)
LAST_SUCCESS = Instrument(
    Kind.GAUGE,
    "hub_last_success_timestamp_seconds",
    "When data last got through: from a source, or to a recipient.",
    _WAY,
)
CALLS_UNDER_WAY = Instrument(
    Kind.GAUGE, "hub_calls_under_way", "Calls to a system that are under way.", _WAY, is_summed=True
)
FETCHES_DUE = Instrument(
    Kind.GAUGE, "hub_source_jobs_due", "Polls, fetches and folders that are due.", _AUTHORITY, is_summed=True
)
WITHDRAWALS_WAITING = Instrument(
    Kind.GAUGE,
    "hub_withdrawals_waiting",
    "Plans of which a recipient must give something up, and what says so is due to it.",
    _RECIPIENT,
    is_summed=True,
)
WITHDRAWALS_OLDEST = Instrument(
    Kind.GAUGE,
    "hub_withdrawals_oldest_seconds",
    "How long ago the oldest of these was taken back; 0: there is none.",
    _RECIPIENT,
)
DELETIONS_MISSING = Instrument(
    Kind.GAUGE,
    "hub_deletion_receipts_missing",
    "Elements that a recipient has not confirmed in time to have deleted.",
    _RECIPIENT,
    is_summed=True,
)
WORDS_MISSING = Instrument(
    Kind.GAUGE,
    "hub_receipts_missing",
    "Deliveries that a recipient has received, and not said in time whether they are taken in.",
    _RECIPIENT,
    is_summed=True,
)
LETTERS_DUE = Instrument(
    Kind.GAUGE,
    "hub_letters_due",
    "Letters to citizens that are due, or were put off for a failure or want of a post.",
)
LETTERS_DEAD = Instrument(Kind.GAUGE, "hub_letters_dead", "Letters to citizens that failed too often.")
AUDIT_SEALED = Instrument(Kind.GAUGE, "hub_audit_sealed_entries", "Audit entries that are sealed.")
AUDIT_OLDEST = Instrument(
    Kind.GAUGE, "hub_audit_oldest_unsealed_seconds", "How long the oldest audit entry waits to be sealed; 0: none does."
)
AUDIT_UNCOVERED = Instrument(
    Kind.GAUGE, "hub_audit_entries_without_checkpoint", "Sealed audit entries that no checkpoint covers yet."
)
CHECKPOINT_AGE = Instrument(
    Kind.GAUGE,
    "hub_audit_checkpoint_age_seconds",
    "How old the newest checkpoint of the audit is; not told before the first.",
)
WITNESSES_LATE = Instrument(
    Kind.GAUGE, "hub_audit_witnesses_late", "Witnesses of the audit that lack a checkpoint for too long."
)
WITNESSES_DIFFERING = Instrument(
    Kind.GAUGE, "hub_audit_witnesses_differing", "Witnesses of the audit that hold other checkpoints than this hub."
)

ALL: tuple[Instrument, ...] = tuple(one for one in globals().values() if isinstance(one, Instrument))
