"""Journeys that change an eID: activation, device binding, suspension, revocation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hkeid.kernel.lazy import names_on_demand

if TYPE_CHECKING:
    from hkeid.enrolment.activation import Activation, ActivationStart
    from hkeid.enrolment.devices import Device, Devices
    from hkeid.enrolment.errors import (
        DeviceUnknown,
        EnrolmentRefused,
        ResidentUnknown,
        TicketExpired,
        TicketUnknown,
        TicketUsed,
    )
    from hkeid.enrolment.registration import (
        FieldView,
        Registration,
        RegistrationHooks,
        RegistrationParts,
        RegistrationPurpose,
        RegistrationReceipt,
        RegistrationRefused,
        RegistrationSettings,
        RegistrationStep,
        RegistrationUnknown,
        RegistrationView,
    )
    from hkeid.enrolment.settings import EnrolmentSettings
    from hkeid.enrolment.standing import Actor, Standing

__getattr__ = names_on_demand(
    __name__,
    {
        "activation": ("Activation", "ActivationStart"),
        "devices": ("Device", "Devices"),
        "errors": (
            "DeviceUnknown",
            "EnrolmentRefused",
            "ResidentUnknown",
            "TicketExpired",
            "TicketUnknown",
            "TicketUsed",
        ),
        "registration": (
            "FieldView",
            "Registration",
            "RegistrationHooks",
            "RegistrationParts",
            "RegistrationPurpose",
            "RegistrationReceipt",
            "RegistrationRefused",
            "RegistrationSettings",
            "RegistrationStep",
            "RegistrationUnknown",
            "RegistrationView",
        ),
        "settings": ("EnrolmentSettings",),
        "standing": ("Actor", "Standing"),
    },
)

__all__ = [
    "Activation",
    "ActivationStart",
    "Actor",
    "Device",
    "DeviceUnknown",
    "Devices",
    "EnrolmentRefused",
    "EnrolmentSettings",
    "FieldView",
    "Registration",
    "RegistrationHooks",
    "RegistrationParts",
    "RegistrationPurpose",
    "RegistrationReceipt",
    "RegistrationRefused",
    "RegistrationSettings",
    "RegistrationStep",
    "RegistrationUnknown",
    "RegistrationView",
    "ResidentUnknown",
    "Standing",
    "TicketExpired",
    "TicketUnknown",
    "TicketUsed",
]
