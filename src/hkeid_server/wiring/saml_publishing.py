"""What operators look up and hand out: our metadata, and which services are let in. The store is not asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from hkeid.kernel.errors import ConfigurationError, HkeidError, NotFound
from hkeid.kernel.http import Request, Response
from hkeid.profile import ConsentLedger
from hkeid.saml.idp import Service, paths
from hkeid.saml.metadata import CombinedMetadata
from hkeid.upstream.saml import SamlUpstreamSettings
from hkeid_server.config import Config
from hkeid_server.saml_files import ServiceFile, read_services
from hkeid_server.upstream_files import UpstreamFile, read_upstreams
from hkeid_server.wiring.foundation import lay_foundation
from hkeid_server.wiring.saml import identity_provider
from hkeid_server.wiring.saml_foundation import SamlFoundation, lay_saml_foundation
from hkeid_server.wiring.saml_services import login_addresses
from hkeid_server.wiring.saml_upstreams import saml_upstream


class _Nobody:
    """:class:`hkeid.saml.idp.ServiceDirectory` of an identity provider that is only to say who it is."""

    def find(self, entity_id: str) -> Service | None:
        """None."""
        del entity_id
        return None


def own_metadata(config: Config, upstream_id: str | None = None) -> bytes:
    """Our signed metadata, as it is served now. The key that signs it is made where there is none.

    :param upstream_id: as the service provider of this upstream; None: as the identity provider of services.
    :raises hkeid.kernel.errors.ConfigurationError: ``saml_not_enabled``; a description or key is wrong.
    :raises hkeid.kernel.errors.NotFound: ``upstream_unknown``, ``upstream_has_no_metadata``.
    """
    if upstream_id is not None:
        described, settings = _saml_upstream_of(config, upstream_id)
        return saml_upstream(described, settings, _ground(config)).metadata()
    if not config.saml.enabled:
        raise ConfigurationError("saml_not_enabled", detail="set saml.enabled = true")
    ground = _ground(config)
    base = ground.base
    ledger = ConsentLedger(base.store, base.fields, base.clock, base.random)
    door = identity_provider(ground, ledger, None, _Nobody(), CombinedMetadata(()), lambda: None)
    answer = door.handle(Request(method="GET", path=paths.METADATA))
    assert isinstance(answer, Response)
    return answer.body


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a service that is described stands.

    :ivar addresses: where its logins go, by its metadata.
    :ivar trouble: reason why nobody can log in to it now; None: there is none to be seen from here.
    """

    service: ServiceFile
    addresses: tuple[str, ...] = ()
    trouble: str | None = None


def services_let_in(config: Config) -> Iterator[Standing]:
    """Every service that is described, with what its metadata says: out of a file, or as it was last fetched.

    :raises hkeid.kernel.errors.ConfigurationError: a description, or metadata in a file, is wrong.
    """
    ground = _ground(config)
    for one in read_services(config.path(config.saml.services)):
        yield _standing(one, ground)


def _standing(one: ServiceFile, ground: SamlFoundation) -> Standing:
    if not one.service.enabled:
        return Standing(service=one, trouble="disabled")
    source = ground.metadata.at(one.place)
    try:
        addresses = login_addresses(one, source)
    except HkeidError as error:
        return Standing(service=one, trouble=error.reason)
    if addresses is None:
        return Standing(service=one, trouble="saml_service_not_in_metadata")
    return Standing(service=one, addresses=addresses)


def _saml_upstream_of(
    config: Config, upstream_id: str
) -> tuple[UpstreamFile, SamlUpstreamSettings]:
    found: Iterable[UpstreamFile] = read_upstreams(config.path(config.upstreams))
    for one in found:
        if one.settings.id == upstream_id:
            if isinstance(one.settings, SamlUpstreamSettings):
                return one, one.settings
            raise NotFound("upstream_has_no_metadata", detail=upstream_id)
    raise NotFound("upstream_unknown", detail=upstream_id)


def _ground(config: Config) -> SamlFoundation:
    return lay_saml_foundation(lay_foundation(config))
