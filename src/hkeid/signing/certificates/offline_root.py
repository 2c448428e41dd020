"""The root, whose key is used a few times in its life on a machine without network.

It signs its own certificate, that of each issuing authority, and its revocation list. Nothing here needs a
store; what the root has signed is on the medium that holds its key.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from hkeid.kernel.instants import Instant
from hkeid.ports.surroundings import Random
from hkeid.signing.certificates.building import CertificateBody, build_certificate, new_serial
from hkeid.signing.certificates.errors import CertificateRefused
from hkeid.signing.certificates.extensions import Pointers, extensions_of
from hkeid.signing.certificates.keys import AuthorityKey, Credential
from hkeid.signing.certificates.profiles import ISSUING, ROOT
from hkeid.signing.certificates.reading import read_certificate
from hkeid.signing.certificates.requests import requested_key
from hkeid.signing.certificates.revocation_lists import RevokedEntry, build_revocation_list
from hkeid.signing.certificates.subjects import authority_name

LIST_LIFETIME = timedelta(days=190)
"""How long the root's revocation list is good: until the root is fetched from its safe again."""
_SECOND = timedelta(seconds=1)


def make_root(
    key: AuthorityKey, name: str, *, at: Instant, random: Random, organization: str = ""
) -> bytes:
    """The root's self-signed certificate, DER.

    :raises CertificateRefused: ``subject_refused``.
    """
    subject = authority_name(name, organization)
    begins = at.replace(microsecond=0)
    return build_certificate(
        CertificateBody(
            serial=new_serial(random),
            issuer=subject,
            subject=subject,
            not_before=begins,
            not_after=begins + ROOT.lifetime - _SECOND,
            public_key=key.public_key,
            extensions=extensions_of(ROOT, key.public_key, key.public_key, Pointers()),
        ),
        key,
    )


def certify_issuing(
    root: Credential,
    request: bytes,
    name: str,
    *,
    at: Instant,
    random: Random,
    pointers: Pointers,
    organization: str = "",
) -> bytes:
    """An issuing authority's certificate, DER.

    :param request: PKCS#10 of its key.
    :param pointers: where the root's certificate and list are; no responder answers for a root.
    :raises CertificateRefused: ``subject_refused``, ``authority_expired``, ``request_key_refused``,
        ``request_signature_wrong``.
    :raises hkeid.signing.certificates.errors.RequestMalformed: ``certificate_request_malformed``.
    """
    above = read_certificate(root.certificate)
    public_key = requested_key(request)
    if public_key == above.public_key:
        raise CertificateRefused("request_key_refused", detail="the root's own key")
    if not above.valid_at(at):
        raise CertificateRefused("authority_expired", detail=str(above.not_after))
    begins = max(at.replace(microsecond=0), above.not_before)
    return build_certificate(
        CertificateBody(
            serial=new_serial(random),
            issuer=above.subject,
            subject=authority_name(name, organization),
            not_before=begins,
            not_after=min(begins + ISSUING.lifetime - _SECOND, above.not_after),
            public_key=public_key,
            extensions=extensions_of(ISSUING, public_key, above.public_key, pointers),
        ),
        root.key,
    )


def root_revocation_list(
    root: Credential, *, number: int, at: Instant, revoked: Iterable[RevokedEntry] = ()
) -> bytes:
    """The root's revocation list, DER.

    :param number: one more than that of the list before.
    """
    above = read_certificate(root.certificate)
    begins = at.replace(microsecond=0)
    return build_revocation_list(
        root.key,
        above.subject,
        number=number,
        this_update=begins,
        next_update=begins + LIST_LIFETIME,
        entries=revoked,
        complete_since=above.not_before,
    )
