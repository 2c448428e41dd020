"""Remote registration, recovery and registration at a counter."""

from hkeid.enrolment.registration.cases import Cases
from hkeid.enrolment.registration.errors import RegistrationRefused, RegistrationUnknown
from hkeid.enrolment.registration.journey import Registration
from hkeid.enrolment.registration.parts import RegistrationHooks, RegistrationParts, SweepingParts
from hkeid.enrolment.registration.records import (
    RegistrationPurpose,
    RegistrationRecord,
    RegistrationRepository,
    RegistrationStep,
    RegistrationTransaction,
)
from hkeid.enrolment.registration.settings import RegistrationSettings
from hkeid.enrolment.registration.views import FieldView, RegistrationReceipt, RegistrationView

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
