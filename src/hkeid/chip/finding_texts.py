"""What each finding means, in a sentence for officers and operators; the reference page is made of it."""

from __future__ import annotations

from hkeid.chip.findings import FindingCode as F

MEANINGS: dict[str, dict[F, str]] = {
    "Card and reader": {
        F.CARD_ABSENT: "No card is in the reader.",
        F.CARD_REMOVED: "The card was taken away while it was read.",
        F.CARD_SILENT: "The card does not answer any more.",
        F.CARD_UNREADABLE: "The card could not be read for another reason, given as detail.",
        F.READER_ABSENT: "There is no such reader.",
        F.READER_REMOVED: "The reader was unplugged.",
        F.READER_IN_USE: "Another program has the reader.",
        F.ANSWER_TOO_SHORT: "An answer has no status word.",
        F.ANSWER_TOO_LONG: "An answer is longer than was asked for.",
        F.ANSWER_WITHOUT_END: "The card announces more data without end.",
        F.TOO_MANY_COMMANDS: "Reading took more commands than any card needs.",
    },
    "Data objects": {
        F.TLV_MALFORMED: "A data object has a tag or length that is not allowed.",
        F.TLV_TRUNCATED: "Data end inside a data object.",
        F.TLV_TOO_LONG: "A data object claims more than a card can hold.",
        F.TLV_LEFTOVER: "Bytes follow a data object that should stand alone.",
        F.TLV_TAG_UNEXPECTED: "A data object is not the one that belongs there.",
    },
    "Access": {
        F.APPLICATION_MISSING: "The card has no such application.",
        F.CARD_ACCESS_MALFORMED: "EF.CardAccess does not parse.",
        F.PACE_UNSUPPORTED: "The card offers PACE only in ways that are not supported.",
        F.PACE_REFUSED: "The card refused PACE.",
        F.PACE_ANSWER_MALFORMED: "An answer during PACE does not parse.",
        F.PACE_POINT_INVALID: "The card sent a public key that is none of its group.",
        F.PACE_KEY_REPEATED: "The card sent our own public key back.",
        F.PACE_TOKEN_WRONG: "The card's authentication token is wrong.",
        F.PACE_SKIPPED: "The card offers PACE, but was opened without it.",
        F.PACE_HIDDEN: "The signed files offer PACE, but the card did not: somebody hid it.",
        F.CARD_ACCESS_DIFFERENT: "EF.CardAccess offers other ways of PACE than the signed DG14.",
        F.ACCESS_KEY_WRONG: "The card access number or machine-readable zone is not this card's.",
        F.ACCESS_KEY_BLOCKED: "The card accepts this kind of access key no more.",
        F.ACCESS_KEY_UNSUITABLE: "This card needs another kind of access key.",
        F.ACCESS_OPEN: "The card has no access control.",
        F.BAC_ANSWER_MALFORMED: "An answer during Basic Access Control does not parse.",
        F.BAC_MAC_WRONG: "The card's answer in Basic Access Control is not authentic.",
        F.BAC_CHALLENGE_WRONG: "The card answered other challenges than those exchanged.",
        F.BAC_ONLY: "The card offers nothing better than Basic Access Control.",
    },
    "Secure messaging": {
        F.MESSAGING_DROPPED: "The card answered without protection.",
        F.MESSAGING_MALFORMED: "A protected answer does not parse.",
        F.MESSAGING_MAC_MISSING: "A protected answer has no MAC.",
        F.MESSAGING_MAC_WRONG: "The MAC of an answer is wrong.",
        F.MESSAGING_STATUS_MISSING: "A protected answer has no protected status.",
        F.MESSAGING_STATUS_DIFFERENT: "The status outside the protection is another than inside.",
        F.MESSAGING_PADDING_WRONG: "The padding of an answer is wrong.",
        F.MESSAGING_LOST: "The session is over; the card or we closed it.",
    },
    "Files": {
        F.FILE_LOCKED: "A file needs more rights. Fingerprints should be locked; nothing else.",
        F.FILE_MISSING: "A file that should be there is not.",
        F.FILE_REFUSED: "The card refused to give a file.",
        F.FILE_EMPTY: "A file is empty.",
        F.FILE_HEADER_MALFORMED: "A file does not start with a data object.",
        F.FILE_TAG_WRONG: "A file holds another kind of content than its name says.",
        F.FILE_TOO_LARGE: "A file claims to be longer than is read.",
        F.FILE_TRUNCATED: "A file ends before its content does.",
        F.FILE_STALLED: "The card gives a file in pieces too small, or not at all.",
        F.COM_MISSING: "EF.COM is missing. EF.SOD decides which data groups there are.",
        F.COM_MALFORMED: "EF.COM does not parse.",
        F.COM_SOD_DIFFERENT: "EF.COM lists other data groups than EF.SOD.",
    },
    "Signed object (EF.SOD)": {
        F.SOD_MISSING: "EF.SOD is missing: nothing is signed.",
        F.SOD_MALFORMED: "EF.SOD does not parse.",
        F.SOD_CONTENT_TYPE_WRONG: "EF.SOD signs something else than data group hashes.",
        F.SOD_VERSION_UNSUPPORTED: "EF.SOD has a version that is not supported.",
        F.SOD_SIGNERS_NOT_ONE: "EF.SOD has no signer, or several.",
        F.SOD_CERTIFICATE_MISSING: "EF.SOD does not contain its signer's certificate.",
        F.SOD_DIGEST_ALGORITHM_REFUSED: "EF.SOD uses a hash that is not accepted.",
        F.SOD_DIGEST_ALGORITHM_WEAK: "EF.SOD uses SHA-1.",
        F.SOD_SIGNATURE_ALGORITHM_REFUSED: "EF.SOD uses a signature algorithm that is not accepted.",
        F.SOD_SIGNED_ATTRIBUTES_WRONG: "The signed attributes of EF.SOD are missing or contradictory.",
        F.SOD_MESSAGE_DIGEST_WRONG: "The content of EF.SOD is not what was signed.",
        F.SOD_SIGNATURE_WRONG: "The signature of EF.SOD is wrong.",
        F.SOD_GROUPS_REPEATED: "EF.SOD lists a data group twice.",
    },
    "Data groups against EF.SOD": {
        F.GROUP_HASH_WRONG: "A data group is not the one that was signed.",
        F.GROUP_NOT_IN_SOD: "A data group is not signed.",
        F.GROUP_NOT_READ: "A data group that EF.SOD lists was not read.",
        F.DG14_HASH_WRONG: "DG14 (keys of the chip) is not the one that was signed.",
        F.DG15_HASH_WRONG: "DG15 (key of the chip) is not the one that was signed.",
        F.DG14_NOT_IN_SOD: "DG14 (keys of the chip) is not signed.",
        F.DG15_NOT_IN_SOD: "DG15 (key of the chip) is not signed.",
    },
    "Document signer and country": {
        F.SIGNER_CERTIFICATE_MALFORMED: "The document signer's certificate does not parse.",
        F.SIGNER_KEY_REFUSED: "The document signer's key is of a kind or size not accepted.",
        F.SIGNER_CURVE_REFUSED: "A key's curve parameters are those of no accepted curve.",
        F.SIGNER_UNKNOWN: "No trusted country signer vouches for the document signer.",
        F.SIGNER_CHAIN_WRONG: "The country's signature under the document signer is wrong.",
        F.SIGNER_NOT_YET_VALID: "The document signer's certificate is not valid yet.",
        F.SIGNER_EXPIRED: "The document signer's certificate has expired.",
        F.SIGNER_REVOKED: "The document signer was revoked.",
        F.SIGNER_USAGE_WRONG: "The certificate is not one for signing documents.",
        F.SIGNER_COUNTRY_DIFFERENT: "Signer, country signer and document name different countries.",
        F.SIGNER_DOCUMENT_TYPE_WRONG: "The signer may not sign this type of document.",
        F.SIGNER_EXTENSION_UNKNOWN: "The certificate has a critical extension that is not understood.",
        F.COUNTRY_SIGNER_EXPIRED: "The country signer's certificate has expired.",
        F.COUNTRY_SIGNER_NOT_A_CA: "The country signer may not issue certificates.",
        F.REVOCATION_UNKNOWN: "There is no revocation list of this country.",
        F.REVOCATION_STALE: "The revocation list of this country is out of date.",
    },
    "Genuine chip": {
        F.CHIP_CLONEABLE: "Nothing shows that the chip is not a copy.",
        F.CHIP_PROOF_MISSING: "The chip can prove itself, but no proof is there.",
        F.CHIP_PROOF_WITHOUT_KEY: "A proof was given for which no signed key is there.",
        F.CHIP_PROOF_MALFORMED: "The transcript of a proof does not parse.",
        F.ACTIVE_KEY_MALFORMED: "The key of active authentication (DG15) does not parse.",
        F.ACTIVE_KEY_UNSUPPORTED: "The key of active authentication is of a kind not supported.",
        F.ACTIVE_REFUSED: "The chip refused active authentication.",
        F.ACTIVE_TRAILER_WRONG: "The signed message ends in a trailer that means no hash.",
        F.ACTIVE_SIGNATURE_MALFORMED: "The chip's signature has the wrong length or range.",
        F.ACTIVE_SIGNATURE_WRONG: "The chip's signature is wrong: it is not the chip that was issued.",
        F.CHIP_KEY_MALFORMED: "A key of chip authentication (DG14) does not parse.",
        F.CHIP_KEY_INVALID: "A key of chip authentication is none of its group.",
        F.CHIP_KEY_UNSUPPORTED: "Chip authentication is offered only in ways not supported.",
        F.CHIP_REFUSED: "The chip refused chip authentication.",
        F.CHIP_SESSION_WRONG: "After chip authentication the chip has other keys: it is a copy.",
        F.CHIP_WEAKER_CHOSEN: "A weaker way of chip authentication was used than is offered.",
        F.MAPPING_DATA_MISSING: "The chip authentication mapping came without its data.",
        F.MAPPING_DATA_MALFORMED: "The data of the chip authentication mapping do not parse.",
        F.MAPPING_DATA_WRONG: "The chip does not hold the key of the chip authentication mapping.",
        F.MAPPING_KEY_OF_ANOTHER: "The key of the chip authentication mapping is not among this document's.",
        F.CARD_SECURITY_MALFORMED: "EF.CardSecurity does not parse or could not be read.",
        F.CARD_SECURITY_UNTRUSTED: "The signature of EF.CardSecurity is not trusted.",
        F.CARD_SECURITY_DIFFERENT: "EF.CardSecurity is of another country than EF.SOD, or contradicts DG14.",
        F.TERMINAL_REFUSED: "The chip refused our authorisation certificates or signature.",
        F.TERMINAL_CHAIN_WRONG: "Our chain of authorisation certificates is wrong.",
    },
    "Holder": {
        F.DG1_MISSING: "DG1 (machine-readable zone) was not read.",
        F.DG1_MALFORMED: "DG1 does not parse.",
        F.DG1_CHECK_DIGIT_WRONG: "A check digit in DG1 is wrong.",
        F.DG1_KEY_DIFFERENT: "DG1 is not that of the document whose zone opened the chip.",
        F.DG2_MALFORMED: "DG2 (portrait) does not parse.",
        F.DG2_WITHOUT_PORTRAIT: "DG2 holds no portrait.",
        F.DG2_FORMAT_UNKNOWN: "The portrait is neither JPEG nor JPEG 2000.",
        F.DG11_MALFORMED: "DG11 (personal details) does not parse or contradicts DG1.",
        F.DG11_NAME_DIFFERENT: "The names in DG11 and DG1 differ.",
        F.DG11_NUMBER_WRONG: "The identity-card number in DG11 has a wrong check character.",
        F.DG12_MALFORMED: "DG12 (document details) does not parse.",
        F.DG13_MALFORMED: "DG13 (the issuer's own) does not parse.",
        F.DG14_MALFORMED: "DG14 (what the chip offers) does not parse.",
        F.DOCUMENT_EXPIRED: "The document has expired.",
        F.DOCUMENT_EXPIRY_UNREADABLE: "The expiry date is no date.",
        F.ISSUING_STATE_NOT_ALLOWED: "The document is of a state whose cards this server does not take.",
        F.SPECIMEN_PROFILE: "A synthetic card was read in place of a real one.",
    },
}
"""Sentences by group and code, in the order of the reference page."""


def meaning_of(code: F) -> str:
    """The sentence for ``code``."""
    return next(texts[code] for texts in MEANINGS.values() if code in texts)


def as_markdown() -> str:
    """The body of the reference page: a table for each group."""
    lines = []
    for group, texts in MEANINGS.items():
        lines += [f"## {group}", "", "| Code | Severity | Meaning |", "|---|---|---|"]
        lines += [
            f"| `{code.value}` | {code.severity.value} | {text} |" for code, text in texts.items()
        ]
        lines.append("")
    return "\n".join(lines)
