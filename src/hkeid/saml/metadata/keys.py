"""Keys of roles, and the algorithms that a role says it can use."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from hkeid.saml.dsig import PublicKey


class KeyUse(StrEnum):
    """``use`` of a KeyDescriptor (saml-metadata §2.4.1.1)."""

    SIGNING = "signing"
    ENCRYPTION = "encryption"


@dataclass(frozen=True, slots=True, kw_only=True)
class EncryptionMethod:
    """An encryption algorithm that the holder of a key can decrypt (saml-metadata §2.4.1.1).

    :ivar algorithm: URI: a content cipher, or a key transport.
    :ivar key_bits: bits of the key, where said.
    :ivar digest: URI of DigestMethod (RSA-OAEP), where said.
    :ivar mask: URI of MGF (RSA-OAEP of XML Encryption 1.1), where said.
    """

    algorithm: str
    key_bits: int | None = None
    digest: str | None = None
    mask: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleKey:
    """One KeyDescriptor whose key can be used.

    The key counts as it stands: nothing of a certificate around it is looked at, its validity neither
    (Metadata Interoperability Profile 1.0 §2.5, §2.6.1).

    :ivar public: the key.
    :ivar use: what it may be used for; None stands for both.
    :ivar certificate: DER of the certificate that brought it, or None where KeyValue did.
    :ivar names: KeyName elements.
    :ivar encryption_methods: in order of preference.
    """

    public: PublicKey = field(repr=False)
    use: KeyUse | None = None
    certificate: bytes | None = field(default=None, repr=False)
    names: tuple[str, ...] = ()
    encryption_methods: tuple[EncryptionMethod, ...] = ()

    def serves(self, use: KeyUse) -> bool:
        """Whether it may be used so; without ``use`` it serves both (saml-metadata §2.4.1.1)."""
        return self.use is None or self.use is use


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedKey:
    """A KeyDescriptor whose key is not used, and why.

    :ivar reason: stable word, such as ``saml_key_too_small``.
    :ivar use: its ``use``.
    """

    reason: str
    use: KeyUse | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningMethod:
    """``alg:SigningMethod`` (Metadata Profile for Algorithm Support 1.0 §2.4)."""

    algorithm: str
    least_bits: int | None = None
    most_bits: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlgorithmSupport:
    """What signatures a role verifies, best first; nothing said is no list of nothing.

    :ivar digests: URIs of ``alg:DigestMethod``.
    :ivar signatures: ``alg:SigningMethod`` elements.
    """

    digests: tuple[str, ...] = ()
    signatures: tuple[SigningMethod, ...] = ()
