"""Our own metadata: keys as they roll over, algorithms as the kernel knows them, an end and a signature.

::

    keys = published_keys(signing=[OwnKey(...)], encryption=[OwnKey(...)])
    entity = Entity(entity_id=…, idp=IdpRole(keys=keys, algorithms=OUR_ALGORITHMS, …))
    publish(entity, signer, identifier=…, now=clock.now())
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import timedelta

from hkeid.kernel.instants import Instant
from hkeid.ports.keys import KeyState
from hkeid.saml.dsig import (
    DEFAULT_POLICY,
    OAEP_SHA1,
    OAEP_SHA256,
    SIGNATURE_ALGORITHMS,
    ContentCipher,
    PublicKey,
    XmlSigner,
)
from hkeid.saml.dsig.algorithms import KeyFamily
from hkeid.saml.metadata.errors import MetadataMisconfigured, MetadataReason
from hkeid.saml.metadata.keys import (
    AlgorithmSupport,
    EncryptionMethod,
    KeyUse,
    RoleKey,
    SigningMethod,
)
from hkeid.saml.metadata.records import Entity
from hkeid.saml.metadata.writer import write_entity

_SIGNING_ORDER = (KeyState.ACTIVE, KeyState.NEXT, KeyState.PASSIVE)


def _signing_method(uri: str) -> SigningMethod:
    if SIGNATURE_ALGORITHMS[uri].family is KeyFamily.ECDSA:
        return SigningMethod(algorithm=uri, least_bits=256, most_bits=521)
    least, most = DEFAULT_POLICY.rsa_bits
    return SigningMethod(algorithm=uri, least_bits=least, most_bits=most)


OUR_ALGORITHMS = AlgorithmSupport(
    digests=tuple(sorted(DEFAULT_POLICY.digests)),
    signatures=tuple(
        _signing_method(uri) for uri in SIGNATURE_ALGORITHMS if uri in DEFAULT_POLICY.signatures
    ),
)
"""What :data:`hkeid.saml.dsig.DEFAULT_POLICY` accepts: SHA-2 alone."""

OUR_ENCRYPTION = (
    *(EncryptionMethod(algorithm=one.uri) for one in reversed(ContentCipher)),
    EncryptionMethod(
        algorithm=OAEP_SHA256.algorithm, digest=OAEP_SHA256.digest, mask=OAEP_SHA256.mgf
    ),
    EncryptionMethod(algorithm=OAEP_SHA1.algorithm),
)
"""What we decrypt: AES-GCM under RSA-OAEP; CBC is never said to be welcome."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnKey:
    """A key of ours in one state of its life.

    :ivar certificate: DER, of any content; many peers read keys out of certificates only, and some (pysaml2) fail
        over a role with a bare one.
    """

    state: KeyState
    public: PublicKey = field(repr=False)
    certificate: bytes | None = field(default=None, repr=False)


def published_keys(
    *, signing: Iterable[OwnKey], encryption: Iterable[OwnKey] = ()
) -> tuple[RoleKey, ...]:
    """What metadata says of our keys.

    Signing: the active key, the next one before it signs, and passive ones while there may still be messages
    under them; so no peer that has read metadata within the time of publication meets a key that it does not know.
    Encryption: the active one alone, since peers choose among several as they like; the passive one still
    decrypts, unseen.

    :raises MetadataMisconfigured: ``saml_metadata_no_trust``: there is no active signing key.
    """
    ours = tuple(signing)
    if not any(one.state is KeyState.ACTIVE for one in ours):
        raise MetadataMisconfigured(MetadataReason.NO_TRUST, detail="no active signing key")
    signing_keys = [
        RoleKey(public=one.public, certificate=one.certificate, use=KeyUse.SIGNING)
        for state in _SIGNING_ORDER
        for one in ours
        if one.state is state
    ]
    encryption_keys = [
        RoleKey(
            public=one.public,
            certificate=one.certificate,
            use=KeyUse.ENCRYPTION,
            encryption_methods=OUR_ENCRYPTION,
        )
        for one in encryption
        if one.state is KeyState.ACTIVE
    ]
    return (*signing_keys, *encryption_keys)


def publish(
    entity: Entity,
    signer: XmlSigner,
    *,
    identifier: str,
    now: Instant,
    valid_for: timedelta = timedelta(days=7),
    cache_for: timedelta = timedelta(hours=6),
) -> bytes:
    """Our metadata as it is served: signed, with ``validUntil`` and ``cacheDuration``.

    :param identifier: its ``ID``: an NCName of its own for each document.
    :param valid_for: at least as long as peers may go without a refresh.
    :param cache_for: shorter than a key stays ``next``, or peers miss it.
    :raises hkeid.saml.dsig.NotWritable: ``saml_not_writable``.
    """
    until = (now + valid_for).replace(microsecond=0)
    dated = replace(
        entity,
        idp=entity.idp and replace(entity.idp, valid_until=None),
        sp=entity.sp and replace(entity.sp, valid_until=None),
        valid_until=until,
        cache_duration=cache_for,
    )
    return write_entity(dated, identifier=identifier, signer=signer)
