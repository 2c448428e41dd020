"""Findings: everything that can be wrong, or worth knowing, about a card. One code each.

A code is stable: tests, metrics, audit and the texts that officers see rely on it. What each means is
in :mod:`hkeid.chip.finding_texts`. Severity: a ``fatal`` finding never gives an accepted card, a
``warning`` is for an officer's eye, a ``note`` is for the record.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a finding matters."""

    NOTE = "note"
    WARNING = "warning"
    FATAL = "fatal"


class FindingCode(StrEnum):
    """Every finding there is, reading side first, then passive side, then the chip and its holder."""

    # transport
    CARD_ABSENT = "card_absent"
    CARD_REMOVED = "card_removed"
    CARD_SILENT = "card_silent"
    CARD_UNREADABLE = "card_unreadable"
    READER_ABSENT = "reader_absent"
    READER_REMOVED = "reader_removed"
    READER_IN_USE = "reader_in_use"
    ANSWER_TOO_SHORT = "answer_too_short"
    ANSWER_TOO_LONG = "answer_too_long"
    ANSWER_WITHOUT_END = "answer_without_end"
    TOO_MANY_COMMANDS = "too_many_commands"
    # BER-TLV in general
    TLV_MALFORMED = "tlv_malformed"
    TLV_TRUNCATED = "tlv_truncated"
    TLV_TOO_LONG = "tlv_too_long"
    TLV_LEFTOVER = "tlv_leftover"
    TLV_TAG_UNEXPECTED = "tlv_tag_unexpected"
    # getting in
    APPLICATION_MISSING = "application_missing"
    CARD_ACCESS_MALFORMED = "card_access_malformed"
    PACE_UNSUPPORTED = "pace_unsupported"
    PACE_REFUSED = "pace_refused"
    PACE_ANSWER_MALFORMED = "pace_answer_malformed"
    PACE_POINT_INVALID = "pace_point_invalid"
    PACE_KEY_REPEATED = "pace_key_repeated"
    PACE_TOKEN_WRONG = "pace_token_wrong"
    PACE_SKIPPED = "pace_skipped"
    PACE_HIDDEN = "pace_hidden"
    CARD_ACCESS_DIFFERENT = "card_access_different"
    ACCESS_KEY_WRONG = "access_key_wrong"
    ACCESS_KEY_BLOCKED = "access_key_blocked"
    ACCESS_KEY_UNSUITABLE = "access_key_unsuitable"
    ACCESS_OPEN = "access_open"
    BAC_ANSWER_MALFORMED = "bac_answer_malformed"
    BAC_MAC_WRONG = "bac_mac_wrong"
    BAC_CHALLENGE_WRONG = "bac_challenge_wrong"
    BAC_ONLY = "bac_only"
    # secure messaging
    MESSAGING_DROPPED = "messaging_dropped"
    MESSAGING_MALFORMED = "messaging_malformed"
    MESSAGING_MAC_MISSING = "messaging_mac_missing"
    MESSAGING_MAC_WRONG = "messaging_mac_wrong"
    MESSAGING_STATUS_MISSING = "messaging_status_missing"
    MESSAGING_STATUS_DIFFERENT = "messaging_status_different"
    MESSAGING_PADDING_WRONG = "messaging_padding_wrong"
    MESSAGING_LOST = "messaging_lost"
    # reading files
    FILE_LOCKED = "file_locked"
    FILE_MISSING = "file_missing"
    FILE_REFUSED = "file_refused"
    FILE_EMPTY = "file_empty"
    FILE_HEADER_MALFORMED = "file_header_malformed"
    FILE_TAG_WRONG = "file_tag_wrong"
    FILE_TOO_LARGE = "file_too_large"
    FILE_TRUNCATED = "file_truncated"
    FILE_STALLED = "file_stalled"
    COM_MISSING = "com_missing"
    COM_MALFORMED = "com_malformed"
    COM_SOD_DIFFERENT = "com_sod_different"
    # EF.SOD
    SOD_MISSING = "sod_missing"
    SOD_MALFORMED = "sod_malformed"
    SOD_CONTENT_TYPE_WRONG = "sod_content_type_wrong"
    SOD_VERSION_UNSUPPORTED = "sod_version_unsupported"
    SOD_SIGNERS_NOT_ONE = "sod_signers_not_one"
    SOD_CERTIFICATE_MISSING = "sod_certificate_missing"
    SOD_DIGEST_ALGORITHM_REFUSED = "sod_digest_algorithm_refused"
    SOD_DIGEST_ALGORITHM_WEAK = "sod_digest_algorithm_weak"
    SOD_SIGNATURE_ALGORITHM_REFUSED = "sod_signature_algorithm_refused"
    SOD_SIGNED_ATTRIBUTES_WRONG = "sod_signed_attributes_wrong"
    SOD_MESSAGE_DIGEST_WRONG = "sod_message_digest_wrong"
    SOD_SIGNATURE_WRONG = "sod_signature_wrong"
    SOD_GROUPS_REPEATED = "sod_groups_repeated"
    # data groups against EF.SOD
    GROUP_HASH_WRONG = "group_hash_wrong"
    GROUP_NOT_IN_SOD = "group_not_in_sod"
    GROUP_NOT_READ = "group_not_read"
    DG14_HASH_WRONG = "dg14_hash_wrong"
    DG15_HASH_WRONG = "dg15_hash_wrong"
    DG14_NOT_IN_SOD = "dg14_not_in_sod"
    DG15_NOT_IN_SOD = "dg15_not_in_sod"
    # the document signer and its country
    SIGNER_CERTIFICATE_MALFORMED = "signer_certificate_malformed"
    SIGNER_KEY_REFUSED = "signer_key_refused"
    SIGNER_CURVE_REFUSED = "signer_curve_refused"
    SIGNER_UNKNOWN = "signer_unknown"
    SIGNER_CHAIN_WRONG = "signer_chain_wrong"
    SIGNER_NOT_YET_VALID = "signer_not_yet_valid"
    SIGNER_EXPIRED = "signer_expired"
    SIGNER_REVOKED = "signer_revoked"
    SIGNER_USAGE_WRONG = "signer_usage_wrong"
    SIGNER_COUNTRY_DIFFERENT = "signer_country_different"
    SIGNER_DOCUMENT_TYPE_WRONG = "signer_document_type_wrong"
    SIGNER_EXTENSION_UNKNOWN = "signer_extension_unknown"
    COUNTRY_SIGNER_EXPIRED = "country_signer_expired"
    COUNTRY_SIGNER_NOT_A_CA = "country_signer_not_a_ca"
    REVOCATION_UNKNOWN = "revocation_unknown"
    REVOCATION_STALE = "revocation_stale"
    # is the chip the one that was issued
    CHIP_CLONEABLE = "chip_cloneable"
    CHIP_PROOF_MISSING = "chip_proof_missing"
    CHIP_PROOF_WITHOUT_KEY = "chip_proof_without_key"
    CHIP_PROOF_MALFORMED = "chip_proof_malformed"
    ACTIVE_KEY_MALFORMED = "active_key_malformed"
    ACTIVE_KEY_UNSUPPORTED = "active_key_unsupported"
    ACTIVE_REFUSED = "active_refused"
    ACTIVE_TRAILER_WRONG = "active_trailer_wrong"
    ACTIVE_SIGNATURE_MALFORMED = "active_signature_malformed"
    ACTIVE_SIGNATURE_WRONG = "active_signature_wrong"
    CHIP_KEY_MALFORMED = "chip_key_malformed"
    CHIP_KEY_INVALID = "chip_key_invalid"
    CHIP_KEY_UNSUPPORTED = "chip_key_unsupported"
    CHIP_REFUSED = "chip_refused"
    CHIP_SESSION_WRONG = "chip_session_wrong"
    CHIP_WEAKER_CHOSEN = "chip_weaker_chosen"
    MAPPING_DATA_MISSING = "mapping_data_missing"
    MAPPING_DATA_MALFORMED = "mapping_data_malformed"
    MAPPING_DATA_WRONG = "mapping_data_wrong"
    MAPPING_KEY_OF_ANOTHER = "mapping_key_of_another"
    CARD_SECURITY_MALFORMED = "card_security_malformed"
    CARD_SECURITY_UNTRUSTED = "card_security_untrusted"
    CARD_SECURITY_DIFFERENT = "card_security_different"
    TERMINAL_REFUSED = "terminal_refused"
    TERMINAL_CHAIN_WRONG = "terminal_chain_wrong"
    # what the card says of its holder
    DG1_MISSING = "dg1_missing"
    DG1_MALFORMED = "dg1_malformed"
    DG1_CHECK_DIGIT_WRONG = "dg1_check_digit_wrong"
    DG1_KEY_DIFFERENT = "dg1_key_different"
    DG2_MALFORMED = "dg2_malformed"
    DG2_WITHOUT_PORTRAIT = "dg2_without_portrait"
    DG2_FORMAT_UNKNOWN = "dg2_format_unknown"
    DG11_MALFORMED = "dg11_malformed"
    DG11_NAME_DIFFERENT = "dg11_name_different"
    DG11_NUMBER_WRONG = "dg11_number_wrong"
    DG12_MALFORMED = "dg12_malformed"
    DG13_MALFORMED = "dg13_malformed"
    DG14_MALFORMED = "dg14_malformed"
    DOCUMENT_EXPIRED = "document_expired"
    DOCUMENT_EXPIRY_UNREADABLE = "document_expiry_unreadable"
    ISSUING_STATE_NOT_ALLOWED = "issuing_state_not_allowed"
    SPECIMEN_PROFILE = "specimen_profile"

    @property
    def severity(self) -> Severity:
        """What a finding of this code weighs; fatal unless listed otherwise."""
        return _LIGHTER.get(self, Severity.FATAL)


