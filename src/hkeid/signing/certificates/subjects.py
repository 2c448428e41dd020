"""Distinguished names (RFC 5280 §4.1.2.4)."""

from __future__ import annotations

import re
import unicodedata

from hkeid.ports.certificates import CertificateSubject
from hkeid.signing import der
from hkeid.signing.certificates.encoding import printable, utf8
from hkeid.signing.certificates.errors import CertificateRefused

COMMON_NAME = "2.5.4.3"
SURNAME = "2.5.4.4"
SERIAL_NUMBER = "2.5.4.5"
COUNTRY = "2.5.4.6"
ORGANIZATION = "2.5.4.10"
GIVEN_NAME = "2.5.4.42"

_REFERENCE = re.compile(r"[A-Za-z0-9\-]{8,64}")
_LONGEST_NAME = 64  # ub-common-name, ub-organization-name (RFC 5280 appendix A.1)
_IDENTITY_CARD = re.compile(r"[A-Z]{1,2}[0-9]{6}[0-9A]?")


def subject_name(subject: CertificateSubject) -> bytes:
    """Name, DER: country, organization, common name in both scripts, serialNumber, surname, given name.

    :raises CertificateRefused: ``subject_refused``, ``subject_is_identity_card``.
    """
    _require_opaque(subject.reference)
    common = " ".join(filter(None, (subject.name, subject.chinese_name)))
    parts = [(COUNTRY, printable("HK"))]
    if subject.organization:
        parts.append((ORGANIZATION, _text(subject.organization)))
    parts += [(COMMON_NAME, _text(common)), (SERIAL_NUMBER, printable(subject.reference))]
    parts += [
        (kind, _text(value))
        for kind, value in ((SURNAME, subject.surname), (GIVEN_NAME, subject.given_name))
        if value
    ]
    return _name(parts)


def authority_name(name: str, organization: str = "") -> bytes:
    """Name of an authority, DER.

    :raises CertificateRefused: ``subject_refused``.
    """
    parts = [(COUNTRY, printable("HK"))]
    if organization:
        parts.append((ORGANIZATION, _text(organization)))
    return _name([*parts, (COMMON_NAME, _text(name))])


def _name(parts: list[tuple[str, bytes]]) -> bytes:
    return der.sequence(*(der.set_of((der.sequence(der.oid(kind), one),)) for kind, one in parts))


def _text(value: str) -> bytes:
    """UTF8String of a name, composed as it is written (RFC 5280 §4.1.2.4, Unicode NFC)."""
    composed = unicodedata.normalize("NFC", value)
    plain = composed == composed.strip() and all(
        unicodedata.category(character)[0] not in "CZ" or character == " " for character in composed
    )
    if not 0 < len(composed) <= _LONGEST_NAME or not plain:
        raise CertificateRefused("subject_refused", detail="a name of 1 to 64 printing characters")
    return utf8(composed)


def _require_opaque(reference: str) -> None:
    """Refuse what looks like the number of an identity card, with or without its check character."""
    bare = "".join(filter(str.isalnum, reference)).upper()
    if _IDENTITY_CARD.fullmatch(bare) is not None:
        raise CertificateRefused("subject_is_identity_card")
    if _REFERENCE.fullmatch(reference) is None:
        raise CertificateRefused(
            "subject_refused", detail="a reference of 8 to 64 letters, digits and hyphens"
        )
