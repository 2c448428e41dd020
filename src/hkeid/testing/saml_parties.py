"""A small federation for tests: entities with keys, and a source of their metadata that is a dictionary."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache

from cryptography.hazmat.primitives.asymmetric import rsa

from hkeid.saml.dsig import KeyUnwrapper, XmlSigner, unwrapper
from hkeid.saml.messages import Binding, source_id
from hkeid.saml.metadata import (
    AlgorithmSupport,
    Endpoint,
    Entity,
    EntityAttribute,
    IdpRole,
    IndexedEndpoint,
    KeyUse,
    RoleKey,
    SpRole,
)


@cache
def shared_rsa_key(name: str) -> rsa.RSAPrivateKey:
    """A key that is made once for each name: making one takes longer than most tests."""
    assert name
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass(slots=True)
class FakeMetadata:
    """:class:`hkeid.saml.metadata.MetadataSource` over a dictionary."""

    entities: dict[str, Entity] = field(default_factory=dict)

    def put(self, *entities: Entity) -> None:
        """Know entities."""
        self.entities.update({one.entity_id: one for one in entities})

    def entity(self, entity_id: str) -> Entity | None:
        """See :class:`hkeid.saml.metadata.MetadataSource`."""
        return self.entities.get(entity_id)

    def entity_of_source(self, source_id_: bytes) -> Entity | None:
        """See :class:`hkeid.saml.metadata.MetadataSource`."""
        return next(
            (e for e in self.entities.values() if source_id(e.entity_id) == source_id_), None
        )


@dataclass(slots=True)
class Party:
    """One entity with its private keys.

    :ivar home: its address, without a path.
    """

    home: str
    signing: rsa.RSAPrivateKey = field(repr=False)
    encryption: rsa.RSAPrivateKey = field(repr=False)

    @classmethod
    def at(cls, home: str) -> Party:
        """A party whose keys are the same each time."""
        return cls(home, shared_rsa_key(f"{home} signing"), shared_rsa_key(f"{home} encryption"))

    @property
    def entity_id(self) -> str:
        """Its name."""
        return f"{self.home}/metadata"

    @property
    def signer(self) -> XmlSigner:
        """Signs for it."""
        return XmlSigner.from_key(self.signing)

    @property
    def unwrapper(self) -> KeyUnwrapper:
        """Opens what was encrypted for it."""
        return unwrapper(self.encryption)

    def idp(self, **changes: object) -> Entity:
        """Metadata of an identity provider; named members replace those of the role."""
        role = {
            "keys": self._keys(encrypts=False),
            "single_sign_on_services": self._both("sso", Endpoint),
            "single_logout_services": self._both("slo", Endpoint),
            **changes,
        }
        return Entity(entity_id=self.entity_id, idp=IdpRole(**role))  # type: ignore[arg-type]

    def sp(
        self,
        *,
        attributes: Iterable[EntityAttribute] = (),
        encrypts: bool = False,
        **changes: object,
    ) -> Entity:
        """Metadata of a service; named members replace those of the role.

        :param encrypts: it publishes an encryption key.
        """
        services = (
            IndexedEndpoint(
                binding=Binding.POST, location=f"{self.home}/acs", index=0, default=True
            ),
            IndexedEndpoint(binding=Binding.ARTIFACT, location=f"{self.home}/artifact", index=1),
        )
        role = {
            "keys": self._keys(encrypts=encrypts),
            "single_logout_services": self._both("slo", Endpoint),
            "assertion_consumer_services": services,
            "algorithms": AlgorithmSupport(),
            **changes,
        }
        return Entity(
            entity_id=self.entity_id,
            sp=SpRole(**role),  # type: ignore[arg-type]
            attributes=tuple(attributes),
        )

    def _keys(self, *, encrypts: bool) -> tuple[RoleKey, ...]:
        keys = [RoleKey(public=self.signing.public_key(), use=KeyUse.SIGNING)]
        if encrypts:
            keys.append(RoleKey(public=self.encryption.public_key(), use=KeyUse.ENCRYPTION))
        return tuple(keys)

    def _both(self, path: str, kind: type[Endpoint]) -> tuple[Endpoint, ...]:
        location = f"{self.home}/{path}"
        browser = tuple(
            kind(binding=one.value, location=location) for one in (Binding.REDIRECT, Binding.POST)
        )
        if path != "slo":
            return browser
        return (*browser, kind(binding=Binding.SOAP.value, location=f"{location}/soap"))
