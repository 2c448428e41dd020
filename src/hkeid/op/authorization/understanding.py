"""From checked parameters to one typed request."""

from __future__ import annotations

import re
from collections.abc import Iterable

from hkeid.doors.subjects import looks_like_subject
from hkeid.identity.assurance import Acr, lowest, parse_acr_values
from hkeid.oidc.authorization_details import Detail, parse_details
from hkeid.oidc.claims_request import NO_CLAIMS, ClaimsRequest, base_name, parse_claims
from hkeid.oidc.errors import ErrorCode, OAuthError, invalid_request
from hkeid.oidc.forms import FORM_DETAIL
from hkeid.oidc.parameters import Received
from hkeid.oidc.prompts import Prompt, parse_prompt
from hkeid.oidc.scopes import OFFLINE_ACCESS, OPENID, SCOPES, claims_of, parse_scope
from hkeid.op.authorization.request import AuthorizationRequest, ReplyTo
from hkeid.op.clients import KnownClient
from hkeid.op.hints import HintRefused, read_hint
from hkeid.op.parts import Parts
from hkeid.op.verified_claims import kept_wishes

_NO_PROMPTS: frozenset[Prompt] = frozenset()
_DOOR = re.compile(r"[a-z0-9-]{1,32}")
_ADDRESS = re.compile(r"[^@\s]{1,64}@([A-Za-z0-9.-]{1,253})")


def understand(
    received: Received,
    known: KnownClient,
    reply_to: ReplyTo,
    parts: Parts,
    confirmation: str | None = None,
) -> AuthorizationRequest:
    """What the checked parameters mean for this client.

    :raises OAuthError: the hint is not acceptable, or what is asked for cannot be had.
    """
    prompt = received.get("prompt")
    prompts = parse_prompt(prompt) if prompt is not None else _NO_PROMPTS
    claims_text = received.get("claims")
    claims = parse_claims(claims_text) if claims_text is not None else NO_CLAIMS
    details = _details(received.get("authorization_details"), known, parts)
    scopes = _granted_scopes(received.get("scope") or "", prompts, known, parts)
    if not scopes and not details:
        raise OAuthError(
            ErrorCode.INVALID_SCOPE, "scope_not_granted", "Nothing of this scope can be granted."
        )
    acr, acr_required = _wanted_acr(received.get("acr_values"), claims, known)
    max_age = received.get("max_age")
    login_hint = received.get("login_hint")
    supported = parts.claims.supported()
    return AuthorizationRequest(
        client_id=known.id,
        reply_to=reply_to,
        scopes=scopes,
        nonce=received.get("nonce"),
        code_challenge=received.get("code_challenge"),
        prompts=prompts,
        max_age=known.client.default_max_age if max_age is None else int(max_age),
        acr=acr,
        acr_required=acr_required,
        expected=_expected(received.get("id_token_hint"), claims, known, parts),
        # Anything else in login_hint may be personal data (a telephone number …): neither
        # understood nor kept, but for the domain of an e-mail address.
        hinted=login_hint if login_hint is not None and looks_like_subject(login_hint) else None,
        door=_door(received.get("idp_hint")),
        domain=_domain(login_hint),
        id_token_claims=_personal(claims.id_token, known, supported),
        userinfo_claims=_personal((*claims_of(scopes), *claims.userinfo), known, supported),
        verified_id_token=kept_wishes(claims.verified_id_token, known, parts),
        verified_userinfo=kept_wishes(claims.verified_userinfo, known, parts),
        ui_locales=reply_to.ui_locales,
        details=details,
        confirmation=confirmation,
    )


def _door(hint: str | None) -> str | None:
    """The name of a door; what cannot be one is as good as none."""
    return hint if hint is not None and _DOOR.fullmatch(hint) else None


def _domain(login_hint: str | None) -> str | None:
    found = _ADDRESS.fullmatch(login_hint or "")
    return None if found is None else found[1].lower()


def _details(text: str | None, known: KnownClient, parts: Parts) -> tuple[Detail, ...]:
    if text is None:
        return ()
    allowed = known.client.authorization_details_types
    if known.client.forms:  # registering a form is registering the type
        allowed = (*allowed, FORM_DETAIL)
    return parse_details(text, parts.details, allowed, known.client)


def _granted_scopes(
    text: str, prompts: frozenset[Prompt], known: KnownClient, parts: Parts
) -> tuple[str, ...]:
    """Scopes that are not understood or not registered are ignored (OpenID Connect Core §3.1.2.1).

    ``offline_access`` counts only with ``prompt=consent`` and for clients that may refresh (§11).
    """
    scopes = parse_scope(text) or ()
    served = {*SCOPES, *parts.api_scopes}
    granted = [scope for scope in scopes if scope in served and scope in known.scopes]
    offline = Prompt.CONSENT in prompts and "refresh_token" in known.client.grant_types
    if OFFLINE_ACCESS in granted and not offline:
        granted.remove(OFFLINE_ACCESS)
    if OPENID in scopes and OPENID not in granted:
        granted.insert(0, OPENID)
    return tuple(granted)


def _personal(
    names: Iterable[str], known: KnownClient, supported: frozenset[str]
) -> tuple[str, ...]:
    """Those personal claims that exist and that the client registered, each once, untagged."""
    bases = dict.fromkeys(map(base_name, names))
    return tuple(name for name in bases if name in known.claims and name in supported)


def _wanted_acr(
    acr_values: str | None, claims: ClaimsRequest, known: KnownClient
) -> tuple[Acr | None, bool]:
    """The lowest rung asked for, and whether it is a condition (OpenID Connect Core §5.5.1.1)."""
    wanted = claims.id_token.get("acr")
    if wanted is not None and wanted.values:
        rung = lowest(_known_acr(wanted.values))
        if rung is None and wanted.essential:
            raise OAuthError(
                ErrorCode.UNMET_AUTHENTICATION_REQUIREMENTS,
                "acr_unknown",
                "None of the essential acr values is known.",
            )
        if rung is not None:
            return rung, wanted.essential
    if acr_values is not None:
        rung = lowest(parse_acr_values(acr_values))
        if rung is not None:
            return rung, False
    return known.client.default_acr, False


def _known_acr(values: Iterable[str]) -> list[Acr]:
    return [Acr(value) for value in values if value in _ACR]


_ACR = frozenset(acr.value for acr in Acr)


def _expected(
    hint: str | None, claims: ClaimsRequest, known: KnownClient, parts: Parts
) -> tuple[str, ...]:
    """Who it must be: ``sub`` of the ``claims`` parameter (§5.5.1) and ``id_token_hint``."""
    wanted = claims.id_token.get("sub")
    values = wanted.values if wanted is not None else ()
    if hint is None:
        return values
    try:
        subject = read_hint(hint, parts, client_id=known.id).subject
    except HintRefused as error:
        raise invalid_request(
            error.reason, "The id_token_hint is not acceptable.", detail=error.detail
        ) from None
    if values and subject not in values:
        raise OAuthError(
            ErrorCode.LOGIN_REQUIRED,
            "hints_contradict",
            "The id_token_hint and the requested sub are different people.",
        )
    return (subject,)
