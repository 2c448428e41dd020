"""What a consent page shows: each value, who wants it and why, required or voluntary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hkeid.doors.relying_party import LOGIN_PURPOSE, RelyingParty
from hkeid.identity.language import Language
from hkeid.kernel.instants import Instant
from hkeid.profile.claims import CLAIMS, Texts
from hkeid.profile.records import ConsentDecision
from hkeid.profile.statement import (
    CollectionStatement,
    StatementText,
    collection_statement,
    in_language,
    registered_purpose,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentItem:
    """One claim on the page.

    :ivar label: what it is called, in the page's language.
    :ivar value: what would be sent, as the resident should see it (identity-card number masked), or
        None when nothing is held.
    :ivar why: the client's registered reason, in the page's language.
    :ivar required: without it the service cannot be had.
    :ivar decided: True: agreed before; False: refused or withdrawn; None: not yet decided, or
        decided for another purpose.
    """

    claim: str
    label: str
    value: str | None = field(repr=False)
    why: str
    required: bool
    decided: bool | None

    @property
    def on(self) -> bool:
        """How the switch stands when the page opens: a voluntary claim is off unless the resident
        agreed to it before.
        """
        return self.required or self.decided is True


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentQuestion:
    """The whole page. ``statement.version`` comes back with the answer.

    :ivar client_name: in the page's language.
    :ivar purpose: ``""`` for a login, the id of a form, or ``direct_marketing``: one question is about
        one purpose.
    :ivar form_name: what the form is called, in the page's language; "" for others.
    """

    client_id: str
    client_name: str
    purpose: str
    form_name: str
    language: Language
    items: tuple[ConsentItem, ...]
    statement: CollectionStatement

    @property
    def text(self) -> StatementText:
        """The collection statement in the page's language."""
        return self.statement.texts[self.language]

    @property
    def required(self) -> frozenset[str]:
        """Claims that must be agreed to."""
        return frozenset(item.claim for item in self.items if item.required)

    @property
    def voluntary(self) -> frozenset[str]:
        """Claims that may be withheld."""
        return frozenset(item.claim for item in self.items if not item.required)


def consent_question(
    client: RelyingParty,
    claims: tuple[str, ...],
    decided: Mapping[str, ConsentDecision],
    texts: Texts,
    language: Language,
    now: Instant,
    purpose: str = LOGIN_PURPOSE,
) -> ConsentQuestion:
    """Put the page together (pure).

    :param claims: base names asked for; those the client has not registered are left out.
    :param decided: decisions that hold at present, by claim.
    :param texts: the resident's opened fields.
    :param now: the moment for which values are shown.
    :raises hkeid.kernel.errors.Refused: reason ``purpose_not_registered``.
    """
    about = registered_purpose(client, purpose)
    asked = tuple(claim for claim in about.claims if claim in claims)
    items = tuple(
        ConsentItem(
            claim=claim,
            label=CLAIMS[claim].label[language],
            value=CLAIMS[claim].show(texts, language, now),
            why=in_language(about.reasons[claim], language),
            required=claim not in about.voluntary,
            decided=decided[claim].agreed if claim in decided else None,
        )
        for claim in asked
    )
    return ConsentQuestion(
        client_id=client.id,
        client_name=in_language(client.name, language),
        purpose=about.id,
        form_name=in_language(about.name, language),
        language=language,
        items=items,
        statement=collection_statement(client, asked, about.id),
    )
