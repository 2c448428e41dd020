"""What every identity provider is tried with."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from tests.peer.saml.entities import Entity
from tests.peer.saml.identity_provider import LEVEL, NAME
from tests.peer.saml.our_service_provider import OurServiceProvider, Sent

from hkeid.kernel.errors import HkeidError
from hkeid.saml.dsig import (
    EncryptionPolicy,
    EncryptionRefused,
    Reason,
    decode_post,
    encode_post,
)
from hkeid.saml.messages import MessageReason, NameIdFormat
from hkeid.saml.sp import Authentication
from hkeid.testing.browser import Browser, Form, Page

HALF_AN_HOUR = timedelta(minutes=30)
"""Longer than an assertion lives, shorter than a login may take."""

ATTRIBUTES = {NAME: ("陳大文 & Co",), LEVEL: ("eid", "eid-plus")}
"""Of the one person that the identity providers know: tai-man, with the password "open sesame"."""


@dataclass
class PeerOfServices:
    """A running identity provider and our services that it knows.

    :ivar encrypted: a service for which it encrypts.
    :ivar stranger: it says that it is ``sp``, and has another key.
    :ivar begin_logout: where a person logs out of it; it then sends them to a page that says ``Good day``.
    """

    entity: Entity
    sp: OurServiceProvider
    encrypted: OurServiceProvider
    stranger: OurServiceProvider
    begin_logout: str

    def __post_init__(self) -> None:
        for service in (self.sp, self.encrypted, self.stranger):
            service.knows.put(self.entity.record)

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

    def received(self, browser: Browser) -> Authentication:
        """What our service reads after a login."""
        sent = self.sp.begin(self.entity)
        return self.sp.finish(self.log_in(browser, sent.url), sent)

    def asks_for_password(self, browser: Browser) -> bool:
        """Whether nobody is logged in."""
        return asks_for_password(browser.get(self.sp.begin(self.entity).url))


def asks_for_password(page: Page) -> bool:
    """Whether it is a login page."""
    return "password" in [name for form in page.forms for name, _ in form.fields]


def is_the_person(found: Authentication) -> None:
    assert found.name_id is not None
    assert found.name_id.format == NameIdFormat.PERSISTENT.value
    said = {one.name: one.texts for one in found.attributes}
    assert {name: said[name] for name in ATTRIBUTES} == ATTRIBUTES
    assert found.session_index


def _unsigned(url: str) -> str:
    return url.partition("&SigAlg")[0]


def _altered(url: str) -> str:
    return re.sub(r"RelayState=[^&]*", "RelayState=lost", url)


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
    :cvar encryption: with what its encryption is opened; None where we never open it.
    :cvar encryption_refused: why it is not opened by default.
    """

    unsigned: str
    forged: str
    encryption: EncryptionPolicy | None = None
    encryption_refused: Reason

    @pytest.fixture
    def browser(self, peer: PeerOfServices) -> Browser:
        return peer.browser()

    def test_somebody_logs_in(self, peer: PeerOfServices, browser: Browser) -> None:
        """With a signed Response around a signed Assertion."""
        is_the_person(peer.received(browser))

    def test_an_encrypted_assertion(self, peer: PeerOfServices, browser: Browser) -> None:
        sent = peer.encrypted.begin(peer.entity)
        form = peer.log_in(browser, sent.url)
        with pytest.raises(EncryptionRefused) as refused:
            peer.encrypted.finish(form, sent)
        assert refused.value.reason == self.encryption_refused
        if self.encryption is not None:
            opening = replace(peer.encrypted, encryption=self.encryption)
            is_the_person(opening.finish(form, sent))

    def test_single_sign_on_asks_no_second_time(
        self, peer: PeerOfServices, browser: Browser
    ) -> None:
        first = peer.received(browser)
        sent = peer.sp.begin(peer.entity)
        (form,) = browser.get(sent.url).forms
        second = peer.sp.finish(form, sent)
        is_the_person(second)
        assert second.name_id == first.name_id

    @pytest.mark.parametrize("how", ["unsigned", "altered", "stranger"])
    def test_it_refuses_a_request(self, peer: PeerOfServices, browser: Browser, how: str) -> None:
        page = browser.get(self._forged(how, lambda sp: sp.begin(peer.entity), peer))
        assert re.search(self.unsigned if how == "unsigned" else self.forged, page.text), page.text
        assert not asks_for_password(page)

    def _forged(
        self, how: str, begin: Callable[[OurServiceProvider], Sent], peer: PeerOfServices
    ) -> str:
        sent = begin(peer.stranger if how == "stranger" else peer.sp)
        return {"unsigned": _unsigned, "altered": _altered}.get(how, str)(sent.url)

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
        sent = peer.sp.begin(peer.entity)
        form = peer.log_in(browser, sent.url)
        fields = dict(form.fields)
        before = decode_post(fields["SAMLResponse"]).decode()
        after = change(before)
        assert after != before
        fields["SAMLResponse"] = encode_post(after.encode())
        with pytest.raises(HkeidError) as refused:
            peer.sp.finish(replace(form, fields=tuple(fields.items())), sent)
        assert refused.value.reason == reason

    def test_we_refuse_a_response_in_another_place(
        self, peer: PeerOfServices, browser: Browser
    ) -> None:
        """Too late, to another service, in answer to another request, and a second time."""
        sent = peer.sp.begin(peer.entity)
        form = peer.log_in(browser, sent.url)
        other = replace(peer.sp, called="https://other.example/metadata")
        for read, reason in (
            (
                lambda: peer.sp.finish(form, sent, later=HALF_AN_HOUR),
                MessageReason.CONFIRMATION_EXPIRED,
            ),
            # Whose NameID it is is looked at before whom the assertion is for.
            (lambda: other.finish(form, sent), MessageReason.NAME_ID_QUALIFIER),
            (lambda: peer.sp.finish(form, peer.sp.begin(peer.entity)), MessageReason.RELAY_STATE),
            (lambda: peer.sp.take_unsolicited(form), MessageReason.IN_RESPONSE_TO),
        ):
            with pytest.raises(HkeidError) as refused:
                read()
            assert refused.value.reason == reason
        is_the_person(peer.sp.finish(form, sent))
        with pytest.raises(HkeidError) as refused:
            peer.sp.finish(form, sent)
        assert refused.value.reason == MessageReason.REPLAYED

    def _came(self, peer: PeerOfServices, page: Page) -> str:
        """The browser came to our place for logout messages."""
        assert page.url.startswith(f"{peer.sp.entity.logout_url}?"), f"{page.url} {page.text}"
        return page.url

    def test_somebody_logs_out_of_our_service(self, peer: PeerOfServices, browser: Browser) -> None:
        """Single logout that our service begins (saml-profiles §4.4)."""
        found = peer.received(browser)
        assert not peer.asks_for_password(browser)
        sent = peer.sp.begin_logout(found)
        url = self._came(peer, browser.get(sent.url))
        assert peer.sp.finish_logout(url, sent).done
        assert peer.asks_for_password(browser)

    def test_it_logs_somebody_out(self, peer: PeerOfServices, browser: Browser) -> None:
        """Single logout that the identity provider begins."""
        found = peer.received(browser)
        url = self._came(peer, browser.get(peer.begin_logout))
        asked = peer.sp.receive_logout(url)
        assert found.name_id is not None
        assert asked.name_id.value == found.name_id.value
        assert found.session_index in asked.session_indexes
        page = browser.get(peer.sp.answer_logout(asked))
        assert page.text == "Good day"
        assert peer.asks_for_password(browser)

    def test_we_refuse_an_altered_logout(self, peer: PeerOfServices, browser: Browser) -> None:
        peer.received(browser)
        url = self._came(peer, browser.get(peer.begin_logout))
        for bad, reason in (
            (_unsigned(url), Reason.UNSIGNED),
            (f"{url.partition('&SigAlg')[0]}x{url[url.index('&SigAlg') :]}", None),
        ):
            with pytest.raises(HkeidError) as refused:
                peer.sp.receive_logout(bad)
            assert reason is None or refused.value.reason == reason

    @pytest.mark.parametrize("how", ["unsigned", "altered", "stranger"])
    def test_it_refuses_a_logout(self, peer: PeerOfServices, browser: Browser, how: str) -> None:
        found = peer.received(browser)
        page = browser.get(self._forged(how, lambda sp: sp.begin_logout(found), peer))
        assert re.search(self.unsigned if how == "unsigned" else self.forged, page.text), page.text
        assert not peer.asks_for_password(browser)
