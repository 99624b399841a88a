"""Every way the hub says no, in one tree.

HubError
├── Refused                  never again: sending the same thing once more will not help
│   ├── ContractViolation    the document breaks the contract agreed with its sender
│   ├── TooLarge             the body is over the agreed size
│   ├── InvalidRequest       a request of a person or client is malformed or contradicts itself
│   ├── NotAcceptable        an answer is wanted in words that the hub does not speak
│   ├── UnknownPerson        no plan is open for the person
│   ├── WrongSender          the caller speaks for another authority than the document's
│   ├── IdReused             a message id came again with another body
│   ├── NotAuthenticated     no valid token
│   ├── NotAllowed           the caller's role may not do this
│   ├── NotFound             nothing the caller may know of has this id
│   ├── Conflict             the thing has changed, or is already there
│   ├── RuleBroken           what is asked is well-formed, and a rule of the plan does not let it be
│   ├── NotCurrent           the caller rests on another version than the one that stands
│   │   ├── VersionMissing   the caller does not say on which version a change rests
│   │   └── SeveralMatch     a condition that may fit one thing fits several
│   ├── RecipientRefused     a recipient will not take a delivery, and says so
│   │   └── RecipientDenied  it does not let the hub in, or no way to it is configured
│   ├── WitnessDiffers       a witness of the audit holds other checkpoints than this hub
│   ├── Tampered             stored bytes are not what was written
│   └── SettingsRefused      the hub cannot start with these settings
└── Unavailable              later: the same thing may succeed
    ├── RecipientDown        a recipient's system does not answer: pause it, the message is not to blame
    │   └── NotLetIn         it does not take the hub's token or certificate
    ├── RecipientFailed      a recipient's system failed on this message: counts towards its attempts
    ├── SourceDown           an authority's system does not answer a fetch or a poll
    ├── ProviderDown         the identity provider that people sign in through does not answer as it should
    ├── TooManyLookups       a client looks up more people in a minute than it may
    ├── StoreBusy            the database does not answer in time
    │   └── KeysDown         the token with the master keys does not do its part
    └── BrokerDown           the broker does not take or give messages
        └── BrokerDiffers    the broker has a queue of ours that is made otherwise

Each error has a code (stable, for programs), a sentence (what happened) and a next step, none with personal data.
Only ``hub.api.problems`` and ``hub.ui.problems`` know HTTP numbers. Withheld is a value, not an error.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from traceback import extract_tb
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong in a document or a request: where, what, and what to do."""

    field: str  # a path in the sender's own words, such as /Sag/Barn/CPR or PrimaryPart.CPRnummer; never a value
    sentence: str
    next_step: str = ""


class HubError(Exception):
    """Something the hub says no to, with a sentence for its reader and the next step."""

    code: ClassVar[str] = "hub-error"
    default_next_step: ClassVar[str] = "Ask the hub's operator, and give the correlation id."

    def __init__(
        self, sentence: str, next_step: str = "", faults: Iterable[Fault] = (), retry_after: float | None = None
    ) -> None:
        super().__init__(sentence)
        self.sentence, self.next_step = sentence, next_step or self.default_next_step
        self.faults, self.retry_after = tuple(faults), retry_after  # seconds that the other side asked us to wait

    def diagnostics(self) -> str:
        """Return what happened and what to do, as plain text for a terminal."""
        faults = [f"  {fault.field}: {fault.sentence} {fault.next_step}".rstrip() for fault in self.faults]
        return "\n".join([f"{self.code}: {self.sentence}", *faults, f"Next: {self.next_step}"])


def told(error: BaseException) -> dict[str, str]:
    """Say of an error what a log may hold: its kind, its code and where it arose. Its text may tell of a person."""
    where = next((f"{last.filename}:{last.lineno}" for last in extract_tb(error.__traceback__)[-1:]), "")
    return {"error": type(error).__name__, "code": error.code if isinstance(error, HubError) else "bug", "where": where}


class Refused(HubError):
    """Never again: the same thing will be refused again."""

    code = "refused"


class ContractViolation(Refused):
    """The document breaks the contract agreed with its sender."""

    code = "contract-violation"
    default_next_step = "Correct the named fields and send the document again with a new message id."


class TooLarge(Refused):
    """The body is over the agreed size."""

    code = "too-large"
    default_next_step = "Split the delivery into smaller documents and send each with its own message id."


class InvalidRequest(Refused):
    """A request is malformed or contradicts itself."""

    code = "invalid-request"
    default_next_step = "Correct the named fields and ask again."


class NotAcceptable(Refused):
    """An answer is wanted in words that the hub does not speak."""

    code = "not-acceptable"
    default_next_step = "Ask for JSON."


