"""A Response whose one signed assertion came in the very octets that were signed.

What is sent in canonical form need not be made canonical again. Whoever writes so (this package does) is verified
with less work: the octets of the assertion, its Signature cut out, are digested as they came and parsed, and that
tree is what readers get: it comes from the digested octets and from nothing else. The Response around them is parsed
without them. Everything else, which is most of what others send, takes the long way of
:mod:`~hkeid.saml.dsig.verification`. So does whatever would be refused: nothing is refused here, and the reasons
have one source.

Why the rules of the gate hold for the whole although only parts of it are parsed:

1. The octets passed :mod:`~hkeid.saml.dsig.octets`: no document type, comment, CDATA section or processing
   instruction, so that a ``<`` begins a tag.
2. The assertion is cut out before the end tag that ends the document, which is in the content of the root; its
   Signature before another tag and behind ``Issuer``, the first child of the assertion. The Signature matches a form
   to the letter. So each part is well-formed without the others, or it is not taken.
3. Nothing declares a default namespace, so a name means in its part what it means in the whole: a prefix that a part
   does not declare itself makes its parsing fail.
4. Hence the tree of the whole is that of the Response, with the assertion as last child of the root and the
   Signature as second child of the assertion. Depth, attributes, places and identifiers are checked on these, and the
   identifiers counted in the octets of the whole (:func:`~hkeid.saml.dsig.gate.maybe_identifiers`).

That the octets are in canonical form is not checked: a digest over others is none that an honest signer makes, and one
who is not honest has the key to sign what he likes. What is read is what was signed all the same.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Sequence
from typing import NamedTuple

from hkeid.saml.dsig import base64_text
from hkeid.saml.dsig.algorithms import DIGEST_ALGORITHMS, PublicKey
from hkeid.saml.dsig.errors import SamlMalformed, SignatureRefused
from hkeid.saml.dsig.gate import MOST_ATTRIBUTES, is_plain_piece, maybe_identifiers
from hkeid.saml.dsig.limits import Limits
from hkeid.saml.dsig.namespaces import ASSERTION, DS, EXC_C14N, ISSUER, RESPONSE
from hkeid.saml.dsig.parsing import XmlElement, parse
from hkeid.saml.dsig.policy import SignaturePolicy
from hkeid.saml.dsig.signed import SignedElement

_END_OF_RESPONSE = b"</samlp:Response>"
_END = b"</saml:Assertion>" + _END_OF_RESPONSE
_DEPTH_AROUND = 7
"""Of the deepest element of what the form below describes: that of a Transform."""
_DEFAULT_NAMESPACE = re.compile(rb"xmlns\s*=")
_SIGNED_INFO = f'<ds:SignedInfo xmlns:ds="{DS}">'.encode()
"""Its start tag when it is canonical: alone, it declares its prefix."""


def _form() -> re.Pattern[bytes]:
    def empty(name: str, algorithm: str) -> str:
        return f'<ds:{name} Algorithm="{algorithm}"></ds:{name}>'

    value, name, base64 = "([!#-%'-;=?-~]+)", "([A-Za-z_][A-Za-z0-9_.-]*)", "([A-Za-z0-9+/=]+)"
    c14n, enveloped = re.escape(EXC_C14N), re.escape(f"{DS}enveloped-signature")
    signed_info = (
        f"{empty('CanonicalizationMethod', c14n)}{empty('SignatureMethod', value)}"
        f'<ds:Reference URI="#{name}"><ds:Transforms>'
        f"{empty('Transform', enveloped)}{empty('Transform', c14n)}</ds:Transforms>"
        f"{empty('DigestMethod', value)}<ds:DigestValue>{base64}</ds:DigestValue>"
        "</ds:Reference></ds:SignedInfo>"
    )
    issuer = "<saml:Issuer[^<>]*>[^<>]*</saml:Issuer>"
    text = (
        f"(?P<head><samlp:Response [^<>]*>(?:{issuer})?<samlp:Status><samlp:StatusCode [^<>]*>"
        f"</samlp:StatusCode></samlp:Status>)(?P<begin><saml:Assertion [^<>]*>{issuer})"
        f'(?P<signature><ds:Signature xmlns:ds="{re.escape(DS)}"><ds:SignedInfo>'
        f"(?P<body>{signed_info})<ds:SignatureValue>{base64}</ds:SignatureValue>"
        "(?:<ds:KeyInfo><ds:X509Data><ds:X509Certificate>[A-Za-z0-9+/=]+</ds:X509Certificate>"
        "</ds:X509Data></ds:KeyInfo>)?</ds:Signature>)<"
    )
    return re.compile(text.encode("ascii"))


_FORM = _form()


class ResponseAsSent(NamedTuple):
    """What :func:`verify_as_sent` found.

    :ivar rest: the Response without its assertion, for which nobody answers.
    """

    rest: XmlElement
    assertion: SignedElement


def verify_as_sent(
    octets: bytes, keys: Sequence[PublicKey], policy: SignaturePolicy, limits: Limits
) -> ResponseAsSent | None:
    """A Response of one assertion that came canonical, signed itself; None for anything else.

    :param octets: that passed :func:`hkeid.saml.dsig.octets.check_octets`.
    """
    found = _FORM.match(octets)
    if found is None or not octets.endswith(_END) or _DEFAULT_NAMESPACE.search(octets):
        return None
    method, identifier, digest_method, digest, value = map(bytes.decode, found.group(5, 6, 7, 8, 9))
    algorithm = DIGEST_ALGORITHMS.get(digest_method)
    if algorithm is None or digest_method not in policy.digests:
        return None
    signed = found["begin"] + octets[found.end("signature") : -len(_END_OF_RESPONSE)]
    try:
        expected = base64_text.decode(digest, whitespace=b"")
        if not hmac.compare_digest(algorithm(signed).digest(), expected):
            return None
        trees = _trees(octets, found["head"] + _END_OF_RESPONSE, signed, limits)
        if trees is None or trees[1].get("ID") != identifier:
            return None
        used = policy.algorithm(method)
        signature = base64_text.decode(value, whitespace=b"")
        key = policy.verifying_key(used, keys, signature, _SIGNED_INFO + found["body"])
    except (SamlMalformed, SignatureRefused):
        return None
    rest, assertion = trees
    return ResponseAsSent(
        rest, SignedElement(element=assertion, octets=signed, key=key, algorithm=used.uri)
    )


def _trees(
    octets: bytes, around: bytes, inside: bytes, limits: Limits
) -> tuple[XmlElement, XmlElement] | None:
    """The two trees, if it is plain that the whole passes the gate."""
    if limits.comments or len(octets) // 4 > limits.nodes or limits.depth < _DEPTH_AROUND:
        return None
    rest, assertion = parse(around), parse(inside)
    first, second = rest.get("ID"), assertion.get("ID")
    if first is None or second is None or first == second or maybe_identifiers(octets) != 2:
        return None
    if rest.tag != RESPONSE or assertion.tag != ASSERTION or assertion[0].tag != ISSUER:
        return None
    # What is around it is known element by element; it has fewer equals signs than an element may have attributes.
    if around.count(b"=") > MOST_ATTRIBUTES or not is_plain_piece(
        assertion, inside, limits.depth - 1
    ):
        return None
    return rest, assertion
