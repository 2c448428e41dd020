"""The HTTP Redirect binding, DEFLATE encoding: signatures over the query as it was sent.

saml-bindings §3.4.4.1: what is signed is the octets of the query string, so a verifier must take them as they came. Whoever
decodes and encodes again verifies something else: peers differ in which characters they escape, and how.
"""

from __future__ import annotations

import re
import zlib
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import quote, unquote_to_bytes

from hkeid.saml.dsig import base64_text
from hkeid.saml.dsig.algorithms import PublicKey
from hkeid.saml.dsig.errors import NotWritable, SamlMalformed, SignatureRefused
from hkeid.saml.dsig.gate import SIGNABLE, read_document
from hkeid.saml.dsig.limits import MESSAGE_LIMITS, Limits
from hkeid.saml.dsig.namespaces import ASSERTION
from hkeid.saml.dsig.policy import DEFAULT_POLICY, SignaturePolicy
from hkeid.saml.dsig.reasons import Reason
from hkeid.saml.dsig.signed import SignedElement, UnsignedElement
from hkeid.saml.dsig.signing import XmlSigner

MessageParameter = Literal["SAMLRequest", "SAMLResponse"]

_MESSAGES = ("SAMLRequest", "SAMLResponse")
_KNOWN = frozenset({*_MESSAGES, "RelayState", "SigAlg", "Signature", "SAMLEncoding"})
_FOLDED = frozenset(name.lower() for name in _KNOWN)
_DEFLATE = "urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE"
_VALUE = re.compile(r"(?:[!$'()*+,./:;=?@A-Za-z0-9_~-]|%[0-9A-Fa-f]{2})*")
_MOST_QUERY = 131_072
_MOST_PARAMETERS = 64
_MOST_RELAY_STATE = 1_024
_RELAY_STATE_SENT = 80
"""saml-bindings §3.4.3: the value MUST NOT exceed 80 bytes; receivers meet longer ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RedirectQuery:
    """A query string of the Redirect binding, taken apart and not yet verified.

    :ivar parameter: ``SAMLRequest`` or ``SAMLResponse``.
    :ivar message: the XML, inflated.
    :ivar relay_state: the decoded value; None where there was no such parameter.
    :ivar signature_algorithm: URI in ``SigAlg``, or None.
    :ivar signature: octets of ``Signature``, or None.
    :ivar signed_octets: what the signature is over, as it was sent.
    """

    parameter: MessageParameter
    message: bytes = field(repr=False)
    relay_state: str | None = field(repr=False)
    signature_algorithm: str | None
    signature: bytes | None = field(repr=False)
    signed_octets: bytes = field(repr=False)

    def verify(
        self,
        keys: Sequence[PublicKey],
        *,
        policy: SignaturePolicy = DEFAULT_POLICY,
        limits: Limits = MESSAGE_LIMITS,
    ) -> SignedElement:
        """The message, for which the signature of the query answers.

        :raises SamlMalformed: as :func:`hkeid.saml.dsig.gate.read_document`.
        :raises SignatureRefused: likewise; ``saml_unsigned``, ``saml_algorithm_refused``,
            ``saml_no_key``, ``saml_signature_invalid``, ``saml_signature_in_redirect``,
            ``saml_message_kind``.
        """
        if self.signature is None or self.signature_algorithm is None:
            raise SignatureRefused(Reason.UNSIGNED)
        algorithm = policy.algorithm(self.signature_algorithm)
        key = policy.verifying_key(algorithm, keys, self.signature, self.signed_octets)
        element = self._read(limits).element
        return SignedElement(element=element, octets=self.message, key=key, algorithm=algorithm.uri)

    def unsigned(self, *, limits: Limits = MESSAGE_LIMITS) -> UnsignedElement:
        """The message where policy wants no signature, and there is none.

        :raises SamlMalformed: as :func:`hkeid.saml.dsig.gate.read_document`.
        :raises SignatureRefused: likewise; ``saml_signature_unchecked``,
            ``saml_signature_in_redirect``, ``saml_message_kind``.
        """
        if self.signature is not None:
            raise SignatureRefused(Reason.SIGNATURE_UNCHECKED)
        return self._read(limits)

    def _read(self, limits: Limits) -> UnsignedElement:
        document = read_document(self.message, limits)
        if document.signatures:
            raise SignatureRefused(Reason.SIGNATURE_IN_REDIRECT)
        if document.root.tag not in SIGNABLE - {ASSERTION}:
            raise SignatureRefused(Reason.MESSAGE_KIND)
        return UnsignedElement(element=document.root)


def read_redirect(query: str, *, limits: Limits = MESSAGE_LIMITS) -> RedirectQuery:
    """Take a query string apart.

    :param query: as it stood in the request line, without ``?``, nothing decoded. Parameters that are not
        of this binding are passed over.
    :raises SamlMalformed: ``saml_too_large``, ``saml_parameter_repeated``, ``saml_parameter_disguised``,
        ``saml_parameter_missing``, ``saml_parameter_refused``, ``saml_base64``, ``saml_deflate``.
    """
    raw = _parameters(query)
    present = [name for name in _MESSAGES if name in raw]
    if len(present) != 1:
        raise SamlMalformed(
            Reason.PARAMETER_REPEATED if present else Reason.PARAMETER_MISSING, field="SAMLRequest"
        )
    if ("SigAlg" in raw) != ("Signature" in raw):
        raise SamlMalformed(Reason.PARAMETER_MISSING, field="Signature")
    if "SAMLEncoding" in raw and _decoded(raw, "SAMLEncoding") != _DEFLATE:
        raise SamlMalformed(Reason.PARAMETER_REFUSED, field="SAMLEncoding")
    relay_state = _decoded(raw, "RelayState") if "RelayState" in raw else None
    if relay_state is not None and len(relay_state) > _MOST_RELAY_STATE:
        raise SamlMalformed(Reason.PARAMETER_REFUSED, field="RelayState")
    signed = "&".join(
        f"{name}={raw[name]}" for name in (present[0], "RelayState", "SigAlg") if name in raw
    )
    return RedirectQuery(
        parameter="SAMLRequest" if present[0] == "SAMLRequest" else "SAMLResponse",
        message=_inflated(_base64(raw, present[0]), limits.octets),
        relay_state=relay_state,
        signature_algorithm=_decoded(raw, "SigAlg") if "SigAlg" in raw else None,
        signature=_base64(raw, "Signature") if "Signature" in raw else None,
        signed_octets=signed.encode("ascii"),
    )


def _parameters(query: str) -> dict[str, str]:
    """Raw values of the binding's parameters. A name in disguise would be found by some readers only."""
    if len(query) > _MOST_QUERY or query.count("&") > _MOST_PARAMETERS:
        raise SamlMalformed(Reason.TOO_LARGE)
    found: dict[str, str] = {}
    for part in query.split("&"):
        name, _, value = part.partition("=")
        if name not in _KNOWN:
            decoded = unquote_to_bytes(name.replace("+", " ")).decode("utf-8", "replace")
            if decoded.strip().lower() in _FOLDED:
                raise SamlMalformed(Reason.PARAMETER_DISGUISED, field=decoded.strip()[:20])
            continue
        if name in found:
            raise SamlMalformed(Reason.PARAMETER_REPEATED, field=name)
        if not _VALUE.fullmatch(value):
            raise SamlMalformed(Reason.PARAMETER_REFUSED, field=name)
        found[name] = value
    return found


