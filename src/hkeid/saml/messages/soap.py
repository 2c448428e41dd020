"""The envelope of SOAP 1.1, put on and taken off (saml-bindings §3.2).

It is taken off before the kernel sees anything: what the kernel verifies and what readers read is the message
alone, as a document of its own. Identifiers in the envelope, to which a signature might point, are gone by then.
"""

from __future__ import annotations

from typing import Final

from hkeid.saml.dsig import MESSAGE_LIMITS, Element, Limits, write
from hkeid.saml.dsig.octets import check_octets
from hkeid.saml.dsig.parsing import XmlElement, parse, serialise
from hkeid.saml.messages import reading
from hkeid.saml.messages.errors import MessageRefused, SamlMalformed
from hkeid.saml.messages.reasons import MessageReason

MEDIA_TYPE: Final = "text/xml; charset=utf-8"
"""SOAP 1.1 §6; saml-bindings §3.2.3."""
SOAP_ACTION: Final = "http://www.oasis-open.org/committees/security"
"""saml-bindings §3.2.3.1: what ``SOAPAction`` may say; a receiver must not depend on it."""

_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
_ENVELOPE = f"{{{_SOAP}}}Envelope"
_HEADER = f"{{{_SOAP}}}Header"
_BODY = f"{{{_SOAP}}}Body"
_FAULT = f"{{{_SOAP}}}Fault"
_ENCODING = frozenset({f"{{{_SOAP}}}encodingStyle"})
_MUST_UNDERSTAND = f"{{{_SOAP}}}mustUnderstand"


def put_on(message: Element) -> bytes:
    """An envelope around a message, in UTF-8."""
    return write(Element("soap11:Envelope", {}, [Element("soap11:Body", {}, [message])]))


def fault(code: str, text: str) -> bytes:
    """An envelope that says that no message could be read (SOAP 1.1 §4.4).

    :param code: ``Client`` or ``Server``.
    """
    # faultcode and faultstring have no namespace, which the canonical writer does not write.
    return (
        f'<soap11:Envelope xmlns:soap11="{_SOAP}"><soap11:Body><soap11:Fault>'
        f"<faultcode>soap11:{code}</faultcode><faultstring>{text}</faultstring>"
        "</soap11:Fault></soap11:Body></soap11:Envelope>"
    ).encode("ascii")


def take_off(octets: bytes, *, limits: Limits = MESSAGE_LIMITS) -> bytes:
    """The one message in an envelope, as octets for the kernel.

    :raises SamlMalformed: as :func:`hkeid.saml.dsig.octets.check_octets`; ``saml_not_well_formed``;
        ``saml_soap_envelope``: no envelope, or one that does not hold exactly one message.
    :raises MessageRefused: ``saml_soap_header`` (a header entry that must be understood), ``saml_soap_fault``.
    """
    envelope = parse(check_octets(octets, limits))
    if envelope.tag != _ENVELOPE:
        raise SamlMalformed(MessageReason.SOAP_ENVELOPE)
    reading.attributes(envelope, _ENCODING)
    parts = reading.children(envelope)
    if parts and parts[0].tag == _HEADER:
        _pass_over(parts.pop(0))
    if [part.tag for part in parts] != [_BODY]:
        raise SamlMalformed(MessageReason.SOAP_ENVELOPE)
    body = parts[0]
    messages = reading.children(body)
    if len(messages) != 1:
        raise SamlMalformed(MessageReason.SOAP_ENVELOPE)
    if messages[0].tag == _FAULT:
        raise MessageRefused(MessageReason.SOAP_FAULT)
    return serialise(messages[0])


def _pass_over(header: XmlElement) -> None:
    """SOAP 1.1 §4.2.3: an entry that must be understood and is not makes the whole message fail."""
    for entry in reading.children(header):
        if entry.get(_MUST_UNDERSTAND, "0") not in ("0", "false"):
            raise MessageRefused(MessageReason.SOAP_HEADER, detail=str(entry.tag)[:120])
