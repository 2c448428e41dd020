"""A genuine document on the table, and tools to take it apart and sign it in ways our writer never would.

This is a second signer, over lxml's canonicalisation and sharing nothing with the kernel's.
"""

from __future__ import annotations

import copy
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import new as new_hash
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, SHA384, SHA512, HashAlgorithm
from lxml import etree

from hkeid.testing.saml_attacks.targets import Target
from hkeid.testing.saml_specimens import SpecimenPeer

DS = "http://www.w3.org/2000/09/xmldsig#"
EXC = "http://www.w3.org/2001/10/xml-exc-c14n#"
SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
MD = "urn:oasis:names:tc:SAML:2.0:metadata"
ENVELOPED = f"{DS}enveloped-signature"
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
SHA256_URI = "http://www.w3.org/2001/04/xmlenc#sha256"
FORGED = "mallory"

_HASHES: dict[str, HashAlgorithm] = {
    "sha1": SHA1(),  # noqa: S303 - what must be refused
    "sha256": SHA256(),
    "sha384": SHA384(),
    "sha512": SHA512(),
}


@dataclass
class Bench:
    """One document to be spoilt.

    :ivar root: the document.
    :ivar target: the signed element that is attacked.
    :ivar signature: its Signature.
    """

    peer: SpecimenPeer
    about: Target
    root: Any = field(init=False)
    target: Any = field(init=False)
    signature: Any = field(init=False)

    def __post_init__(self) -> None:
        self._open(self.peer.specimen(self.about.kind, self.about.signed).octets)

    @classmethod
    def of(cls, peer: SpecimenPeer, about: Target, octets: bytes) -> Bench:
        """Another document than the peer's specimen."""
        bench = cls(peer, about)
        bench._open(octets)
        return bench

    def _open(self, octets: bytes) -> None:
        self.root = etree.fromstring(octets)
        inside = self.root.find(f".//{{{SAML}}}Assertion")
        self.target = inside if self.about.inner else self.root
        self.signature = self.target.find(f"{{{DS}}}Signature")

    @property
    def octets(self) -> bytes:
        """The document as it is now."""
        octets: bytes = etree.tostring(self.root)
        return octets

    def find(self, path: str) -> Any:
        """A part of the Signature, such as ``SignedInfo/Reference``."""
        return self.signature.find("/".join(f"{{{DS}}}{step}" for step in path.split("/")))

    def unsigned_copy(self) -> Any:
        """The target without its Signature."""
        twin = copy.deepcopy(self.target)
        twin.remove(twin.find(f"{{{DS}}}Signature"))
        return twin

    def replace_target(self, new: Any) -> None:
        """Something else in its place."""
        parent = self.target.getparent()
        if parent is None:
            self.root = new
        else:
            parent.replace(self.target, new)

    def extensions(self) -> Any:
        """The place for extensions in the document (a role descriptor's in metadata)."""
        if self.root.tag.startswith(f"{{{MD}}}"):
            found = etree.Element(f"{{{MD}}}Extensions")
            self.root.insert(1, found)
            return found
        found = etree.Element(f"{{{SAMLP}}}Extensions")
        before = [one for one in self.root if etree.QName(one).localname in ("Issuer", "Signature")]
        self.root.insert(len(before), found)
        return found


def forge(element: Any, identifier: str | None = None) -> Any:
    """Change what the element says; with another ID, if one is given."""
    if identifier is not None:
        element.set("ID", identifier)
    name = element.find(f".//{{{SAML}}}NameID")
    if name is not None:
        name.text = FORGED
    elif element.get("entityID"):
        element.set("entityID", FORGED)
    else:
        element.set("Destination" if element.get("Destination") else "IssueInstant", FORGED)
    return element


def sign_octets(key: Any, octets: bytes, hash_name: str = "sha256") -> bytes:
    """A raw signature, of RSA in PKCS#1 v1.5."""
    chosen = _HASHES[hash_name]
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(octets, padding.PKCS1v15(), chosen)
    size = (key.curve.key_size + 7) // 8
    r, s = decode_dss_signature(key.sign(octets, ec.ECDSA(chosen)))
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def c14n(element: Any, *, exclusive: bool = True, comments: bool = False) -> bytes:
    """Canonical form of an element."""
    octets: bytes = etree.tostring(
        element, method="c14n", exclusive=exclusive, with_comments=comments
    )
    return octets


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a signature is made; by default as it should be.

    :ivar transforms: URIs with the XML inside each.
    :ivar references: URI and digested octets of each Reference; by default one, of the target.
    :ivar extra: further XML at the end of Signature.
    :ivar prefix: of the elements of the signature; none, and their namespace is the default one.
    """

    method: str = RSA_SHA256
    hash_name: str = "sha256"
    c14n_method: str = EXC
    c14n_exclusive: bool = True
    transforms: Sequence[tuple[str, str]] = ((ENVELOPED, ""), (EXC, ""))
    digest_method: str = SHA256_URI
    digest_name: str = "sha256"
    references: Sequence[tuple[str, bytes]] | None = None
    method_inside: str = ""
    extra: str = ""
    prefix: str = "ds"


def sign_anew(bench: Bench, recipe: Recipe, key: Any = None, value: bytes | None = None) -> bytes:
    """The document with another Signature on the target.

    :param key: by default the peer's own.
    :param value: a signature value of one's own making.
    """
    parent, place = bench.target, bench.target.index(bench.signature)
    parent.remove(bench.signature)
    covered = recipe.references
    if covered is None:
        covered = [(f"#{parent.get('ID')}", c14n(parent))]
    transforms = "".join(
        f'<ds:Transform Algorithm="{uri}">{inside}</ds:Transform>'
        for uri, inside in recipe.transforms
    )
    references = "".join(
        f'<ds:Reference URI="{uri}"><ds:Transforms>{transforms}</ds:Transforms>'
        f'<ds:DigestMethod Algorithm="{recipe.digest_method}"/><ds:DigestValue>'
        f"{_digest(recipe.digest_name, octets)}</ds:DigestValue></ds:Reference>"
        for uri, octets in covered
    )
    text = (
        f'<ds:Signature xmlns:ds="{DS}"><ds:SignedInfo>'
        f'<ds:CanonicalizationMethod Algorithm="{recipe.c14n_method}"/>'
        f'<ds:SignatureMethod Algorithm="{recipe.method}">{recipe.method_inside}</ds:SignatureMethod>'
        f"{references}</ds:SignedInfo><ds:SignatureValue></ds:SignatureValue>{recipe.extra}"
        "</ds:Signature>"
    )
    if not recipe.prefix:
        text = text.replace("xmlns:ds", "xmlns").replace("ds:", "")
    bench.signature = etree.fromstring(text)
    parent.insert(place, bench.signature)
    signed_info = c14n(bench.signature[0], exclusive=recipe.c14n_exclusive)
    if value is None:
        value = sign_octets(key or bench.peer.key, signed_info, recipe.hash_name)
    bench.signature[1].text = b64encode(value).decode()
    return bench.octets


def _digest(name: str, octets: bytes) -> str:
    return b64encode(new_hash(name, octets).digest()).decode()
