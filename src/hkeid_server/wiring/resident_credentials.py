"""Puts together what every way of signing by residents rests on: the authorities, their keys, their certificates."""

from __future__ import annotations

from dataclasses import dataclass

from hkeid.ports.certificates import CertificateAuthority, RevocationSource
from hkeid.ports.signing_keys import ResidentKeys
from hkeid.ports.timestamps import NoncedTimestampAuthority
from hkeid.signing.credentials_of_residents import ResidentCredentials
from hkeid_server.certificates.parts import CertificateRooms
from hkeid_server.wiring.foundation import Foundation
from hkeid_server.wiring.outside import (
    open_outside_authority,
    open_outside_timestamps,
    open_revocation,
)
from hkeid_server.wiring.resident_keys import open_resident_keys


@dataclass(frozen=True, slots=True, kw_only=True)
class ResidentSigning:
    """Residents' keys with their certificates, and what signatures with them need beside.

    :ivar timestamps: None: there are none.
    """

    keys: ResidentKeys
    credentials: ResidentCredentials
    timestamps: NoncedTimestampAuthority | None
    revocation: RevocationSource


def open_resident_signing(
    base: Foundation, certificates: CertificateRooms | None
) -> ResidentSigning:
    """As configured: the embedded authority, or one outside; our time-stamps, or those of one outside.

    :param certificates: where they are served; None: the embedded authority is opened for signing alone, unless one
        outside certifies.
    :raises hkeid.kernel.errors.ConfigurationError: ``authority_missing`` and what opening it raises;
        ``outside_file_unreadable``, ``outside_chain_wrong``.
    """
    config = base.config
    outside = open_outside_authority(config, base.clock)
    stamps = open_outside_timestamps(config, base.clock, base.random)
    if certificates is None and outside is None:
        from hkeid_server.wiring.certificates import open_authority

        certificates = open_authority(config, base.store, base.clock, base.random)
    if outside is None and stamps is None:
        assert certificates is not None
        revocation: RevocationSource = certificates.revocation
    else:
        embedded = None if certificates is None else certificates.revocation
        revocation = open_revocation(config, base.clock, embedded)
    authority: CertificateAuthority
    if outside is not None:
        authority = outside
    else:
        assert certificates is not None
        authority = certificates.authority
    keys = open_resident_keys(config, base.keys, base.random)
    own_unit = None if certificates is None else certificates.unit
    return ResidentSigning(
        keys=keys,
        credentials=ResidentCredentials(
            base.store, keys, authority, base.fields, base.clock, base.random
        ),
        timestamps=stamps if stamps is not None else own_unit,
        revocation=revocation,
    )
