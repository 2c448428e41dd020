"""A SAML 2.0 service provider, sans-IO.

::

    begun = provider.begin(LoginWish(identity_provider=idp), relay_state=reference, now=now)
    …                                                # keep begun.kept under the reference, send the browser
    login = provider.finish(kept, request, now)      # Authentication, or an error with a stable reason
"""

from hkeid.saml.messages.bindings import FormPost, Outgoing, Redirection
from hkeid.saml.sp.authentication import Authentication, Expectation
from hkeid.saml.sp.errors import StatusRefused
from hkeid.saml.sp.logout import (
    AnsweredLogout,
    LogoutSubject,
    ReceivedLogout,
    ServiceProviderLogout,
)
from hkeid.saml.sp.provider import Begun, LoginWish, ServiceProvider, ServiceProviderTransaction
from hkeid.saml.sp.settings import ServiceProviderSettings
from hkeid.saml.sp.validation import validate

__all__ = [
    "AnsweredLogout",
    "Authentication",
    "Begun",
    "Expectation",
    "FormPost",
    "LoginWish",
    "LogoutSubject",
    "Outgoing",
    "ReceivedLogout",
    "Redirection",
    "ServiceProvider",
    "ServiceProviderLogout",
    "ServiceProviderSettings",
    "ServiceProviderTransaction",
    "StatusRefused",
    "validate",
]
