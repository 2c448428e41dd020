"""What a peer says of itself in the metadata that it publishes, read by our reader."""

from __future__ import annotations

from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric import rsa

from hkeid.saml.dsig import METADATA_LIMITS, PublicKey, read_unsigned, verify_message
from hkeid.saml.messages import Binding
from hkeid.saml.metadata import Endpoint
from hkeid.saml.metadata import Entity as EntityRecord
from hkeid.saml.metadata.reader import read_entity as read_record


@dataclass(frozen=True, kw_only=True)
class Entity:
    """One role of a peer.

    :ivar consumers: places for Responses by POST, the default first.
    :ivar sso_url: place for AuthnRequests by Redirect, of an identity provider.
    :ivar logout_url: place for LogoutRequests by Redirect.
    :ivar logout_answer_url: place for LogoutResponses by Redirect.
    :ivar logout_soap: place for LogoutRequests by SOAP; empty where there is none.
    :ivar record: all of it.
    """

    entity_id: str
    consumers: tuple[str, ...]
    sso_url: str
    logout_url: str
    logout_answer_url: str
    logout_soap: str
    signing_keys: tuple[PublicKey, ...] = field(repr=False)
    encryption_keys: tuple[PublicKey, ...] = field(repr=False)
    record: EntityRecord = field(repr=False)

    @property
    def encryption_key(self) -> rsa.RSAPublicKey:
        key = self.encryption_keys[0]
        assert isinstance(key, rsa.RSAPublicKey)
        return key


def read_entity(metadata: bytes, *keys: PublicKey) -> Entity:
    """The one role in an EntityDescriptor.

    :param keys: of whom it is signed by; none: it is not signed.
    """
    if keys:
        element = verify_message(metadata, keys, limits=METADATA_LIMITS).element
    else:
        element = read_unsigned(metadata, limits=METADATA_LIMITS).element
    record = read_record(element)
    role = record.sp or record.idp
    assert role is not None
    assert not role.refused_keys
    consumers = () if record.sp is None else record.sp.assertion_consumer_services
    logins = () if record.idp is None else record.idp.single_sign_on_services
    logout = _first(role.single_logout_services, Binding.REDIRECT)
    soap = _first(role.single_logout_services, Binding.SOAP)
    login = _first(logins, Binding.REDIRECT)
    return Entity(
        entity_id=record.entity_id,
        consumers=tuple(one.location for one in consumers if one.binding == Binding.POST.value),
        sso_url=login.location if login else "",
        logout_url=logout.location if logout else "",
        logout_answer_url=logout.answers_at if logout else "",
        logout_soap=soap.location if soap else "",
        signing_keys=role.verification_keys,
        encryption_keys=tuple(one.public for one in role.encryption_keys),
        record=record,
    )


def _first(endpoints: tuple[Endpoint, ...], binding: Binding) -> Endpoint | None:
    return next((one for one in endpoints if one.binding == binding.value), None)
