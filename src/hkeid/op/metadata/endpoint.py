"""Discovery and JWKS as responses, each made once as long as nothing behind it changes."""

from __future__ import annotations

from hkeid.jose import public_jwks
from hkeid.kernel.http import Request, Response
from hkeid.op.metadata.discovery import discovery_document, signing_algorithms
from hkeid.op.parts import Parts
from hkeid.op.responses import CORS, json_bytes
from hkeid.ports.keys import KeyPurpose, SigningKey


class MetadataEndpoint:
    """``/.well-known/openid-configuration`` and ``/jwks``."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        seconds = int(parts.settings.jwks_max_age.total_seconds())
        self._cached = ("Cache-Control", f"public, max-age={seconds}")
        self._discovery: tuple[object, Response] | None = None
        self._jwks: tuple[tuple[SigningKey, ...], Response] | None = None

    def discovery(self, request: Request) -> Response:
        """The discovery document (OpenID Connect Discovery §4.2)."""
        del request
        state = (signing_algorithms(self._parts), self._parts.claims.supported())
        kept = self._discovery
        if kept is None or kept[0] != state:
            body = json_bytes(discovery_document(self._parts))
            kept = (state, self._response("application/json", body))
            self._discovery = kept
        return kept[1]

    def jwks(self, request: Request) -> Response:
        """The provider's public keys (RFC 7517 §8.5.2)."""
        del request
        keys = self._parts.keys.signing_keys(KeyPurpose.TOKEN_SIGNING)
        kept = self._jwks
        if kept is None or kept[0] != keys:
            body = json_bytes(public_jwks(self._parts.keys, KeyPurpose.TOKEN_SIGNING))
            kept = (keys, self._response("application/json", body))
            self._jwks = kept
        return kept[1]

    def _response(self, media_type: str, body: bytes) -> Response:
        return Response(
            status=200, headers=(("Content-Type", media_type), self._cached, *CORS), body=body
        )
