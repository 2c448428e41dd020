"""Whether a document is what one of the peer's keys signed; and if so, that, and nothing around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hkeid.saml.dsig.algorithms import PublicKey
from hkeid.saml.dsig.as_sent import verify_as_sent
from hkeid.saml.dsig.errors import SignatureRefused
from hkeid.saml.dsig.gate import SIGNABLE, GatedDocument, read_checked, read_document
from hkeid.saml.dsig.limits import MESSAGE_LIMITS, Limits
from hkeid.saml.dsig.namespaces import (
    ARTIFACT_RESPONSE,
    ASSERTION,
    ENCRYPTED_ASSERTION,
    PROTOCOL_MESSAGES,
    RESPONSE,
)
from hkeid.saml.dsig.octets import check_octets
from hkeid.saml.dsig.parsing import XmlElement, canonicalise, parse
from hkeid.saml.dsig.policy import DEFAULT_POLICY, SignaturePolicy
from hkeid.saml.dsig.reasons import Reason
from hkeid.saml.dsig.signed import SignedElement, UnsignedElement
from hkeid.saml.dsig.streamed import StreamedSignature


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedResponse:
    """A Response of which every assertion is answered for.

    :ivar message: the Response; where only its assertions are signed, what is left of it without them,
        for which nobody answers.
    :ivar assertions: its assertions, by their own signatures or by that of the Response.
    :ivar encrypted: its EncryptedAssertion elements. What is inside needs a signature of its own unless
        ``message`` is signed.
    """

    message: SignedElement | UnsignedElement
    assertions: tuple[SignedElement, ...]
    encrypted: tuple[XmlElement, ...]

    @property
    def signed_message(self) -> SignedElement | None:
        """The Response, if it is signed as a whole."""
        return self.message if isinstance(self.message, SignedElement) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedArtifactResponse:
    """An ArtifactResponse and what it brought.

    :ivar envelope: the ArtifactResponse; what is left of it where it is not signed.
    :ivar response: the Response inside.
    """

    envelope: SignedElement | UnsignedElement
    response: VerifiedResponse


def verify_message(
    octets: bytes,
    keys: Sequence[PublicKey],
    *,
    policy: SignaturePolicy = DEFAULT_POLICY,
    limits: Limits = MESSAGE_LIMITS,
) -> SignedElement:
    """The document whose root element is signed: a request, a response, an assertion, metadata.

    :param keys: the peer's keys out of its metadata; what KeyInfo says is not looked at.
    :raises SamlMalformed: as :func:`hkeid.saml.dsig.gate.read_document`.
    :raises SignatureRefused: likewise; ``saml_unsigned``; and as :func:`verify_response`.
    """
    document = read_document(octets, limits)
    return _verify(document, document.root, keys, policy)


def verify_response(
    octets: bytes,
    keys: Sequence[PublicKey],
    *,
    policy: SignaturePolicy = DEFAULT_POLICY,
    limits: Limits = MESSAGE_LIMITS,
    want_message_signed: bool = False,
) -> VerifiedResponse:
    """A samlp:Response that is signed, or all of whose assertions are (saml-profiles §4.1.4.5).

    Where both are, both must verify: a signature that does not is never passed over.

    :param keys: the peer's keys out of its metadata.
    :param want_message_signed: refuse a Response of which only the assertions are signed.
    :raises SamlMalformed: as :func:`hkeid.saml.dsig.gate.read_document`.
    :raises SignatureRefused: likewise; ``saml_message_kind``, ``saml_unsigned``,
        ``saml_assertion_unsigned``; and for a signature ``saml_signature_syntax``, ``saml_key_info``,
        ``saml_canonicalisation_refused``, ``saml_canonicalisation_failed``, ``saml_transform_refused``,
        ``saml_reference_count``, ``saml_reference_elsewhere``, ``saml_digest_refused``,
        ``saml_algorithm_refused``, ``saml_no_key``, ``saml_signature_invalid``, ``saml_digest_mismatch``.
    """
    octets = check_octets(octets, limits)
    if not want_message_signed:
        as_sent = verify_as_sent(octets, keys, policy, limits)
        if as_sent is not None:
            message = UnsignedElement(element=as_sent.rest)
            return VerifiedResponse(message=message, assertions=(as_sent.assertion,), encrypted=())
    document = read_checked(octets, limits)
    if document.root.tag != RESPONSE:
        raise SignatureRefused(Reason.MESSAGE_KIND)
    if want_message_signed and document.signature_of(document.root) is None:
        raise SignatureRefused(Reason.UNSIGNED)
    return _response(document, document.root, None, keys, policy)


def verify_artifact_response(
    octets: bytes,
    keys: Sequence[PublicKey],
    *,
    policy: SignaturePolicy = DEFAULT_POLICY,
    limits: Limits = MESSAGE_LIMITS,
    want_message_signed: bool = False,
) -> VerifiedArtifactResponse:
    """A samlp:ArtifactResponse around a Response (saml-core §3.5.2): one of them is signed, or the assertions.

    :param keys: the peer's keys out of its metadata.
    :param want_message_signed: refuse it where the ArtifactResponse itself is not signed.
    :raises SamlMalformed: as :func:`verify_response`.
    :raises SignatureRefused: likewise; ``saml_message_kind`` also for anything but one Response inside.
    """
    document = read_document(octets, limits)
    root = document.root
    responses = list(root.iterchildren(*PROTOCOL_MESSAGES))
    if root.tag != ARTIFACT_RESPONSE or [one.tag for one in responses] != [RESPONSE]:
        raise SignatureRefused(Reason.MESSAGE_KIND)
    around = None
    if document.signature_of(root) is not None:
        around = _verify(document, root, keys, policy)
    elif want_message_signed:
        raise SignatureRefused(Reason.UNSIGNED)
    response = _response(document, responses[0], around, keys, policy)
    if around is not None:
        return VerifiedArtifactResponse(envelope=around, response=response)
    take_out(responses[0])
    return VerifiedArtifactResponse(envelope=UnsignedElement(element=root), response=response)


def _response(
    document: GatedDocument,
    element: XmlElement,
    around: SignedElement | None,
    keys: Sequence[PublicKey],
    policy: SignaturePolicy,
) -> VerifiedResponse:
    """A Response by its own signature, that of the message around it, or those of its assertions."""
    signed = None
    if document.signature_of(element) is not None:
        signed = _verify(document, element, keys, policy)
    elif around is not None:
        signed = _covered(next(around.element.iterchildren(RESPONSE)), around)
    elif not document.signatures and next(element.iterchildren(ENCRYPTED_ASSERTION), None) is None:
        raise SignatureRefused(Reason.UNSIGNED)
    found = [child for child in element if child.tag == ASSERTION]
    if len(found) != len(document.assertions):
        raise SignatureRefused(Reason.MESSAGE_NESTED)
    assertions = tuple(
        _assertion(document, one, place, signed, keys, policy) for place, one in enumerate(found)
    )
    if signed is None:
        encrypted = _take_encrypted(element)
        return VerifiedResponse(
            message=_remainder(element), assertions=assertions, encrypted=encrypted
        )
    encrypted = tuple(signed.element.iterchildren(ENCRYPTED_ASSERTION))
    return VerifiedResponse(message=signed, assertions=assertions, encrypted=encrypted)


def verify_decrypted(
    octets: bytes,
    around: SignedElement | None,
    keys: Sequence[PublicKey],
    *,
    policy: SignaturePolicy = DEFAULT_POLICY,
    limits: Limits = MESSAGE_LIMITS,
) -> SignedElement:
    """An assertion that came encrypted: signed itself, or within the signed message ``around``.

    :raises SamlMalformed: as :func:`hkeid.saml.dsig.gate.read_document`.
    :raises SignatureRefused: likewise; ``saml_message_kind``, ``saml_assertion_unsigned``, and as
        :func:`verify_response` for its signature.
    """
    document = read_document(octets, limits)
    if document.root.tag != ASSERTION:
        raise SignatureRefused(Reason.MESSAGE_KIND)
    if document.signatures:
        return _verify(document, document.root, keys, policy)
    if around is None:
        raise SignatureRefused(Reason.ASSERTION_UNSIGNED)
    return _covered(document.root, around)


def read_unsigned(octets: bytes, *, limits: Limits = MESSAGE_LIMITS) -> UnsignedElement:
    """A message for which policy wants no signature, such as an AuthnRequest.

    One that carries a signature all the same is for :func:`verify_message`.

    :raises SamlMalformed: as :func:`hkeid.saml.dsig.gate.read_document`.
    :raises SignatureRefused: likewise; ``saml_message_kind`` (no message, or one with an assertion),
        ``saml_signature_unchecked`` (there is a signature).
    """
    document = read_document(octets, limits)
    if document.signatures:
        raise SignatureRefused(Reason.SIGNATURE_UNCHECKED)
    if document.root.tag not in SIGNABLE or document.assertions:
        raise SignatureRefused(Reason.MESSAGE_KIND)
    if next(document.root.iter(ENCRYPTED_ASSERTION), None) is not None:
        raise SignatureRefused(Reason.MESSAGE_KIND)
    return UnsignedElement(element=document.root)


def _assertion(
    document: GatedDocument,
    assertion: XmlElement,
    place: int,
    message: SignedElement | None,
    keys: Sequence[PublicKey],
    policy: SignaturePolicy,
) -> SignedElement:
    if document.signature_of(assertion) is not None:
        return _verify(document, assertion, keys, policy)
    if message is None:
        raise SignatureRefused(Reason.ASSERTION_UNSIGNED)
    # Out of the tree that was signed, not the one that came.
    covered = list(message.element.iterchildren(ASSERTION))[place]
    return _covered(covered, message)


def _covered(element: XmlElement, message: SignedElement) -> SignedElement:
    octets = canonicalise(element)
    return SignedElement(
        element=parse(octets),
        octets=octets,
        key=message.key,
        algorithm=message.algorithm,
        own=False,
    )


def _verify(
    document: GatedDocument,
    element: XmlElement,
    keys: Sequence[PublicKey],
    policy: SignaturePolicy,
) -> SignedElement:
    """One signed element. Its Signature leaves the tree, so outer elements come first."""
    signature = document.signature_of(element)
    if signature is None:
        raise SignatureRefused(Reason.UNSIGNED)
    streamed = StreamedSignature.begin(element, signature, keys, policy)
    take_out(signature)
    octets = canonicalise(element, streamed.prefixes)
    streamed.update(octets)
    streamed.finish()
    return SignedElement(
        element=parse(octets), octets=octets, key=streamed.key, algorithm=streamed.algorithm
    )


def take_out(element: XmlElement) -> None:
    """Remove an element; the text behind it, which lxml counts to it, stays."""
    parent, before = element.getparent(), element.getprevious()
    if element.tail:
        if before is None:
            parent.text = (parent.text or "") + element.tail
        else:
            before.tail = (before.tail or "") + element.tail
    parent.remove(element)


def _take_encrypted(root: XmlElement) -> tuple[XmlElement, ...]:
    """Each EncryptedAssertion as a tree of its own."""
    return tuple(parse(canonicalise(one)) for one in root.iterchildren(ENCRYPTED_ASSERTION))


def _remainder(root: XmlElement) -> UnsignedElement:
    """A Response of which only the assertions are signed, without them."""
    for assertion in list(root.iterchildren(ASSERTION, ENCRYPTED_ASSERTION)):
        take_out(assertion)
    return UnsignedElement(element=root)
