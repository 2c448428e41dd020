"""What an identity provider asserts (saml-core §2.3.3)."""

from __future__ import annotations

from dataclasses import dataclass, field

from hkeid.kernel.instants import Instant
from hkeid.saml.dsig import Element, SignedElement
from hkeid.saml.dsig.parsing import XmlElement
from hkeid.saml.messages import reading
from hkeid.saml.messages.attributes import ATTRIBUTE, Attribute
from hkeid.saml.messages.authn_context import AUTHN_CONTEXT, AuthnContext
from hkeid.saml.messages.conditions import CONDITIONS, Conditions
from hkeid.saml.messages.errors import MessageRefused, SamlMalformed
from hkeid.saml.messages.instants import write_instant
from hkeid.saml.messages.name_id import ISSUER, present, read_issuer, write_issuer
from hkeid.saml.messages.names import VERSION
from hkeid.saml.messages.reasons import MessageReason
from hkeid.saml.messages.subject import SUBJECT, Subject

ASSERTION = reading.saml("Assertion")
_ADVICE = reading.saml("Advice")
_AUTHN_STATEMENT = reading.saml("AuthnStatement")
_ATTRIBUTE_STATEMENT = reading.saml("AttributeStatement")
_SUBJECT_LOCALITY = reading.saml("SubjectLocality")
_ATTRIBUTES = frozenset({"ID", "Version", "IssueInstant"})
_STATEMENT = frozenset({"AuthnInstant", "SessionIndex", "SessionNotOnOrAfter"})
_NONE: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthnStatement:
    """A saml:AuthnStatement (saml-core §2.7.2).

    :ivar session_index: the identity provider's name for the session, or None.
    :ivar session_not_on_or_after: when the session made of it has to end, or None.
    """

    authenticated_at: Instant
    context: AuthnContext
    session_index: str | None = None
    session_not_on_or_after: Instant | None = None

    @classmethod
    def of(cls, element: XmlElement) -> AuthnStatement:
        """Read an element. Where the subject was (saml:SubjectLocality) is not looked at.

        :raises SamlMalformed: what is wrong with it.
        """
        found = reading.attributes(element, _STATEMENT)
        inner = reading.children(element)
        if inner and inner[0].tag == _SUBJECT_LOCALITY:
            del inner[0]
        if not inner:
            raise reading.missing("AuthnContext")
        if len(inner) > 1 or inner[0].tag != AUTHN_CONTEXT:
            raise reading.unexpected(inner[-1])
        return cls(
            authenticated_at=reading.instant_required(found, "AuthnInstant"),
            context=AuthnContext.of(inner[0]),
            session_index=found.get("SessionIndex"),
            session_not_on_or_after=reading.instant(found, "SessionNotOnOrAfter"),
        )

    def write(self) -> Element:
        """The element."""
        until = self.session_not_on_or_after
        said = {
            "AuthnInstant": write_instant(self.authenticated_at),
            "SessionIndex": self.session_index,
            "SessionNotOnOrAfter": None if until is None else write_instant(until),
        }
        return Element("saml:AuthnStatement", present(said), [self.context.write()])


@dataclass(frozen=True, slots=True, kw_only=True)
class Assertion:
    """A saml:Assertion, every part of which was understood.

    :ivar attributes: of all attribute statements.
    """

    id: str
    issued_at: Instant
    issuer: str
    subject: Subject | None
    conditions: Conditions | None
    authn_statements: tuple[AuthnStatement, ...] = ()
    attributes: tuple[Attribute, ...] = field(default=(), repr=False)

    @classmethod
    def read(cls, source: SignedElement) -> Assertion:
        """Read an assertion that somebody answers for: there is no way to read another.

        :raises SamlMalformed: what is wrong with it.
        :raises MessageRefused: ``saml_condition_unknown``, ``saml_advice``, ``saml_statement_unknown`` (what is
            stated in another form, an encrypted attribute included).
        """
        element = reading.root(source, ASSERTION)
        found = reading.attributes(element, _ATTRIBUTES)
        if found.get("Version") != VERSION:
            raise SamlMalformed(MessageReason.VERSION)
        inner = reading.children(element)
        if not inner or inner[0].tag != ISSUER:
            raise reading.missing("Issuer")
        subject = conditions = None
        at = 1
        if at < len(inner) and inner[at].tag == SUBJECT:
            subject = Subject.of(inner[at])
            at += 1
        if at < len(inner) and inner[at].tag == CONDITIONS:
            conditions = Conditions.of(inner[at])
            at += 1
        logins, said = _statements(inner[at:])
        return cls(
            id=reading.identifier(found, "ID"),
            issued_at=reading.instant_required(found, "IssueInstant"),
            issuer=read_issuer(inner[0]),
            subject=subject,
            conditions=conditions,
            authn_statements=logins,
            attributes=said,
        )

    def write(self) -> Element:
        """The element, not signed."""
        said = {
            "ID": self.id,
            "Version": VERSION,
            "IssueInstant": write_instant(self.issued_at),
        }
        content = [write_issuer(self.issuer)]
        content += [part.write() for part in (self.subject, self.conditions) if part is not None]
        content += [one.write() for one in self.authn_statements]
        if self.attributes:
            content.append(
                Element("saml:AttributeStatement", {}, [one.write() for one in self.attributes])
            )
        return Element("saml:Assertion", said, content)


def _statements(
    elements: list[XmlElement],
) -> tuple[tuple[AuthnStatement, ...], tuple[Attribute, ...]]:
    logins: list[AuthnStatement] = []
    said: list[Attribute] = []
    for one in elements:
        tag = one.tag
        if tag == _AUTHN_STATEMENT:
            logins.append(AuthnStatement.of(one))
        elif tag == _ATTRIBUTE_STATEMENT:
            if one.keys():
                reading.attributes(one, _NONE)
            said.extend(map(_attribute, reading.children(one)))
        elif tag == _ADVICE:
            # saml-core §2.6.1: it may be passed over. Nothing here has a use for it, and evidence in it has
            # been taken for the assertion itself.
            raise MessageRefused(MessageReason.ADVICE)
        else:
            raise MessageRefused(MessageReason.STATEMENT_UNKNOWN, detail=str(tag)[:120])
    return tuple(logins), tuple(said)


def _attribute(element: XmlElement) -> Attribute:
    if element.tag != ATTRIBUTE:
        raise MessageRefused(MessageReason.STATEMENT_UNKNOWN, detail=str(element.tag)[:120])
    return Attribute.of(element)
