"""SimpleSAMLphp (xmlseclibs) as a service provider logs in at our identity provider."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType

import pytest
from tests.peer.saml.contract import ServiceProviderContract
from tests.peer.saml.credentials import Credential
from tests.peer.saml.our_identity_provider import OurIdentityProvider
from tests.peer.saml.service_provider import PeerServiceProvider, SaysInJson
from tests.peer.saml.simplesamlphp import simplesamlphp

pytestmark = [pytest.mark.peer, pytest.mark.xdist_group("saml_simplesamlphp_sp")]


@pytest.fixture(scope="module")
def peer(idp: OurIdentityProvider, credential: Credential) -> Iterator[PeerServiceProvider]:
    with simplesamlphp(idp, credential) as running:
        yield SaysInJson(
            page=f"{running.origin}/who.php",
            logout=f"{running.origin}/who.php?logout",
            metadata_url=f"{running.origin}/module.php/saml/sp/metadata.php/sp",
            idp=idp,
            logs=(running.log,),
        )


class TestSimpleSamlPhp(ServiceProviderContract):
    refuses = MappingProxyType(
        {
            "attribute": "Reference validation failed",
            "subject": "Neither the assertion nor the response was signed",
            "unsigned": "Neither the assertion nor the response was signed",
            "audience": "is not a valid audience for the assertion",
            "expired": "Received an assertion that has expired",
            "stranger": "Unable to validate Signature",
            "replayed": "Received duplicate assertion",
        }
    )
    soap = True
    # A fault of version 1.19: it ends the session and then fails to address the answer.
    soap_breaks = "setDestination.* must be of type"
    # xmlseclibs knows RSA and HMAC only.
    ecdsa = "Unsupported signing algorithm"
