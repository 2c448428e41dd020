"""Why an officer is turned away."""

from __future__ import annotations

from hkeid.kernel.errors import NotFound, Refused


class AccessDenied(Refused):
    """An officer may not do this now.

    ``permission_missing``, ``reason_missing``, ``reason_not_allowed``, ``officer_not_active``,
    ``officer_session_ended``, ``lease_missing``, ``own_record``.
    """

    default_safe_text = "You may not do this."


class OfficerStepUpRequired(AccessDenied):
    """The officer must use the passkey again first (``step_up_required``)."""

    default_safe_text = "Please confirm with your passkey first."


class OfficerLoginRefused(Refused):
    """A login, an enrolment or a step-up that does not count.

    ``credential_unknown``, ``credential_suspended``, ``credential_revoked``,
    ``credential_contended``, ``credential_registered``, ``officer_suspended``,
    ``officer_not_enrolled``, ``ceremony_other_session``, ``officer_session_ended``.
    """

    default_safe_text = "You could not be logged in with this passkey."


class OfficerTaken(Refused):
    """An officer with this identity-card number is entered already (``own_number_taken``)."""

    default_safe_text = "This person is an officer already."


class OfficerUnknown(NotFound):
    """There is no such officer (``officer_unknown``)."""


class EnrolmentCodeRefused(Refused):
    """An enrolment code that opens nothing: ``officer_code_unknown``, ``officer_code_used``,
    ``officer_code_expired``.
    """

    default_safe_text = "This code is not valid. Please ask for a new one."
