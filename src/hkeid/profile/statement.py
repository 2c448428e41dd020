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

from hkeid.doors.relying_party import RelyingParty
from hkeid.identity.language import Language
from hkeid.kernel import base64url, canonical_json
from hkeid.profile.claims import CLAIMS, base_names
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


def in_language(texts: Mapping[str, str], language: Language) -> str:
    """The text in ``language``, or the nearest script there is; "" when there is none."""
    return next((texts[tag.value] for tag in _FALLBACK[language] if texts.get(tag.value)), "")


def registered_claims(client: RelyingParty) -> tuple[str, ...]:
    """The claims the client may ask for: known ones that it gave a reason for, in page order."""
    return tuple(
        claim for claim in base_names(tuple(client.claims)) if any(client.claims[claim].values())
    )


def purpose_digest(client: RelyingParty, claim: str) -> str:
    """What a decision about ``claim`` is bound to: the reason in every script, and whether it may
    be withheld (22 characters base64url). When it changes, consent is asked for anew (DPP3).
    """
    purpose = [
        _FORMAT,
        client.id,
        claim,
        claim in client.voluntary_claims,
        dict(client.claims[claim]),
    ]
    return _digest(purpose)


def collection_statement(client: RelyingParty, claims: Collection[str]) -> CollectionStatement:
    """The statement for those of ``claims`` that the client registered."""
    asked = tuple(claim for claim in registered_claims(client) if claim in claims)
    texts = {language: _text(client, asked, language) for language in Language}
    whole = [
        _FORMAT,
        client.id,
        [[claim, purpose_digest(client, claim)] for claim in asked],
        {
            language.value: [text.title, text.opening, *text.purposes, *text.paragraphs]
            for language, text in texts.items()
        },
    ]
    return CollectionStatement(version=_digest(whole), texts=texts)


def _digest(value: Any) -> str:
    return base64url.encode(hashlib.sha256(canonical_json.dumps(value)).digest()[:16])


def _text(client: RelyingParty, asked: tuple[str, ...], language: Language) -> StatementText:
    words = TEXTS[language]
    name = in_language(client.name, language)
    purposes = tuple(
        words.purpose.format(
            label=CLAIMS[claim].label[language],
            kind=words.voluntary if claim in client.voluntary_claims else words.required,
            reason=in_language(client.claims[claim], language),
        )
        for claim in asked
    )
    return StatementText(
        title=words.title,
        opening=words.opening.format(client=name),
        purposes=purposes,
        paragraphs=_paragraphs(client, asked, words, name),
    )


def _paragraphs(
    client: RelyingParty, asked: tuple[str, ...], words: StatementWords, name: str
) -> tuple[str, ...]:
    voluntary = sum(claim in client.voluntary_claims for claim in asked)
    templates = [
        words.about_required if voluntary < len(asked) else None,
        words.about_voluntary if voluntary else None,
        words.receivers,
        words.policy if client.policy_uri else None,
        words.withdrawal,
        words.access,
        words.contact if client.client_uri else None,
    ]
    return tuple(
        template.format(client=name, policy=client.policy_uri, contact=client.client_uri)
        for template in templates
        if template is not None
    )
