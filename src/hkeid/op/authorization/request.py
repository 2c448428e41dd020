"""An authorization request that passed every check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from hkeid.identity.assurance import Acr
from hkeid.oidc.claims_request import base_name
from hkeid.oidc.prompts import Prompt
from hkeid.oidc.verified_claims import VERIFIED_CLAIMS
from hkeid.oidc.verified_claims_answer import from_text


class ResponseMode(StrEnum):
    """How the answer travels (OAuth 2.0 Multiple Response Types §2.1, Form Post Response Mode)."""

    QUERY = "query"
    FORM_POST = "form_post"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyTo:
    """Where an answer goes, errors included; known as soon as the redirect URI is trusted."""

    redirect_uri: str
    response_mode: ResponseMode
    state: str | None
    ui_locales: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationRequest:
    """What the relying party wants, understood.

    :ivar scopes: those that will be granted if the resident agrees.
    :ivar max_age: seconds, with the client's default applied.
    :ivar acr: the lowest rung that was asked for, or None.
    :ivar acr_required: whether a lower rung is an error (``essential``) or only a pity.
    :ivar expected: pairwise subjects of which the resident must be one; empty: anybody.
    :ivar hinted: the pairwise subject in ``login_hint``, if it was one.
    :ivar door: the identity provider that the client names (``idp_hint``, which no standard has and many
        brokers know), or None.
    :ivar domain: of the e-mail address in ``login_hint``, if it was one; the rest of the address is not kept.
    :ivar id_token_claims: personal claims wanted in the ID token.
    :ivar details: authorization details, checked by their types (RFC 9396).
    :ivar confirmation: four characters that the client was told in answer to its pushed request, and
        that a page shows so that the resident can compare; None where it was not pushed.
    :ivar userinfo_claims: personal claims wanted from UserInfo, those of scopes included.
    :ivar verified_id_token: wishes for verified claims in the ID token, as kept
        (:func:`hkeid.op.verified_claims.kept_wishes`); ``verified_userinfo`` likewise.
    """

    client_id: str
    reply_to: ReplyTo
    scopes: tuple[str, ...]
    nonce: str | None = None
    code_challenge: str | None = None
    prompts: frozenset[Prompt] = frozenset()
    max_age: int | None = None
    acr: Acr | None = None
    acr_required: bool = False
    expected: tuple[str, ...] = ()
    hinted: str | None = None
    door: str | None = None
    domain: str | None = None
    id_token_claims: tuple[str, ...] = ()
    userinfo_claims: tuple[str, ...] = ()
    verified_id_token: tuple[str, ...] = ()
    verified_userinfo: tuple[str, ...] = ()
    ui_locales: tuple[str, ...] = ()
    details: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)
    confirmation: str | None = None

    @property
    def claims(self) -> tuple[str, ...]:
        """All personal claims wanted, verified ones too, each once."""
        wishes = (*self.verified_id_token, *self.verified_userinfo)
        if not self.id_token_claims and not wishes:
            return self.userinfo_claims
        inner = [base_name(name) for text in wishes for name in from_text(text).names]
        own = (VERIFIED_CLAIMS,) if wishes else ()
        return tuple(dict.fromkeys((*self.id_token_claims, *self.userinfo_claims, *inner, *own)))

    @property
    def claims_by_place(self) -> dict[str, tuple[str, ...]]:
        """What the grant keeps of them."""
        places = {"id_token": self.id_token_claims, "userinfo": self.userinfo_claims}
        verified = {
            "verified_id_token": self.verified_id_token,
            "verified_userinfo": self.verified_userinfo,
        }
        return {**places, **{place: texts for place, texts in verified.items() if texts}}

    @property
    def silent(self) -> bool:
        """Whether nobody may be asked anything (``prompt=none``)."""
        return Prompt.NONE in self.prompts

    def as_record(self) -> dict[str, Any]:
        """JSON values from which :func:`from_record` makes the same request again; all but the
        authorization details, which may be personal data.
        """
        return {
            "client_id": self.client_id,
            "redirect_uri": self.reply_to.redirect_uri,
            "response_mode": self.reply_to.response_mode.value,
            "state": self.reply_to.state,
            "scopes": list(self.scopes),
            "nonce": self.nonce,
            "code_challenge": self.code_challenge,
            "prompts": sorted(self.prompts),
            "max_age": self.max_age,
            "acr": self.acr,
            "acr_required": self.acr_required,
            "expected": list(self.expected),
            "hinted": self.hinted,
            "door": self.door,
            "domain": self.domain,
            "id_token_claims": list(self.id_token_claims),
            "userinfo_claims": list(self.userinfo_claims),
            "verified_id_token": list(self.verified_id_token),
            "verified_userinfo": list(self.verified_userinfo),
            "ui_locales": list(self.ui_locales),
            "confirmation": self.confirmation,
        }


def from_record(
    record: Mapping[str, Any], details: tuple[Mapping[str, Any], ...] = ()
) -> AuthorizationRequest:
    """The inverse of :meth:`AuthorizationRequest.as_record`.

    :param details: the authorization details, which are kept apart.
    """
    locales = tuple(record["ui_locales"])
    return AuthorizationRequest(
        client_id=record["client_id"],
        reply_to=ReplyTo(
            redirect_uri=record["redirect_uri"],
            response_mode=ResponseMode(record["response_mode"]),
            state=record["state"],
            ui_locales=locales,
        ),
        scopes=tuple(record["scopes"]),
        nonce=record["nonce"],
        code_challenge=record["code_challenge"],
        prompts=frozenset(map(Prompt, record["prompts"])),
        max_age=record["max_age"],
        acr=None if record["acr"] is None else Acr(record["acr"]),
        acr_required=record["acr_required"],
        expected=tuple(record["expected"]),
        hinted=record["hinted"],
        # Missing in what an older release kept.
        door=record.get("door"),
        domain=record.get("domain"),
        id_token_claims=tuple(record["id_token_claims"]),
        userinfo_claims=tuple(record["userinfo_claims"]),
        verified_id_token=tuple(record.get("verified_id_token", ())),
        verified_userinfo=tuple(record.get("verified_userinfo", ())),
        ui_locales=locales,
        details=details,
        confirmation=record.get("confirmation"),
    )
