"""Client metadata into a registered client (RFC 7591 §2, OpenID Connect Registration §2).

The names are those of the specifications; hkeid's own are ``sector_identifier`` (instead of
``sector_identifier_uri``, which would have to be fetched), ``claims``, ``voluntary_claims``,
``forms`` and ``direct_marketing`` (what the client may ask for, and why), ``require_pkce`` and ``enabled``. A name that is not known
is an error, with the nearest known one in the message (law 9).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any

from authlib.oauth2.rfc7591 import (  # type: ignore[import-untyped]
    ClientMetadataClaims as OAuthMetadata,
)
from authlib.oidc.registration import (  # type: ignore[import-untyped]
    ClientMetadataClaims as OidcMetadata,
)
from joserfc.errors import JoseError

from hkeid.identity.assurance import Acr, lowest
from hkeid.jose import usable_public_key
from hkeid.kernel.errors import MalformedInput
from hkeid.kernel.secret import secret_digest
from hkeid.oidc.locales import SUPPORTED as LOCALES
from hkeid.oidc.scopes import API_SCOPES, OPENID, SCOPES, parse_scope
from hkeid.op import asked_data
from hkeid.op.clients import SECRET_METHODS, is_client_id
from hkeid.op.logout.metadata import SESSION_FLAGS, URIS, logout_members
from hkeid.op.records import Client, ClientAuthMethod
from hkeid.op.redirect_uris import check_redirect_uri, sector_of
from hkeid.op.settings import Profile

KNOWN_NAMES = frozenset(
    {
        "application_type",
        "authorization_details_types",
        *URIS,
        *SESSION_FLAGS,
        *asked_data.MEMBERS,
        "client_id",
        "client_name",
        "client_secret",
        "client_uri",
        "default_acr_values",
        "default_max_age",
        "enabled",
        "grant_types",
        "id_token_signed_response_alg",
        "jwks",
        "policy_uri",
        "post_logout_redirect_uris",
        "redirect_uris",
        "require_auth_time",
        "require_pkce",
        "require_pushed_authorization_requests",
        "response_types",
        "scope",
        "sector_identifier",
        "subject_type",
        "token_endpoint_auth_method",
        "userinfo_signed_response_alg",
    }
)
SIGNING_ALGORITHMS = ("ES256", "RS256", "Ed25519", "EdDSA")
GRANT_TYPES = ("authorization_code", "refresh_token")
_PROVIDER = {
    "scopes_supported": [*SCOPES, *API_SCOPES],
    "response_types_supported": ["code"],
    "grant_types_supported": list(GRANT_TYPES),
    "token_endpoint_auth_methods_supported": [method.value for method in ClientAuthMethod],
    "acr_values_supported": [acr.value for acr in Acr],
    "subject_types_supported": ["pairwise"],
    "id_token_signing_alg_values_supported": list(SIGNING_ALGORITHMS),
    "userinfo_signing_alg_values_supported": list(SIGNING_ALGORITHMS),
}
_SHORTEST_SECRET = 16


def client_from_metadata(metadata: Mapping[str, Any], *, profile: Profile) -> Client:
    """The client that ``metadata`` describes.

    :param metadata: JSON or TOML values. ``client_name`` may be a string (with further ones under
        ``client_name#zh-Hant-HK`` …, RFC 7591 §2.2) or a table by language.
    :raises MalformedInput: ``client_metadata_unknown``, ``client_metadata_missing``,
        ``client_metadata_invalid``, ``client_for_sandbox_only``, ``redirect_uri_not_allowed``; the
        field names the member.
    """
    for name in metadata:
        _check_known(name)
    _check_shapes(metadata)
    _check_by_authlib(metadata)
    method = _auth_method(metadata, profile)
    redirect_uris = _redirect_uris(metadata, profile)
    claims = asked_data.asked_claims(metadata)
    return Client(
        id=_client_id(metadata),
        name=_names(metadata),
        redirect_uris=redirect_uris,
        auth_method=method,
        jwks=_jwks(metadata, method),
        secret_digest=_secret_digest(metadata, method),
        sector_identifier=_sector(metadata, redirect_uris),
        subject_type="pairwise",
        application_type=metadata.get("application_type", "web"),
        scopes=_scopes(metadata),
        claims=claims,
        voluntary_claims=asked_data.voluntary_claims(metadata, claims),
        forms=asked_data.data_forms(metadata),
        direct_marketing=asked_data.direct_marketing(metadata),
        grant_types=_grant_types(metadata),
        post_logout_redirect_uris=_post_logout_uris(metadata, profile),
        id_token_signed_response_alg=metadata.get("id_token_signed_response_alg", "ES256"),
        userinfo_signed_response_alg=metadata.get("userinfo_signed_response_alg"),
        default_max_age=metadata.get("default_max_age"),
        default_acr=lowest(Acr(value) for value in metadata.get("default_acr_values", ())),
        require_auth_time=metadata.get("require_auth_time", False),
        require_pkce=_require_pkce(metadata, profile),
        require_pushed_authorization_requests=metadata.get(
            "require_pushed_authorization_requests", False
        ),
        authorization_details_types=_details_types(metadata),
        client_uri=_web_address(metadata, "client_uri"),
        policy_uri=_web_address(metadata, "policy_uri"),
        enabled=metadata.get("enabled", True),
        **logout_members(metadata, redirect_uris, profile),
    )


def _invalid(field: str, why: str) -> MalformedInput:
    return MalformedInput("client_metadata_invalid", f"{field}: {why}.", field=field)


def _missing(field: str) -> MalformedInput:
    return MalformedInput("client_metadata_missing", f"{field}: this is needed.", field=field)


def _sandbox_only(field: str, what: str) -> MalformedInput:
    return MalformedInput(
        "client_for_sandbox_only", f"{field}: {what} is for the sandbox only.", field=field
    )


def _check_known(name: Any) -> None:
    if isinstance(name, str):
        if name in KNOWN_NAMES or name in {f"client_name#{tag}" for tag in LOCALES}:
            return
        near = get_close_matches(name, KNOWN_NAMES, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
    else:
        hint = ""
    raise MalformedInput(
        "client_metadata_unknown", f"{name!s:.80}: not known here.{hint}", field=str(name)[:80]
    )


_SHAPES: tuple[tuple[Callable[[Any], bool], str, tuple[str, ...]], ...] = (
    (
        lambda value: isinstance(value, str) and bool(value),
        "must be text",
        (
            *("application_type", "client_id", "client_secret", "client_uri", "policy_uri"),
            *("id_token_signed_response_alg", "userinfo_signed_response_alg", "scope"),
            *("sector_identifier", "subject_type", "token_endpoint_auth_method", *URIS),
        ),
    ),
    (
        lambda value: isinstance(value, list | tuple) and all(isinstance(v, str) for v in value),
        "must be a list of text",
        (
            "authorization_details_types",
            *("default_acr_values", "grant_types", "post_logout_redirect_uris", "redirect_uris"),
            *("response_types", "voluntary_claims"),
        ),
    ),
    (
        lambda value: isinstance(value, bool),
        "must be true or false",
        (
            *("enabled", "require_auth_time", "require_pkce"),
            *("require_pushed_authorization_requests", *SESSION_FLAGS),
        ),
    ),
    (
        lambda value: isinstance(value, Mapping),
        "must be a table",
        ("jwks", "claims", "forms", "direct_marketing"),
    ),
    (
        lambda value: type(value) is int and 0 <= value < 10**9,
        "must be a number of seconds",
        ("default_max_age",),
    ),
)


def _check_shapes(metadata: Mapping[str, Any]) -> None:
    """The right JSON type for every member, before anybody else looks at it."""
    for fits, why, names in _SHAPES:
        for name in names:
            if name in metadata and not fits(metadata[name]):
                raise _invalid(name, why)


def _check_by_authlib(metadata: Mapping[str, Any]) -> None:
    """The rules of RFC 7591 and OpenID Connect Registration that Authlib knows."""
    # Left out: what is hkeid's own, and what our rules check more strictly.
    ours = (*asked_data.MEMBERS, "jwks", "redirect_uris")
    values = {name: value for name, value in metadata.items() if name not in ours}
    for model in (OAuthMetadata, OidcMetadata):
        try:
            model(values, {}, model.get_claims_options(_PROVIDER)).validate()
        except JoseError as error:
            field = getattr(error, "claim", None) or _named_in(str(error), values)
            raise _invalid(field, "not an acceptable value") from None
        except (ValueError, TypeError, AttributeError, KeyError):
            raise _invalid("client metadata", "not acceptable values") from None


def _named_in(text: str, values: Mapping[str, Any]) -> str:
    return next((name for name in sorted(values, key=len, reverse=True) if name in text), "client")


def _client_id(metadata: Mapping[str, Any]) -> str:
    client_id: str | None = metadata.get("client_id")
    if client_id is None:
        raise _missing("client_id")
    if not is_client_id(client_id):
        raise _invalid("client_id", "must be 1 to 255 visible ASCII characters")
    return client_id


def _names(metadata: Mapping[str, Any]) -> dict[str, str]:
    """Display names in the three scripts; one that is not given is the first one that is."""
    given = metadata.get("client_name")
    names = dict(given) if isinstance(given, Mapping) else {}
    if isinstance(given, str):
        names["en"] = given
    names |= {tag: metadata[key] for tag in LOCALES if (key := f"client_name#{tag}") in metadata}
    if not names:
        raise _missing("client_name")
    if any(tag not in LOCALES for tag in names):
        raise _invalid("client_name", f"languages are {', '.join(LOCALES)}")
    if not all(isinstance(text, str) and 0 < len(text.strip()) <= 200 for text in names.values()):
        raise _invalid("client_name", "must be text of at most 200 characters")
    first = next(names[tag] for tag in LOCALES if tag in names)
    return {tag: names.get(tag, first) for tag in LOCALES}


def _auth_method(metadata: Mapping[str, Any], profile: Profile) -> ClientAuthMethod:
    """Nobody gets a secret by default (RFC 7591 would have ``client_secret_basic``)."""
    name = "token_endpoint_auth_method"
    method = ClientAuthMethod(metadata.get(name, ClientAuthMethod.PRIVATE_KEY_JWT))
    if method in SECRET_METHODS and profile is not Profile.SANDBOX:
        raise _sandbox_only(name, "a client secret")
    return method


def _secret_digest(metadata: Mapping[str, Any], method: ClientAuthMethod) -> bytes | None:
    secret: str | None = metadata.get("client_secret")
    if method not in SECRET_METHODS:
        if secret is not None:
            raise _invalid("client_secret", f"not used with {method.value}")
        return None
    if secret is None:
        raise _missing("client_secret")
    if len(secret) < _SHORTEST_SECRET:
        raise _invalid("client_secret", f"must have at least {_SHORTEST_SECRET} characters")
    return secret_digest(secret)


def _jwks(metadata: Mapping[str, Any], method: ClientAuthMethod) -> Mapping[str, Any] | None:
    """Public keys that could verify an assertion, and no private ones."""
    jwks = metadata.get("jwks")
    if jwks is None:
        if method is ClientAuthMethod.PRIVATE_KEY_JWT:
            raise _missing("jwks")
        return None
    keys = jwks.get("keys")
    if not isinstance(keys, list | tuple) or not 0 < len(keys) <= 20:
        raise _invalid("jwks", "must have 1 to 20 keys")
    if not all(isinstance(key, Mapping) and usable_public_key(key) for key in keys):
        raise _invalid("jwks", "must have public signature keys only (EC P-256, Ed25519, RSA)")
    return {"keys": [dict(key) for key in keys]}


def _redirect_uris(metadata: Mapping[str, Any], profile: Profile) -> tuple[str, ...]:
    uris = tuple(metadata.get("redirect_uris", ()))
    if not uris:
        raise _missing("redirect_uris")
    return _checked_uris("redirect_uris", uris, metadata, profile)


def _post_logout_uris(metadata: Mapping[str, Any], profile: Profile) -> tuple[str, ...]:
    name = "post_logout_redirect_uris"
    return _checked_uris(name, tuple(metadata.get(name, ())), metadata, profile)


def _checked_uris(
    name: str, uris: tuple[str, ...], metadata: Mapping[str, Any], profile: Profile
) -> tuple[str, ...]:
    if len(set(uris)) != len(uris) or len(uris) > 50:
        raise _invalid(name, "at most 50, each once")
    native = metadata.get("application_type") == "native"
    for uri in uris:
        check_redirect_uri(uri, field=name, native=native, profile=profile)
    return uris


def _sector(metadata: Mapping[str, Any], redirect_uris: tuple[str, ...]) -> str:
    """OpenID Connect Core §8.1: the host of the redirect URIs, or what is registered."""
    given: str | None = metadata.get("sector_identifier")
    if given is not None:
        if given != given.strip().lower() or not given.isascii() or len(given) > 255:
            raise _invalid("sector_identifier", "must be a host name in lower case")
        return given
    sectors = {sector_of(uri) for uri in redirect_uris}
    sector = sectors.pop()
    if sectors or sector is None:
        raise _missing("sector_identifier")
    return sector


def _scopes(metadata: Mapping[str, Any]) -> tuple[str, ...]:
    scopes = parse_scope(metadata.get("scope", OPENID))
    if scopes is None or OPENID not in scopes:
        raise _invalid("scope", f"must contain {OPENID}")
    return scopes


def _grant_types(metadata: Mapping[str, Any]) -> tuple[str, ...]:
    grant_types = tuple(dict.fromkeys(metadata.get("grant_types", ("authorization_code",))))
    if "authorization_code" not in grant_types:
        raise _invalid("grant_types", "must contain authorization_code")
    return grant_types


def _details_types(metadata: Mapping[str, Any]) -> tuple[str, ...]:
    """RFC 9396 §10. Whether a type is served is looked at when it is asked for."""
    name = "authorization_details_types"
    types = tuple(dict.fromkeys(metadata.get(name, ())))
    if len(types) > 20 or not all(0 < len(one) <= 255 for one in types):
        raise _invalid(name, "at most 20 names of at most 255 characters")
    return types


def _require_pkce(metadata: Mapping[str, Any], profile: Profile) -> bool:
    required: bool = metadata.get("require_pkce", True)
    if not required and profile is not Profile.SANDBOX:
        raise _sandbox_only("require_pkce", "a client without PKCE")
    return required


def _web_address(metadata: Mapping[str, Any], name: str) -> str | None:
    address: str | None = metadata.get(name)
    if address is not None and not address.startswith(("https://", "http://")):
        raise _invalid(name, "must be a web address")
    return address
