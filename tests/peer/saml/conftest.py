"""Keys and the identity provider that all peers know."""

from __future__ import annotations

import pytest
from tests.peer.saml.credentials import Credential
from tests.peer.saml.identity_provider import SmallIdentityProvider
from tests.peer.saml.our_identity_provider import OurIdentityProvider

pytest.register_assert_rewrite(
    *(
        f"tests.peer.saml.{name}"
        for name in ("contract", "identity_provider_contract", "service_provider")
    )
)


@pytest.fixture(scope="session")
def idp() -> OurIdentityProvider:
    return OurIdentityProvider()


@pytest.fixture(scope="session")
def stranger(idp: OurIdentityProvider) -> SmallIdentityProvider:
    """It says that it is ``idp`` and has other keys."""
    return SmallIdentityProvider(idp.entity_id)


@pytest.fixture(scope="session")
def credential() -> Credential:
    """A service provider's, to sign and to decrypt with."""
    return Credential.make()
