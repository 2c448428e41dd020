"""Why an enrolment journey stops."""

from __future__ import annotations

from hkeid.kernel.errors import AlreadyUsed, Expired, NotFound, Refused


class EnrolmentRefused(Refused):
    """A rule of enrolment says no.

    ``already_registered``, ``eid_not_applicant``, ``eid_changed``, ``credential_registered``,
    ``too_many_devices``, ``last_device``, ``session_ended``, ``ceremony_other_session``,
    ``device_not_suspended``.
    """


class TicketUnknown(EnrolmentRefused, NotFound):
    """There is no such ticket (``ticket_unknown``), or a newer one took its place
    (``ticket_revoked``).
    """

    default_safe_text = "This activation code is not valid. Please check it and try again."


class TicketExpired(EnrolmentRefused, Expired):
    """The ticket's time is over (``ticket_expired``)."""

    default_safe_text = "This activation code has expired. Please ask for a new one."


class TicketUsed(EnrolmentRefused, AlreadyUsed):
    """The eID was activated with this ticket before (``ticket_used``)."""

    default_safe_text = "This activation code was already used."


class DeviceUnknown(EnrolmentRefused, NotFound):
    """The resident has no such device (``device_unknown``)."""


class ResidentUnknown(EnrolmentRefused, NotFound):
    """There is no such resident (``resident_unknown``)."""
