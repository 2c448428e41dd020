"""``/saml/metadata``: what services have to know of us."""

from __future__ import annotations

from hkeid.kernel.http import Response
from hkeid.ports.keys import KeyPurpose
from hkeid.saml.idp import paths
from hkeid.saml.idp.parts import Parts
from hkeid.saml.messages import Binding, NameIdFormat, new_identifier
from hkeid.saml.metadata import Endpoint, Entity, IdpRole, IndexedEndpoint, Scope
from hkeid.saml.metadata.publication import OUR_ALGORITHMS, publish, published_keys
from hkeid.saml.own_keys import own_keys

MEDIA_TYPE = "application/samlmetadata+xml"
"""saml-metadata, appendix A."""


def own_entity(parts: Parts) -> Entity:
    """Our entity: keys while they roll over, endpoints, formats of names."""
    keys = published_keys(
        signing=own_keys(parts.keys, KeyPurpose.SAML_SIGNING, parts.certificates),
        encryption=own_keys(parts.keys, KeyPurpose.SAML_DECRYPTION, parts.certificates),
    )
    browser = (Binding.REDIRECT, Binding.POST)
    role = IdpRole(
        keys=keys,
        algorithms=OUR_ALGORITHMS,
        single_sign_on_services=tuple(_at(parts, one, paths.SSO) for one in browser),
        single_logout_services=(
            *(_at(parts, one, paths.LOGOUT) for one in browser),
            _at(parts, Binding.SOAP, paths.LOGOUT_SOAP),
        ),
        artifact_resolution_services=(
            IndexedEndpoint(
                binding=Binding.SOAP.value,
                location=parts.url(paths.ARTIFACT),
                index=0,
                default=True,
            ),
        ),
        name_id_formats=(NameIdFormat.PERSISTENT.value, NameIdFormat.TRANSIENT.value),
        want_authn_requests_signed=parts.settings.require_signed_requests,
        scopes=(Scope(value=parts.settings.scope),),
    )
    return Entity(entity_id=parts.entity_id, idp=role)


def metadata(parts: Parts) -> Response:
    """The signed document."""
    octets = publish(
        own_entity(parts),
        parts.signer(),
        identifier=new_identifier(parts.random),
        now=parts.clock.now(),
    )
    headers = (
        ("Content-Type", MEDIA_TYPE),
        ("Cache-Control", "public, max-age=3600"),
        ("X-Content-Type-Options", "nosniff"),
    )
    return Response(status=200, headers=headers, body=octets)


def _at(parts: Parts, binding: Binding, path: str) -> Endpoint:
    return Endpoint(binding=binding.value, location=parts.url(path))
