"""What every service provider is tried with."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType
from urllib.parse import urlsplit

import pytest
from tests.peer.saml.identity_provider import (
    RESIDENT,
    SUCCESS,
    Answer,
    AskedLogin,
    Login,
    SignatureKey,
    SmallIdentityProvider,
)
from tests.peer.saml.our_identity_provider import follow
from tests.peer.saml.service_provider import PeerServiceProvider

from hkeid.kernel.errors import HkeidError
from hkeid.saml.dsig import RSA_SHA256, SignatureRefused, decode_post, encode_post
from hkeid.testing.browser import Browser, Form, Page
from hkeid.testing.saml_specimens import SignedWhere

HOUR = timedelta(hours=1)


def altered(form: Form, change: Callable[[str], str]) -> Form:
    """The form with another Response, which no key answers for."""
    fields = dict(form.fields)
    before = decode_post(fields["SAMLResponse"]).decode()
    after = change(before)
    assert after != before
    fields["SAMLResponse"] = encode_post(after.encode())
    return replace(form, fields=tuple(fields.items()))


def another_level(xml: str) -> str:
    return xml.replace(">eid-plus<", ">eid-over<")


def another_subject(xml: str) -> str:
    return re.sub(r">k7Jm-\w+<", ">k7Jm-4712<", xml)


def without_signatures(xml: str) -> str:
    return re.sub(r"<ds:Signature .*?</ds:Signature>", "", xml)


def another_id(xml: str) -> str:
    return re.sub(r'(?<=<samlp:Response)([^>]* ID="_)[0-9a-f]+', rf"\g<1>{'0' * 32}", xml)


def unchanged(xml: str) -> str:
    return xml


TAMPERED: Mapping[str, tuple[Answer, Callable[[str], str]]] = MappingProxyType(
    {
        "attribute": (Answer(), another_level),
        "subject": (Answer(signed=SignedWhere.MESSAGE), another_subject),
        "unsigned": (Answer(), without_signatures),
        "audience": (Answer(audience="https://other.example/metadata"), unchanged),
        "expired": (Answer(age=HOUR), unchanged),
        "stranger": (Answer(), unchanged),
    }
)
"""What a service provider has to refuse; ``stranger``: signed with a key that is not in the metadata."""


class ServiceProviderContract:
    """Tests of one service provider; a subclass says what is special about it.

    :cvar refuses: what it says, on its page or in its log, of each of :data:`TAMPERED` and of ``replayed``.
    :cvar soap: whether it takes LogoutRequests by SOAP.
    :cvar soap_breaks: what it says where it ends the session and cannot answer.
    :cvar ecdsa: whether it takes ECDSA signatures; what it says where it does not.
    :cvar gcm: the same of assertions encrypted with AES-GCM.
    """

    refuses: Mapping[str, str] = MappingProxyType({})
    soap = False
    soap_breaks: str | None = None
    ecdsa: str | None = None
    gcm: str | None = None

    @pytest.fixture
    def browser(self, peer: PeerServiceProvider) -> Browser:
        return peer.browser()

    @pytest.fixture
    def resident(self) -> Login:
        """With an identifier of their own: some peers find sessions by it alone."""
        return replace(RESIDENT, name_id=f"k7Jm-{secrets.token_hex(8)}")

    def asked(self, peer: PeerServiceProvider, browser: Browser) -> AskedLogin:
        page = browser.get(peer.page)
        assert page.url.startswith(f"{peer.idp.sso_url}?"), page.text
        return peer.idp.read_request(urlsplit(page.url).query, peer.entity)

    def log_in(self, peer: PeerServiceProvider, browser: Browser, answer: Answer) -> Page:
        form = peer.idp.sso(self.asked(peer, browser), peer.entity, answer)
        return browser.submit(form)

    def refused(self, peer: PeerServiceProvider, browser: Browser, form: Form, says: str) -> None:
        told = peer.told()
        page = browser.submit(form)
        assert "k7Jm-" not in page.text
        text = f"{page.status} {page.text}\n{told()}"
        assert re.search(says, text), text
        assert peer.who(browser) is None

    def test_our_identity_provider(self, peer: PeerServiceProvider, browser: Browser) -> None:
        """:class:`hkeid.saml.idp.IdentityProvider`: login, and single logout that either begins."""
        ours = peer.idp
        ours.know(peer.entity)
        for begins_here in (True, False):
            # A session that has ended never comes back, and Shibboleth would take no login of it.
            session = f"session-{secrets.token_hex(8)}"
            ours.is_there(session)
            page = browser.submit(ours.answer_login(browser.get(peer.page).url))
            assert page.status == 200, page.text
            found = peer.who(browser)
            assert found is not None
            assert found.name_id
            if begins_here:
                page = follow(browser, ours.log_out(session))
                assert not ours.logged_out(page.url).missed
            else:
                url = browser.get(peer.logout).url
                page = follow(browser, ours.answer_logout(url))
                assert page.status == 200, page.text
                assert ours.ended[-1] == session
            assert peer.who(browser) is None

    @pytest.mark.parametrize("signed", SignedWhere)
    def test_a_resident_logs_in(
        self, peer: PeerServiceProvider, browser: Browser, resident: Login, signed: SignedWhere
    ) -> None:
        assert peer.who(browser) is None
        told = peer.told()
        page = self.log_in(peer, browser, Answer(login=resident, signed=signed))
        assert page.status == 200, f"{page.text}\n{told()}"
        assert peer.who(browser) == resident

    def test_its_signed_request_is_verified(
        self, peer: PeerServiceProvider, browser: Browser
    ) -> None:
        """saml-bindings §3.4.4.1; one octet changed is refused."""
        query = urlsplit(browser.get(peer.page).url).query
        asked = peer.idp.read_request(query, peer.entity)
        assert asked.algorithm == RSA_SHA256
        assert asked.id
        swapped = re.sub(
            r"(?<=Signature=)(.)", lambda found: "B" if found[1] == "A" else "A", query
        )
        with pytest.raises(SignatureRefused):
            peer.idp.read_request(swapped, peer.entity)
        with pytest.raises(HkeidError):
            peer.idp.read_request(query.partition("&SigAlg")[0], peer.entity)

    @pytest.mark.parametrize("shape", TAMPERED)
    def test_it_refuses(
        self,
        peer: PeerServiceProvider,
        browser: Browser,
        resident: Login,
        stranger: SmallIdentityProvider,
        shape: str,
    ) -> None:
        answer, change = TAMPERED[shape]
        answer = replace(answer, login=resident)
        idp = peer.idp
        if shape == "stranger":
            idp = stranger
        form = idp.sso(self.asked(peer, browser), peer.entity, answer)
        if change is not unchanged:
            form = altered(form, change)
        self.refused(peer, browser, form, self.refuses[shape])

    @pytest.mark.parametrize("wrapped", ["as it was", "anew"])
    def test_it_refuses_a_response_that_was_used(
        self, peer: PeerServiceProvider, browser: Browser, resident: Login, wrapped: str
    ) -> None:
        """saml-profiles §4.1.4.5; what is signed is the assertion, so the Response may get another ID."""
        form = peer.idp.sso(self.asked(peer, browser), peer.entity, Answer(login=resident))
        assert browser.submit(form).status == 200
        if wrapped == "anew":
            form = altered(form, another_id)
        other = peer.browser()
        self.asked(peer, other)
        self.refused(peer, other, form, self.refuses["replayed"])

    def test_a_resident_logs_out_there(
        self, peer: PeerServiceProvider, browser: Browser, resident: Login
    ) -> None:
        """Single logout that the service provider begins (saml-profiles §4.4)."""
        self.log_in(peer, browser, Answer(login=resident))
        assert peer.who(browser) is not None
        page = browser.get(peer.logout)
        assert page.url.startswith(f"{peer.idp.slo_url}?"), f"{page.url} {page.text}"
        asked = peer.idp.read_logout(urlsplit(page.url).query, peer.entity)
        assert asked.name_id == resident.name_id
        assert asked.sessions == (peer.idp.sessions[resident.name_id],)
        page = browser.get(peer.idp.finish_logout(asked, peer.entity))
        assert page.status == 200, page.text
        assert peer.who(browser) is None

    def test_the_identity_provider_logs_a_resident_out(
        self, peer: PeerServiceProvider, browser: Browser, resident: Login
    ) -> None:
        """Single logout that the identity provider begins."""
        self.log_in(peer, browser, Answer(login=resident))
        request, url = peer.idp.begin_logout(peer.entity, resident)
        told = peer.told()
        page = browser.get(url)
        assert page.url.startswith(f"{peer.idp.slo_url}?"), f"{page.status} {page.text}\n{told()}"
        answer = urlsplit(page.url).query
        assert peer.idp.logout_status(answer, peer.entity, request) == SUCCESS
        assert peer.who(browser) is None

    def test_the_identity_provider_logs_a_resident_out_without_the_browser(
        self, peer: PeerServiceProvider, browser: Browser, resident: Login
    ) -> None:
        """By SOAP (saml-bindings §3.2)."""
        if not self.soap:
            assert not peer.entity.logout_soap
            return
        self.log_in(peer, browser, Answer(login=resident))
        request, envelope = peer.idp.soap_logout(peer.entity, resident)
        page = peer.by_soap(envelope)
        if self.soap_breaks:
            assert re.search(self.soap_breaks, page.text)
        else:
            assert page.status == 200, page.text
            assert peer.idp.soap_logout_status(page.body, peer.entity, request) == SUCCESS
        assert peer.who(browser) is None

    def test_encrypted_assertion(
        self, peer: PeerServiceProvider, browser: Browser, resident: Login
    ) -> None:
        """AES-256-GCM with RSA-OAEP (xmlenc-core1 §5.2.4)."""
        self._as_it_can(peer, browser, Answer(login=resident, encrypted=True), self.gcm)

    def test_ecdsa(self, peer: PeerServiceProvider, browser: Browser, resident: Login) -> None:
        """ECDSA with SHA-256 by a key beside the RSA key in the same metadata."""
        self._as_it_can(peer, browser, Answer(login=resident, key=SignatureKey.EC), self.ecdsa)

    def _as_it_can(
        self, peer: PeerServiceProvider, browser: Browser, answer: Answer, says: str | None
    ) -> None:
        form = peer.idp.sso(self.asked(peer, browser), peer.entity, answer)
        if says is not None:
            self.refused(peer, browser, form, says)
            return
        told = peer.told()
        page = browser.submit(form)
        assert page.status == 200, f"{page.text}\n{told()}"
        assert peer.who(browser) == answer.login
