"""The registry of personal fields: what is kept about a person, why, how long, how, for whose eyes.

Nothing personal is stored that is not declared here: :class:`~hkeid.residents.PersonalFields`
refuses an undeclared field, and a test compares every column of the database with this list. The
data map in the documentation is made from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from hkeid.residents.personal_field import (
    CLAIMS_VIEWERS,
    SEALED_PLACE,
    Ending,
    PersonalField,
    Protection,
    Viewer,
)
from hkeid.residents.profile_fields import PROFILE_FIELDS
from hkeid.residents.rights_fields import RIGHTS_FIELDS

_WITH_THE_EID = "Until the eID is erased"
_RISK_VIEWERS = (Viewer.RESIDENT, Viewer.CONSENTED_CLIENT, Viewer.AUDITOR)


def _particular(
    name: str, purpose: str, visible_to: tuple[Viewer, ...] = CLAIMS_VIEWERS
) -> PersonalField:
    """A field of the person's particulars, sealed by name."""
    return PersonalField(
        name=name,
        purpose=purpose,
        retention=_WITH_THE_EID,
        ends=(Ending.ACT,),
        protection=Protection.SEALED,
        visible_to=visible_to,
        places=(SEALED_PLACE,),
    )


def _pseudonymous(
    name: str,
    purpose: str,
    retention: str,
    ends: tuple[Ending, ...],
    *tables: str,
    visible_to: tuple[Viewer, ...] = (Viewer.RESIDENT, Viewer.AUDITOR),
) -> PersonalField:
    """What is known about an internal id; whose it is, only sealed fields and the index tell."""
    return PersonalField(
        name=name,
        purpose=purpose,
        retention=retention,
        ends=ends,
        protection=Protection.PSEUDONYM,
        visible_to=visible_to,
        places=tables,
    )


