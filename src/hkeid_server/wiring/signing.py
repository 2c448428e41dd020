"""Puts signing by residents together."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from importlib.util import find_spec
from typing import Any

from hkeid.adapters.pdf import engine_in_worker, pages_in_worker
from hkeid.kernel.errors import MissingExtra
from hkeid.op import Provider
from hkeid.ports import Clock, KeyStore
from hkeid.ports.evidence import EvidenceVault
from hkeid.signing import Level
from hkeid.signing.activation import ActivationSettings, SignatureActivation
from hkeid.signing.requests import (
    RequestParts,
    RequestSettings,
    SignatureRequestDoor,
    SignatureRequests,
)
from hkeid.signing.requests.expiring import expire_overdue
from hkeid.signing.retirement import SigningKeyRetirement
from hkeid_server.certificates.parts import CertificateRooms
from hkeid_server.config import Config
from hkeid_server.journal import Journal
from hkeid_server.signing.parts import SigningRooms
from hkeid_server.wiring.foundation import Foundation
from hkeid_server.wiring.opening import surroundings
from hkeid_server.wiring.outside import open_revoking
from hkeid_server.wiring.resident_credentials import open_resident_signing
from hkeid_server.wiring.resident_keys import open_resident_keys


def open_signing(
    base: Foundation,
    certificates: CertificateRooms | None,
    evidence: EvidenceVault,
    provider: Provider,
) -> SigningRooms | None:
    """Signing as configured; None where it is not served.

    :raises hkeid.kernel.errors.ConfigurationError: ``authority_missing`` and what opening it raises.
    :raises hkeid.kernel.errors.MissingExtra: the packages of ``hkeid[signing]`` are not installed.
    """
    config = base.config
    if not config.signing.enabled:
        return None
    require_pdf_packages()
    settings = request_settings(config)
    own = open_resident_signing(base, certificates)
    requests = SignatureRequests(
        RequestParts(
            store=base.store,
            evidence=evidence,
            fields=base.fields,
            keys=base.keys,
            engine=engine_in_worker(),
            pages=pages_in_worker(),
            credentials=own.credentials,
            activation=SignatureActivation(
                base.store,
                own.keys,
                # Reading takes longer than logging in.
                replace(base.passkeys, lifetime=settings.lifetime),
                base.clock,
                base.random,
                ActivationSettings(lifetime=settings.lifetime),
            ),
            clock=base.clock,
            random=base.random,
            settings=settings,
            timestamps=own.timestamps,
            revocation=own.revocation,
        ),
        issuer=config.issuer,
    )
    door = SignatureRequestDoor(
        requests, issuer=config.issuer, authenticate=provider.authenticate_client
    )
    return SigningRooms(requests=requests, door=door)


def require_pdf_packages() -> None:
    """What parses PDF files is there.

    :raises hkeid.kernel.errors.MissingExtra: the packages of ``hkeid[signing]`` are not installed.
    """
    for module in ("pyhanko", "pikepdf", "pypdfium2"):
        if find_spec(module) is None:
            raise MissingExtra(module, "signing")


def request_settings(config: Config) -> RequestSettings:
    """Limits and times."""
    section = config.signing
    return RequestSettings(
        lifetime=timedelta(minutes=section.request_minutes),
        collection=timedelta(minutes=section.collection_minutes),
        level=Level.named(section.level),
        verification_url=f"{config.issuer}/verify" if config.validation.enabled else None,
        bare_hashes=section.bare_hashes,
        open_limit=section.open_requests,
    )


def finish_retirements(
    config: Config, store: Any, keys: KeyStore, clock: Clock, journal: Journal
) -> int:
    """Destroy residents' signing keys that are out of use, and take their certificates back; returns how many
    are done with. Nothing is opened while none waits.
    """
    with store.transaction() as tx:
        if not tx.signing_keys.retired(limit=1):
            return 0
    _, random = surroundings()
    retirement = SigningKeyRetirement(
        store,
        open_resident_keys(config, keys, random),
        open_revoking(config, store, clock, random),
        clock,
        noted=partial(journal.refusal, where="signing:keys:revoked"),
    )
    return retirement.finish()


def end_signature_requests(config: Config, store: Any, keys: KeyStore, clock: Clock) -> int:
    """Expire requests for signatures about which nobody decided; returns how many."""
    from hkeid_server.wiring.proofing import open_evidence

    _, random = surroundings()
    evidence = open_evidence(config, store, keys, clock, random)
    try:
        return expire_overdue(store, evidence, clock)
    finally:
        evidence.close()
