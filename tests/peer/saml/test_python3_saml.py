"""python3-saml (libxmlsec) logs in at our identity provider."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType

import pytest
from tests.peer.saml.contract import ServiceProviderContract
from tests.peer.saml.credentials import Credential
from tests.peer.saml.our_identity_provider import OurIdentityProvider
from tests.peer.saml.python_peers import running
from tests.peer.saml.service_provider import PeerServiceProvider

pytestmark = [pytest.mark.peer, pytest.mark.xdist_group("saml_python3_saml")]


@pytest.fixture(scope="module")
def peer(
    idp: OurIdentityProvider, credential: Credential, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PeerServiceProvider]:
    with running(
        "python3-saml", idp, credential, tmp_path_factory.mktemp("python3-saml")
    ) as started:
        yield started


class TestPython3Saml(ServiceProviderContract):
    refuses = MappingProxyType(
        {
            "attribute": "Signature validation failed. SAML Response rejected",
            "subject": "Signature validation failed. SAML Response rejected",
            "unsigned": "No Signature found. SAML Response rejected",
            "audience": "is not a valid audience for this Response",
            "expired": "Could not validate timestamp: expired",
            "stranger": "Signature validation failed. SAML Response rejected",
            "replayed": "does not match the ID of the AuthNRequest sent by the SP",
        }
    )
