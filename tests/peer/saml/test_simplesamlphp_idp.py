"""People of SimpleSAMLphp as an identity provider log in to our service provider."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

import pytest
from tests.peer.saml.credentials import Credential
from tests.peer.saml.entities import Entity, read_entity
from tests.peer.saml.identity_provider import (
    LEVEL,
    NAME,
    SUCCESS,
    SmallIdentityProvider,
)
from tests.peer.saml.own_service_provider import Received, SmallServiceProvider
from tests.peer.saml.simplesamlphp import SimpleSamlPhp, served, simplesamlphp

from hkeid.kernel.errors import HkeidError
from hkeid.saml.dsig import (
    EncryptionPolicy,
    EncryptionRefused,
    Reason,
    decode_post,
    encode_post,
)
from hkeid.testing.browser import Browser, Form, Page

pytestmark = [pytest.mark.peer, pytest.mark.xdist_group("saml_simplesamlphp_idp")]

RESPONDER = "urn:oasis:names:tc:SAML:2.0:status:Responder"
NO_PASSIVE = "urn:oasis:names:tc:SAML:2.0:status:NoPassive"


@dataclass
class Peer:
    """The running identity provider and the services that it knows."""

    running: SimpleSamlPhp
    entity: Entity
    sp: SmallServiceProvider
    encrypted: SmallServiceProvider

    def browser(self) -> Browser:
        return Browser(stop_at="http://sp.localhost:9/")


@pytest.fixture(scope="module")
def peer(idp: SmallIdentityProvider, credential: Credential) -> Iterator[Peer]:
    own = Credential.make()
    sp, encrypted = (SmallServiceProvider(own, name) for name in ("sp", "encrypted"))
    providers = "".join(
        [
            "<?php\n",
            served(sp.entity, own, encrypted=False),
            served(encrypted.entity, own, encrypted=True),
        ]
    )
    with simplesamlphp(idp, credential, providers) as running:
        page = Browser().get(f"{running.origin}/saml2/idp/metadata.php")
        assert page.status == 200, page.text
        yield Peer(running, read_entity(page.body), sp, encrypted)


@pytest.fixture
def browser(peer: Peer) -> Browser:
    return peer.browser()


def log_in(browser: Browser, url: str) -> Form:
    """Through its login page to the form with the Response."""
    page = browser.get(url)
    (form,) = page.forms
    page = browser.submit(form, {"username": "tai-man", "password": "open sesame"})
    (answer,) = page.forms
    return answer


def received(peer: Peer, browser: Browser, sp: SmallServiceProvider) -> Received:
    request, url = sp.begin(peer.entity)
    return sp.finish(log_in(browser, url), peer.entity, request)


def _is_tai_man(found: Received) -> None:
    assert found.status == (SUCCESS,)
    assert found.login is not None
    assert found.login.attributes[NAME] == ("陳大文 & Co",)
    assert found.login.attributes[LEVEL] == ("eid", "eid-plus")


def test_somebody_logs_in(peer: Peer, browser: Browser) -> None:
    """With a signed Response around a signed Assertion."""
    found = received(peer, browser, peer.sp)
    _is_tai_man(found)
    assert not found.encrypted


def test_an_encrypted_assertion_is_opened_where_we_take_cbc(peer: Peer, browser: Browser) -> None:
    """SimpleSAMLphp 1.19 encrypts with AES-128-CBC and nothing else; by default we refuse that."""
    request, url = peer.encrypted.begin(peer.entity)
    form = log_in(browser, url)
    with pytest.raises(EncryptionRefused) as refused:
        peer.encrypted.finish(form, peer.entity, request)
    assert refused.value.reason == Reason.CBC_REFUSED
    lenient = replace(peer.encrypted, encryption=EncryptionPolicy(cbc=True))
    found = lenient.finish(form, peer.entity, request)
    _is_tai_man(found)
    assert found.encrypted


def test_single_sign_on_asks_no_second_time(peer: Peer, browser: Browser) -> None:
    first = received(peer, browser, peer.sp)
    request, url = peer.sp.begin(peer.entity)
    (form,) = browser.get(url).forms
    second = peer.sp.finish(form, peer.entity, request)
    assert second.login == first.login
    request, url = peer.sp.begin(peer.entity, ForceAuthn="true")
    assert "password" in browser.get(url).text.lower()


def test_is_passive_is_refused_with_a_status(peer: Peer, browser: Browser) -> None:
    request, url = peer.sp.begin(peer.entity, IsPassive="true")
    (form,) = browser.get(url).forms
    found = peer.sp.finish(form, peer.entity, request)
    assert found.login is None
    assert found.status == (RESPONDER, NO_PASSIVE)


def test_it_begins_a_login_itself(peer: Peer, browser: Browser) -> None:
    url = f"{peer.entity.sso_url}?spentityid={peer.sp.entity.entity_id}"
    found = peer.sp.finish(log_in(browser, url), peer.entity, None)
    _is_tai_man(found)


def _unsigned(url: str) -> str:
    return url.partition("&SigAlg")[0]


def _altered(url: str) -> str:
    return url.replace("RelayState=kept", "RelayState=lost")


@pytest.mark.parametrize(
    ("change", "says"), [(_unsigned, "no signature found"), (_altered, "Unable to validate")]
)
def test_it_refuses_an_altered_request(
    peer: Peer, browser: Browser, change: Callable[[str], str], says: str
) -> None:
    _, url = peer.sp.begin(peer.entity)
    page = browser.get(change(url))
    assert says in page.text
    assert "password" not in [name for form in page.forms for name, _ in form.fields]


def test_it_refuses_a_request_of_a_stranger(peer: Peer, browser: Browser) -> None:
    _, url = SmallServiceProvider(Credential.make()).begin(peer.entity)
    assert "Unable to validate" in browser.get(url).text


def _another_level(xml: str) -> str:
    return xml.replace("eid-plus", "eid-over")


def _no_signature(xml: str) -> str:
    return re.sub(r"<ds:Signature .*?</ds:Signature>", "", xml, flags=re.DOTALL)


def _no_message_signature(xml: str) -> str:
    return re.sub(r"<ds:Signature .*?</ds:Signature>", "", xml, count=1, flags=re.DOTALL)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (_another_level, Reason.DIGEST_MISMATCH),
        (_no_signature, Reason.UNSIGNED),
        (_no_message_signature, Reason.UNSIGNED),
    ],
)
def test_we_refuse_an_altered_response(
    peer: Peer, browser: Browser, change: Callable[[str], str], reason: Reason
) -> None:
    request, url = peer.sp.begin(peer.entity)
    form = log_in(browser, url)
    fields = dict(form.fields)
    before = decode_post(fields["SAMLResponse"]).decode()
    after = change(before)
    assert after != before
    fields["SAMLResponse"] = encode_post(after.encode())
    with pytest.raises(HkeidError) as refused:
        peer.sp.finish(replace(form, fields=tuple(fields.items())), peer.entity, request)
    assert refused.value.reason == reason


def _at(peer: Peer, page: Page) -> str:
    """The query with which the browser came to our place for logout messages."""
    assert page.url.startswith(f"{peer.sp.entity.logout_url}?"), f"{page.url} {page.text}"
    return urlsplit(page.url).query


def _asks_for_password(peer: Peer, browser: Browser) -> bool:
    _, url = peer.sp.begin(peer.entity)
    return "password" in browser.get(url).text.lower()


def test_somebody_logs_out_of_our_service(peer: Peer, browser: Browser) -> None:
    found = received(peer, browser, peer.sp)
    assert not _asks_for_password(peer, browser)
    request, url = peer.sp.begin_logout(peer.entity, found)
    query = _at(peer, browser.get(url))
    assert peer.sp.logout_status(query, peer.entity, request) == SUCCESS
    assert _asks_for_password(peer, browser)


def test_it_logs_somebody_out(peer: Peer, browser: Browser) -> None:
    found = received(peer, browser, peer.sp)
    assert found.login is not None
    start = f"{peer.running.origin}/saml2/idp/initSLO.php?RelayState={peer.running.origin}/"
    asked = peer.sp.read_logout(_at(peer, browser.get(start)), peer.entity)
    assert asked.name_id == found.login.name_id
    assert asked.sessions == (found.session,)
    page = browser.get(peer.sp.finish_logout(asked, peer.entity))
    assert page.text == "Good day"
    assert _asks_for_password(peer, browser)


@pytest.mark.parametrize("change", [_unsigned, _altered])
def test_it_refuses_an_altered_logout(
    peer: Peer, browser: Browser, change: Callable[[str], str]
) -> None:
    found = received(peer, browser, peer.sp)
    _, url = peer.sp.begin_logout(peer.entity, found)
    page = browser.get(change(url))
    assert re.search("no signature found|Unable to validate", page.text)
    assert not _asks_for_password(peer, browser)
