"""What a role shows to people, and what helps them find it (Metadata Extensions for Login and Discovery UI 1.0)."""

from __future__ import annotations

from dataclasses import dataclass

from hkeid.saml.metadata.texts import LocalisedText

NO_TEXT = LocalisedText()


@dataclass(frozen=True, slots=True, kw_only=True)
class Logo:
    """``mdui:Logo`` (§2.1.5).

    :ivar url: https, or a ``data:`` URL of an image; nothing else is read.
    :ivar language: BCP 47 tag, where it is for one language.
    """

    url: str
    width: int
    height: int
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UiInfo:
    """``mdui:UIInfo`` (§2.1). URLs in it are https or http; others are not read."""

    display_names: LocalisedText = NO_TEXT
    descriptions: LocalisedText = NO_TEXT
    keywords: LocalisedText = NO_TEXT
    logos: tuple[Logo, ...] = ()
    information_urls: LocalisedText = NO_TEXT
    privacy_statement_urls: LocalisedText = NO_TEXT


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscoHints:
    """``mdui:DiscoHints`` (§2.2): whose people an identity provider serves.

    :ivar networks: CIDR blocks, as written.
    :ivar domains: DNS domains.
    :ivar locations: ``geo:`` URIs (RFC 5870).
    """

    networks: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    locations: tuple[str, ...] = ()


NO_UI = UiInfo()
NO_HINTS = DiscoHints()
