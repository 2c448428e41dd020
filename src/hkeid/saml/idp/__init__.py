"""A SAML 2.0 identity provider, sans-IO.

::

    provider = IdentityProvider("https://eid.example.hk", store, keys, …)
    answer = provider.handle(request)                  # a Response, or an Interaction to serve and then:
    answer = provider.resume(answer.id, outcome, browser=…, session=…)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hkeid.kernel.lazy import names_on_demand

if TYPE_CHECKING:
    from hkeid.saml.idp.provider import IdentityProvider
    from hkeid.saml.idp.records import (
        IdentityProviderTransaction,
        Participation,
        ParticipationRepository,
    )
    from hkeid.saml.idp.responses import SamlErrorPage, SamlLogoutPage
    from hkeid.saml.idp.services import (
        AuthorityLogout,
        Encrypts,
        OriginReader,
        Service,
        ServiceDirectory,
        SessionEnder,
        Signs,
    )
    from hkeid.saml.idp.settings import IdentityProviderSettings

# Stores know the records, and need no XML for them.
__getattr__ = names_on_demand(
    __name__,
    {
        "provider": ("IdentityProvider",),
        "records": ("IdentityProviderTransaction", "Participation", "ParticipationRepository"),
        "responses": ("SamlErrorPage", "SamlLogoutPage"),
        "services": (
            "AuthorityLogout",
            "Encrypts",
            "OriginReader",
            "Service",
            "ServiceDirectory",
            "SessionEnder",
            "Signs",
        ),
        "settings": ("IdentityProviderSettings",),
    },
)

__all__ = [
    "AuthorityLogout",
    "Encrypts",
    "IdentityProvider",
    "IdentityProviderSettings",
    "IdentityProviderTransaction",
    "OriginReader",
    "Participation",
    "ParticipationRepository",
    "SamlErrorPage",
    "SamlLogoutPage",
    "Service",
    "ServiceDirectory",
    "SessionEnder",
    "Signs",
]
