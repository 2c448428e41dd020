"""People of SimpleSAMLphp (xmlseclibs) as an identity provider log in to our service provider."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.peer.saml.credentials import Credential
from tests.peer.saml.entities import read_entity
from tests.peer.saml.identity_provider import SmallIdentityProvider
from tests.peer.saml.identity_provider_contract import (
    IdentityProviderContract,
    PeerOfServices,
    asks_for_password,
    is_the_person,
)
from tests.peer.saml.own_service_provider import SmallServiceProvider
from tests.peer.saml.simplesamlphp import served, simplesamlphp

from hkeid.saml.dsig import EncryptionPolicy, Reason
from hkeid.testing.browser import Browser

pytestmark = [pytest.mark.peer, pytest.mark.xdist_group("saml_simplesamlphp_idp")]

RESPONDER = "urn:oasis:names:tc:SAML:2.0:status:Responder"
NO_PASSIVE = "urn:oasis:names:tc:SAML:2.0:status:NoPassive"


@pytest.fixture(scope="module")
def peer(idp: SmallIdentityProvider, credential: Credential) -> Iterator[PeerOfServices]:
    own = Credential.make()
    sp, encrypted = (SmallServiceProvider(own, name) for name in ("sp", "encrypted"))
    known = [served(sp.entity, own, encrypted=False), served(encrypted.entity, own, encrypted=True)]
    with simplesamlphp(idp, credential, "".join(["<?php\n", *known])) as running:
        page = Browser().get(f"{running.origin}/saml2/idp/metadata.php")
        assert page.status == 200, page.text
        yield PeerOfServices(
            entity=read_entity(page.body),
            sp=sp,
            encrypted=encrypted,
            stranger=SmallServiceProvider(Credential.make()),
            begin_logout=f"{running.origin}/saml2/idp/initSLO.php?RelayState={running.origin}/",
        )


class TestSimpleSamlPhpAsIdentityProvider(IdentityProviderContract):
    unsigned = "no signature found on message"
    forged = "Unable to validate signature"
    # Version 1.19 encrypts with AES-128-CBC and nothing else.
    encryption = EncryptionPolicy(cbc=True)
    encryption_refused = Reason.CBC_REFUSED

    def test_force_authn_asks_again(self, peer: PeerOfServices, browser: Browser) -> None:
        peer.received(browser, peer.sp)
        _, url = peer.sp.begin(peer.entity, ForceAuthn="true")
        assert asks_for_password(browser.get(url))

    def test_is_passive_is_refused_with_a_status(
        self, peer: PeerOfServices, browser: Browser
    ) -> None:
        request, url = peer.sp.begin(peer.entity, IsPassive="true")
        (form,) = browser.get(url).forms
        found = peer.sp.finish(form, peer.entity, request)
        assert found.login is None
        assert found.status == (RESPONDER, NO_PASSIVE)

    def test_it_begins_a_login_itself(self, peer: PeerOfServices, browser: Browser) -> None:
        url = f"{peer.entity.sso_url}?spentityid={peer.sp.entity.entity_id}"
        is_the_person(peer.sp.finish(peer.log_in(browser, url), peer.entity, None))
