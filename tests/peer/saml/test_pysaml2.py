"""pysaml2 (the xmlsec1 command) logs in at our identity provider."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType

import pytest
from tests.peer.saml.contract import ServiceProviderContract
from tests.peer.saml.credentials import Credential
from tests.peer.saml.our_identity_provider import OurIdentityProvider
from tests.peer.saml.python_peers import running
from tests.peer.saml.service_provider import PeerServiceProvider

pytestmark = [pytest.mark.peer, pytest.mark.xdist_group("saml_pysaml2")]


@pytest.fixture(scope="module")
def peer(
    idp: OurIdentityProvider, credential: Credential, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PeerServiceProvider]:
    with running("pysaml2", idp, credential, tmp_path_factory.mktemp("pysaml2")) as started:
        yield started


class TestPysaml2(ServiceProviderContract):
    refuses = MappingProxyType(
        {
            "attribute": "SignatureError: Failed to verify signature",
            "subject": "SignatureError: Failed to verify signature",
            "unsigned": "Neither the response nor the assertions are signed",
            "audience": "AudienceRestrictions conditions not satisfied",
            "expired": "ResponseLifetimeExceed",
            "stranger": "SignatureError: Failed to verify signature",
            "replayed": "Unsolicited response",
        }
    )
    # As a service provider it checks no signature of a LogoutRequest that comes by Redirect.
