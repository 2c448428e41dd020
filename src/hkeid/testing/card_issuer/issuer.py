"""An invented country that issues documents: its certificates, lists and security objects."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from hkeid.adapters.system import SystemClock
from hkeid.testing.card_issuer.certificates import (
    CERT_SIGN,
    CRL_SIGN,
    DIGITAL_SIGNATURE,
    MASTER_LIST_SIGNING,
    Certified,
    certify,
    constraints,
    document_types,
    extended_usage,
    key_identifiers,
    name,
    revocation_list,
    signed_data,
    usage,
)
from hkeid.testing.card_issuer.chip_security import SECURITY_OBJECT
from hkeid.testing.card_issuer.keys import Signer, digest_algorithm, new_signer
from hkeid.testing.der import integer, octets, printable, sequence, set_of, tlv

if TYPE_CHECKING:
    from hkeid.chip.trust import CountrySigners

LDS_SECURITY_OBJECT = "2.23.136.1.1.1"
CSCA_MASTER_LIST = "2.23.136.1.1.2"
_YEAR = timedelta(days=365)


def _today() -> datetime:
    return SystemClock().now().replace(microsecond=0)


@dataclass(kw_only=True)
class CardIssuer:
    """A country with one CSCA and, at first, one document signer. Keys are made on the spot.

    :ivar state: three letters as in the machine-readable zone; ``UTO`` is nowhere.
    :ivar country: two letters as in certificates.
    :ivar root_key: kind of the CSCA's key, see :func:`new_signer`; ``signer_key`` the document
        signer's.
    :ivar now: the moment around which validities lie.
    """

    state: str = "UTO"
    country: str = "UT"
    root_key: str = "secp256r1"
    signer_key: str = "secp256r1"
    digest: str = "sha256"
    now: datetime = field(default_factory=_today)
    root: Certified = field(init=False)
    signer: Certified = field(init=False)
    revoked: list[tuple[int, datetime]] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        self.root = self.new_root()
        self.signer = self.document_signer()

    def new_root(self, *, common_name: str = "CSCA", key: Signer | None = None) -> Certified:
        """A self-signed CSCA certificate, valid from one year ago to in fifteen years."""
        signer = key or new_signer(self.root_key, digest=self.digest)
        subject = name(self.country, common_name)
        public = signer.public_key
        return certify(
            subject=subject,
            signer=signer,
            issuer=subject,
            issuer_signer=signer,
            valid=(self.now - _YEAR, self.now + 15 * _YEAR),
            extensions=(
                constraints(ca=True),
                usage(CERT_SIGN, CRL_SIGN),
                *key_identifiers(public, public),
            ),
        )

    def document_signer(
        self,
        *,
        common_name: str = "Document Signer 1",
        valid: tuple[datetime, datetime] | None = None,
        issuer: Certified | None = None,
        country: str | None = None,
        types: Sequence[str] = ("I", "P"),
        extensions: Sequence[bytes] | None = None,
        key: Signer | None = None,
        public_key: bytes | None = None,
    ) -> Certified:
        """A document signer certificate, by default valid from last month to in eleven years."""
        signer = key or new_signer(self.signer_key, digest=self.digest)
        above = issuer or self.root
        identifiers = key_identifiers(public_key or signer.public_key, above.signer.public_key)
        return certify(
            subject=name(country or self.country, common_name),
            signer=signer,
            issuer=above.subject,
            issuer_signer=above.signer,
            valid=valid or (self.now - timedelta(days=30), self.now + 11 * _YEAR),
            extensions=extensions
            if extensions is not None
            else (usage(DIGITAL_SIGNATURE), *identifiers, document_types(*types)),
            public_key=public_key,
        )

    def link(self, new: Certified) -> Certified:
        """A certificate by which the present CSCA vouches for the next (Doc 9303-12 §3.2)."""
        public, own = new.signer.public_key, self.root.signer.public_key
        return certify(
            subject=new.subject,
            signer=new.signer,
            issuer=self.root.subject,
            issuer_signer=self.root.signer,
            valid=(new.not_before, new.not_after),
            extensions=(
                constraints(ca=True),
                usage(CERT_SIGN, CRL_SIGN),
                *key_identifiers(public, own),
            ),
        )

    def revoke(self, certificate: Certified) -> None:
        """Put a document signer on the revocation list."""
        self.revoked.append((certificate.serial, self.now - timedelta(days=1)))

    @cached_property
    def revoked_signer(self) -> Certified:
        """A document signer that is on every revocation list of this country."""
        made = self.document_signer(common_name="Document Signer, revoked")
        self.revoke(made)
        return made

    @cached_property
    def neighbour(self) -> CardIssuer:
        """Another invented country; nobody there may sign for this one."""
        return CardIssuer(state="ZZZ", country="XX", now=self.now)

    def crl(self, *, this_update: datetime | None = None, days: int = 90) -> bytes:
        """The revocation list as of today."""
        _ = self.revoked_signer  # it is always listed
        begins = this_update or self.now - timedelta(hours=1)
        return revocation_list(
            self.root, self.revoked, this_update=begins, next_update=begins + timedelta(days=days)
        )

    def master_list(self, certificates: Sequence[bytes]) -> tuple[bytes, Certified]:
        """A CSCA master list of these, and the certificate of who signed it (Doc 9303-12 §9)."""
        key = new_signer(self.signer_key, digest=self.digest)
        signer = self.document_signer(
            common_name="Master List Signer",
            key=key,
            extensions=(
                usage(DIGITAL_SIGNATURE),
                extended_usage(MASTER_LIST_SIGNING),
                *key_identifiers(key.public_key, self.root.signer.public_key),
            ),
        )
        content = sequence(integer(0), set_of(*certificates))
        made = signed_data(
            content_type=CSCA_MASTER_LIST,
            content=content,
            signer=signer,
            certificates=[signer.der, self.root.der],
        )
        return made, signer

    def security_object(
        self,
        groups: Mapping[str, bytes],
        *,
        digest: str | None = None,
        signer: Certified | None = None,
        lds_version: str = "0108",
    ) -> bytes:
        """EF.SOD over these data groups."""
        content = lds_content(groups, digest=digest or self.digest, lds_version=lds_version)
        by = signer or self.signer
        return wrap_security_object(
            signed_data(
                content_type=LDS_SECURITY_OBJECT,
                content=content,
                signer=by,
                certificates=[by.der],
            )
        )

    def card_security(self, infos: bytes, *, signer: Certified | None = None) -> bytes:
        """EF.CardSecurity: signed SecurityInfos."""
        by = signer or self.signer
        return signed_data(
            content_type=SECURITY_OBJECT, content=infos, signer=by, certificates=[by.der]
        )

    def trust(self) -> CountrySigners:
        """What a reader needs: this country's CSCA and its revocation list."""
        from hkeid.chip.trust import CountrySigners

        return CountrySigners.of([self.root.der], crls=[self.crl()])


def lds_content(groups: Mapping[str, bytes], *, digest: str, lds_version: str = "0108") -> bytes:
    """LDSSecurityObject: the hash of each data group (Doc 9303-10 §4.6.2.3)."""
    numbered = sorted((int(group[2:]), content) for group, content in groups.items())
    hashed = (
        sequence(
            integer(number),
            octets(hashlib.new(digest, content, usedforsecurity=False).digest()),
        )
        for number, content in numbered
    )
    version = 1 if lds_version >= "0108" else 0
    named = sequence(printable(lds_version), printable("040000")) if version else b""
    return sequence(integer(version), digest_algorithm(digest), sequence(*hashed), named)


def wrap_security_object(content_info: bytes) -> bytes:
    """EF.SOD around CMS."""
    return tlv(0x77, content_info)
