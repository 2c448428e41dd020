"""A session is to end everywhere (saml-core §3.7)."""

from __future__ import annotations

from dataclasses import dataclass, field

from hkeid.kernel.instants import Instant
from hkeid.saml.dsig import Element
from hkeid.saml.dsig.parsing import XmlElement
from hkeid.saml.messages import reading
from hkeid.saml.messages.instants import write_instant
from hkeid.saml.messages.message import COMMON, Message, StatusResponse, open_answer, open_message
from hkeid.saml.messages.name_id import ENCRYPTED_ID, NAME_ID, NameId
from hkeid.saml.messages.reading import Source

LOGOUT_REQUEST = reading.samlp("LogoutRequest")
LOGOUT_RESPONSE = reading.samlp("LogoutResponse")
_SESSION_INDEX = reading.samlp("SessionIndex")
_ATTRIBUTES = COMMON | {"Reason", "NotOnOrAfter"}
_MOST_SESSIONS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutRequest(Message):
    """A samlp:LogoutRequest.

    :ivar name_id: whose sessions; None where it came encrypted.
    :ivar encrypted_id: a saml:EncryptedID, or None; as a tree that only the kernel opens.
    :ivar session_indexes: which of them; empty: all.
    :ivar not_on_or_after: when the request expires, or None.
    """

    name_id: NameId | None
    encrypted_id: XmlElement | None = field(default=None, repr=False)
    session_indexes: tuple[str, ...] = ()
    reason: str | None = None
    not_on_or_after: Instant | None = None

    @classmethod
    def read(cls, source: Source) -> LogoutRequest:
        """Read a message.

        :raises SamlMalformed: what is wrong with it.
        """
        opened = open_message(reading.root(source, LOGOUT_REQUEST), _ATTRIBUTES)
        name, encrypted = opened.take(NAME_ID), None
        if name is None:
            encrypted = opened.take(ENCRYPTED_ID)
            if encrypted is None:
                raise reading.missing("NameID")
        sessions = opened.take_all(_SESSION_INDEX)
        if len(sessions) > _MOST_SESSIONS:
            raise reading.unexpected(sessions[-1])
        opened.finish()
        return cls(
            **opened.common,  # type: ignore[arg-type]
            name_id=None if name is None else NameId.of(name),
            encrypted_id=encrypted,
            session_indexes=tuple(map(reading.text, sessions)),
            reason=opened.attributes.get("Reason"),
            not_on_or_after=reading.instant(opened.attributes, "NotOnOrAfter"),
        )

    def write(self) -> Element:
        """The element, not signed."""
        until = self.not_on_or_after
        said = {
            "Reason": self.reason,
            "NotOnOrAfter": None if until is None else write_instant(until),
        }
        content = [] if self.name_id is None else [self.name_id.write()]
        content += [Element("samlp:SessionIndex", {}, [one]) for one in self.session_indexes]
        return self.written("samlp:LogoutRequest", said, content)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutResponse(StatusResponse):
    """A samlp:LogoutResponse."""

    @classmethod
    def read(cls, source: Source) -> LogoutResponse:
        """Read a message.

        :raises SamlMalformed: what is wrong with it.
        """
        opened = open_answer(reading.root(source, LOGOUT_RESPONSE))
        opened.finish()
        return cls(**opened.common)  # type: ignore[arg-type]

    def write(self) -> Element:
        """The element, not signed."""
        return self.written_answer("samlp:LogoutResponse", [])
