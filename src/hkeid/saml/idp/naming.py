"""By what names services know residents: pseudonyms, each made from the resident's id by a keyed MAC."""

from __future__ import annotations

from base64 import b32encode

from hkeid.doors.subjects import pairwise_subject
from hkeid.ports.keys import KeyPurpose, KeyStore
from hkeid.ports.surroundings import Random
from hkeid.saml.idp.services import Service
from hkeid.saml.messages import (
    Attribute,
    AttributeNameFormat,
    NameId,
    NameIdFormat,
    new_identifier,
)
from hkeid.saml.metadata import SubjectIdRequirement

PAIRWISE_ID = "urn:oasis:names:tc:SAML:attribute:pairwise-id"
SUBJECT_ID = "urn:oasis:names:tc:SAML:attribute:subject-id"


def persistent_name(keys: KeyStore, service: Service, resident_id: str) -> str:
    """The pairwise name of a resident: that of OpenID Connect for the same sector."""
    return pairwise_subject(keys, service.relying_party.sector_identifier, resident_id)


def name_id(
    form: NameIdFormat,
    *,
    identity_provider: str,
    service: Service,
    resident_id: str,
    keys: KeyStore,
    random: Random,
) -> NameId:
    """A name identifier (saml-core §8.3.7 persistent, §8.3.8 transient): of at most 256 characters, qualified by both
    sides.
    """
    if form is NameIdFormat.TRANSIENT:
        value = new_identifier(random)
    else:
        value = persistent_name(keys, service, resident_id)
    return NameId(
        value=value,
        format=form.value,
        name_qualifier=identity_provider,
        sp_name_qualifier=service.entity_id,
    )


def subject_identifiers(
    required: SubjectIdRequirement | None,
    *,
    service: Service,
    resident_id: str,
    keys: KeyStore,
    scope: str,
) -> tuple[Attribute, ...]:
    """pairwise-id or subject-id, where metadata requires one (saml-subject-id-attr §3.3, §3.4).

    Values compare without case, so that they are written in base32.
    """
    if required is None:
        return ()
    correlatable = required is SubjectIdRequirement.SUBJECT_ID and service.correlatable
    sector = "" if correlatable else service.relying_party.sector_identifier
    digest = keys.mac(KeyPurpose.PAIRWISE_SUBJECT, _framed("saml-subject-id", sector, resident_id))
    unique = b32encode(digest).decode("ascii").rstrip("=").lower()
    return (
        Attribute(
            name=SUBJECT_ID if correlatable else PAIRWISE_ID,
            name_format=AttributeNameFormat.URI.value,
            friendly_name="subject-id" if correlatable else "pairwise-id",
            values=(f"{unique}@{scope}",),
        ),
    )


def _framed(*parts: str) -> bytes:
    encoded = [part.encode() for part in parts]
    return b"".join(len(part).to_bytes(4, "big") + part for part in encoded)
