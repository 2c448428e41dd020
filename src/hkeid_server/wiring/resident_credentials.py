"""Puts together what every way of signing by residents rests on: the authority, their keys, their certificates."""

from __future__ import annotations

from dataclasses import dataclass

from hkeid.ports.signing_keys import ResidentKeys
from hkeid.signing.credentials_of_residents import ResidentCredentials
from hkeid_server.certificates.parts import CertificateRooms
from hkeid_server.wiring.foundation import Foundation
from hkeid_server.wiring.resident_keys import open_resident_keys


@dataclass(frozen=True, slots=True, kw_only=True)
class ResidentSigning:
    """The authority that certifies residents' keys, the keys, and both together."""

    certificates: CertificateRooms
    keys: ResidentKeys
    credentials: ResidentCredentials


def open_resident_signing(
    base: Foundation, certificates: CertificateRooms | None
) -> ResidentSigning:
    """As configured.

    :param certificates: where they are served; None: the authority is opened for signing alone.
    :raises hkeid.kernel.errors.ConfigurationError: ``authority_missing`` and what opening it raises.
    """
    if certificates is None:
        from hkeid_server.wiring.certificates import open_authority

        certificates = open_authority(base.config, base.store, base.clock, base.random)
    keys = open_resident_keys(base.config, base.keys, base.random)
    credentials = ResidentCredentials(
        base.store, keys, certificates.authority, base.fields, base.clock, base.random
    )
    return ResidentSigning(certificates=certificates, keys=keys, credentials=credentials)
