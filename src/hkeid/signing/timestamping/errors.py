"""What time-stamping refuses."""

from __future__ import annotations

from enum import StrEnum

from hkeid.kernel.errors import Refused


class TimestampFault(StrEnum):
    """What is wrong with a token."""

    MALFORMED = "malformed"
    IMPRINT_DIFFERS = "imprint_differs"
    NONCE_DIFFERS = "nonce_differs"
    POLICY_DIFFERS = "policy_differs"
    SIGNERS_MANY = "signers_many"
    ATTRIBUTES_WRONG = "attributes_wrong"
    CERTIFICATE_ABSENT = "certificate_absent"
    CERTIFICATE_NOT_NAMED = "certificate_not_named"
    CERTIFICATE_NOT_VALID = "certificate_not_valid"
    PURPOSE_NOT_SOLE = "purpose_not_sole"
    PURPOSE_NOT_CRITICAL = "purpose_not_critical"
    ALGORITHM_WEAK = "algorithm_weak"
    SIGNATURE_WRONG = "signature_wrong"
    CHAIN_UNTRUSTED = "chain_untrusted"
    ACCURACY_COARSE = "accuracy_coarse"
    TIME_FAR = "time_far"


class TimestampWrong(Refused):
    """A token that does not prove what it should: ``timestamp_wrong``.

    :ivar fault: which check it failed.
    """

    default_safe_text = "The time-stamp is not acceptable."

    def __init__(self, fault: TimestampFault, detail: str = "") -> None:
        self.fault = fault
        super().__init__("timestamp_wrong", detail=f"{fault.value} {detail}".strip())


class TimestampRefused(Refused):
    """An authority that did not stamp: ``timestamp_refused``.

    :ivar failure: what it said, by the names of PKIFailureInfo (RFC 3161 §2.4.2), or "".
    """

    default_safe_text = "The time-stamp authority has refused."

    def __init__(self, failure: str = "", detail: str = "") -> None:
        self.failure = failure
        super().__init__("timestamp_refused", detail=f"{failure} {detail}".strip())
