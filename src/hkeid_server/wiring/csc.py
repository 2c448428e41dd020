"""Puts the signing API together."""

from __future__ import annotations

from hkeid.adapters.resident_keys import WrappedResidentKeys
from hkeid.oidc.scopes import API_SCOPES
from hkeid.op import Provider
from hkeid.signing.activation import SignatureActivation
from hkeid.signing.credentials_of_residents import ResidentCredentials
from hkeid.signing.csc import (
    CREDENTIAL,
    CREDENTIAL_2025,
    CredentialApprovals,
    CredentialDetails,
    CscDoor,
    ServiceParts,
    ServiceSettings,
    SigningService,
)
from hkeid_server.certificates.parts import CertificateRooms
from hkeid_server.csc.parts import CscRooms
from hkeid_server.wiring.foundation import Foundation

DETAILS = (CredentialDetails(name=CREDENTIAL_2025), CredentialDetails(name=CREDENTIAL))
"""Types of authorization details that the provider knows where the API is served."""
SCOPES = API_SCOPES
"""Scopes that it gives there."""


def open_csc(
    base: Foundation, certificates: CertificateRooms | None, provider: Provider
) -> CscRooms:
    """The API as configured.

    :raises hkeid.kernel.errors.ConfigurationError: ``authority_missing`` and what opening it raises.
    """
    section = base.config.csc
    if certificates is None:
        from hkeid_server.wiring.certificates import open_authority

        certificates = open_authority(base.config, base.store, base.clock, base.random)
    keys = WrappedResidentKeys(base.keys, base.random)
    credentials = ResidentCredentials(
        base.store, keys, certificates.authority, base.fields, base.clock, base.random
    )
    activation = SignatureActivation(base.store, keys, base.passkeys, base.clock, base.random)
    approvals = CredentialApprovals(
        credentials, activation, bare_hash_clients=frozenset(section.bare_hash_clients)
    )
    service = SigningService(
        ServiceParts(
            issuer=base.config.issuer,
            tokens=provider,
            credentials=credentials,
            approvals=approvals,
            activation=activation,
            clock=base.clock,
            timestamps=certificates.unit,
            settings=ServiceSettings(own_clients=frozenset(section.own_clients)),
        )
    )
    return CscRooms(door=CscDoor(provider, service), approvals=approvals)