class UnknownPerson(Refused):
    """No plan is open for the person."""

    code = "unknown-person"
    default_next_step = (
        "A plan opens with the person's consent to have one (POST /consents, kind one-plan). "
        "Send the document again when it is open."
    )


class WrongSender(Refused):
    """The caller speaks for another authority than the document's."""

    code = "wrong-sender"
    default_next_step = "Use the token that was issued to the authority whose document this is."


class IdReused(Refused):
    """A message id came again with another body."""

    code = "id-reused"
    default_next_step = "Nothing was changed. Give each new document a message id of its own."


class NotAuthenticated(Refused):
    """No valid token."""

    code = "not-authenticated"
    default_next_step = "Send 'Authorization: Bearer <token>' with a token the hub's operator has issued to you."


class NotAllowed(Refused):
    """The caller's role may not do this."""

    code = "not-allowed"
    default_next_step = "Ask the hub's administrator whether your client should have the role that may do this."


class NotFound(Refused):
    """Nothing the caller may know of has this id."""

    code = "not-found"
    default_next_step = "Check the id. What you may not see is answered as if it did not exist."


class Conflict(Refused):
    """The thing has changed, or is already there."""

    code = "conflict"
    default_next_step = "Read the newest version and try again."


class RuleBroken(Refused):
    """What is asked is well-formed, and a rule of the plan does not let it be."""

    code = "business-rule"
    default_next_step = "Nothing was changed. Ask for what the rule lets be, or ask whoever may do it."


class NotCurrent(Refused):
    """The caller rests on another version than the one that stands."""

    code = "not-current"
    default_next_step = "Read it again, put the two together, and send the new ETag as If-Match."


class VersionMissing(NotCurrent):
    """The caller does not say on which version a change rests."""

    code = "version-missing"
    default_next_step = "Read it, and send its ETag as If-Match."


class SeveralMatch(NotCurrent):
    """A condition that may fit one thing fits several."""

    code = "several-match"
    default_next_step = "Nothing was created. Name an identifier that only one of yours has."


class RecipientRefused(Refused):
    """A recipient will not take a delivery, and says so."""

    code = "recipient-refused"
    default_next_step = "Settle the reason with the recipient, then replay the delivery."


class WitnessDiffers(Refused):
    """A witness of the audit holds other checkpoints than this hub: another gave them, or this hub's end is gone."""

    code = "witness-differs"
    default_next_step = "Keep witness and database as they are, and call the security administrator."


class RecipientDenied(RecipientRefused):
    """A recipient does not let the hub in, or no way to it is configured; the message is not to blame."""

    code = "recipient-denied"
    default_next_step = "Correct the address, token or certificate of the recipient, then replay the delivery."


class Tampered(Refused):
    """Stored bytes are not what was written."""

    code = "tampered"
    default_next_step = "Do not repair by hand. Restore the row from a backup and report a security incident."


class SettingsRefused(Refused):
    """The hub cannot start with these settings; all faults are named at once."""

    code = "settings-refused"
    default_next_step = "Set the named HUB_ variables (docs/reference/settings.md) and start again."


class Unavailable(HubError):
    """Later: the same thing may succeed."""

    code = "unavailable"
    default_next_step = "Try again later; nothing was lost or half-written."


class RecipientDown(Unavailable):
    """A recipient's system does not answer; the message is not to blame."""

    code = "recipient-down"


class NotLetIn(RecipientDown):
    """A recipient's system does not take the hub's token or certificate (401), whatever is sent."""

    code = "recipient-unauthenticated"


class RecipientFailed(Unavailable):
    """A recipient's system failed on this message."""

    code = "recipient-failed"


class SourceDown(Unavailable):
    """An authority's system does not answer a fetch or a poll."""

    code = "source-down"


class ProviderDown(Unavailable):
    """The identity provider that people sign in through does not answer as it should."""

    code = "provider-down"
    default_next_step = "Try again in a little while; nobody is signed in, and nothing was kept."


class TooManyLookups(Unavailable):
    """A client looks up more people than its work can explain."""

    code = "too-many-lookups"
    default_next_step = "Wait as long as Retry-After says. If the work needs more, ask the hub's operator."


class StoreBusy(Unavailable):
    """The database does not answer in time."""

    code = "store-busy"


class KeysDown(StoreBusy):
    """The token with the master keys does not do its part."""

    code = "keys-down"


class BrokerDown(Unavailable):
    """The broker does not take or give messages."""

    code = "broker-down"
    default_next_step = "Start the broker or mend HUB_BROKER_URL. Intake goes on; deliveries follow by themselves."


class BrokerDiffers(BrokerDown):
    """The broker has a queue or an exchange of the hub's name that is made otherwise."""

    code = "broker-differs"
    default_next_step = "Choose another HUB_QUEUE_PREFIX, or delete it (rabbitmqctl): the hub makes it anew by itself."