_LIGHTER = {
    **dict.fromkeys(
        (
            FindingCode.FILE_LOCKED,
            FindingCode.ACCESS_OPEN,
            FindingCode.GROUP_NOT_READ,
            FindingCode.REVOCATION_UNKNOWN,
            FindingCode.SPECIMEN_PROFILE,
        ),
        Severity.NOTE,
    ),
    **dict.fromkeys(
        (
            FindingCode.BAC_ONLY,
            FindingCode.CHIP_CLONEABLE,
            FindingCode.CHIP_WEAKER_CHOSEN,
            FindingCode.COM_MALFORMED,
            FindingCode.COM_MISSING,
            FindingCode.COUNTRY_SIGNER_EXPIRED,
            FindingCode.DG2_FORMAT_UNKNOWN,
            FindingCode.DG11_NAME_DIFFERENT,
            FindingCode.DG12_MALFORMED,
            FindingCode.DG13_MALFORMED,
            FindingCode.REVOCATION_STALE,
            FindingCode.SOD_DIGEST_ALGORITHM_WEAK,
        ),
        Severity.WARNING,
    ),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found. ``detail`` says where (``DG2``), never anything about the person."""

    code: FindingCode
    severity: Severity
    detail: str = ""

    @property
    def fatal(self) -> bool:
        """Whether it alone keeps the card from being accepted."""
        return self.severity is Severity.FATAL


def finding(code: FindingCode, detail: str = "") -> Finding:
    """A finding of ``code`` with the severity that the code has."""
    return Finding(code, code.severity, detail)
