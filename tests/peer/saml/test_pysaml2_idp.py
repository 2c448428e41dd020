"""People of pysaml2 (the xmlsec1 command) as an identity provider log in to our service provider."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.peer.saml.credentials import Credential
from tests.peer.saml.entities import read_entity
from tests.peer.saml.identity_provider_contract import (
    ATTRIBUTES,
    IdentityProviderContract,
    PeerOfServices,
)
from tests.peer.saml.our_service_provider import OurServiceProvider
from tests.peer.saml.python_peers import python_peer

from hkeid.saml.dsig import Reason
from hkeid.testing.browser import Browser
from hkeid.testing.saml_parties import FakeMetadata

pytestmark = [pytest.mark.peer, pytest.mark.xdist_group("saml_pysaml2_idp")]


@pytest.fixture(scope="module")
def peer(
    credential: Credential, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PeerOfServices]:
    own, known = Credential.make(), FakeMetadata()
    sp, encrypted = (OurServiceProvider(own, known, name) for name in ("sp", "encrypted"))
    settings = {
        "services": [one.metadata().decode() for one in (sp, encrypted)],
        "attributes": {name: list(values) for name, values in ATTRIBUTES.items()},
        "encrypted": encrypted.entity.entity_id,
        "key": credential.key_pem,
        "certificate": credential.pem,
    }
    folder = tmp_path_factory.mktemp("pysaml2-idp")
    with python_peer("python_identity_provider.py", settings, folder) as running:
        page = Browser().get(f"{running.origin}/metadata")
        assert page.status == 200, page.text
        yield PeerOfServices(
            entity=read_entity(page.body),
            sp=sp,
            encrypted=encrypted,
            stranger=OurServiceProvider(Credential.make(), known),
            begin_logout=f"{running.origin}/begin-logout",
        )


class TestPysaml2AsIdentityProvider(IdentityProviderContract):
    unsigned = "IncorrectlySigned"
    forged = "IncorrectlySigned"
    # pysaml2 7.5 encrypts with 3DES-CBC and nothing else, which we never open.
    encryption_refused = Reason.ENCRYPTION_REFUSED
