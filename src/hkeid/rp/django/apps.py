"""The application that goes into ``INSTALLED_APPS``."""

from __future__ import annotations

from django.apps import AppConfig
from django.core.checks import Tags, register


class EidConfig(AppConfig):
    """Log in with eID."""

    name = "hkeid.rp.django"
    label = "hkeid_eid"
    verbose_name = "Log in with eID"

    def ready(self) -> None:
        """Register the system checks."""
        from hkeid.rp.django.checks import check_deployment, check_settings

        register(check_settings, Tags.security)
        register(check_deployment, Tags.security, deploy=True)
