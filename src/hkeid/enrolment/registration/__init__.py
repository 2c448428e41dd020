"""Remote registration, recovery and registration at a counter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hkeid.kernel.lazy import names_on_demand

if TYPE_CHECKING:
    from hkeid.enrolment.registration.cases import Cases
    from hkeid.enrolment.registration.errors import RegistrationRefused, RegistrationUnknown
    from hkeid.enrolment.registration.journey import Registration
    from hkeid.enrolment.registration.parts import (
        RegistrationHooks,
        RegistrationParts,
        SweepingParts,
    )
    from hkeid.enrolment.registration.records import (
        RegistrationPurpose,
        RegistrationRecord,
        RegistrationRepository,
        RegistrationStep,
        RegistrationTransaction,
    )
    from hkeid.enrolment.registration.settings import RegistrationSettings
    from hkeid.enrolment.registration.views import FieldView, RegistrationReceipt, RegistrationView

__getattr__ = names_on_demand(
    __name__,
    {
        "cases": ("Cases",),
        "errors": ("RegistrationRefused", "RegistrationUnknown"),
        "journey": ("Registration",),
        "parts": ("RegistrationHooks", "RegistrationParts", "SweepingParts"),
        "records": (
            "RegistrationPurpose",
            "RegistrationRecord",
            "RegistrationRepository",
            "RegistrationStep",
            "RegistrationTransaction",
        ),
        "settings": ("RegistrationSettings",),
        "views": ("FieldView", "RegistrationReceipt", "RegistrationView"),
    },
)

__all__ = [
    "Cases",
    "FieldView",
    "Registration",
    "RegistrationHooks",
    "RegistrationParts",
    "RegistrationPurpose",
    "RegistrationReceipt",
    "RegistrationRecord",
    "RegistrationRefused",
    "RegistrationRepository",
    "RegistrationSettings",
    "RegistrationStep",
    "RegistrationTransaction",
    "RegistrationUnknown",
    "RegistrationView",
    "SweepingParts",
]
