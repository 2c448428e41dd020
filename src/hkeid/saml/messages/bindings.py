"""Messages on their way: out through the browser or in an envelope, and in again (saml-bindings §3).

What comes in is taken apart here and verified nowhere: whose keys count is only known when metadata of the issuer
that it claims was found. :meth:`Arrival.verified` then gives what the kernel answers for.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from hkeid.kernel.http import Request
from hkeid.saml.dsig import (
    DEFAULT_POLICY,
    MESSAGE_LIMITS,
    Element,
    PublicKey,
    RedirectQuery,
    SignaturePolicy,
    SignedElement,
    UnsignedElement,
    XmlSigner,
    decode_post,
    encode_post,
    read_redirect,
    read_unsigned,
    sign_element,
    verify_message,
    write,
    write_redirect,
)
from hkeid.saml.dsig.gate import read_document
from hkeid.saml.dsig.redirect import MessageParameter
from hkeid.saml.messages import soap
from hkeid.saml.messages.errors import MessageRefused, SamlMalformed
from hkeid.saml.messages.name_id import ISSUER, read_issuer
from hkeid.saml.messages.names import Binding
from hkeid.saml.messages.reasons import MessageReason

REQUEST: MessageParameter = "SAMLRequest"
RESPONSE: MessageParameter = "SAMLResponse"
ARTIFACT = "SAMLart"
RELAY_STATE = "RelayState"

_OURS = frozenset({REQUEST, RESPONSE, ARTIFACT, RELAY_STATE})
_MOST_RELAY_STATE = 1_024
_REFERENCE = re.compile(r"[A-Za-z0-9_-]{16,80}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirection:
    """The browser is sent to an address (saml-bindings §3.4, §3.6.4)."""

    url: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class FormPost:
    """The browser posts a form (saml-bindings §3.5, §3.6.3).

    :ivar fields: names and values, in order.
    """

    action: str
    fields: tuple[tuple[str, str], ...] = field(repr=False)


Outgoing = Redirection | FormPost
"""How a message leaves through the browser."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """What a message says of itself before anybody answers for it. Good for finding metadata, and no more.

    :ivar tag: name of the element.
    :ivar signed: whether there is a signature on the message itself.
    """

    tag: str
    issuer: str | None
    signed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A message that came in, taken apart and not verified.

    :ivar octets: the message, for the kernel.
    :ivar relay_state: None where there was none.
    :ivar redirect: the query, for the Redirect binding.
    """

    binding: Binding
    parameter: MessageParameter
    octets: bytes = field(repr=False)
    relay_state: str | None = field(default=None, repr=False)
    redirect: RedirectQuery | None = field(default=None, repr=False)

    def claimed(self) -> Claimed:
        """What it says of itself.

        :raises SamlMalformed: as :func:`hkeid.saml.dsig.gate.read_document`; ``saml_issuer_format``.
        :raises hkeid.saml.dsig.SignatureRefused: likewise.
        """
        document = read_document(self.octets, MESSAGE_LIMITS)
        first = next(document.root.iterchildren("{*}*"), None)
        issuer = None if first is None or first.tag != ISSUER else read_issuer(first)
        if self.redirect is not None:
            signed = self.redirect.signature is not None
        else:
            signed = document.signature_of(document.root) is not None
        return Claimed(tag=str(document.root.tag), issuer=issuer, signed=signed)

    def verified(
        self, keys: Sequence[PublicKey], policy: SignaturePolicy = DEFAULT_POLICY
    ) -> SignedElement:
        """The message, for which one of ``keys`` answers.

        :raises SamlMalformed: as :func:`hkeid.saml.dsig.verify_message`.
        :raises hkeid.saml.dsig.SignatureRefused: likewise.
        """
        if self.redirect is not None:
            return self.redirect.verify(keys, policy=policy)
        return verify_message(self.octets, keys, policy=policy)

    def unsigned(self) -> UnsignedElement:
        """The message where there is no signature, and policy wants none.

        :raises SamlMalformed: as :func:`hkeid.saml.dsig.read_unsigned`.
        :raises hkeid.saml.dsig.SignatureRefused: likewise.
        """
        if self.redirect is not None:
            return self.redirect.unsigned()
        return read_unsigned(self.octets)


def arrival(request: Request) -> Arrival:
    """The message that a browser brought by Redirect or POST.

    :raises SamlMalformed: as :func:`hkeid.saml.dsig.read_redirect` and :func:`hkeid.saml.dsig.decode_post`;
        ``saml_binding`` (another method or media type), ``saml_binding_parameters``.
    """
    if request.method == "GET":
        query = read_redirect(request.raw_query)
        return Arrival(
            binding=Binding.REDIRECT,
            parameter=query.parameter,
            octets=query.message,
            relay_state=query.relay_state,
            redirect=query,
        )
    if request.method != "POST":
        raise SamlMalformed(MessageReason.BINDING)
    form = request.form
    if not _OURS.isdisjoint(form.repeated()):
        raise SamlMalformed(MessageReason.BINDING_PARAMETERS, field="repeated")
    parameter = REQUEST if REQUEST in form else RESPONSE
    value = form.get(parameter)
    if value is None or (REQUEST in form and RESPONSE in form):
        raise SamlMalformed(MessageReason.BINDING_PARAMETERS, field=REQUEST)
    relay_state = form.get(RELAY_STATE)
    if relay_state is not None and len(relay_state) > _MOST_RELAY_STATE:
        raise SamlMalformed(MessageReason.BINDING_PARAMETERS, field=RELAY_STATE)
    return Arrival(
        binding=Binding.POST,
        parameter=parameter,
        octets=decode_post(value),
        relay_state=relay_state,
    )


def soap_arrival(body: bytes, parameter: MessageParameter = REQUEST) -> Arrival:
    """The message that another program brought in an envelope (saml-bindings §3.2).

    :raises SamlMalformed: as :func:`hkeid.saml.messages.soap.take_off`.
    :raises MessageRefused: likewise.
    """
    return Arrival(binding=Binding.SOAP, parameter=parameter, octets=soap.take_off(body))


def send(
    message: Element,
    parameter: MessageParameter,
    *,
    binding: Binding,
    location: str,
    relay_state: str | None = None,
    signer: XmlSigner | None = None,
) -> Outgoing:
    """A message on its way through the browser, signed as the binding wants it.

    :param message: not signed yet; or signed, for POST without ``signer``.
    :raises MessageRefused: ``saml_binding``: neither Redirect nor POST.
    """
    if binding is Binding.REDIRECT:
        query = write_redirect(
            write(message),
            parameter,
            relay_state=relay_state,
            signer=signer,
            most_relay_state=4 * _MOST_RELAY_STATE,
        )
        return Redirection(url=f"{location}{'&' if '?' in location else '?'}{query}")
    if binding is not Binding.POST:
        raise MessageRefused(MessageReason.BINDING, detail=binding.value)
    octets = write(message if signer is None else sign_element(message, signer))
    fields = [(str(parameter), encode_post(octets))]
    if relay_state is not None:
        fields.append((RELAY_STATE, relay_state))
    return FormPost(action=location, fields=tuple(fields))


def check_reference(relay_state: str) -> str:
    """RelayState as we send it: a reference to what we keep, never the thing itself (saml-bindings §3.4.3:
    80 bytes, and nobody vouches for its integrity).

    :raises MessageRefused: ``saml_relay_state``.
    """
    if _REFERENCE.fullmatch(relay_state) is None:
        raise MessageRefused(MessageReason.RELAY_STATE)
    return relay_state
