"""Who signs: a certificate, its chain, and something that makes signatures with its key.

The key may be in memory, in a PKCS#12 file, on a PKCS#11 token, or far away: then there is no
:class:`Signer` that signs, and :func:`hkeid.signing.prepare_pdf` takes a :class:`SignerIdentity`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Protocol, cast

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12

from hkeid.kernel.errors import MalformedInput
from hkeid.kernel.instants import Instant
from hkeid.kernel.secret import Secret
from hkeid.signing.algorithms import SignatureAlgorithm
from hkeid.signing.errors import CredentialRefused

_WEAK_HASHES = frozenset({"md2", "md4", "md5", "sha1"})
_LARGEST_PKCS12 = 1 << 20


class HeldCertificate(Protocol):
    """A certificate on a token, as :class:`hkeid.adapters.pkcs11_tokens.TokenIdentity`."""

    @property
    def certificate(self) -> bytes:
        """DER."""
        ...


class SigningToken(Protocol):
    """An open token, as :class:`hkeid.adapters.pkcs11_tokens.OpenToken`."""

    def sign(self, identity: Any, message: bytes) -> bytes:
        """Sign with the certificate's key, with the hash that belongs to the key."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SignerIdentity:
    """The public half of a signer: all that is needed to prepare a signature that is made elsewhere.

    :ivar certificate: DER.
    :ivar chain: certificates of the issuers, DER, without the root.
    """

    certificate: bytes
    algorithm: SignatureAlgorithm
    chain: tuple[bytes, ...] = ()
    public_key: Any = field(repr=False, compare=False)
    not_before: Instant
    not_after: Instant
    name: str

    @classmethod
    def of(
        cls,
        certificate: bytes | x509.Certificate,
        chain: Sequence[bytes | x509.Certificate] = (),
        *,
        hash_name: str | None = None,
    ) -> SignerIdentity:
        """Read a certificate and see that it may sign documents.

        :param chain: the issuers' certificates; self-signed ones are left out.
        :param hash_name: ``sha256``, ``sha384`` or ``sha512`` instead of the key's usual one.
        :raises hkeid.kernel.errors.MalformedInput: ``certificate_malformed``.
        :raises CredentialRefused: ``key_too_short``, ``key_unsupported``, ``hash_too_weak``,
            ``hash_unknown``, ``hash_not_for_key``, ``certificate_hash_too_weak``,
            ``certificate_not_for_signing``.
        """
        own, *issuers = (
            one if isinstance(one, bytes) else _encoded(one) for one in (certificate, *chain)
        )
        return _identity(own, tuple(issuers), hash_name)

    def require_valid(self, at: Instant) -> None:
        """The certificate's period holds at ``at`` (RFC 5280 §4.1.2.5).

        :raises CredentialRefused: ``certificate_not_yet_valid``, ``certificate_expired``.
        """
        if at < self.not_before:
            raise CredentialRefused("certificate_not_yet_valid", detail=str(self.not_before))
        if at > self.not_after:
            raise CredentialRefused("certificate_expired", detail=str(self.not_after))

    def require_signature(self, signature: bytes, attributes: bytes) -> None:
        """The signature over the signed attributes is this certificate's.

        :raises CredentialRefused: ``signature_wrong``.
        """
        self.algorithm.verify(self.public_key, signature, attributes)


