"""The personal information collection statement: what a resident is told before agreeing.

Cap. 486 DPP1 wants, on or before collection: the purposes, to whom data may go, what is obligatory
and what voluntary, and whom to ask for access and correction. The statement is made from what the
client registered, in three scripts, and its version is a digest of all of them: the ledger can say
exactly which text was on the page.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from hkeid.doors.relying_party import LOGIN_PURPOSE, DirectMarketing, RelyingParty
from hkeid.identity.language import Language
from hkeid.kernel import base64url, canonical_json
from hkeid.kernel.errors import Refused
from hkeid.profile.claims import CLAIMS
from hkeid.profile.marketing_texts import MARKETING_TEXTS
from hkeid.profile.purposes import Purpose, purpose_of
from hkeid.profile.statement_texts import TEXTS, StatementWords

_FORMAT = 1
_FALLBACK = {
    Language.ENGLISH: (Language.ENGLISH, Language.TRADITIONAL, Language.SIMPLIFIED),
    Language.TRADITIONAL: (Language.TRADITIONAL, Language.SIMPLIFIED, Language.ENGLISH),
    Language.SIMPLIFIED: (Language.SIMPLIFIED, Language.TRADITIONAL, Language.ENGLISH),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementText:
    """The statement in one script.

    :ivar purposes: one line per claim: what it is called, required or voluntary, why.
    """

    title: str
    opening: str
    purposes: tuple[str, ...]
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionStatement:
    """One version of the statement, for one client and one set of claims.

    :ivar version: 22 characters base64url, a digest of the client, the claims and all three texts.
    """

    version: str
    texts: Mapping[Language, StatementText]


def statement_document(
    client: RelyingParty, purpose: Purpose, claims: Collection[str], statement: CollectionStatement
) -> bytes:
    """What the ledger keeps of a statement that was answered (canonical JSON), so that it can be shown
    as it was when the registration has long changed. No personal data.
    """
    return canonical_json.dumps(
        {
            "client_name": dict(client.name),
            "client_uri": client.client_uri,
            "policy_uri": client.policy_uri,
            "form_name": dict(purpose.name),
            "recipient": dict(purpose.recipient),
            "reasons": {one: dict(purpose.reasons[one]) for one in purpose.claims if one in claims},
            "voluntary": sorted(purpose.voluntary & set(claims)),
            "texts": {
                language.value: {
                    "title": text.title,
                    "opening": text.opening,
                    "purposes": list(text.purposes),
                    "paragraphs": list(text.paragraphs),
                }
                for language, text in statement.texts.items()
            },
        }
    )


def in_language(texts: Mapping[str, str], language: Language) -> str:
    """The text in ``language``, or the nearest script there is; "" when there is none."""
    return next((texts[tag.value] for tag in _FALLBACK[language] if texts.get(tag.value)), "")


def registered_claims(client: RelyingParty, purpose: str = LOGIN_PURPOSE) -> tuple[str, ...]:
    """The claims the client may ask for: known ones that it gave a reason for, in page order."""
    found = purpose_of(client, purpose)
    return () if found is None else found.claims


def purpose_digest(client: RelyingParty, claim: str, purpose: Purpose | None = None) -> str:
    """What a decision about ``claim`` is bound to: the reason in every script, and whether it may
    be withheld (22 characters base64url). When it changes, consent is asked for anew (DPP3).

    :param purpose: of the client; None: that of logins.
    """
    login = [
        _FORMAT,
        client.id,
        claim,
        claim in client.voluntary_claims,
        dict(client.claims.get(claim, {})),
    ]
    if purpose is None or purpose.id == LOGIN_PURPOSE:
        return _digest(login)
    reason = dict(purpose.reasons[claim])
    about: list[Any] = [_FORMAT, client.id, claim, claim in purpose.voluntary, reason, purpose.id]
    if purpose.marketing is not None:
        about.append([channel.value for channel in purpose.marketing.channels])
    if purpose.recipient:
        about.append(dict(purpose.recipient))
    return _digest(about)


def collection_statement(
    client: RelyingParty, claims: Collection[str], purpose: str = LOGIN_PURPOSE
) -> CollectionStatement:
    """The statement for those of ``claims`` that the client registered for the purpose.

    :raises hkeid.kernel.errors.Refused: reason ``purpose_not_registered``.
    """
    found = registered_purpose(client, purpose)
    asked = tuple(claim for claim in found.claims if claim in claims)
    texts = {language: _text(client, found, asked, language) for language in Language}
    whole = [
        _FORMAT,
        client.id,
        [[claim, purpose_digest(client, claim, found)] for claim in asked],
        {
            language.value: [text.title, text.opening, *text.purposes, *text.paragraphs]
            for language, text in texts.items()
        },
    ]
    return CollectionStatement(version=_digest(whole), texts=texts)


def registered_purpose(client: RelyingParty, purpose: str) -> Purpose:
    """The purpose as the client registered it.

    :raises hkeid.kernel.errors.Refused: reason ``purpose_not_registered``.
    """
    found = purpose_of(client, purpose)
    if found is None:
        raise Refused("purpose_not_registered")
    return found


def _digest(value: Any) -> str:
    return base64url.encode(hashlib.sha256(canonical_json.dumps(value)).digest()[:16])


def _text(
    client: RelyingParty, purpose: Purpose, asked: tuple[str, ...], language: Language
) -> StatementText:
    words = TEXTS[language]
    name = in_language(client.name, language)
    if purpose.marketing is not None:
        return _marketing(client, purpose.marketing, asked, language)
    opening = words.opening
    if purpose.id != LOGIN_PURPOSE:
        opening = words.opening_form
    purposes = tuple(
        words.purpose.format(
            label=CLAIMS[claim].label[language],
            kind=words.voluntary if claim in purpose.voluntary else words.required,
            reason=in_language(purpose.reasons[claim], language),
        )
        for claim in asked
    )
    return StatementText(
        title=words.title,
        opening=opening.format(client=name, form=in_language(purpose.name, language)),
        purposes=purposes,
        paragraphs=_paragraphs(client, purpose, asked, words, language),
    )


def _paragraphs(
    client: RelyingParty,
    purpose: Purpose,
    asked: tuple[str, ...],
    words: StatementWords,
    language: Language,
) -> tuple[str, ...]:
    name = in_language(client.name, language)
    voluntary = sum(claim in purpose.voluntary for claim in asked)
    templates = [
        words.about_required if voluntary < len(asked) else None,
        words.about_voluntary if voluntary else None,
        words.receivers_beyond if purpose.recipient else words.receivers,
        words.lasting if purpose.longest is not None else None,
        words.policy if client.policy_uri else None,
        words.withdrawal,
        words.access,
        words.contact if client.client_uri else None,
    ]
    return tuple(
        template.format(
            client=name,
            policy=client.policy_uri,
            contact=client.client_uri,
            days=0 if purpose.longest is None else purpose.longest.days,
            recipient=in_language(purpose.recipient, language),
        )
        for template in templates
        if template is not None
    )


def _marketing(
    client: RelyingParty, marketing: DirectMarketing, asked: tuple[str, ...], language: Language
) -> StatementText:
    """The words of Cap. 486 s.35C: no claim is required, and none has a reason of its own."""
    words, general = MARKETING_TEXTS[language], TEXTS[language]
    name = in_language(client.name, language)
    templates = [
        words.choice,
        words.stopping,
        general.receivers,
        general.policy if client.policy_uri else None,
        general.access,
        general.contact if client.client_uri else None,
    ]
    return StatementText(
        title=words.title,
        opening=words.opening.format(
            client=name,
            goods=in_language(marketing.goods, language),
            channels=words.comma.join(words.channels[channel] for channel in marketing.channels),
        ),
        purposes=tuple(CLAIMS[claim].label[language] for claim in asked),
        paragraphs=tuple(
            template.format(client=name, policy=client.policy_uri, contact=client.client_uri)
            for template in templates
            if template is not None
        ),
    )
