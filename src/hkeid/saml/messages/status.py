"""How a request went (saml-core §3.2.2.1 to §3.2.2.4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from hkeid.saml.dsig import Element, constant
from hkeid.saml.dsig.parsing import XmlElement
from hkeid.saml.messages import reading
from hkeid.saml.messages.name_id import present

STATUS = reading.samlp("Status")
_CODE = reading.samlp("StatusCode")
_MESSAGE = reading.samlp("StatusMessage")
_DETAIL = reading.samlp("StatusDetail")
_VALUE = frozenset({"Value"})
_MOST_CODES = 4
_MOST_TEXT = 400
_PREFIX = "urn:oasis:names:tc:SAML:2.0:status:"


class StatusCode(StrEnum):
    """Codes (saml-core §3.2.2.2); the first four stand at the top, the others below one of them."""

    SUCCESS = f"{_PREFIX}Success"
    REQUESTER = f"{_PREFIX}Requester"
    RESPONDER = f"{_PREFIX}Responder"
    VERSION_MISMATCH = f"{_PREFIX}VersionMismatch"
    AUTHN_FAILED = f"{_PREFIX}AuthnFailed"
    INVALID_ATTR_NAME_OR_VALUE = f"{_PREFIX}InvalidAttrNameOrValue"
    INVALID_NAME_ID_POLICY = f"{_PREFIX}InvalidNameIDPolicy"
    NO_AUTHN_CONTEXT = f"{_PREFIX}NoAuthnContext"
    NO_AVAILABLE_IDP = f"{_PREFIX}NoAvailableIDP"
    NO_PASSIVE = f"{_PREFIX}NoPassive"
    NO_SUPPORTED_IDP = f"{_PREFIX}NoSupportedIDP"
    PARTIAL_LOGOUT = f"{_PREFIX}PartialLogout"
    PROXY_COUNT_EXCEEDED = f"{_PREFIX}ProxyCountExceeded"
    REQUEST_DENIED = f"{_PREFIX}RequestDenied"
    REQUEST_UNSUPPORTED = f"{_PREFIX}RequestUnsupported"
    UNKNOWN_PRINCIPAL = f"{_PREFIX}UnknownPrincipal"
    UNSUPPORTED_BINDING = f"{_PREFIX}UnsupportedBinding"


@dataclass(frozen=True, slots=True, kw_only=True)
class SamlStatus:
    """A samlp:Status.

    :ivar codes: URIs from the top downwards; at least one.
    :ivar message: what the other side says about it, cut short; for logs, never for a page.
    """

    codes: tuple[str, ...]
    message: str | None = field(default=None, repr=False)

    @property
    def success(self) -> bool:
        """saml-core §3.2.2.2: nothing but Success at the top is one."""
        return self.codes[0] == StatusCode.SUCCESS

    @property
    def lower(self) -> str | None:
        """The code below the top one."""
        return self.codes[1] if len(self.codes) > 1 else None

    @classmethod
    def of(cls, element: XmlElement) -> SamlStatus:
        """Read an element.

        :raises SamlMalformed: what is wrong with it.
        """
        reading.attributes(element, frozenset())
        rest = reading.children(element)
        if not rest or rest[0].tag != _CODE:
            raise reading.missing("StatusCode")
        codes = _codes(rest[0])
        message = None
        for place, other in enumerate(rest[1:]):
            if other.tag == _MESSAGE and place == 0:
                message = (other.text or "")[:_MOST_TEXT]
            elif other.tag != _DETAIL or other is not rest[-1]:
                raise reading.unexpected(other)
        return cls(codes=codes, message=message)

    def write(self) -> Element:
        """The element."""
        if self == SUCCESS:
            return _SUCCESS
        return _written(self)


def _codes(element: XmlElement) -> tuple[str, ...]:
    codes = []
    one: XmlElement | None = element
    while one is not None:
        codes.append(reading.required(reading.attributes(one, _VALUE), "Value"))
        inner = reading.children(one)
        if inner and (len(inner) > 1 or len(codes) >= _MOST_CODES or inner[0].tag != _CODE):
            raise reading.unexpected(inner[-1])
        one = inner[0] if inner else None
    return tuple(codes)


def _written(status: SamlStatus) -> Element:
    code: list[Element] = []
    for value in reversed(status.codes):
        code = [Element("samlp:StatusCode", present({"Value": value}), code)]
    message = []
    if status.message is not None:
        message.append(Element("samlp:StatusMessage", {}, [status.message]))
    return Element("samlp:Status", {}, [*code, *message])


SUCCESS = SamlStatus(codes=(StatusCode.SUCCESS.value,))
"""It went well."""

_SUCCESS = constant(_written(SUCCESS))


def failure(
    top: StatusCode, lower: StatusCode | None = None, message: str | None = None
) -> SamlStatus:
    """A status that is none of success."""
    codes = (top.value,) if lower is None else (top.value, lower.value)
    return SamlStatus(codes=codes, message=message)