def _decoded(raw: dict[str, str], name: str) -> str:
    try:
        return unquote_to_bytes(raw[name].replace("+", " ")).decode("utf-8")
    except UnicodeDecodeError as error:
        raise SamlMalformed(Reason.PARAMETER_REFUSED, field=name) from error


def _base64(raw: dict[str, str], name: str) -> bytes:
    # RFC 3986 says nothing of "+" for a space, and in base64 a "+" is a "+".
    return base64_text.decode(unquote_to_bytes(raw[name]), whitespace=b"\r\n")


def _inflated(deflated: bytes, most: int) -> bytes:
    """RFC 1951, to the end and nothing behind it, never more than ``most`` bytes."""
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        octets = stream.decompress(deflated, most + 1)
    except zlib.error as error:
        raise SamlMalformed(Reason.DEFLATE) from error
    if len(octets) > most:
        raise SamlMalformed(Reason.TOO_LARGE)
    if not stream.eof or stream.unused_data or stream.unconsumed_tail:
        raise SamlMalformed(Reason.DEFLATE)
    return octets


def write_redirect(
    message: bytes,
    parameter: MessageParameter,
    *,
    relay_state: str | None = None,
    signer: XmlSigner | None = None,
    most_relay_state: int = _RELAY_STATE_SENT,
) -> str:
    """The query string for a message, without ``?``.

    :param message: without an XML signature (saml-bindings §3.4.4.1).
    :param relay_state: at most 80 bytes.
    :param most_relay_state: another number of bytes: what a peer sent has to go back to it as it came.
    :param signer: signs the query; none, and it stays unsigned.
    :raises NotWritable: ``saml_not_writable``: RelayState is too long.
    """
    stream = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    deflated = stream.compress(message) + stream.flush()
    query = f"{parameter}={_quoted(b64encode(deflated))}"
    if relay_state is not None:
        if len(relay_state.encode("utf-8")) > most_relay_state:
            raise NotWritable(Reason.NOT_WRITABLE, detail="RelayState is too long")
        query += f"&RelayState={_quoted(relay_state)}"
    if signer is not None:
        query += f"&SigAlg={_quoted(signer.algorithm)}"
        signature = b64encode(signer.sign(query.encode("ascii")))
        query += f"&Signature={_quoted(signature)}"
    return query


def _quoted(value: str | bytes) -> str:
    return quote(value, safe="")
