"""Signing what the canonical writer writes (saml-core §5.4)."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from hkeid.saml.dsig.algorithms import (
    DIGEST_ALGORITHMS,
    ECDSA_SHA256,
    RSA_SHA256,
    SHA256_DIGEST,
    SIGNATURE_ALGORITHMS,
    PrivateKey,
)
from hkeid.saml.dsig.errors import NotWritable
from hkeid.saml.dsig.namespaces import DS, EXC_C14N
from hkeid.saml.dsig.reasons import Reason
from hkeid.saml.dsig.writer import Element, Fragment, Verbatim, write_alone

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9._-]*")
# A canonical attribute value may hold ">", but no quote.
_START_TAG = re.compile(r'<[^">]*(?:"[^"]*"[^">]*)*>')


@dataclass(frozen=True, slots=True, kw_only=True)
class XmlSigner:
    """One key of ours. It may stand behind a :class:`hkeid.ports.KeyStore`: only its verb is here (law 6).

    :ivar algorithm: URI of the signature algorithm.
    :ivar sign: gives the signature of octets, ECDSA as R‖S.
    :ivar certificate: DER, for peers that look for it in KeyInfo; or None.
    :ivar digest: URI of the digest algorithm.
    """

    algorithm: str
    sign: Callable[[bytes], bytes] = field(repr=False)
    certificate: bytes | None = field(default=None, repr=False)
    digest: str = SHA256_DIGEST

    @classmethod
    def from_key(
        cls,
        key: PrivateKey,
        certificate: x509.Certificate | None = None,
        *,
        algorithm: str | None = None,
        digest: str = SHA256_DIGEST,
    ) -> XmlSigner:
        """A key in memory.

        :param algorithm: by default RSA-SHA256, or ECDSA-SHA256 for a key on a curve.
        :raises NotWritable: ``saml_not_writable``: the key does not fit the algorithm.
        """
        if algorithm is None:
            algorithm = RSA_SHA256 if isinstance(key, rsa.RSAPrivateKey) else ECDSA_SHA256
        known = SIGNATURE_ALGORITHMS.get(algorithm)
        if known is None or not known.fits(key):
            raise NotWritable(Reason.NOT_WRITABLE, detail="the key does not fit the algorithm")
        return cls(
            algorithm=algorithm,
            sign=lambda octets: known.sign(key, octets),
            certificate=None if certificate is None else certificate.public_bytes(Encoding.DER),
            digest=digest,
        )


def sign_element(element: Element, signer: XmlSigner) -> Element:
    """``element`` with an enveloped signature, where the schema wants it.

    The signature comes after ``saml:Issuer`` if that is the first child, and before all children
    otherwise (protocol messages without an issuer, metadata).

    :param element: with an ``ID``. A signature inside it has to be there already.
    :raises NotWritable: ``saml_not_writable``: no ``ID``, a signature is there already, an Assertion without
        Issuer, text before its children, or what :func:`hkeid.saml.dsig.writer.write` raises.
    """
    identifier = element.attributes.get("ID")
    place = _place(element)
    if place is None or not _IDENTIFIER.fullmatch(identifier or ""):
        raise NotWritable(Reason.NOT_WRITABLE, detail=f"{element.name} cannot be signed")
    alone = write_alone(element)
    digest = DIGEST_ALGORITHMS[signer.digest](alone.text.encode("utf-8")).digest()
    signature = _signature(
        signer,
        element.attributes["ID"],
        b64encode(digest).decode("ascii"),
        tuple(sorted(alone.inclusive)),
    )
    children = element.children
    signed = Element(
        element.name,
        element.attributes,
        (*children[:place], signature, *children[place:]),
        declares=element.declares,
    )
    signed.alone = _inserted(element, alone, place, signature)
    return signed


def _place(element: Element) -> int | None:
    first = element.children[0] if element.children else None
    issuer = isinstance(first, Element) and first.name == "saml:Issuer"
    signed = any(
        isinstance(one, Element) and one.name == "ds:Signature" for one in element.children
    )
    if signed or isinstance(first, str) or (element.name == "saml:Assertion" and not issuer):
        return None
    return 1 if issuer else 0


def _inserted(element: Element, alone: Fragment, place: int, signature: Element) -> Fragment | None:
    """The text of the whole with the signature in it, out of the text without it."""
    written = signature.alone
    if written is None or not written.prefixes.isdisjoint(element.declares):
        return None
    if place:
        at = alone.text.index("</saml:Issuer>") + len("</saml:Issuer>")
    else:
        start = _START_TAG.match(alone.text)
        at = start.end() if start else 0
    text = f"{alone.text[:at]}{written.text}{alone.text[at:]}"
    return Fragment(text, alone.prefixes | written.prefixes, alone.inclusive)


@lru_cache(maxsize=64)
def _around_reference(
    algorithm: str, digest: str, prefixes: tuple[str, ...]
) -> tuple[str, str, str]:
    """SignedInfo but for its start tag: up to the identifier, up to the digest, the rest."""
    inclusive = ""
    if prefixes:
        inclusive = (
            f'<ec:InclusiveNamespaces xmlns:ec="{EXC_C14N}" PrefixList="{" ".join(prefixes)}">'
            "</ec:InclusiveNamespaces>"
        )
    before = (
        f'<ds:CanonicalizationMethod Algorithm="{EXC_C14N}"></ds:CanonicalizationMethod>'
        f'<ds:SignatureMethod Algorithm="{algorithm}"></ds:SignatureMethod><ds:Reference URI="#'
    )
    between = (
        f'"><ds:Transforms><ds:Transform Algorithm="{DS}enveloped-signature"></ds:Transform>'
        f'<ds:Transform Algorithm="{EXC_C14N}">{inclusive}</ds:Transform></ds:Transforms>'
        f'<ds:DigestMethod Algorithm="{digest}"></ds:DigestMethod><ds:DigestValue>'
    )
    return before, between, "</ds:DigestValue></ds:Reference></ds:SignedInfo>"


def _signature(
    signer: XmlSigner, identifier: str, digest: str, prefixes: tuple[str, ...]
) -> Verbatim:
    before, between, after = _around_reference(signer.algorithm, signer.digest, prefixes)
    body = f"{before}{identifier}{between}{digest}{after}"
    # Alone, SignedInfo declares its prefix; inside Signature that has been done.
    value = signer.sign(f'<ds:SignedInfo xmlns:ds="{DS}">{body}'.encode())
    key_info = ""
    if signer.certificate is not None:
        encoded = b64encode(signer.certificate).decode("ascii")
        key_info = (
            f"<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{encoded}</ds:X509Certificate>"
            "</ds:X509Data></ds:KeyInfo>"
        )
    text = (
        f'<ds:Signature xmlns:ds="{DS}"><ds:SignedInfo>{body}<ds:SignatureValue>'
        f"{b64encode(value).decode('ascii')}</ds:SignatureValue>{key_info}</ds:Signature>"
    )
    return Verbatim("ds:Signature", Fragment(text, frozenset({"ds", "ec"} if prefixes else {"ds"})))
