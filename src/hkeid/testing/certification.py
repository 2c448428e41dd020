"""A whole certification hierarchy in memory: root, issuing authority, responder, time-stamp unit.

The keys are made on the spot and die with it; every name says SPECIMEN.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from hkeid.adapters.memory import MemoryStore
from hkeid.adapters.system import SystemRandom
from hkeid.kernel.instants import Instant
from hkeid.ports.certificates import CertificateSubject, IssuedCertificate
from hkeid.ports.storage import Store
from hkeid.ports.surroundings import Clock, Random
from hkeid.signing.certificates import (
    AuthorityKey,
    AuthoritySettings,
    CertificatesTransaction,
    Credential,
    EmbeddedAuthority,
    EmbeddedRevocation,
    MemoryKey,
    OcspResponder,
    Pointers,
    build_request,
    certify_issuing,
    make_root,
    root_revocation_list,
)
from hkeid.signing.timestamping import TimestampUnit, TimestampUnitSettings
from hkeid.testing.keys import MemoryKeyStore

ARC = "2.999.1"
"""An arc for examples (ITU-T X.660 annex A)."""
POLICY = f"{ARC}.4"
ADDRESS = "http://pki.example.hk"
RESIDENT = CertificateSubject(
    reference="k3Zq9-Vt7Lw2Pd8Ysd",
    name="SPECIMEN CHAN Tai Man",
    chinese_name="樣本陳大文",
    surname="CHAN",
    given_name="Tai Man",
)


@dataclass
class StillClock:
    """A clock that stands until it is set."""

    moment: Instant = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)

    def now(self) -> Instant:
        """The moment that was set."""
        return self.moment


class Certification:
    """Everything that certification needs.

    :param issuing_key: key of the issuing authority; P-384 in memory if nothing else is said.
    """

    def __init__(
        self,
        *,
        store: Store[CertificatesTransaction] | None = None,
        clock: Clock | None = None,
        random: Random | None = None,
        issuing_key: AuthorityKey | None = None,
    ) -> None:
        self.clock = clock or StillClock()
        self.random = random or SystemRandom()
        self.store: Store[Any] = store or MemoryStore(MemoryKeyStore(), self.clock, self.random)
        begun = self.clock.now() - timedelta(days=30)
        root_key = MemoryKey()
        self.root = Credential(
            root_key, make_root(root_key, "SPECIMEN Root 樣本", at=begun, random=self.random)
        )
        key = issuing_key or MemoryKey()
        issuing = certify_issuing(
            self.root,
            build_request(key),
            "SPECIMEN Issuing 樣本",
            at=begun,
            random=self.random,
            pointers=Pointers(
                policy_arc=ARC,
                issuer=f"{ADDRESS}/pki/root.cer",
                crl=f"{ADDRESS}/pki/root.crl",
            ),
        )
        self.root_list = root_revocation_list(self.root, number=1, at=begun)
        self.settings = AuthoritySettings(
            pointers=Pointers(
                policy_arc=ARC,
                cps="https://example.hk/cps",
                ocsp=f"{ADDRESS}/pki/ocsp",
                issuer=f"{ADDRESS}/pki/issuing.cer",
                crl=f"{ADDRESS}/pki/issuing.crl",
            )
        )
        self.authority = EmbeddedAuthority(
            self.store,
            Credential(key, issuing, (self.root.certificate,)),
            self.clock,
            self.random,
            self.settings,
        )
        self.responder = OcspResponder(
            self.store,
            self.authority.certificate,
            self.service("ocsp", MemoryKey(ec.generate_private_key(ec.SECP256R1()))),
            self.clock,
        )
        self.revocation = EmbeddedRevocation(
            self.authority, self.responder, self.root.certificate, self.root_list
        )

    def issue(
        self,
        key: AuthorityKey | None = None,
        *,
        profile: str = "resident",
        subject: CertificateSubject = RESIDENT,
    ) -> IssuedCertificate:
        """A certificate for a key, or for a new P-256 key."""
        key = key or MemoryKey(ec.generate_private_key(ec.SECP256R1()))
        return self.authority.issue(build_request(key), profile=profile, subject=subject)

    def service(self, profile: str, key: AuthorityKey) -> Credential:
        """A key with its certificate for ``ocsp`` or ``time-stamp``."""
        subject = CertificateSubject(
            reference=f"service-{profile}", name=f"SPECIMEN {profile}", organization="SPECIMEN"
        )
        issued = self.authority.issue(build_request(key), profile=profile, subject=subject)
        return Credential(key, issued.certificate, issued.chain)

    def timestamp_unit(self, key: AuthorityKey | None = None, **settings: Any) -> TimestampUnit:
        """A time-stamp unit, with a P-256 key if none is given."""
        key = key or MemoryKey(ec.generate_private_key(ec.SECP256R1()))
        return TimestampUnit(
            self.store,
            self.service("time-stamp", key),
            self.clock,
            TimestampUnitSettings(policy=POLICY, **settings),
        )
