"""RSA-OAEP as XML Encryption names it (xmlenc-core1 §5.5.2). RSA-1_5 is not in any table here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import (
    SHA1,
    SHA224,
    SHA256,
    SHA384,
    SHA512,
    HashAlgorithm,
)

from hkeid.saml.dsig.algorithms import SHA1_DIGEST, SHA256_DIGEST

OAEP_MGF1P = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p"
OAEP_XENC11 = "http://www.w3.org/2009/xmlenc11#rsa-oaep"
_MGF1 = "http://www.w3.org/2009/xmlenc11#mgf1"
MGF1_SHA1 = f"{_MGF1}sha1"
MGF1_SHA256 = f"{_MGF1}sha256"

MASKS: Mapping[str, HashAlgorithm] = MappingProxyType(
    {
        MGF1_SHA1: SHA1(),  # noqa: S303 - the name of a mask, whose collisions are no matter
        f"{_MGF1}sha224": SHA224(),
        MGF1_SHA256: SHA256(),
        f"{_MGF1}sha384": SHA384(),
        f"{_MGF1}sha512": SHA512(),
    }
)
"""Hash behind a mask generation function."""

LABELS: Mapping[str, HashAlgorithm] = MappingProxyType(
    {
        SHA1_DIGEST: SHA1(),  # noqa: S303 - likewise
        SHA256_DIGEST: SHA256(),
        "http://www.w3.org/2001/04/xmldsig-more#sha384": SHA384(),
        "http://www.w3.org/2001/04/xmlenc#sha512": SHA512(),
    }
)
"""Hash of the (empty) label."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OaepParameters:
    """How a content key was wrapped.

    :ivar algorithm: ``rsa-oaep-mgf1p`` or ``rsa-oaep``, as a URI.
    :ivar digest: URI of the label's digest algorithm.
    :ivar mgf: URI of the mask generation function; MGF1 with SHA-1 unless ``rsa-oaep`` says otherwise.
    """

    algorithm: str
    digest: str = SHA1_DIGEST
    mgf: str = MGF1_SHA1

    def padding(self) -> padding.OAEP:
        """For ``cryptography``."""
        return padding.OAEP(padding.MGF1(MASKS[self.mgf]), LABELS[self.digest], label=None)


KeyUnwrapper = Callable[[bytes, OaepParameters], bytes]
"""Opens a wrapped content key, or raises ValueError. The private key may stand behind a KeyStore (law 6)."""


def unwrapper(key: rsa.RSAPrivateKey) -> KeyUnwrapper:
    """For a private key in memory."""
    return lambda wrapped, parameters: key.decrypt(wrapped, parameters.padding())
