"""Identity providers behind the hub, from their descriptions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from hkeid.adapters.encipherment_keys import RsaEnciphermentKey
from hkeid.adapters.http import HttpsClient
from hkeid.broker.back_doors import BackDoors
from hkeid.broker.upstream_records import UpstreamTransaction
from hkeid.broker.upstreams import Upstream, Upstreams
from hkeid.enrolment.notices.telling import TellingTransaction, tell
from hkeid.kernel.instants import Instant
from hkeid.ports.surroundings import HttpClient
from hkeid.upstream.contract import UpstreamProvider
from hkeid.upstream.iam_smart import IamSmartApi, IamSmartSettings, IamSmartUpstream
from hkeid.upstream.oidc import OidcUpstream
from hkeid.upstream.saml import SamlUpstreamSettings
from hkeid_server.upstream_files import UpstreamFile, read_upstreams
from hkeid_server.wiring.foundation import session_settings
from hkeid_server.wiring.saml_foundation import SamlFoundation


def open_back_doors(ground: SamlFoundation) -> BackDoors:
    """Everything behind the hub; nothing is asked of anybody yet.

    :raises hkeid.kernel.errors.ConfigurationError: a description is wrong, or a key is missing.
    """
    base = ground.base

    def told(tx: UpstreamTransaction, resident_id: str, about: str, now: Instant) -> None:
        # Transactions of the store hold every room's repositories.
        tell(cast("TellingTransaction", tx), resident_id, about, now=now, random=base.random)

    return BackDoors(
        base.store,
        Upstreams(_upstreams(ground)),
        base.broker,
        base.fields,
        base.keys,
        base.clock,
        base.random,
        session_settings(base.config),
        tell=told,
    )


def _upstreams(ground: SamlFoundation) -> Iterator[Upstream]:
    config = ground.base.config
    described = read_upstreams(config.path(config.upstreams))
    # http is for providers on this machine, which the settings see to; production is https alone.
    http = HttpsClient(plain=not config.production)
    for one in described:
        yield Upstream(provider=_provider(one, ground, http), policy=one.policy)


def _provider(
    described: UpstreamFile, ground: SamlFoundation, http: HttpClient
) -> UpstreamProvider:
    settings, base = described.settings, ground.base
    if isinstance(settings, IamSmartSettings):
        return IamSmartUpstream(
            IamSmartApi(
                settings,
                kek=RsaEnciphermentKey.load(described.files["encipherment_key"]),
                http=http,
                clock=base.clock,
                random=base.random,
            )
        )
    if isinstance(settings, SamlUpstreamSettings):
        from hkeid_server.wiring.saml_upstreams import saml_upstream

        return saml_upstream(described, settings, ground)
    return OidcUpstream(settings, keys=base.keys, http=http, clock=base.clock, random=base.random)
