"""The provider's metadata: parsed once, checked before anything in it is used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hkeid.kernel.errors import MalformedInput
from hkeid.oidc.forms import FORM_ENDPOINT
from hkeid.rp.errors import ProviderMisbehaved
from hkeid.rp.transport import check_url

WELL_KNOWN = "/.well-known/openid-configuration"


def configuration_url(issuer: str) -> str:
    """Where the metadata of ``issuer`` is (OpenID Connect Discovery §4).

    :raises MalformedInput: ``url_malformed``, ``url_not_https``, ``issuer_has_query``.
    """
    if check_url(issuer, field="issuer").query or "?" in issuer:
        raise MalformedInput("issuer_has_query", field="issuer")
    return issuer.removesuffix("/") + WELL_KNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderMetadata:
    """What a relying party needs of OpenID Connect Discovery §3 and RFC 8414 §2.

    :ivar pushed_endpoint: takes pushed authorization requests (RFC 9126 §5), or None.
    :ivar pushing_required: it takes no others.
    :ivar dpop_algorithms: for proofs of possession (RFC 9449 §5.1); empty: the provider takes none.
    :ivar form_endpoint: where filled forms are fetched, or None.
    :ivar iss_in_response: the provider adds ``iss`` to its authorization responses (RFC 9207 §3);
        one without it is then refused.
    """

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None
    revocation_endpoint: str | None
    end_session_endpoint: str | None
    id_token_algorithms: tuple[str, ...]
    auth_methods: tuple[str, ...]
    auth_signing_algorithms: tuple[str, ...]
    iss_in_response: bool
    pushed_endpoint: str | None = None
    pushing_required: bool = False
    dpop_algorithms: tuple[str, ...] = ()
    form_endpoint: str | None = None


def parse_metadata(
    document: Mapping[str, Any], issuer: str, *, pkce_announced: bool = True
) -> ProviderMetadata:
    """Check a configuration document against the issuer it was fetched for.

    :param pkce_announced: refuse a provider that does not say it knows PKCE with S256. False: it may know it
        without saying so; the nonce stands in for it where it does not (RFC 9700 §2.1.1).
    :raises ProviderMisbehaved: ``metadata_issuer_mismatch`` (Discovery §4.3),
        ``metadata_endpoint_missing``, ``metadata_endpoint_malformed``,
        ``metadata_value_malformed``, ``metadata_code_flow_unsupported``,
        ``metadata_pkce_unsupported``.
    """
    if document.get("issuer") != issuer:
        raise ProviderMisbehaved("metadata_issuer_mismatch")
    secure = issuer.startswith("https:")
    _check_flow(document, pkce_announced=pkce_announced)
    return ProviderMetadata(
        issuer=issuer,
        authorization_endpoint=_endpoint(document, "authorization_endpoint", secure=secure),
        token_endpoint=_endpoint(document, "token_endpoint", secure=secure),
        jwks_uri=_endpoint(document, "jwks_uri", secure=secure),
        userinfo_endpoint=_optional(document, "userinfo_endpoint", secure=secure),
        revocation_endpoint=_optional(document, "revocation_endpoint", secure=secure),
        end_session_endpoint=_optional(document, "end_session_endpoint", secure=secure),
        id_token_algorithms=_words(document, "id_token_signing_alg_values_supported"),
        auth_methods=_words(document, "token_endpoint_auth_methods_supported")
        or ("client_secret_basic",),
        auth_signing_algorithms=_words(
            document, "token_endpoint_auth_signing_alg_values_supported"
        ),
        pushed_endpoint=_optional(document, "pushed_authorization_request_endpoint", secure=secure),
        pushing_required=document.get("require_pushed_authorization_requests") is True,
        iss_in_response=document.get("authorization_response_iss_parameter_supported") is True,
        dpop_algorithms=_words(document, "dpop_signing_alg_values_supported"),
        form_endpoint=_optional(document, FORM_ENDPOINT, secure=secure),
    )


def _check_flow(document: Mapping[str, Any], *, pkce_announced: bool) -> None:
    """Code flow with PKCE S256 or nothing (RFC 9700 §2.1.1; RFC 8414 §2 on omitted members)."""
    if "code" not in _words(document, "response_types_supported"):
        raise ProviderMisbehaved("metadata_code_flow_unsupported")
    methods = _words(document, "code_challenge_methods_supported")
    if "S256" not in methods and (methods or pkce_announced):
        raise ProviderMisbehaved("metadata_pkce_unsupported")


def _endpoint(document: Mapping[str, Any], name: str, *, secure: bool) -> str:
    value = _optional(document, name, secure=secure)
    if value is None:
        raise ProviderMisbehaved("metadata_endpoint_missing", detail=name)
    return value


def _optional(document: Mapping[str, Any], name: str, *, secure: bool) -> str | None:
    value = document.get(name)
    if value is None:
        return None
    try:
        parts = check_url(value, field=name)
    except MalformedInput as error:
        raise ProviderMisbehaved("metadata_endpoint_malformed", detail=name) from error
    if secure and parts.scheme != "https":
        raise ProviderMisbehaved("metadata_endpoint_malformed", detail=f"{name} is not https")
    return str(value)


def _words(document: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = document.get(name, [])
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise ProviderMisbehaved("metadata_value_malformed", detail=name)
    return tuple(value)
