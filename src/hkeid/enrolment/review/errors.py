"""Why a review does not go on."""

from __future__ import annotations

from hkeid.enrolment.errors import EnrolmentRefused
from hkeid.kernel.errors import NotFound


class ReviewRefused(EnrolmentRefused):
    """A rule of review says no.

    ``case_not_waiting``, ``case_leased``, ``case_changed``, ``case_decided``, ``lease_lost``,
    ``voted_already``, ``served_yourself``, ``reason_contradicts``, ``case_not_acceptable``.
    """


class CaseUnknown(ReviewRefused, NotFound):
    """There is no such case (``case_unknown``)."""