_DECLARED = (
    _particular("name_english", "To address the resident; claims name, given_name, family_name"),
    _particular("name_chinese", "To address the resident; claim name#zh-Hant-HK"),
    _particular(
        "name_chinese_simplified",
        "To address the resident on pages in simplified Chinese",
        (Viewer.RESIDENT,),
    ),
    _particular(
        "name_commercial_code",
        "To tell apart Chinese names written with characters that a system lacks",
        (Viewer.RESIDENT,),
    ),
    _particular(
        "hkic_number", "To prove identity to a service that must know it; claim hkic_number"
    ),
    _particular("birth_date", "Age, and telling namesakes apart; claim birthdate"),
    _particular("sex", "Forms that must state it; claim gender"),
    _particular("updated_at", "To tell services that particulars changed; claim updated_at"),
    _particular(
        "proofing",
        "To tell relying parties that must know it how identity was verified; claims verified_claims",
    ),
    _particular(
        "contact_email", "To tell the resident what happens to the eID", (Viewer.RESIDENT,)
    ),
    _particular(
        "contact_phone", "To tell the resident what happens to the eID", (Viewer.RESIDENT,)
    ),
    _particular("contact_push", "Browsers that tell the resident what happens", (Viewer.RESIDENT,)),
    _particular("contact_language", "The language of notices", (Viewer.RESIDENT,)),
    _particular(
        "contact_former",
        "Addresses that were left, until they were told of the change",
        (Viewer.NOBODY,),
    ),
    _particular("contact_pending", "Which code for an e-mail address is awaited", (Viewer.NOBODY,)),
    *PROFILE_FIELDS,
    PersonalField(
        name="hkic_number_digest",
        purpose="To find a resident by identity-card number, and to keep eIDs one per person",
        retention=_WITH_THE_EID,
        ends=(Ending.ACT,),
        protection=Protection.KEYED_DIGEST,
        visible_to=(Viewer.NOBODY,),
        places=("blind_index.digest",),
    ),
    PersonalField(
        name="device_label",
        purpose="For the resident to recognise a device in the list of devices",
        retention="Until the resident removes or renames the device, or the eID is erased",
        ends=(Ending.ACT,),
        protection=Protection.SEALED,
        visible_to=(Viewer.RESIDENT,),
        places=("credentials.label",),
    ),
    PersonalField(
        name="session_agent",
        purpose="For the resident to recognise a session in the list of sessions",
        retention="Until the session is purged after its end, or the eID is erased",
        ends=(Ending.ACT, Ending.CLOCK),
        protection=Protection.SEALED,
        visible_to=(Viewer.RESIDENT,),
        places=("sessions.agent",),
    ),
    PersonalField(
        name="upstream_subject_digest",
        purpose="To know who somebody is that another identity provider proved, and to end their sessions",
        retention="Until the resident removes the link, or the eID is erased; of sessions, until purged",
        ends=(Ending.ACT, Ending.CLOCK),
        protection=Protection.KEYED_DIGEST,
        visible_to=(Viewer.NOBODY,),
        places=(
            "upstream_links.subject",
            "upstream_sessions.subject",
            "upstream_sessions.holder",
            "upstream_sessions.upstream_session",
        ),
    ),
    PersonalField(
        name="upstream_session_kept",
        purpose="To log the resident out at the other identity provider as well",
        retention="Until the session is purged after its end, or the eID is erased",
        ends=(Ending.ACT, Ending.CLOCK),
        protection=Protection.SEALED,
        visible_to=(Viewer.NOBODY,),
        places=("upstream_sessions.kept",),
    ),
    _pseudonymous(
        "eid_entry",
        "The eID itself: its state, and how well its owner was proved; claim eid_risk, in coarse bands",
        "Kept after erasure, as an entry about nobody that keeps the id from being given again",
        (Ending.RULE,),
        "residents",
        visible_to=_RISK_VIEWERS,
    ),
    _pseudonymous(
        "device_key",
        "To verify logins: public keys of the resident's devices, when they were used last; claim eid_risk, "
        "their kinds alone",
        "Revoked when the resident removes the device or the eID is erased; then kept as evidence, until "
        "seven years after the erasure",
        (Ending.CLOCK,),
        "credentials",
        visible_to=_RISK_VIEWERS,
    ),
    _pseudonymous(
        "login_record",
        "To keep the resident logged in, and to show and end sessions",
        "Until purged after expiry (hours to months, as configured)",
        (Ending.CLOCK,),
        "sessions",
        "grants",
        "logout_notices",
        "single_use",
        "upstream_sessions",
        "saml_participations",
    ),
    _pseudonymous(
        "upstream_link",
        "To let the resident log in with another identity provider: which one, since when",
        "Until the resident removes the link, or the eID is erased",
        (Ending.ACT,),
        "upstream_links",
    ),
    PersonalField(
        name="form_submission",
        purpose="To hand a form that the resident sent to the relying party that asked for it",
        retention="Until it is fetched, and ten minutes at most; then sealed until it is purged",
        ends=(Ending.ACT, Ending.CLOCK),
        protection=Protection.SEALED,
        visible_to=(Viewer.RESIDENT, Viewer.CONSENTED_CLIENT),
        places=("single_use.payload",),
    ),
    PersonalField(
        name="registration_evidence",
        purpose="To prove who registers: pictures of card and face, what was read and confirmed, an "
        "e-mail address if one was left. To sign: documents that a service asks to be signed, until it "
        "has them",
        retention="Pictures until the decision, particulars until the device is bound; half an hour "
        "at most, 30 days where an officer or a guardian decides. Documents until the service has them, "
        "the resident refuses or time is over; half an hour at most",
        ends=(Ending.ACT, Ending.CLOCK),
        protection=Protection.SEALED_SESSION,
        visible_to=(Viewer.RESIDENT, Viewer.OFFICER, Viewer.CONSENTED_CLIENT),
        places=("evidence_items.sealed",),
    ),
    PersonalField(
        name="registration_number_digest",
        purpose="To notice that one number is registered with again and again",
        retention="90 days where no eID was given; forgotten at once where one was",
        ends=(Ending.ACT, Ending.CLOCK),
        protection=Protection.KEYED_DIGEST,
        visible_to=(Viewer.NOBODY,),
        places=("registrations.number_digest",),
    ),
    PersonalField(
        name="registration_network_digest",
        purpose="So that nobody opens registrations without number, and many from one network do not "
        "bury others before officers",
        retention="While the registration is open, 30 days at most",
        ends=(Ending.ACT, Ending.CLOCK),
        protection=Protection.KEYED_DIGEST,
        visible_to=(Viewer.NOBODY,),
        places=("registrations.network", "registrations.site", "registrations.provider"),
    ),
    _pseudonymous(
        "registration_record",
        "Proof of how a person was identified: decision, policy, bands and models, never a picture",
        "Six years where an eID was given, else 90 days; after erasure of the eID nothing ties the "
        "internal id to a person",
        (Ending.CLOCK,),
        "registrations",
    ),
    _pseudonymous(
        "notice",
        "To tell the resident what happened to the eID; neither address nor text",
        "90 days",
        (Ending.CLOCK,),
        "notices",
    ),
    _pseudonymous(
        "notice_choice",
        "To tell the resident only what they want to be told",
        _WITH_THE_EID,
        (Ending.ACT,),
        "notice_choices",
        visible_to=(Viewer.RESIDENT,),
    ),
    _pseudonymous(
        "service_use",
        "Proof of consent and of what was disclosed to whom (never the values disclosed)",
        "While there is an eID, and seven years after its erasure, for consent must be proved; by then "
        "nothing ties the internal id to a person",
        (Ending.CLOCK,),
        "consents",
        "disclosures",
    ),
    PersonalField(
        name="disclosure_salt",
        purpose="For the resident to prove what was sent to a service (the digests say nothing without it)",
        retention="Until the eID is erased, after which the digests can be neither proved nor guessed",
        ends=(Ending.ACT, Ending.CLOCK),
        protection=Protection.SEALED,
        visible_to=(Viewer.RESIDENT,),
        places=("disclosures.salt",),
    ),
    _pseudonymous(
        "guardianship",
        "To show on whose word a minor has an eID and agrees to disclosures",
        "While the minor has an eID, and seven years after its erasure, for consent must be proved; by "
        "then nothing ties the internal ids to persons",
        (Ending.CLOCK,),
        "guardian_approvals",
    ),
    PersonalField(
        name="officer_name",
        purpose="To know which officer is who (sealed under the officer's own data key)",
        retention="As long as the officer's accesses must be accounted for",
        ends=(Ending.RULE,),
        protection=Protection.SEALED,
        visible_to=(Viewer.OPERATOR, Viewer.AUDITOR),
        places=("officers.name",),
    ),
    PersonalField(
        name="officer_number_digest",
        purpose="So that no officer decides about themselves",
        retention="As long as the officer's entry",
        ends=(Ending.RULE,),
        protection=Protection.KEYED_DIGEST,
        visible_to=(Viewer.NOBODY,),
        places=("officers.own_number",),
    ),
    PersonalField(
        name="access_note",
        purpose="Why an officer looked at a record, in a few words; for a registration under review "
        "sealed under the officer's data key",
        retention="As long as the access it belongs to; unreadable once the eID is erased",
        ends=(Ending.ACT, Ending.CLOCK),
        protection=Protection.SEALED,
        visible_to=(Viewer.PRIVACY_OFFICER,),
        places=("record_accesses.note",),
    ),
    _pseudonymous(
        "officer_access",
        "To show residents which office looked at their record, when and why",
        "While there is an eID, and seven years after its erasure, for it must be accounted for; by then "
        "nothing ties the internal id to a person",
        (Ending.CLOCK,),
        "record_accesses",
    ),
    _pseudonymous(
        "upgrade_record",
        "To carry an upgrade by chip from step to step, and to answer questions about it (never what "
        "the card says: that is evidence, and goes with the decision)",
        "Thirty days after it ended",
        (Ending.CLOCK,),
        "upgrades",
    ),
    _pseudonymous(
        "signature_record",
        "To prove that the resident approved each signature: keys, certificates, hashes and the "
        "passkey's answers (never the document)",
        "As long as signatures may be disputed; after erasure of the eID nothing ties the internal id "
        "to a person but the certificate. Requests that were not signed: thirty days",
        (Ending.RULE, Ending.CLOCK),
        "signing_keys",
        "made_signatures",
        "signature_requests",
    ),
    PersonalField(
        name="signed_documents",
        purpose="For the resident to see what was signed, for whom and when: what the page showed, names "
        "of documents and never their content",
        retention=_WITH_THE_EID,
        ends=(Ending.ACT, Ending.CLOCK),
        protection=Protection.SEALED,
        visible_to=(Viewer.RESIDENT, Viewer.CONSENTED_CLIENT),
        places=("signature_requests.record",),
    ),
    _pseudonymous(
        "certificate_record",
        "To answer for each certificate that the embedded authority issued: whose it is and whether it "
        "was revoked (never the certificate, which holds a name)",
        "As long as signatures made with it may be disputed; after erasure of the eID nothing ties the "
        "reference to a person",
        (Ending.RULE,),
        "issued_certificates",
    ),
    *RIGHTS_FIELDS,
    _pseudonymous(
        "audit_trail",
        "To prove who did what, and that nothing was altered",
        "As long as the operator's audit rules say",
        (Ending.RULE,),
        "audit_records",
    ),
)

FIELDS: Mapping[str, PersonalField] = MappingProxyType({field.name: field for field in _DECLARED})
"""Every declared field by name."""


def sealed_by_name() -> frozenset[str]:
    """Names of the fields that :class:`~hkeid.residents.PersonalFields` keeps by name."""
    return _SEALED_BY_NAME


_SEALED_BY_NAME = frozenset(field.name for field in _DECLARED if SEALED_PLACE in field.places)


def data_map(declared: Iterable[PersonalField] = _DECLARED) -> str:
    """The registry as a Markdown table, for the documentation."""
    rows = [
        "| field | purpose | kept until | ended by | protection at rest | seen in the clear by | where |",
        "|---|---|---|---|---|---|---|",
    ]
    rows.extend(
        f"| `{field.name}` | {field.purpose} | {field.retention} "
        f"| {', '.join(end.value for end in field.ends)} | {field.protection.value} "
        f"| {', '.join(viewer.value for viewer in field.visible_to)} "
        f"| {', '.join(f'`{place}`' for place in field.places)} |"
        for field in declared
    )
    return "\n".join(rows) + "\n"
