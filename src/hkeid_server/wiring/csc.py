"""Puts the signing API together."""

from __future__ import annotations

from hkeid.oidc.scopes import API_SCOPES
from hkeid.op import Provider
from hkeid.signing.activation import SignatureActivation
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
from hkeid_server.wiring.resident_credentials import open_resident_signing

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
    own = open_resident_signing(base, certificates)
    activation = SignatureActivation(base.store, own.keys, base.passkeys, base.clock, base.random)
    approvals = CredentialApprovals(
        own.credentials, activation, bare_hash_clients=frozenset(section.bare_hash_clients)
    )
    service = SigningService(
        ServiceParts(
            issuer=base.config.issuer,
            tokens=provider,
            credentials=own.credentials,
            approvals=approvals,
            activation=activation,
            clock=base.clock,
            timestamps=own.timestamps,
            settings=ServiceSettings(own_clients=frozenset(section.own_clients)),
        )
    )
    return CscRooms(door=CscDoor(provider, service), approvals=approvals)
