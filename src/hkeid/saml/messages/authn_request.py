"""A service asks for a login (saml-core §3.4.1)."""

from __future__ import annotations

from dataclasses import dataclass, field

from hkeid.saml.dsig import Element
from hkeid.saml.dsig.parsing import XmlElement
from hkeid.saml.messages import reading
from hkeid.saml.messages.authn_context import REQUESTED_AUTHN_CONTEXT, RequestedAuthnContext
from hkeid.saml.messages.errors import MessageRefused, SamlMalformed
from hkeid.saml.messages.message import COMMON, Message, Opened, open_message
from hkeid.saml.messages.name_id import present
from hkeid.saml.messages.names import Binding
from hkeid.saml.messages.reading import Source
from hkeid.saml.messages.reasons import MessageReason
from hkeid.saml.messages.subject import SUBJECT, Subject

AUTHN_REQUEST = reading.samlp("AuthnRequest")
_NAME_ID_POLICY = reading.samlp("NameIDPolicy")
_SCOPING = reading.samlp("Scoping")
_CONDITIONS = reading.saml("Conditions")
_IDP_LIST = reading.samlp("IDPList")
_IDP_ENTRY = reading.samlp("IDPEntry")
_GET_COMPLETE = reading.samlp("GetComplete")
_REQUESTER_ID = reading.samlp("RequesterID")

_ATTRIBUTES = COMMON | {
    "ForceAuthn",
    "IsPassive",
    "ProtocolBinding",
    "AssertionConsumerServiceIndex",
    "AssertionConsumerServiceURL",
    "AttributeConsumingServiceIndex",
    "ProviderName",
}
_POLICY_ATTRIBUTES = frozenset({"Format", "SPNameQualifier", "AllowCreate"})
_SCOPING_ATTRIBUTES = frozenset({"ProxyCount"})
_ENTRY_ATTRIBUTES = frozenset({"ProviderID", "Name", "Loc"})
_NONE: frozenset[str] = frozenset()
_MOST_LISTED = 64
_MOST_INDEX = 65_535


@dataclass(frozen=True, slots=True, kw_only=True)
class NameIdPolicy:
    """A samlp:NameIDPolicy (saml-core §3.4.1.1).

    :ivar format: URI, or None for any.
    :ivar sp_name_qualifier: in whose namespace the identifier is to be, where not the requester's own.
    :ivar allow_create: whether a new identifier may be made.
    """

    format: str | None = None
    sp_name_qualifier: str | None = None
    allow_create: bool = False

    @classmethod
    def of(cls, element: XmlElement) -> NameIdPolicy:
        """Read an element.

        :raises SamlMalformed: what is wrong with it.
        """
        found = reading.attributes(element, _POLICY_ATTRIBUTES)
        for one in reading.children(element):
            raise reading.unexpected(one)
        return cls(
            format=found.get("Format"),
            sp_name_qualifier=found.get("SPNameQualifier"),
            allow_create=reading.boolean(found, "AllowCreate"),
        )

    def write(self) -> Element:
        """The element."""
        said = {
            "Format": self.format,
            "SPNameQualifier": self.sp_name_qualifier,
            "AllowCreate": "true" if self.allow_create else None,
        }
        return Element("samlp:NameIDPolicy", present(said))


@dataclass(frozen=True, slots=True, kw_only=True)
class Scoping:
    """A samlp:Scoping (saml-core §3.4.1.2).

    :ivar proxy_count: how many identity providers may still stand between, or None for any number.
    :ivar idps: entity IDs that the requester trusts; None where it names none.
    :ivar requesters: entity IDs on whose behalf the request is made, the nearest first.
    """

    proxy_count: int | None = None
    idps: tuple[str, ...] | None = None
    requesters: tuple[str, ...] = ()

    @classmethod
    def of(cls, element: XmlElement) -> Scoping:
        """Read an element.

        :raises SamlMalformed: what is wrong with it.
        """
        found = reading.attributes(element, _SCOPING_ATTRIBUTES)
        idps = None
        requesters: list[str] = []
        inner = reading.children(element)
        if len(inner) > _MOST_LISTED:
            raise reading.unexpected(inner[-1])
        for place, one in enumerate(inner):
            if one.tag == _IDP_LIST and place == 0:
                idps = _idp_list(one)
            elif one.tag == _REQUESTER_ID:
                requesters.append(reading.uri(one))
            else:
                raise reading.unexpected(one)
        return cls(
            proxy_count=reading.number(found, "ProxyCount"), idps=idps, requesters=tuple(requesters)
        )

    def write(self) -> Element:
        """The element."""
        count = None if self.proxy_count is None else str(self.proxy_count)
        content = []
        if self.idps is not None:
            entries = [Element("samlp:IDPEntry", {"ProviderID": one}) for one in self.idps]
            content.append(Element("samlp:IDPList", {}, entries))
        content += [Element("samlp:RequesterID", {}, [one]) for one in self.requesters]
        return Element("samlp:Scoping", present({"ProxyCount": count}), content)


