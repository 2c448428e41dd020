"""What the provider keeps: clients, grants and access tokens, and the repositories they live in.

Authorization codes, refresh tokens, interactions and ``jti`` values are single-use things and live
behind :class:`hkeid.ports.SingleUse`; their family is the grant's id.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from hkeid.audit.events import AuditTrail
from hkeid.doors.relying_party import DataForm, DirectMarketing
from hkeid.identity.assurance import Acr
from hkeid.kernel.instants import Instant
from hkeid.ports.storage import AttemptBudgets, Expiring, SingleUse
from hkeid.residents.records import ResidentRepository


class ClientAuthMethod(StrEnum):
    """``token_endpoint_auth_method`` values (RFC 7591 §2, OpenID Connect Core §9).

    Secrets are for the sandbox only.
    """

    NONE = "none"
    PRIVATE_KEY_JWT = "private_key_jwt"
    CLIENT_SECRET_BASIC = "client_secret_basic"
    CLIENT_SECRET_POST = "client_secret_post"


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A registered relying party (RFC 7591 §2, OpenID Connect Registration §2).

    :ivar name: display name by BCP 47 tag; ``en``, ``zh-Hant-HK`` and ``zh-Hans`` at least.
    :ivar redirect_uris: compared as whole strings (RFC 9700 §2.1); loopback ports may differ for
        native clients (RFC 8252 §7.3).
    :ivar jwks: the client's public keys, for ``private_key_jwt``.
    :ivar secret_digest: SHA-256 of the secret (sandbox only).
    :ivar sector_identifier: host under which pairwise subjects are made (OpenID Connect Core §8.1).
    :ivar scopes: scopes it may ask for.
    :ivar claims: personal claims it may ask for, each with the reason shown to the resident (S7, S8).
    :ivar voluntary_claims: those of ``claims`` that the resident may withhold and still be served
        (Cap. 486 DPP1: obligatory or voluntary must be said); the others are required.
    :ivar forms: forms that it fills, each a purpose of its own.
    :ivar direct_marketing: what it would advertise to those who agree (Cap. 486 Part 6A), or None.
    :ivar require_pushed_authorization_requests: its authorization requests are pushed (RFC 9126 §6).
    :ivar authorization_details_types: types of authorization details it may use (RFC 9396 §10).
    :ivar require_pkce: false only under the sandbox profile.
    :ivar backchannel_logout_uri: is told of logouts (OpenID Connect Back-Channel Logout §2.2), or None.
    :ivar frontchannel_logout_uri: browsers load it after a logout (Front-Channel Logout §2), or None.
    :ivar backchannel_logout_session_required: the client wants ``sid``; it is always there.
    :ivar frontchannel_logout_session_required: the client wants ``iss`` and ``sid``; they always are.
    :ivar sender_constrained: its tokens are bound to a key; refresh tokens then do not rotate.
    """

    id: str
    name: Mapping[str, str]
    redirect_uris: tuple[str, ...]
    auth_method: ClientAuthMethod
    jwks: Mapping[str, Any] | None = None
    secret_digest: bytes | None = None
    sector_identifier: str
    subject_type: str = "pairwise"
    application_type: str = "web"
    scopes: tuple[str, ...] = ("openid",)
    claims: Mapping[str, Mapping[str, str]]
    voluntary_claims: tuple[str, ...] = ()
    forms: tuple[DataForm, ...] = ()
    direct_marketing: DirectMarketing | None = None
    grant_types: tuple[str, ...] = ("authorization_code",)
    post_logout_redirect_uris: tuple[str, ...] = ()
    id_token_signed_response_alg: str = "ES256"
    userinfo_signed_response_alg: str | None = None
    default_max_age: int | None = None
    default_acr: Acr | None = None
    require_auth_time: bool = False
    require_pkce: bool = True
    sender_constrained: bool = False
    require_pushed_authorization_requests: bool = False
    authorization_details_types: tuple[str, ...] = ()
    backchannel_logout_uri: str | None = None
    backchannel_logout_session_required: bool = False
    frontchannel_logout_uri: str | None = None
    frontchannel_logout_session_required: bool = False
    client_uri: str | None = None
    policy_uri: str | None = None
    enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What a resident gave to a client in one authorization (the family of its codes and tokens).

    :ivar subject: the pairwise ``sub``.
    :ivar claims: names of personal claims asked for in this authorization, by place of delivery
        (``id_token``, ``userinfo``); under ``verified_id_token`` and ``verified_userinfo`` wishes for
        verified claims (:func:`hkeid.op.verified_claims.kept_wishes`).
    """

    id: str
    client_id: str
    resident_id: str
    session_id: str
    subject: str
    scopes: tuple[str, ...]
    claims: Mapping[str, tuple[str, ...]]
    acr: Acr
    amr: tuple[str, ...]
    authenticated_at: Instant
    created_at: Instant
    expires_at: Instant
    revoked_at: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """An opaque access token, kept by its digest."""

    digest: bytes
    grant_id: str
    client_id: str
    scopes: tuple[str, ...]
    created_at: Instant
    expires_at: Instant


class GrantRepository(Expiring, Protocol):
    """Grants inside a transaction."""

    def add(self, grant: Grant) -> None:
        """Keep a new grant."""
        ...

    def get(self, grant_id: str) -> Grant | None:
        """By id, revoked or not."""
        ...

    def revoke(self, grant_id: str, now: Instant) -> bool:
        """Revoke; False when there is none or it is revoked already."""
        ...

    def of_resident(self, resident_id: str) -> tuple[Grant, ...]:
        """A resident's grants that are neither revoked nor purged, newest first."""
        ...

    def of_session(self, session_id: str) -> tuple[Grant, ...]:
        """The grants given within a broker session, revoked ones left out."""
        ...

    def every_of_session(self, session_id: str) -> tuple[Grant, ...]:
        """The grants given within a broker session, revoked ones too, newest first."""
        ...


class AccessTokenRepository(Expiring, Protocol):
    """Access tokens inside a transaction."""

    def add(self, token: AccessToken) -> None:
        """Keep a new token."""
        ...

    def get(self, digest: bytes) -> AccessToken | None:
        """By digest; None when its grant was revoked. Expiry is the caller's to check."""
        ...

    def delete(self, digest: bytes) -> bool:
        """Revoke one token (RFC 7009)."""
        ...


class ClientRepository(Protocol):
    """Registered clients inside a transaction."""

    def get(self, client_id: str) -> Client | None:
        """By client_id, enabled or not."""
        ...

    def put(self, client: Client) -> None:
        """Register or replace."""
        ...

    def delete(self, client_id: str) -> bool:
        """Remove a client."""
        ...

    def __iter__(self) -> Iterator[Client]:
        """All clients, in order of id."""
        ...


class ProviderTransaction(Protocol):
    """What the provider needs of a transaction."""

    @property
    def single_use(self) -> SingleUse: ...
    @property
    def budgets(self) -> AttemptBudgets: ...
    @property
    def grants(self) -> GrantRepository: ...
    @property
    def access_tokens(self) -> AccessTokenRepository: ...
    @property
    def clients(self) -> ClientRepository: ...
    @property
    def residents(self) -> ResidentRepository: ...
    @property
    def audit(self) -> AuditTrail: ...
