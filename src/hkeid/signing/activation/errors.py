"""Why an activation, or its evidence, does not count."""

from __future__ import annotations

from hkeid.kernel.errors import Refused


class SignatureActivationRefused(Refused):
    """An activation that a rule turns down.

    Reasons: ``key_unknown``, ``key_not_usable``, ``eid_not_upgraded``, ``eid_cooling``,
    ``activation_other_request``, ``credential_unknown``, ``passkey_synced``, ``uv_missing``,
    ``credential_contended``; and for an authorisation ``authorisation_unknown``,
    ``authorisation_expired``, ``authorisation_used``, ``authorisation_other_client``,
    ``authorisation_other_key``, ``authorisation_other_hashes``.
    """

    default_safe_text = "This signature cannot be made. Please start again."


class EvidenceRefused(Refused):
    """Evidence that does not prove what it claims.

    Reasons: ``challenge_mismatch``, ``rp_id_mismatch``, ``origin_mismatch``, ``type_mismatch``,
    ``up_missing``, ``uv_missing``, ``assertion_invalid``, ``display_mismatch``,
    ``signature_count``, ``signature_invalid``, ``certificate_mismatch``, ``activation_expired``,
    ``activation_time_mismatch``.
    """

    default_safe_text = "The evidence does not prove this signature."