def _idp_list(element: XmlElement) -> tuple[str, ...]:
    """samlp:IDPList (saml-core §3.4.1.3): where its complete form may be fetched is not looked at, since
    nothing is fetched on the word of a requester.
    """
    reading.attributes(element, _NONE)
    inner = reading.children(element)
    if inner and inner[-1].tag == _GET_COMPLETE:
        inner.pop()
    if not inner or len(inner) > _MOST_LISTED:
        raise reading.missing("IDPEntry")
    found = []
    for one in inner:
        if one.tag != _IDP_ENTRY:
            raise reading.unexpected(one)
        found.append(reading.required(reading.attributes(one, _ENTRY_ATTRIBUTES), "ProviderID"))
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthnRequest(Message):
    """A samlp:AuthnRequest.

    :ivar subject: who is to be logged in, or None.
    :ivar acs_url: where the answer is to go; at most one of URL (with binding) and index.
    :ivar acs_index: the same by its index in the requester's metadata.
    :ivar binding: by which the answer is to go, or None.
    :ivar attribute_service: index of an AttributeConsumingService, or None.
    :ivar provider_name: name of the requester for a person's eyes, as it says itself.
    """

    force_authn: bool = False
    is_passive: bool = False
    acs_url: str | None = None
    acs_index: int | None = None
    binding: str | None = None
    attribute_service: int | None = None
    provider_name: str | None = field(default=None, repr=False)
    subject: Subject | None = None
    name_id_policy: NameIdPolicy | None = None
    requested_context: RequestedAuthnContext | None = None
    scoping: Scoping | None = None

    @classmethod
    def read(cls, source: Source) -> AuthnRequest:
        """Read a message.

        :raises SamlMalformed: ``saml_acs_ambiguous`` (saml-core §3.4.1: index and URL exclude each other), and
            what else is wrong with it.
        :raises MessageRefused: ``saml_conditions_in_request``: the requester asks for conditions of its own,
            which no answer here would hold.
        """
        opened = open_message(reading.root(source, AUTHN_REQUEST), _ATTRIBUTES)
        found = opened.attributes
        index = reading.number(found, "AssertionConsumerServiceIndex")
        url, binding = found.get("AssertionConsumerServiceURL"), found.get("ProtocolBinding")
        if index is not None and (url is not None or binding is not None):
            raise SamlMalformed(MessageReason.ACS_AMBIGUOUS)
        content = _content(opened)
        return cls(
            **opened.common,  # type: ignore[arg-type]
            **content,  # type: ignore[arg-type]
            force_authn=reading.boolean(found, "ForceAuthn"),
            is_passive=reading.boolean(found, "IsPassive"),
            acs_url=url,
            acs_index=_index(index, "AssertionConsumerServiceIndex"),
            binding=binding,
            attribute_service=_index(
                reading.number(found, "AttributeConsumingServiceIndex"),
                "AttributeConsumingServiceIndex",
            ),
            provider_name=found.get("ProviderName"),
        )

    def write(self) -> Element:
        """The element, not signed."""
        said = {
            "ForceAuthn": "true" if self.force_authn else None,
            "IsPassive": "true" if self.is_passive else None,
            "ProtocolBinding": self.binding,
            "AssertionConsumerServiceIndex": _text(self.acs_index),
            "AssertionConsumerServiceURL": self.acs_url,
            "AttributeConsumingServiceIndex": _text(self.attribute_service),
            "ProviderName": self.provider_name,
        }
        parts = (self.subject, self.name_id_policy, self.requested_context, self.scoping)
        content = [part.write() for part in parts if part is not None]
        return self.written("samlp:AuthnRequest", said, content)


def _content(opened: Opened) -> dict[str, object]:
    subject, policy = opened.take(SUBJECT), opened.take(_NAME_ID_POLICY)
    if opened.take(_CONDITIONS) is not None:
        raise MessageRefused(MessageReason.CONDITIONS_IN_REQUEST)
    context, scoping = opened.take(REQUESTED_AUTHN_CONTEXT), opened.take(_SCOPING)
    opened.finish()
    return {
        "subject": None if subject is None else Subject.of(subject),
        "name_id_policy": None if policy is None else NameIdPolicy.of(policy),
        "requested_context": None if context is None else RequestedAuthnContext.of(context),
        "scoping": None if scoping is None else Scoping.of(scoping),
    }


def _index(value: int | None, name: str) -> int | None:
    """``xs:unsignedShort``."""
    if value is not None and value > _MOST_INDEX:
        raise SamlMalformed(MessageReason.NUMBER, field=name)
    return value


def _text(value: int | None) -> str | None:
    return None if value is None else str(value)


ANSWERABLE_BINDINGS = frozenset({Binding.POST.value, Binding.ARTIFACT.value})
"""saml-profiles §4.1.4.1 with saml-bindings §3.4: a Response with an assertion does not fit into a URL."""
