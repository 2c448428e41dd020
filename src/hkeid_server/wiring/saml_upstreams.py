"""SAML identity providers behind the hub."""

from __future__ import annotations

from functools import partial

from hkeid.upstream.saml import SamlUpstream, SamlUpstreamKeys, SamlUpstreamSettings
from hkeid_server.upstream_files import UpstreamFile
from hkeid_server.wiring.saml_foundation import SamlFoundation, provide_keys


def saml_upstream(
    described: UpstreamFile, settings: SamlUpstreamSettings, ground: SamlFoundation
) -> SamlUpstream:
    """One of them, with our service provider for it.

    :raises hkeid.kernel.errors.ConfigurationError: its metadata cannot be used, or a key is missing.
    """
    assert described.metadata is not None
    base = ground.base
    provide_keys(base)
    return SamlUpstream(
        settings,
        address=f"{base.config.issuer}/upstream/{settings.id}",
        metadata=ground.metadata.at(described.metadata),
        store=base.store,
        keys=partial(SamlUpstreamKeys.of, base.keys, ground.certificates),
        clock=base.clock,
        random=base.random,
    )
