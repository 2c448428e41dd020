"""Certificate revocation lists (RFC 5280 §5)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from hkeid.kernel.instants import Instant
from hkeid.ports.certificates import RevocationReason
from hkeid.signing import der
from hkeid.signing.certificates.building import signed
from hkeid.signing.certificates.encoding import enumerated, generalized_time, validity_time
from hkeid.signing.certificates.extensions import authority_key_identifier, extension
from hkeid.signing.certificates.keys import AuthorityKey, algorithm_of

_VERSION_2 = 1
_CRL_NUMBER = "2.5.29.20"
_REASON_CODE = "2.5.29.21"
_INVALIDITY_DATE = "2.5.29.24"
_EXPIRED_ON_LIST = "2.5.29.60"


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokedEntry:
    """One entry."""

    serial: int
    revoked_at: Instant
    reason: RevocationReason
    invalid_since: Instant | None = None

    def encoded(self) -> bytes:
        """An element of ``revokedCertificates``."""
        extra = []
        if self.reason is not RevocationReason.UNSPECIFIED:
            # RFC 5280 §5.3.1: unspecified is not written.
            extra.append(_reason_code(self.reason))
        if self.invalid_since is not None:
            extra.append(extension(_INVALIDITY_DATE, generalized_time(self.invalid_since)))
        return der.sequence(
            der.integer(self.serial),
            validity_time(self.revoked_at),
            der.sequence(*extra) if extra else b"",
        )


@cache
def _reason_code(reason: RevocationReason) -> bytes:
    return extension(_REASON_CODE, enumerated(reason.code))


def build_revocation_list(
    key: AuthorityKey,
    issuer: bytes,
    *,
    number: int,
    this_update: Instant,
    next_update: Instant,
    entries: Iterable[RevokedEntry],
    complete_since: Instant,
) -> bytes:
    """CertificateList, DER: a full list.

    :param issuer: the issuer's Name, DER.
    :param number: CRL number.
    :param complete_since: expired certificates stay on the list, from this moment on (ITU-T X.509,
        ``expiredCertsOnCRL``): so a signature can be judged after its certificate has ended.
    """
    revoked = b"".join(one.encoded() for one in entries)
    extensions = der.sequence(
        authority_key_identifier(key.public_key),
        extension(_CRL_NUMBER, der.integer(number)),
        extension(_EXPIRED_ON_LIST, generalized_time(complete_since)),
    )
    return signed(
        key,
        der.integer(_VERSION_2),
        algorithm_of(key.public_key).identifier,
        issuer,
        validity_time(this_update),
        validity_time(next_update),
        # RFC 5280 §5.1.2.6: absent where nothing is revoked.
        der.sequence(revoked) if revoked else b"",
        der.tagged(0, extensions),
    )
