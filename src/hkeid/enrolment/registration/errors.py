"""Why a registration stops."""

from __future__ import annotations

from hkeid.enrolment.errors import EnrolmentRefused
from hkeid.kernel.errors import NotFound


class RegistrationRefused(EnrolmentRefused):
    """A rule of registration says no.

    ``registration_other_step``, ``registration_expired``, ``registration_changed``,
    ``statement_not_current``, ``edit_too_far``, ``dates_impossible``, ``details_incomplete``,
    ``liveness_not_started``, ``already_registered``.
    """


class RegistrationUnknown(RegistrationRefused, NotFound):
    """There is none, or it was begun in another browser (``registration_unknown``)."""
