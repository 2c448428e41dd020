"""What every endpoint works with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hkeid.kernel.secret import secret_digest
from hkeid.ports.keys import KeyPurpose, KeyState, KeyStore
from hkeid.ports.sessions import ClaimsSource, SessionReader
from hkeid.ports.storage import Store
from hkeid.ports.surroundings import Clock, HttpClient, Random
from hkeid.saml.dsig import ECDSA_SHA256, XmlSigner
from hkeid.saml.idp import paths
from hkeid.saml.idp.events import SamlLoginRefused
from hkeid.saml.idp.records import IdentityProviderTransaction
from hkeid.saml.idp.services import (
    AuthorityLogout,
    FormSource,
    NoForms,
    OriginReader,
    ServiceDirectory,
    SessionEnder,
)
from hkeid.saml.idp.settings import IdentityProviderSettings
from hkeid.saml.messages import MessageReason, MessageRefused
from hkeid.saml.metadata import MetadataSource, Role
from hkeid.saml.own_keys import signer


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The identity provider's parts, put together once.

    :ivar entity_id: our name.
    :ivar address: under which the paths are served, without a trailing slash.
    :ivar http: carries logout messages by SOAP; None: services are told through the browser alone.
    :ivar forms: gives forms that residents sent.
    :ivar certificates: DER of certificates of our keys by ``kid``.
    """

    entity_id: str
    address: str
    store: Store[IdentityProviderTransaction]
    keys: KeyStore
    sessions: SessionReader
    claims: ClaimsSource
    metadata: MetadataSource
    services: ServiceDirectory
    ender: SessionEnder
    origins: OriginReader
    authority: AuthorityLogout
    clock: Clock
    random: Random
    settings: IdentityProviderSettings
    certificates: Mapping[str, bytes]
    http: HttpClient | None = None
    forms: FormSource = field(default_factory=NoForms)

    def url(self, path: str) -> str:
        """The address of one of the paths."""
        return self.address + path

    @property
    def script_url(self) -> str:
        """The script of pages that post a form."""
        return self.url(paths.POST_SCRIPT)

    def signer(self, role: Role | None = None) -> XmlSigner:
        """Signs for a peer: with RSA, which everybody verifies, unless the peer says that it verifies ECDSA and
        we have such a key (Metadata Profile for Algorithm Support §2).
        """
        if role is not None and any(
            one.algorithm == ECDSA_SHA256 for one in role.algorithms.signatures
        ):
            active = self.keys.signing_keys(KeyPurpose.SAML_SIGNING)
            if any(key.algorithm == "ES256" and key.state is KeyState.ACTIVE for key in active):
                return signer(self.keys, algorithm="ES256", certificates=self.certificates)
        return signer(self.keys, certificates=self.certificates)

    def check_destination(self, destination: str | None, path: str, *, signed: bool) -> None:
        """saml-bindings §3.4.5.2, §3.5.5.2: where it is said, it is here; where it is signed, it is said.

        :raises MessageRefused: ``saml_destination``, ``saml_destination_missing``.
        """
        if destination is None:
            if signed:
                raise MessageRefused(MessageReason.DESTINATION_MISSING)
        elif destination != self.url(path):
            raise MessageRefused(MessageReason.DESTINATION)

    def append_within_budget(
        self, tx: IdentityProviderTransaction, event: SamlLoginRefused
    ) -> None:
        """Record an event that anybody can cause, as far as its service's budget goes."""
        budget = tx.budgets.spend(
            event.NAME,
            secret_digest(event.entity_id),
            limit=self.settings.refusals,
            window=self.settings.refusal_window,
            now=self.clock.now(),
        )
        if budget.allowed:
            tx.audit.append(event)
