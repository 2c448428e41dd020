"""People of SimpleSAMLphp (xmlseclibs) as an identity provider log in to our service provider."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.peer.saml.credentials import Credential
from tests.peer.saml.entities import read_entity
from tests.peer.saml.identity_provider_contract import (
    IdentityProviderContract,
    PeerOfServices,
    asks_for_password,
    is_the_person,
)
from tests.peer.saml.our_identity_provider import OurIdentityProvider
from tests.peer.saml.our_service_provider import OurServiceProvider
from tests.peer.saml.simplesamlphp import served, simplesamlphp

from hkeid.saml.dsig import EncryptionPolicy, Reason
from hkeid.saml.messages.status import StatusCode
from hkeid.saml.sp import StatusRefused
from hkeid.testing.browser import Browser
from hkeid.testing.saml_parties import FakeMetadata

pytestmark = [pytest.mark.peer, pytest.mark.xdist_group("saml_simplesamlphp_idp")]


@pytest.fixture(scope="module")
def peer(idp: OurIdentityProvider, credential: Credential) -> Iterator[PeerOfServices]:
    own, known = Credential.make(), FakeMetadata()
    sp, encrypted = (OurServiceProvider(own, known, name) for name in ("sp", "encrypted"))
    services = [
        served(sp.entity, own, encrypted=False),
        served(encrypted.entity, own, encrypted=True),
    ]
    with simplesamlphp(idp, credential, "".join(["<?php\n", *services])) as running:
        page = Browser().get(f"{running.origin}/saml2/idp/metadata.php")
        assert page.status == 200, page.text
        yield PeerOfServices(
            entity=read_entity(page.body),
            sp=sp,
            encrypted=encrypted,
            stranger=OurServiceProvider(Credential.make(), known),
            begin_logout=f"{running.origin}/saml2/idp/initSLO.php?RelayState={running.origin}/",
        )


class TestSimpleSamlPhpAsIdentityProvider(IdentityProviderContract):
    unsigned = "no signature found on message"
    forged = "Unable to validate signature"
    # Version 1.19 encrypts with AES-128-CBC and nothing else.
    encryption = EncryptionPolicy(cbc=True)
    encryption_refused = Reason.CBC_REFUSED

    def test_force_authn_asks_again(self, peer: PeerOfServices, browser: Browser) -> None:
        peer.received(browser)
        assert asks_for_password(browser.get(peer.sp.begin(peer.entity, force_authn=True).url))

    def test_is_passive_is_refused_with_a_status(
        self, peer: PeerOfServices, browser: Browser
    ) -> None:
        sent = peer.sp.begin(peer.entity, is_passive=True)
        (form,) = browser.get(sent.url).forms
        with pytest.raises(StatusRefused) as refused:
            peer.sp.finish(form, sent)
        assert refused.value.status.codes == (StatusCode.RESPONDER, StatusCode.NO_PASSIVE)

    def test_it_begins_a_login_itself(self, peer: PeerOfServices, browser: Browser) -> None:
        url = f"{peer.entity.sso_url}?spentityid={peer.sp.entity.entity_id}"
        is_the_person(peer.sp.take_unsolicited(peer.log_in(browser, url)))
