"""What the API's operations work with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from hkeid.kernel.http import Request
from hkeid.kernel.secret import Secret
from hkeid.oidc.errors import OAuthError
from hkeid.oidc.scopes import SERVICE
from hkeid.op.bearer_tokens import Bearer
from hkeid.ports.surroundings import Clock
from hkeid.ports.timestamps import NoncedTimestampAuthority
from hkeid.signing.activation import SignatureActivation, SignatureActivationRefused, SigningKey
from hkeid.signing.credentials_of_residents import ResidentCredentials
from hkeid.signing.csc.approving import CredentialApprovals
from hkeid.signing.csc.credential_details import QUALIFIERS
from hkeid.signing.csc.errors import CscError
from hkeid.signing.csc.fields import Fields, malformed, missing


class TokenReader(Protocol):
    """Reads access tokens: :class:`hkeid.op.Provider`."""

    def bearer(self, request: Request) -> Bearer:
        """Whom the access token of a request stands for."""
        ...

    def bearer_of(self, token: str) -> Bearer:
        """Whom an access token stands for."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSettings:
    """What an operator says about the service.

    :ivar name: shown to people who configure a client.
    :ivar own_clients: relying parties that show the documents themselves and answer ``getChallenge``: the
        operator's own applications, on an origin that may use its passkeys.
    """

    name: str = "Hong Kong eID"
    region: str = "HK"
    description: str = "Remote signing for holders of an eID+"
    logo: str = ""
    own_clients: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceParts:
    """The parts.

    :ivar issuer: the provider's issuer identifier.
    :ivar timestamps: makes time-stamps; None: there are none.
    """

    issuer: str
    tokens: TokenReader
    credentials: ResidentCredentials
    approvals: CredentialApprovals
    activation: SignatureActivation
    clock: Clock
    timestamps: NoncedTimestampAuthority | None = None
    settings: ServiceSettings = field(default_factory=ServiceSettings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of an operation by an authenticated client."""

    parts: ServiceParts
    version: str
    fields: Fields
    bearer: Bearer

    @property
    def client_id(self) -> str:
        """The relying party."""
        return self.bearer.known.id

    @property
    def resident_id(self) -> str:
        """The resident for whom it acts."""
        return self.bearer.grant.resident_id

    def require_service(self) -> None:
        """Let a token for the service pass, or one for a credential.

        :raises CscError: ``scope_insufficient``.
        """
        if SERVICE not in self.bearer.token.scopes and self.bearer.authorisation is None:
            raise CscError(
                "insufficient_scope",
                "scope_insufficient",
                "The scope 'service' is needed.",
                status=403,
            )

    def key(self, *, make: bool = False, by_qualifier: bool = False) -> SigningKey:
        """The resident's key that ``credentialID`` names.

        :param make: certify it anew where its certificate ended.
        :param by_qualifier: ``signatureQualifier`` may stand in its place (v2 §11.11).
        :raises CscError: ``parameter_missing``, ``parameter_malformed``.
        :raises SignatureActivationRefused: ``eid_not_upgraded``, ``eid_cooling``.
        """
        qualifier = self.fields.text("signatureQualifier", longest=64) if by_qualifier else None
        if qualifier is not None and qualifier not in QUALIFIERS:
            raise malformed("signatureQualifier")
        wanted = self.fields.text("credentialID", longest=255)
        if wanted is None and qualifier is None:
            raise missing("credentialID")
        credentials = self.parts.credentials
        key = credentials.ready(self.resident_id) if make else credentials.held(self.resident_id)
        if key is None or wanted not in (None, key.id):
            raise malformed("credentialID")
        return key

    def authorisation(self) -> Secret:
        """The activation data: sealed in the token (v2), in ``SAD``, or in the credential token that
        ``SAD`` is (v1 with OAuth).

        :raises SignatureActivationRefused: ``authorisation_unknown``, ``authorisation_other_client``.
        :raises CscError: ``parameter_missing``.
        """
        given = self.fields.text("SAD")
        if given is None:
            if self.bearer.authorisation is None:
                raise missing("SAD")
            return self.bearer.authorisation
        try:
            other = self.parts.tokens.bearer_of(given)
        except OAuthError:
            return Secret(given)
        if other.known.id != self.client_id:
            raise SignatureActivationRefused("authorisation_other_client")
        if other.authorisation is None:
            raise SignatureActivationRefused("authorisation_unknown")
        return other.authorisation
