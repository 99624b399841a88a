"""Call the operations of another system in SOAP 1.1, addressed and, where that is set, signed both ways."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lxml import etree

from hub.adapters._http import Answer, HttpSender
from hub.adapters._soap import FAILED, SOAP11, Envelope
from hub.adapters._ws_addressing import SUBCODES as ADDRESSING
from hub.adapters._ws_addressing import UNSPECIFIED, Addressing
from hub.adapters._ws_security import SUBCODES as SECURITY
from hub.adapters._ws_security import Message, Security, read_message, write_message
from hub.errors import Refused

#: What the other side says when sending the same once more would not help.
_REFUSALS = {"Client", "Sender", "VersionMismatch", "MustUnderstand", "DataEncodingUnknown"}
#: The address is wrong, or the service is being put in place anew.
_NO_SERVICE = (404, 410)


class SoapCaller:
    """Call the operations of one system."""

    def __init__(self, sender: HttpSender, base_url: str, path: str, security: Security) -> None:
        """Prepare calls.

        :param base_url: of the sender; with the path it is the address that calls say they go to.
        :param path: of the service, below the base URL.
        """
        self._sender, self._address, self._path, self._security = sender, base_url + path, path, security

    def call(
        self,
        action: str,
        content: etree._Element,
        headers: Sequence[etree._Element],
        message_id: str,
        beside: Mapping[str, str] | None = None,
    ) -> tuple[Answer, Envelope]:
        """Send a message; return the answer as it came, and the envelope in it, which holds no fault.

        Content and headers move into the message.

        :param message_id: a UUID in lower case; a repeat of the message carries the same.
        :param beside: headers of HTTP, such as the trace the call belongs to.
        :raises Unavailable: as the sender's outcomes say.
        :raises Refused: as the sender's outcomes say; of a fault nothing but its code is told.
        """
        addressing = Addressing(action, message_id, self._address)
        message = write_message(SOAP11, content, headers, addressing, self._security)
        told = {"Content-Type": SOAP11.content_type, "SOAPAction": f'"{action}"', **(beside or {})}
        answer = self._sender.request("POST", self._path, message, told, reads=(FAILED, *_NO_SERVICE))
        if answer.status in _NO_SERVICE:  # what is not known is told by a fault; here nobody is there to tell it
            raise self._sender.outcomes.down(f"The service of the system of {self._sender.name} is not at its address.")
        envelope = self._read(answer, message_id).envelope
        if envelope.content.tag == SOAP11.name("Fault"):
            self._raise(envelope.content)
        if answer.status == FAILED:
            raise self._sender.outcomes.failed(self._no_soap(answer))
        return answer, envelope

    def _read(self, answer: Answer, message_id: str) -> Message:
        """Read an answer, to this message and no other."""
        name, outcomes = self._sender.name, self._sender.outcomes
        try:
            content_type = answer.headers.get("content-type", "")
            message = read_message(answer.body, content_type, (), self._security, is_answer=True)
        except Refused as error:
            told = next((fault for fault in error.faults if fault in SECURITY or fault in ADDRESSING), None)
            if told is None:
                raise outcomes.failed(self._no_soap(answer)) from None
            raise outcomes.failed(f"An answer of the system of {name} is refused: {told.sentence}") from None
        if message.envelope.version is not SOAP11:
            raise outcomes.failed(self._no_soap(answer))
        if message.addressing is not None and message.addressing.relates_to not in self._related(message_id, message):
            raise outcomes.failed(f"The system of {name} gave an answer to another message.")
        return message

    def _related(self, message_id: str, message: Message) -> tuple[str, ...]:
        """Return what an answer may relate to; one that is not signed need not say it."""
        return (message_id,) if message.essence else (message_id, "", UNSPECIFIED)

    def _no_soap(self, answer: Answer) -> str:
        return f"The system of {self._sender.name} gave an answer that is no SOAP 1.1 (HTTP {answer.status})."

    def _raise(self, fault: etree._Element) -> None:
        name, outcomes = self._sender.name, self._sender.outcomes
        word = (fault.findtext("faultcode") or "").strip().rpartition(":")[2].partition(".")[0]
        if (fault.findtext("detail//{*}FaultCode") or "").strip() == "not-found":
            raise outcomes.missing(f"The system of {name} does not know what it was asked for.")
        if word in _REFUSALS:
            raise outcomes.refused(f"The system of {name} refuses the call; its reason stands in its own log.")
        raise outcomes.failed(f"The system of {name} failed on the call.")
