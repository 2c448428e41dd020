"""What every identity provider is tried with."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

import pytest
from tests.peer.saml.entities import Entity
from tests.peer.saml.identity_provider import LEVEL, NAME, SUCCESS
from tests.peer.saml.own_service_provider import Received, SmallServiceProvider

from hkeid.kernel.errors import HkeidError
from hkeid.saml.dsig import (
    EncryptionPolicy,
    EncryptionRefused,
    Reason,
    decode_post,
    encode_post,
)
from hkeid.testing.browser import Browser, Form, Page

ATTRIBUTES = {NAME: ("陳大文 & Co",), LEVEL: ("eid", "eid-plus")}
"""Of the one person that the identity providers know: tai-man, with the password "open sesame"."""


@dataclass
class PeerOfServices:
    """A running identity provider and our services that it knows.

    :ivar encrypted: a service for which it encrypts.
    :ivar stranger: it says that it is ``sp``, and has another key.
    :ivar begin_logout: where a person logs out of it; it then sends them back to ``home``.
    """

    entity: Entity
    sp: SmallServiceProvider
    encrypted: SmallServiceProvider
    stranger: SmallServiceProvider
    begin_logout: str
    home: str = field(default="Good day")

    def browser(self) -> Browser:
        """One that goes nowhere but to the identity provider."""
        return Browser(stop_at=self.sp.entity.entity_id.removesuffix("metadata"))

    def log_in(self, browser: Browser, url: str) -> Form:
        """Through its login page to the form with the Response."""
        page = browser.get(url)
        assert len(page.forms) == 1, page.text
        page = browser.submit(page.forms[0], {"username": "tai-man", "password": "open sesame"})
        assert len(page.forms) == 1, page.text
        return page.forms[0]

    def received(self, browser: Browser, sp: SmallServiceProvider) -> Received:
        """What ``sp`` reads after a login."""
        request, url = sp.begin(self.entity)
        return sp.finish(self.log_in(browser, url), self.entity, request)

    def asks_for_password(self, browser: Browser) -> bool:
        """Whether nobody is logged in."""
        _, url = self.sp.begin(self.entity)
        return asks_for_password(browser.get(url))


def asks_for_password(page: Page) -> bool:
    """Whether it is a login page."""
    return "password" in [name for form in page.forms for name, _ in form.fields]


def is_the_person(found: Received) -> None:
    assert found.status == (SUCCESS,)
    assert found.login is not None
    assert {name: found.login.attributes[name] for name in ATTRIBUTES} == ATTRIBUTES


def _unsigned(url: str) -> str:
    return url.partition("&SigAlg")[0]


def _altered(url: str) -> str:
    return url.replace("RelayState=kept", "RelayState=lost")


def _another_level(xml: str) -> str:
    return xml.replace("eid-plus", "eid-over")


def _no_signature(xml: str) -> str:
    return re.sub(r"<(\w+):Signature\b.*?</\1:Signature>", "", xml, flags=re.DOTALL)


def _no_message_signature(xml: str) -> str:
    return re.sub(r"<(\w+):Signature\b.*?</\1:Signature>", "", xml, count=1, flags=re.DOTALL)


class IdentityProviderContract:
    """Tests of one identity provider; a subclass says what is special about it.

    :cvar unsigned: what it says of a message without a signature.
    :cvar forged: what it says of one whose signature does not fit.
    :cvar encryption: with what its encryption is opened.
    :cvar encryption_refused: why it is not by default; None where it is.
    """

    unsigned: str
    forged: str
    encryption = EncryptionPolicy()
    encryption_refused: Reason | None = None
    opens_encryption = True

    @pytest.fixture
    def browser(self, peer: PeerOfServices) -> Browser:
        return peer.browser()

    def test_somebody_logs_in(self, peer: PeerOfServices, browser: Browser) -> None:
        """With a signed Response around a signed Assertion."""
        found = peer.received(browser, peer.sp)
        is_the_person(found)
        assert not found.encrypted

    def test_an_encrypted_assertion(self, peer: PeerOfServices, browser: Browser) -> None:
        request, url = peer.encrypted.begin(peer.entity)
        form = peer.log_in(browser, url)
        if self.encryption_refused is not None:
            with pytest.raises(EncryptionRefused) as refused:
                peer.encrypted.finish(form, peer.entity, request)
            assert refused.value.reason == self.encryption_refused
        if self.opens_encryption:
            opening = replace(peer.encrypted, encryption=self.encryption)
            found = opening.finish(form, peer.entity, request)
            is_the_person(found)
            assert found.encrypted

    def test_single_sign_on_asks_no_second_time(
        self, peer: PeerOfServices, browser: Browser
    ) -> None:
        first = peer.received(browser, peer.sp)
        request, url = peer.sp.begin(peer.entity)
        (form,) = browser.get(url).forms
        second = peer.sp.finish(form, peer.entity, request)
        assert second.login == first.login

    @pytest.mark.parametrize("how", ["unsigned", "altered", "stranger"])
    def test_it_refuses_a_request(self, peer: PeerOfServices, browser: Browser, how: str) -> None:
        page = browser.get(self._forged(how, lambda sp: sp.begin(peer.entity), peer))
        assert re.search(self.unsigned if how == "unsigned" else self.forged, page.text), page.text
        assert not asks_for_password(page)

    def _forged(
        self,
        how: str,
        begin: Callable[[SmallServiceProvider], tuple[str, str]],
        peer: PeerOfServices,
    ) -> str:
        _, url = begin(peer.stranger if how == "stranger" else peer.sp)
        return {"unsigned": _unsigned, "altered": _altered}.get(how, str)(url)

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            (_another_level, Reason.DIGEST_MISMATCH),
            (_no_signature, Reason.UNSIGNED),
            (_no_message_signature, Reason.UNSIGNED),
        ],
    )
    def test_we_refuse_an_altered_response(
        self,
        peer: PeerOfServices,
        browser: Browser,
        change: Callable[[str], str],
        reason: Reason,
    ) -> None:
        request, url = peer.sp.begin(peer.entity)
        form = peer.log_in(browser, url)
        fields = dict(form.fields)
        before = decode_post(fields["SAMLResponse"]).decode()
        after = change(before)
        assert after != before
        fields["SAMLResponse"] = encode_post(after.encode())
        with pytest.raises(HkeidError) as refused:
            peer.sp.finish(replace(form, fields=tuple(fields.items())), peer.entity, request)
        assert refused.value.reason == reason

    def _at(self, peer: PeerOfServices, page: Page) -> str:
        """The query with which the browser came to our place for logout messages."""
        assert page.url.startswith(f"{peer.sp.entity.logout_url}?"), f"{page.url} {page.text}"
        return urlsplit(page.url).query

    def test_somebody_logs_out_of_our_service(self, peer: PeerOfServices, browser: Browser) -> None:
        """Single logout that our service begins (saml-profiles §4.4)."""
        found = peer.received(browser, peer.sp)
        assert not peer.asks_for_password(browser)
        request, url = peer.sp.begin_logout(peer.entity, found)
        query = self._at(peer, browser.get(url))
        assert peer.sp.logout_status(query, peer.entity, request) == SUCCESS
        assert peer.asks_for_password(browser)

    def test_it_logs_somebody_out(self, peer: PeerOfServices, browser: Browser) -> None:
        """Single logout that the identity provider begins."""
        found = peer.received(browser, peer.sp)
        assert found.login is not None
        query = self._at(peer, browser.get(peer.begin_logout))
        asked = peer.sp.read_logout(query, peer.entity)
        assert asked.name_id == found.login.name_id
        assert found.session in asked.sessions
        page = browser.get(peer.sp.finish_logout(asked, peer.entity))
        assert page.text == peer.home
        assert peer.asks_for_password(browser)

    @pytest.mark.parametrize("how", ["unsigned", "altered", "stranger"])
    def test_it_refuses_a_logout(self, peer: PeerOfServices, browser: Browser, how: str) -> None:
        found = peer.received(browser, peer.sp)
        page = browser.get(self._forged(how, lambda sp: sp.begin_logout(peer.entity, found), peer))
        assert re.search(self.unsigned if how == "unsigned" else self.forged, page.text), page.text
        assert not peer.asks_for_password(browser)
