"""What SAML stands on, in front of the hub and behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, cast
from urllib.parse import urlsplit

from hkeid.kernel.errors import ConfigurationError
from hkeid.ports.keys import KeyPurpose
from hkeid_server.wiring.foundation import Foundation
from hkeid_server.wiring.saml_certificates import KeyCertificates
from hkeid_server.wiring.saml_metadata import PeerMetadata


class ProvidesKeys(Protocol):
    """A key store that makes keys of optional purposes when they are asked for."""

    def provide(self, purpose: KeyPurpose, algorithm: str) -> None:
        """Make sure that there is one."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SamlFoundation:
    """A house's foundation, with what all its SAML peers have in common.

    :ivar metadata: of peers.
    :ivar certificates: of our own keys.
    """

    base: Foundation
    metadata: PeerMetadata
    certificates: KeyCertificates


def lay_saml_foundation(base: Foundation) -> SamlFoundation:
    """Nothing is read or made yet: a house without SAML has it too."""
    host = urlsplit(base.config.issuer).hostname or "hkeid"
    return SamlFoundation(
        base=base, metadata=PeerMetadata(base), certificates=KeyCertificates(base.keys, host)
    )


def provide_keys(base: Foundation) -> None:
    """Make the key that signs SAML messages where there is none.

    :raises hkeid.kernel.errors.ConfigurationError: ``signing_key_missing``: this key store makes none.
    """
    if not base.keys.signing_keys(KeyPurpose.SAML_SIGNING):
        if not hasattr(base.keys, "provide"):
            raise ConfigurationError("signing_key_missing", detail="saml-signing")
        cast("ProvidesKeys", base.keys).provide(KeyPurpose.SAML_SIGNING, "RS256")
