"""A ds:Signature element, read against the one shape that SAML allows (saml-core §5.4)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from hkeid.saml.dsig import base64_text
from hkeid.saml.dsig.errors import SamlMalformed, SignatureRefused
from hkeid.saml.dsig.namespaces import DS, EXC_C14N
from hkeid.saml.dsig.parsing import XmlElement, canonicalise, parse
from hkeid.saml.dsig.reasons import Reason

_SIGNED_INFO = f"{{{DS}}}SignedInfo"
_SIGNATURE_VALUE = f"{{{DS}}}SignatureValue"
_KEY_INFO = f"{{{DS}}}KeyInfo"
_RETRIEVAL = f"{{{DS}}}RetrievalMethod"
_C14N_METHOD = f"{{{DS}}}CanonicalizationMethod"
_SIGNATURE_METHOD = f"{{{DS}}}SignatureMethod"
_REFERENCE = f"{{{DS}}}Reference"
_TRANSFORMS = f"{{{DS}}}Transforms"
_TRANSFORM = f"{{{DS}}}Transform"
_DIGEST_METHOD = f"{{{DS}}}DigestMethod"
_DIGEST_VALUE = f"{{{DS}}}DigestValue"
_INCLUSIVE = f"{{{EXC_C14N}}}InclusiveNamespaces"
_ENVELOPED = f"{DS}enveloped-signature"

_NONE: frozenset[str] = frozenset()
_ID = frozenset({"Id"})
_ALGORITHM = frozenset({"Algorithm"})
_URI = frozenset({"URI", "Id"})
_PREFIX_LIST = frozenset({"PrefixList"})
_MOST_PREFIXES = 16
_NCNAME = re.compile(r"[^\W\d][\w.-]*")
_XML_SPACE = " \t\r\n"


def _usual_form() -> re.Pattern[bytes]:
    def empty(name: str, algorithm: str) -> str:
        return rf'<(?P=p){name} Algorithm="{algorithm}"></(?P=p){name}>\s*'

    value = "([!#-%'-;=?-~]+)"  # visible ASCII that needs no reference
    c14n, enveloped = re.escape(EXC_C14N), re.escape(_ENVELOPED)
    text = (
        rf'<(?P<p>(?:(?P<prefix>[A-Za-z_][A-Za-z0-9_.-]*):)?)SignedInfo xmlns(?(prefix):(?P=prefix))="{re.escape(DS)}">'
        rf"\s*{empty('CanonicalizationMethod', c14n)}{empty('SignatureMethod', value)}"
        rf'<(?P=p)Reference URI="{value}">\s*<(?P=p)Transforms>\s*'
        rf"{empty('Transform', enveloped)}{empty('Transform', c14n)}</(?P=p)Transforms>\s*"
        rf"{empty('DigestMethod', value)}<(?P=p)DigestValue>([A-Za-z0-9+/=]+)</(?P=p)DigestValue>\s*"
        rf"</(?P=p)Reference>\s*</(?P=p)SignedInfo>"
    )
    return re.compile(text.encode("ascii"))


_USUAL = _usual_form()
"""A canonical SignedInfo without InclusiveNamespaces, under whatever prefix."""


@dataclass(frozen=True, slots=True)
class ReadSignature:
    """What a Signature says. All but ``value`` was read from the canonical SignedInfo.

    :ivar signed_info: octets over which the signature is.
    :ivar method: URI of the signature algorithm.
    :ivar value: the signature.
    :ivar uri: of the one Reference.
    :ivar prefixes: of InclusiveNamespaces in its canonicalisation.
    :ivar digest_method: URI of the digest algorithm.
    :ivar digest: the digest.
    """

    signed_info: bytes
    method: str
    value: bytes
    uri: str
    prefixes: tuple[str, ...]
    digest_method: str
    digest: bytes


def read_signature(signature: XmlElement) -> ReadSignature:
    """Read a Signature whose place the gate has checked.

    :raises SignatureRefused: ``saml_signature_syntax``, ``saml_key_info``,
        ``saml_canonicalisation_refused``, ``saml_canonicalisation_failed``, ``saml_reference_count``,
        ``saml_transform_refused``.
    """
    children = _children(signature, _ID)
    tags = [child.tag for child in children]
    if tags[:2] != [_SIGNED_INFO, _SIGNATURE_VALUE] or tags[2:] not in ([], [_KEY_INFO]):
        raise SignatureRefused(Reason.SIGNATURE_SYNTAX)
    if len(children) == 3 and next(children[2].iter(_RETRIEVAL), None) is not None:
        raise SignatureRefused(Reason.KEY_INFO)
    # How SignedInfo is made canonical can only be read before; the rest is read from the outcome.
    method = next(iter(children[0]), None)
    signed_info = canonicalise(children[0], _canonicalisation(method))
    value = _octets(children[1], _ID)
    return _usual(signed_info, value) or _read_signed_info(signed_info, value)


def _usual(octets: bytes, value: bytes) -> ReadSignature | None:
    """What a SignedInfo says that is letter for letter as nearly everybody writes it, or None.

    Such octets leave nothing to interpret; any others are parsed. The alternative forms of XML (quotes,
    references, empty tags, order of attributes) do not occur in canonical octets.
    """
    found = _USUAL.fullmatch(octets)
    if found is None:
        return None
    method, uri, digest_method, digest = map(bytes.decode, found.group(3, 4, 5, 6))
    try:
        octets_of_digest = base64_text.decode(digest, whitespace=b"")
    except SamlMalformed as error:
        raise SignatureRefused(Reason.SIGNATURE_SYNTAX, detail="base64") from error
    return ReadSignature(
        signed_info=octets,
        method=method,
        value=value,
        uri=uri,
        prefixes=(),
        digest_method=digest_method,
        digest=octets_of_digest,
    )


def _read_signed_info(octets: bytes, value: bytes) -> ReadSignature:
    children = _children(parse(octets), _ID)
    tags = [child.tag for child in children]
    if tags[:2] != [_C14N_METHOD, _SIGNATURE_METHOD]:
        raise SignatureRefused(Reason.SIGNATURE_SYNTAX)
    if tags[2:] != [_REFERENCE]:
        raise SignatureRefused(Reason.REFERENCE_COUNT)
    if len(children[1]):
        raise SignatureRefused(Reason.ALGORITHM_REFUSED, detail="parameters")
    parts = _children(children[2], _URI)
    if [part.tag for part in parts] != [_TRANSFORMS, _DIGEST_METHOD, _DIGEST_VALUE]:
        raise SignatureRefused(Reason.SIGNATURE_SYNTAX)
    if len(parts[1]):
        raise SignatureRefused(Reason.DIGEST_REFUSED, detail="parameters")
    return ReadSignature(
        signed_info=octets,
        method=_algorithm(children[1]),
        value=value,
        uri=children[2].get("URI") or "",
        prefixes=_transforms(parts[0]),
        digest_method=_algorithm(parts[1]),
        digest=_octets(parts[2], _NONE),
    )


def _children(element: XmlElement, attributes: frozenset[str]) -> list[XmlElement]:
    """Child elements of one that holds nothing else."""
    children: list[XmlElement] = element.getchildren()
    text = element.text
    if text and text.strip(_XML_SPACE):
        raise SignatureRefused(Reason.SIGNATURE_SYNTAX, detail="text between elements")
    for child in children:
        text = child.tail
        if text and text.strip(_XML_SPACE):
            raise SignatureRefused(Reason.SIGNATURE_SYNTAX, detail="text between elements")
    if not attributes.issuperset(element.keys()):
        raise SignatureRefused(Reason.SIGNATURE_SYNTAX, detail="attribute")
    return children


def _octets(element: XmlElement, attributes: frozenset[str]) -> bytes:
    if len(element) or not attributes.issuperset(element.keys()):
        raise SignatureRefused(Reason.SIGNATURE_SYNTAX)
    try:
        return base64_text.decode(element.text or "", whitespace=b" \t\r\n")
    except SamlMalformed as error:
        raise SignatureRefused(Reason.SIGNATURE_SYNTAX, detail="base64") from error


def _algorithm(element: XmlElement) -> str:
    _children(element, _ALGORITHM)
    return str(element.get("Algorithm", ""))


def _canonicalisation(method: XmlElement | None) -> tuple[str, ...]:
    """Exclusive, without comments: PrefixList of the method."""
    if method is None or method.tag != _C14N_METHOD:
        raise SignatureRefused(Reason.SIGNATURE_SYNTAX)
    if _algorithm(method) != EXC_C14N:
        raise SignatureRefused(Reason.CANONICALISATION_REFUSED)
    return _prefixes(method, Reason.CANONICALISATION_REFUSED)


def _transforms(transforms: XmlElement) -> tuple[str, ...]:
    """Enveloped signature, then exclusive canonicalisation; nothing else, and no other order."""
    steps = _children(transforms, _NONE)
    if [step.tag for step in steps] != [_TRANSFORM, _TRANSFORM]:
        raise SignatureRefused(Reason.TRANSFORM_REFUSED)
    if [_algorithm(step) for step in steps] != [_ENVELOPED, EXC_C14N] or len(steps[0]):
        raise SignatureRefused(Reason.TRANSFORM_REFUSED)
    return _prefixes(steps[1], Reason.TRANSFORM_REFUSED)


def _prefixes(element: XmlElement, reason: Reason) -> tuple[str, ...]:
    """InclusiveNamespaces (xml-exc-c14n §2.1); ``#default`` is refused, as libxml2 overlooks it."""
    children = _children(element, _ALGORITHM)
    if not children:
        return ()
    if [child.tag for child in children] != [_INCLUSIVE]:
        raise SignatureRefused(reason)
    if _children(children[0], _PREFIX_LIST):
        raise SignatureRefused(reason)
    prefixes = tuple((children[0].get("PrefixList") or "").split())
    if len(prefixes) > _MOST_PREFIXES or not all(map(_NCNAME.fullmatch, prefixes)):
        raise SignatureRefused(reason, detail="PrefixList")
    return prefixes
