"""Wishes for verified claims, from the request to the grant to the answer.

What is kept of a request is its text with digests in place of the values it wants claims to have: they may
be somebody's particulars, which have no place in the store in the clear (law 4).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from hkeid.kernel import base64url
from hkeid.kernel.instants import Instant
from hkeid.oidc.claims_request import base_name
from hkeid.oidc.verified_claims import VERIFIED_CLAIMS, VerifiedClaimsRequest
from hkeid.oidc.verified_claims_answer import (
    Digest,
    answer,
    as_text,
    from_text,
    with_digests,
)
from hkeid.op.clients import KnownClient
from hkeid.op.parts import Parts
from hkeid.op.records import Grant
from hkeid.ports.keys import KeyPurpose, KeyStore

_LABEL = b"hkeid-wanted-claim-1:"


@dataclass(frozen=True, slots=True)
class Wish:
    """Implements :class:`hkeid.ports.sessions.VerifiedClaimsWish`."""

    request: VerifiedClaimsRequest
    digest: Digest

    @property
    def names(self) -> tuple[str, ...]:
        """The claims it asks for, by wire name."""
        return self.request.names

    def answer(
        self, verification: Mapping[str, Any], claims: Mapping[str, Any], now: Instant
    ) -> Mapping[str, Any] | None:
        """See :func:`hkeid.oidc.verified_claims_answer.answer`."""
        return answer(self.request, verification, claims, now, self.digest)


def kept_wishes(
    requests: Iterable[VerifiedClaimsRequest], known: KnownClient, parts: Parts
) -> tuple[str, ...]:
    """The texts to be kept of those requests that this client can ever have answered.

    As with plain claims, what it has not registered is left out, and ``verified_claims`` has to be
    registered for itself: the resident is told why a service must know how identity was verified.
    """
    if VERIFIED_CLAIMS not in known.claims:
        return ()
    tellable = known.claims & frozenset(parts.claims.verifiable().claims)
    digest = wanted_digest(parts.keys, known.id)
    kept = []
    for request in requests:
        claims = {
            name: values for name, values in request.claims.items() if base_name(name) in tellable
        }
        if request.satisfiable and (claims or not request.claims):
            kept.append(as_text(with_digests(replace(request, claims=claims), digest)))
    return tuple(kept)


def wishes(grant: Grant, place: str, known: KnownClient, parts: Parts) -> tuple[Wish, ...]:
    """The wishes in a grant for a place of delivery: ``id_token`` or ``userinfo``."""
    texts = grant.claims.get(f"verified_{place}", ())
    if not texts or VERIFIED_CLAIMS not in known.claims:
        return ()
    digest = wanted_digest(parts.keys, known.id)
    return tuple(Wish(from_text(text), digest) for text in texts)


def wanted_digest(keys: KeyStore, client_id: str) -> Digest:
    """What stands for a wanted value, under a key and for one client."""
    label = _LABEL + client_id.encode() + b"\0"

    def digest(text: str) -> str:
        return base64url.encode(keys.mac(KeyPurpose.BLIND_INDEX, label + text.encode()))

    return digest
