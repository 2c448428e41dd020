"""Messages that go from one to the other without a browser (saml-bindings §3.2)."""

from __future__ import annotations

from lxml import etree

from hkeid.saml.dsig import Element
from hkeid.saml.dsig.namespaces import PREFIXES

_SOAP11 = PREFIXES["soap11"]


def envelope(message: Element) -> Element:
    """SOAP 1.1 around a message (saml-bindings §3.2.2)."""
    return Element("soap11:Envelope", {}, [Element("soap11:Body", {}, [message])])


def opened(octets: bytes) -> bytes:
    """The message in a SOAP envelope, alone."""
    (message,) = etree.fromstring(octets).find(f"{{{_SOAP11}}}Body")
    message.tail = None
    return etree.tostring(message)
