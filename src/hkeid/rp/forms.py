"""Fetching filled forms from the provider, and checking what comes."""

from __future__ import annotations

from typing import Any

from hkeid.kernel import canonical_json
from hkeid.kernel.http import with_query
from hkeid.kernel.instants import Instant, epoch_seconds
from hkeid.oidc.forms import FORM_JWT
from hkeid.ports.surroundings import HttpClient
from hkeid.rp.errors import FormNotSent, LoginDeclined, ProviderMisbehaved
from hkeid.rp.form_records import FilledForm
from hkeid.rp.provider import Provider, exchange, media_type
from hkeid.rp.signed import verified_claims
from hkeid.rp.userinfo import TokenAccess

_TYPES: frozenset[str | None] = frozenset({FORM_JWT})
_LEEWAY = 300
"""Seconds by which the provider's clock may differ."""


def ask_form(
    http: HttpClient,
    provider: Provider,
    form: str,
    *,
    access: TokenAccess,
    client_id: str,
    subject: str | None,
    algorithms: frozenset[str],
    timeout: float,
    now: Instant,
) -> FilledForm:
    """Fetch one form.

    :param subject: ``sub`` of the resident who logged in; None: nobody did, and the form must not say.
    :raises FormNotSent: ``form_not_available``: not sent, fetched before, ended or withdrawn.
    :raises LoginDeclined: ``form_refused_invalid_token``: refresh, or ask anew.
    :raises ProviderMisbehaved: ``form_unsupported``, ``form_status_unexpected``, ``form_not_signed``,
        ``form_issuer_mismatch``, ``form_audience_mismatch``, ``form_other``, ``form_subject_mismatch``,
        ``form_not_fresh``, ``form_malformed``, and those of the signature.
    """
    endpoint = provider.metadata().form_endpoint
    if endpoint is None:
        raise ProviderMisbehaved("form_unsupported")
    url = with_query(endpoint, [("form", form)])
    headers = {"Accept": "application/jwt", **access.headers("GET", url)}
    answer = exchange(http, "GET", url, "form", timeout, headers=headers)
    if answer.status == 404:
        raise FormNotSent("form_not_available", error="form_not_available")
    if answer.status in (401, 403):
        raise LoginDeclined("form_refused_invalid_token", error="invalid_token")
    if answer.status != 200:
        raise ProviderMisbehaved("form_status_unexpected", detail=str(answer.status))
    if media_type(answer) != "application/jwt":
        raise ProviderMisbehaved("form_not_signed", detail=media_type(answer)[:40])
    text = answer.body.decode("ascii", "replace").strip()
    members, _ = verified_claims(text, provider, what="form", algorithms=algorithms, types=_TYPES)
    _check(members, form, provider.issuer, client_id, subject, now)
    return FilledForm(
        form=form,
        claims=members["claims"],
        sources=members["sources"],
        standing=members["standing"],
        acr=members.get("acr"),
        sub=subject,
        id=members["jti"],
        signed=text,
    )


def _check(
    members: dict[str, Any],
    form: str,
    issuer: str,
    client_id: str,
    subject: str | None,
    now: Instant,
) -> None:
    """The form that was asked for, from the provider, for us, about this resident, and of now."""
    audience = members.get("aud")
    issued = members.get("iat")
    if members.get("iss") != issuer:
        raise ProviderMisbehaved("form_issuer_mismatch")
    if client_id not in (audience if isinstance(audience, list) else [audience]):
        raise ProviderMisbehaved("form_audience_mismatch")
    if members.get("form") != form:
        raise ProviderMisbehaved("form_other")
    if members.get("sub") != subject:
        raise ProviderMisbehaved("form_subject_mismatch")
    if isinstance(issued, bool) or not isinstance(issued, int | float):
        raise ProviderMisbehaved("form_malformed", detail="iat")
    if abs(issued - epoch_seconds(now)) > _LEEWAY:
        raise ProviderMisbehaved("form_not_fresh")
    shapes = {"claims": dict, "sources": dict, "standing": bool, "jti": str}
    for name, kind in shapes.items():
        if type(members.get(name)) is not kind:
            raise ProviderMisbehaved("form_malformed", detail=name)
    try:
        canonical_json.dumps(members["claims"])
    except ValueError:
        raise ProviderMisbehaved("claims_malformed") from None
