"""The authentication request: the address to which the browser is sent (OpenID Connect Core §3.1.2.1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from hkeid.kernel import canonical_json
from hkeid.kernel.errors import MalformedInput
from hkeid.oidc import pkce
from hkeid.rp.login_state import LoginState

_PROMPTS = frozenset({"none", "login", "consent", "select_account"})


def check_scope(scope: str | Iterable[str]) -> tuple[str, ...]:
    """Scope words in order, ``openid`` first (RFC 6749 §3.3).

    :raises MalformedInput: ``scope_malformed``.
    """
    words = scope.split(" ") if isinstance(scope, str) else list(scope)
    for word in words:
        if not word or not word.isascii() or not word.isprintable() or set(word) & {'"', "\\", " "}:
            raise MalformedInput("scope_malformed", field="scope")
    return tuple(dict.fromkeys(("openid", *words)))


def check_prompt(prompt: str | None) -> str | None:
    """``prompt`` values that there are; ``none`` stands alone (OpenID Connect Core §3.1.2.1).

    :raises MalformedInput: ``prompt_unknown``.
    """
    words = set() if prompt is None else set(prompt.split(" "))
    if words - _PROMPTS or ("none" in words and len(words) > 1):
        raise MalformedInput("prompt_unknown", field="prompt")
    return prompt


def claims_by_name(names: str | Iterable[str]) -> dict[str, Any]:
    """A ``claims`` parameter that asks for personal claims from the UserInfo endpoint."""
    members = dict.fromkeys([names] if isinstance(names, str) else names)
    return {"userinfo": members} if members else {}


def authorization_request(
    login: LoginState,
    scopes: tuple[str, ...],
    *,
    claims: Mapping[str, Any],
    prompt: str | None,
    ui_locales: str | Iterable[str],
    login_hint: str | None,
    id_token_hint: str | None,
    authorization_details: Iterable[Mapping[str, Any]] = (),
) -> dict[str, str]:
    """The parameters; what is empty is left out."""
    details = [dict(one) for one in authorization_details]
    members = {
        "response_type": "code",
        "client_id": login.client_id,
        "redirect_uri": login.redirect_uri,
        "scope": " ".join(scopes),
        "state": login.state,
        "nonce": login.nonce,
        "code_challenge": pkce.challenge_of(login.verifier),
        "code_challenge_method": pkce.METHOD,
        "acr_values": login.acr,
        "max_age": None if login.max_age is None else str(login.max_age),
        "claims": canonical_json.dumps(claims).decode() if claims else None,
        "prompt": check_prompt(prompt),
        "ui_locales": ui_locales if isinstance(ui_locales, str) else " ".join(ui_locales),
        "login_hint": login_hint,
        "id_token_hint": id_token_hint,
        "authorization_details": canonical_json.dumps(details).decode() if details else None,
    }
    return {name: value for name, value in members.items() if value}
