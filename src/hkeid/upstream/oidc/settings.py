"""What an operator says about one upstream OpenID Provider."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from hkeid.identity.language import Language
from hkeid.jose.algorithms import ALGORITHMS
from hkeid.kernel.errors import ConfigurationError
from hkeid.kernel.secret import Secret
from hkeid.upstream.assurance import AssuranceTable
from hkeid.upstream.mapping import AttributeMapping
from hkeid.upstream.naming import check_identity

_SCOPE: Final = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")
_LONGEST_MAX_AGE: Final = 86_400 * 30


@dataclass(frozen=True, slots=True, kw_only=True)
class OidcUpstreamSettings:
    """One upstream.

    :ivar id: its name in addresses and links.
    :ivar names: what people call it, in the three scripts.
    :ivar issuer: exactly as it names itself; what is not discovered there is not used.
    :ivar client_secret: for an upstream that takes no ``private_key_jwt``; None: our key proves us.
    :ivar scopes: beside ``openid``.
    :ivar assurance: what its ``acr`` values are worth.
    :ivar mapping: which of its claims become ours.
    :ivar id_token_algorithms: what we registered as ``id_token_signed_response_alg``, in an allow-list.
    :ivar userinfo: ask its UserInfo endpoint; None: where it has one and more than ``openid`` is asked for.
    :ivar userinfo_algorithm: ``userinfo_signed_response_alg``; plain JSON is then refused.
    :ivar push: push authorization requests (RFC 9126); None: where it takes them.
    :ivar dpop: bind access tokens to a key of ours (RFC 9449); None: where it takes proofs.
    :ivar pkce_announced: it must say that it knows PKCE. S256 is sent in any case.
    :ivar max_age: seconds; sent with every request that asks for no younger authentication, since a provider
        owes ``auth_time`` only then (OpenID Connect Core §2), and an authentication of unknown age is
        worth nothing here.
    :ivar timeout: seconds for each request to it.
    :raises ConfigurationError: ``upstream_id_malformed``, ``upstream_name_missing``,
        ``upstream_setting_invalid``.
    """

    id: str
    names: Mapping[Language, str]
    issuer: str
    client_id: str
    client_secret: Secret | None = None
    scopes: tuple[str, ...] = ("profile",)
    assurance: AssuranceTable = field(default_factory=AssuranceTable)
    mapping: AttributeMapping = field(default_factory=AttributeMapping)
    id_token_algorithms: tuple[str, ...] = ("ES256",)
    userinfo: bool | None = None
    userinfo_algorithm: str | None = None
    push: bool | None = None
    dpop: bool | None = None
    pkce_announced: bool = True
    max_age: int = 86_400
    timeout: float = 10.0

    def __post_init__(self) -> None:
        check_identity(self.id, self.names)
        signed = {*self.id_token_algorithms, *filter(None, [self.userinfo_algorithm])}
        rules = {
            "client_id": bool(self.client_id),
            "scopes": all(_SCOPE.fullmatch(word) for word in self.scopes),
            "id_token_algorithms": bool(self.id_token_algorithms) and signed <= set(ALGORITHMS),
            "max_age": 0 < self.max_age <= _LONGEST_MAX_AGE,
            "timeout": 0 < self.timeout <= 60,
        }
        for name, kept in rules.items():
            if not kept:
                raise ConfigurationError("upstream_setting_invalid", detail=f"{self.id}: {name}")
