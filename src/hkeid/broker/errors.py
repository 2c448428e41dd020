"""Why the hub turns somebody away."""

from __future__ import annotations

from hkeid.kernel.errors import Refused


class LoginRefused(Refused):
    """The passkey is right or wrong in itself, but this login is not allowed.

    ``credential_unknown`` (tell the device: ``signalUnknownCredential``), ``credential_revoked`` (the
    same), ``credential_suspended``, ``resident_mismatch`` (another resident's passkey),
    ``eid_not_active``, ``eid_suspended``, ``eid_revoked``, ``assurance_too_low``,
    ``credential_contended``; after an upstream's answer also ``link_unknown`` (nobody here is linked to
    that person), ``link_of_another``, ``upstream_authentication_too_old``, ``upstream_session_over``,
    ``eid_cools``. What :mod:`hkeid.webauthn` refuses keeps its own reasons.
    """

    default_safe_text = "You could not be logged in with this passkey."


class StepUpRequired(Refused):
    """What was asked for needs a fresh authentication (``authentication_too_old``) or a stronger one
    (``authentication_too_low``).
    """

    default_safe_text = "Please confirm with your passkey first."
