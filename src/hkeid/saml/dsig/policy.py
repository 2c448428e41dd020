"""What one peer's signatures may be made with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hkeid.saml.dsig.algorithms import (
    DIGEST_ALGORITHMS,
    SHA1_DIGEST,
    SIGNATURE_ALGORITHMS,
    KeyFamily,
    PublicKey,
    SignatureAlgorithm,
    is_rsa,
)
from hkeid.saml.dsig.errors import SignatureRefused
from hkeid.saml.dsig.reasons import Reason

_SHA1_SIGNATURES = frozenset(
    uri for uri, one in SIGNATURE_ALGORITHMS.items() if one.hash.name == "sha1"
)
_PSS = frozenset(
    uri for uri, one in SIGNATURE_ALGORITHMS.items() if one.family is KeyFamily.RSA_PSS
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignaturePolicy:
    """Algorithms and key sizes that are accepted from a peer.

    :ivar signatures: URIs of signature algorithms; by default RSA (PKCS#1 v1.5) and ECDSA with SHA-2.
    :ivar digests: URIs of digest algorithms; by default SHA-256, SHA-384, SHA-512.
    :ivar rsa_bits: least and most bits of an RSA modulus.
    """

    signatures: frozenset[str] = frozenset(SIGNATURE_ALGORITHMS) - _SHA1_SIGNATURES - _PSS
    digests: frozenset[str] = frozenset(DIGEST_ALGORITHMS) - {SHA1_DIGEST}
    rsa_bits: tuple[int, int] = (2048, 8192)

    def with_pss(self) -> SignaturePolicy:
        """The same, RSA-PSS as well (RFC 9231 §2.3.10)."""
        return replace(self, signatures=self.signatures | _PSS)

    def insecure_with_sha1(self) -> SignaturePolicy:
        """The same, SHA-1 as well: for a peer that has nothing else, never by default (law 7)."""
        return replace(
            self,
            signatures=self.signatures | _SHA1_SIGNATURES,
            digests=self.digests | {SHA1_DIGEST},
        )

    def algorithm(self, uri: str | None) -> SignatureAlgorithm:
        """The algorithm that ``uri`` names.

        :raises SignatureRefused: ``saml_algorithm_refused``.
        """
        if uri is None or uri not in self.signatures or uri not in SIGNATURE_ALGORITHMS:
            raise SignatureRefused(Reason.ALGORITHM_REFUSED, detail=repr(uri)[:120])
        return SIGNATURE_ALGORITHMS[uri]

    def verifying_key(
        self,
        algorithm: SignatureAlgorithm,
        keys: Sequence[PublicKey],
        signature: bytes,
        octets: bytes,
    ) -> PublicKey:
        """The first of ``keys`` under which ``signature`` is that of ``octets``.

        :raises SignatureRefused: ``saml_no_key`` (none is of the right kind and size),
            ``saml_signature_invalid``.
        """
        fitting = [key for key in keys if algorithm.fits(key) and self._large_enough(key)]
        if not fitting:
            raise SignatureRefused(Reason.NO_KEY)
        for key in fitting:
            if algorithm.verify(key, signature, octets):
                return key
        raise SignatureRefused(Reason.SIGNATURE_INVALID)

    def _large_enough(self, key: PublicKey) -> bool:
        least, most = self.rsa_bits
        return not is_rsa(key) or least <= key.key_size <= most


DEFAULT_POLICY = SignaturePolicy()
"""What is accepted from a peer about which nothing else is known."""