@lru_cache(maxsize=256)
def _identity(
    certificate: bytes, chain: tuple[bytes, ...], hash_name: str | None
) -> SignerIdentity:
    """Certificates are read once: the same signer comes again and again."""
    own, *issuers = [_parsed(one) for one in (certificate, *chain)]
    public_key = _public_key(own)
    algorithm = SignatureAlgorithm.of_key(public_key, hash_name)
    kept = [one for one in issuers if one.issuer != one.subject]
    for one in (own, *kept):
        _require_strong_hash(one)
    _require_signing_use(own)
    return SignerIdentity(
        certificate=certificate,
        algorithm=algorithm,
        chain=tuple(_encoded(one) for one in kept if one != own),
        public_key=public_key,
        not_before=own.not_valid_before_utc,
        not_after=own.not_valid_after_utc,
        name=_common_name(own),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """A signer that signs. Get it by one of the constructors and keep it: reading a key costs more
    than a signature.
    """

    identity: SignerIdentity
    _sign: Callable[[bytes], bytes] = field(repr=False, compare=False)

    @classmethod
    def from_key(
        cls,
        private_key: Any,
        certificate: bytes | x509.Certificate,
        chain: Sequence[bytes | x509.Certificate] = (),
        *,
        hash_name: str | None = None,
    ) -> Signer:
        """A key in memory.

        :param private_key: of ``cryptography``: P-256, P-384, RSA of 2,048 bits or more, Ed25519.
        :param certificate: DER, or of ``cryptography``.
        :raises hkeid.kernel.errors.MalformedInput: ``certificate_malformed``.
        :raises CredentialRefused: ``key_not_of_certificate``, and as :meth:`SignerIdentity.of`.
        """
        identity = SignerIdentity.of(certificate, chain, hash_name=hash_name)
        if _subject_key(private_key.public_key()) != _subject_key(identity.public_key):
            raise CredentialRefused("key_not_of_certificate")
        return cls(
            identity=identity,
            _sign=lambda message: identity.algorithm.sign(private_key, message),
        )

    @classmethod
    def from_pkcs12(
        cls, content: bytes, passphrase: Secret | None, *, hash_name: str | None = None
    ) -> Signer:
        """Key, certificate and chain out of a PKCS#12 file (RFC 7292).

        :raises hkeid.kernel.errors.MalformedInput: ``pkcs12_malformed``, ``certificate_malformed``.
        :raises CredentialRefused: ``passphrase_wrong``, ``key_absent``, and as :meth:`from_key`.
        """
        if len(content) > _LARGEST_PKCS12:
            raise MalformedInput("pkcs12_malformed", detail="too long")
        secret = None if passphrase is None else passphrase.reveal().encode()
        try:
            held = pkcs12.load_pkcs12(content, secret)
        except (ValueError, TypeError, NotImplementedError) as error:
            if "password" in str(error).lower():
                raise CredentialRefused(
                    "passphrase_wrong", detail="the PKCS#12 file does not open with it"
                ) from None
            raise MalformedInput(
                "pkcs12_malformed", detail="no PKCS#12 file, or one that cannot be read"
            ) from None
        if held.key is None or held.cert is None:
            raise CredentialRefused("key_absent")
        chain = tuple(one.certificate for one in held.additional_certs)
        return cls.from_key(held.key, held.cert.certificate, chain, hash_name=hash_name)

    @classmethod
    def from_token(
        cls,
        token: SigningToken,
        held: HeldCertificate,
        chain: Sequence[bytes | x509.Certificate] = (),
    ) -> Signer:
        """A key on a PKCS#11 token that stays open as long as the signer is used.

        :param token: :class:`hkeid.adapters.pkcs11_tokens.OpenToken`.
        :param held: :class:`hkeid.adapters.pkcs11_tokens.TokenIdentity`.
        :raises hkeid.kernel.errors.HkeidError: as :meth:`SignerIdentity.of`.
        """
        return cls(
            identity=SignerIdentity.of(held.certificate, chain),
            _sign=lambda message: token.sign(held, message),
        )

    def sign(self, attributes: bytes) -> bytes:
        """The signature over signed attributes, checked against the certificate: a faulty token or
        memory must not spoil a document, nor give away an RSA key.

        :raises CredentialRefused: ``signature_wrong``.
        :raises hkeid.kernel.errors.HkeidError: what the token raises.
        """
        signature = self._sign(attributes)
        self.identity.require_signature(signature, attributes)
        return signature


def _parsed(certificate: bytes) -> x509.Certificate:
    try:
        return x509.load_der_x509_certificate(certificate)
    except (ValueError, TypeError) as error:
        raise MalformedInput("certificate_malformed", detail=type(error).__name__) from None


def _encoded(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.DER)


def _public_key(certificate: x509.Certificate) -> Any:
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        return certificate.public_key()
    except UnsupportedAlgorithm:
        raise CredentialRefused("key_unsupported") from None
    except ValueError as error:
        raise MalformedInput("certificate_malformed", detail=type(error).__name__) from None


def _subject_key(public_key: Any) -> bytes:
    return cast(
        "bytes",
        public_key.public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        ),
    )


def _require_strong_hash(certificate: x509.Certificate) -> None:
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        chosen = certificate.signature_hash_algorithm
    except UnsupportedAlgorithm:
        raise CredentialRefused("certificate_hash_too_weak", detail="unknown") from None
    if chosen is not None and chosen.name in _WEAK_HASHES:
        raise CredentialRefused("certificate_hash_too_weak", detail=chosen.name)


def _require_signing_use(certificate: x509.Certificate) -> None:
    """The key usage must be nonRepudiation or digitalSignature where there is one (RFC 5280 §4.2.1.3)."""
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return
    except ValueError as error:
        raise MalformedInput("certificate_malformed", detail=type(error).__name__) from None
    if not (usage.content_commitment or usage.digital_signature):
        raise CredentialRefused("certificate_not_for_signing")


def _common_name(certificate: x509.Certificate) -> str:
    try:
        found = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    except ValueError:
        return ""
    return str(found[0].value) if found else ""
