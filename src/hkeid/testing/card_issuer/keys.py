"""Signing keys of invented countries, and how their algorithms are written in DER."""

from __future__ import annotations

from dataclasses import dataclass, field

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hkeid.chip.domain_parameters import CURVES, CurveParameters
from hkeid.testing.der import NULL, bits, context, integer, octets, oid, sequence

DIGEST_OIDS = {
    "sha1": "1.3.14.3.2.26",
    "sha224": "2.16.840.1.101.3.4.2.4",
    "sha256": "2.16.840.1.101.3.4.2.1",
    "sha384": "2.16.840.1.101.3.4.2.2",
    "sha512": "2.16.840.1.101.3.4.2.3",
}
_ECDSA_OIDS = {
    "sha1": "1.2.840.10045.4.1",
    "sha224": "1.2.840.10045.4.3.1",
    "sha256": "1.2.840.10045.4.3.2",
    "sha384": "1.2.840.10045.4.3.3",
    "sha512": "1.2.840.10045.4.3.4",
}
_RSA_OIDS = {
    "sha1": "1.2.840.113549.1.1.5",
    "sha224": "1.2.840.113549.1.1.14",
    "sha256": "1.2.840.113549.1.1.11",
    "sha384": "1.2.840.113549.1.1.12",
    "sha512": "1.2.840.113549.1.1.13",
}
_PSS, _MGF1 = "1.2.840.113549.1.1.10", "1.2.840.113549.1.1.8"
_EC_KEY, _PRIME_FIELD = "1.2.840.10045.2.1", "1.2.840.10045.1.1"

HASHES: dict[str, type[hashes.HashAlgorithm]] = {
    "sha1": hashes.SHA1,
    "sha224": hashes.SHA224,
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}
_CURVES: dict[str, type[ec.EllipticCurve]] = {
    "secp256r1": ec.SECP256R1,
    "secp384r1": ec.SECP384R1,
    "secp521r1": ec.SECP521R1,
    "brainpoolP256r1": ec.BrainpoolP256R1,
    "brainpoolP384r1": ec.BrainpoolP384R1,
    "brainpoolP512r1": ec.BrainpoolP512R1,
}


def digest_algorithm(name: str) -> bytes:
    """AlgorithmIdentifier of a hash."""
    return sequence(oid(DIGEST_OIDS[name]))


def explicit_parameters(domain: CurveParameters) -> bytes:
    """ECParameters with all numbers written out (RFC 3279 §2.3.5), as most countries send them."""
    width = domain.field_bytes
    return sequence(
        integer(1),
        sequence(oid(_PRIME_FIELD), integer(domain.p)),
        sequence(octets(domain.a.to_bytes(width, "big")), octets(domain.b.to_bytes(width, "big"))),
        octets(b"\x04" + domain.gx.to_bytes(width, "big") + domain.gy.to_bytes(width, "big")),
        integer(domain.n),
        integer(domain.h),
    )


def explicit_key(domain: CurveParameters, point: bytes) -> bytes:
    """SubjectPublicKeyInfo of an elliptic-curve key with explicit parameters."""
    return sequence(sequence(oid(_EC_KEY), explicit_parameters(domain)), bits(point))


@dataclass(frozen=True, kw_only=True)
class Signer:
    """A private key and the manner in which it signs.

    :ivar digest: ``sha1`` to ``sha512``.
    :ivar pss: RSASSA-PSS instead of PKCS #1 v1.5.
    :ivar explicit: the public key spells out its curve.
    """

    private: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey = field(repr=False)
    digest: str = "sha256"
    pss: bool = False
    explicit: bool = False

    @property
    def public_key(self) -> bytes:
        """SubjectPublicKeyInfo."""
        public = self.private.public_key()
        if self.explicit and isinstance(public, ec.EllipticCurvePublicKey):
            point = public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
            return explicit_key(CURVES[public.curve.name], point)
        return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    @property
    def algorithm(self) -> bytes:
        """AlgorithmIdentifier of the signatures."""
        if isinstance(self.private, ec.EllipticCurvePrivateKey):
            return sequence(oid(_ECDSA_OIDS[self.digest]))
        if not self.pss:
            return sequence(oid(_RSA_OIDS[self.digest]), NULL)
        hashed = digest_algorithm(self.digest)
        salt = HASHES[self.digest]().digest_size
        return sequence(
            oid(_PSS),
            sequence(
                context(0, hashed),
                context(1, sequence(oid(_MGF1), hashed)),
                context(2, integer(salt)),
            ),
        )

    def sign(self, message: bytes) -> bytes:
        """Sign."""
        hashed = HASHES[self.digest]()
        if isinstance(self.private, ec.EllipticCurvePrivateKey):
            return self.private.sign(message, ec.ECDSA(hashed))
        if self.pss:
            scheme = padding.PSS(mgf=padding.MGF1(hashed), salt_length=hashed.digest_size)
            return self.private.sign(message, scheme, hashed)
        return self.private.sign(message, padding.PKCS1v15(), hashed)


def new_signer(kind: str = "secp256r1", *, digest: str = "sha256") -> Signer:
    """A new key.

    :param kind: ``rsa-2048``, ``rsa-3072``, ``rsa-2048-pss``, a curve (``brainpoolP384r1``), or a curve
        whose parameters are spelt out (``secp256r1-explicit``).
    """
    name, _, manner = kind.partition("-")
    if name == "rsa":
        size, _, scheme = manner.partition("-")
        key = rsa.generate_private_key(public_exponent=65537, key_size=int(size))
        return Signer(private=key, digest=digest, pss=scheme == "pss")
    private = ec.generate_private_key(_CURVES[name]())
    return Signer(private=private, digest=digest, explicit=manner == "explicit")
