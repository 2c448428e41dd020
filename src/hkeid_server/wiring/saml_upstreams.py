"""SAML identity providers behind the hub."""

from __future__ import annotations

from urllib.parse import urlsplit

from hkeid.ports.keys import KeyPurpose
from hkeid.saml.own_keys import own_keys, signer, unwrappers
from hkeid.upstream.saml import SamlUpstream, SamlUpstreamSettings, UpstreamKeys
from hkeid_server.upstream_files import UpstreamFile
from hkeid_server.wiring.foundation import Foundation
from hkeid_server.wiring.saml import metadata_source, provide_keys
from hkeid_server.wiring.saml_certificates import SamlCertificates


def saml_upstream(
    described: UpstreamFile, settings: SamlUpstreamSettings, base: Foundation
) -> SamlUpstream:
    """One of them, with our service provider for it.

    :raises hkeid.kernel.errors.ConfigurationError: its metadata cannot be used, or a key is missing.
    """
    assert described.metadata is not None
    provide_keys(base)
    config, keys = base.config, base.keys
    certificates = SamlCertificates(keys, urlsplit(config.issuer).hostname or "hkeid")

    def present() -> UpstreamKeys:
        return UpstreamKeys(
            signer=signer(keys, certificates=certificates),
            signing=own_keys(keys, KeyPurpose.SAML_SIGNING, certificates),
            unwrappers=unwrappers(keys),
            decryption=own_keys(keys, KeyPurpose.SAML_DECRYPTION),
        )

    return SamlUpstream(
        settings,
        address=f"{config.issuer}/upstream/{settings.id}",
        metadata=metadata_source(described.metadata, base),
        store=base.store,
        keys=present,
        clock=base.clock,
        random=base.random,
    )
