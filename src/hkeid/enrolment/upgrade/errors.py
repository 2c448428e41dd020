"""Why an upgrade stops."""

from __future__ import annotations

from hkeid.kernel.errors import NotFound, Refused


class UpgradeRefused(Refused):
    """A rule of the upgrade says no.

    Before it begins: ``eid_not_active``, ``upgraded_already``, ``number_unknown``,
    ``number_expired``, ``station_attempts_exhausted``, ``officer_missing``, ``receipt_unknown``. Officers: ``officer_not_at_kiosk``,
    ``officer_not_allowed``, ``officer_login_missing``, ``own_record``. In its course:
    ``upgrade_other_step``, ``upgrade_other_station``, ``upgrade_other_resident``,
    ``upgrade_expired``, ``upgrade_changed``, ``session_ended``. About the card:
    ``evidence_signature_wrong``, ``evidence_stale``, ``evidence_replayed``,
    ``evidence_challenge_wrong``, ``active_proof_missing``, ``chip_not_trusted``,
    ``chip_cloneable``, ``chip_proof_not_accepted``, ``chip_number_missing``, ``chip_other_person``,
    ``chip_name_different``, ``chip_portrait_missing``, ``eid_unknown``, ``eid_revoked``, or the code of the fatal
    finding. Offline: ``shift_unknown``,
    ``shift_expired``, ``upload_replayed``. About the face: ``face_not_live``, ``face_no_match``, ``face_tries_spent``,
    ``officer_says_other_person``. About the person: ``registry_no_match``, ``registry_deceased``,
    ``registry_reported_lost``. About the station: ``station_revoked``, ``station_suspended``. About a security key: ``registration_not_decided``,
    ``person_not_compared``,
    ``ceremony_other_upgrade``, ``credential_registered``, ``eid_changed``. About the confirmation: what :mod:`hkeid.webauthn` says, and
    ``credential_unknown``, ``credential_suspended``, ``credential_revoked``.
    """

    default_safe_text = "The eID was not upgraded."


class UpgradeUnknown(UpgradeRefused, NotFound):
    """There is no such upgrade, or none that this caller may know of (``upgrade_unknown``)."""
