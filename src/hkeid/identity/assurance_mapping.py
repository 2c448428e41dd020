"""How the ladder relates to other scales of assurance. Data, and the table made of it.

Each entry is the floor: what a relying party may rely on whenever it sees that ``acr``, whatever
the device or station was. A better case (an officer was present, say) does not raise it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from hkeid.identity.assurance import Acr

_SAML_CLASS = "urn:oasis:names:tc:SAML:2.0:ac:classes:"


@dataclass(frozen=True, slots=True, kw_only=True)
class AssuranceMapping:
    """One rung on the other scales.

    :ivar ial: identity assurance level of NIST SP 800-63A-4, 1 to 3.
    :ivar aal: authentication assurance level of NIST SP 800-63B-4, 1 to 3.
    :ivar level_of_assurance: ISO/IEC 29115, 1 to 4, of proofing and login together.
    :ivar saml_class: the nearest class of SAML 2.0 Authentication Context §3.4; beside it, hkeid's
        own ``acr`` URN is always usable as AuthnContextClassRef.
    :ivar why: what decided, and what is missing for the next level.
    """

    ial: int
    aal: int
    level_of_assurance: int
    saml_class: str
    why: str


MAPPING: Mapping[Acr, AssuranceMapping] = MappingProxyType(
    {
        Acr.EID: AssuranceMapping(
            ial=2,
            aal=2,
            level_of_assurance=2,
            saml_class=_SAML_CLASS + "MobileTwoFactorUnregistered",
            why=(
                "Remote unattended proofing: card, selfie, the issuer's records. The passkey is "
                "verified by its user and resists phishing, but may be synced: allowed at AAL2 "
                "(SP 800-63B-4 appendix B), never at AAL3."
            ),
        ),
        Acr.EID_BOUND: AssuranceMapping(
            ial=2,
            aal=2,
            level_of_assurance=3,
            saml_class=_SAML_CLASS + "MobileTwoFactorContract",
            why=(
                "The key does not leave its device by the authenticator's own word (BE=0); AAL3 "
                "wants hardware, and nothing has proved that yet."
            ),
        ),
        Acr.EID_PLUS: AssuranceMapping(
            ial=2,
            aal=2,
            level_of_assurance=3,
            saml_class=_SAML_CLASS + "MobileTwoFactorContract",
            why=(
                "The card's chip was read and verified at an enrolled station. IAL3 and LoA4 want "
                "an attendant on site, and the station may have been a self-service kiosk."
            ),
        ),
        Acr.EID_PLUS_ATTESTED: AssuranceMapping(
            ial=2,
            aal=3,
            level_of_assurance=3,
            saml_class=_SAML_CLASS + "SmartcardPKI",
            why=(
                "As above, with a hardware key whose attestation was verified. Where AAL3 asks for "
                "a validated module (FIPS 140), the operator's trusted roots must be limited to such."
            ),
        ),
    }
)
"""Every rung of the ladder."""


UNSPECIFIED_SAML_CLASS = f"{_SAML_CLASS}unspecified"
"""SAML 2.0 Authentication Context §3.4.25: any class will do."""


def rungs_of_saml_class(uri: str) -> tuple[Acr, ...]:
    """The rungs that a class of SAML 2.0 Authentication Context stands for, lowest first; none where it is not
    known here. hkeid's own ``acr`` values stand for themselves.
    """
    return tuple(acr for acr, one in MAPPING.items() if uri in (acr.value, one.saml_class))


def mapping_table() -> str:
    """The mapping as a Markdown table, for the documentation."""
    rows = [
        "| acr | NIST IAL | NIST AAL | ISO/IEC 29115 | SAML AuthnContext class | why |",
        "|---|---|---|---|---|---|",
    ]
    rows.extend(
        f"| `{acr.value}` | IAL{entry.ial} | AAL{entry.aal} | LoA{entry.level_of_assurance} "
        f"| `{entry.saml_class}` | {entry.why} |"
        for acr, entry in MAPPING.items()
    )
    return "\n".join(rows) + "\n"
