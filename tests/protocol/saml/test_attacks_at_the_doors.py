"""The corpus again, at the doors: our identity provider is sent every shape of AuthnRequest and LogoutRequest, our
service provider every shape of Response and LogoutRequest. Each is refused for its reason, and nothing comes of it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.unit.saml.idp.conftest import Stage

from hkeid.adapters.system import SystemRandom
from hkeid.kernel.errors import HkeidError
from hkeid.kernel.http import Parameters, Request, Response
from hkeid.saml.dsig import Reason, encode_post, write_redirect
from hkeid.saml.idp import SamlErrorPage
from hkeid.saml.messages import MessageReason, read_instant
from hkeid.saml.metadata import Entity, IdpRole, KeyUse, RoleKey
from hkeid.saml.sp import ServiceProvider, ServiceProviderLogout, ServiceProviderSettings
from hkeid.saml.sp.authentication import KeptLogin
from hkeid.testing.fake_hub import SettableClock
from hkeid.testing.saml_attacks import ATTACKS, TARGETS, Bench, Target
from hkeid.testing.saml_parties import Party
from hkeid.testing.saml_specimens import INSTANT, ISSUER, RECIPIENT, Kind, SignedWhere, SpecimenPeer

SP = "https://sp.example/metadata"
RELAY = "reference-of-32-characters-abcde"
_OTHERS = frozenset(
    {
        # The issuer is looked at before anybody's key is.
        MessageReason.ENTITY_UNKNOWN,
        MessageReason.ISSUER_MISSING,
        MessageReason.ISSUER_FORMAT,
        MessageReason.TEXT_MISSING,
        MessageReason.ELEMENT_UNEXPECTED,
    }
)


@pytest.fixture(scope="module")
def peer() -> SpecimenPeer:
    return SpecimenPeer()


def expected(attack: Any, target: Target) -> set[str]:
    reason = attack.reason(target)
    found = {str(reason), *_OTHERS}
    if reason == Reason.UNSIGNED:
        found.add(MessageReason.REQUEST_UNSIGNED)
    return found


class Doors:
    """Both providers, for the peer of the specimens."""

    def __init__(self, peer: SpecimenPeer) -> None:
        self.clock = SettableClock(read_instant(INSTANT) + timedelta(seconds=1))
        self.stage = Stage()
        self.stage.clock = self.clock
        self.stage.settings = replace(self.stage.settings, require_signed_requests=True)
        key = (RoleKey(public=peer.key.public_key(), use=KeyUse.SIGNING),)
        party = Party("https://idp.example", peer.key, peer.key)
        self.stage.enter(party, {"keys": key})
        self.stage.log_in()
        self.stage.metadata.entities[ISSUER] = Entity(
            entity_id=ISSUER, idp=IdpRole(keys=key), sp=self.stage.metadata.entities[ISSUER].sp
        )
        settings = ServiceProviderSettings(
            entity_id=SP, acs=RECIPIENT, logout="https://sp.example/slo"
        )
        common = (self.stage.metadata, Party.at("https://sp.example").signer, SystemRandom())
        self.sp = {
            whole: ServiceProvider(
                replace(settings, want_response_signed=whole),
                common[0],
                self.stage.store,
                common[1],
                common[2],
            )
            for whole in (True, False)
        }
        self.sp_logout = ServiceProviderLogout(settings, *common)
        self.kept = KeptLogin(
            request_id="_request",
            identity_provider=ISSUER,
            relay_state=RELAY,
            sent_at=self.clock.now(),
        ).encode()

    def idp(self, path: str, octets: bytes) -> str:
        """The reason on the error page of our identity provider."""
        form = Parameters.of({"SAMLRequest": encode_post(octets)})
        answer = self.stage.idp.handle(
            Request(method="POST", path=path, form=form, browser="b", session="session-reference")
        )
        assert isinstance(answer, Response), answer
        return answer.error.reason if isinstance(answer, SamlErrorPage) else "accepted"

    def response(self, octets: bytes, *, whole: bool = False) -> str:
        """Why our service provider refuses a Response.

        :param whole: it knows that its peer signs Responses.
        """
        form = Parameters.of({"SAMLResponse": encode_post(octets), "RelayState": RELAY})
        try:
            self.sp[whole].finish(
                self.kept, Request(method="POST", path="/acs", form=form), self.clock.now()
            )
        except HkeidError as error:
            return error.reason
        return "accepted"

    def logout(self, octets: bytes) -> str:
        """Why our service provider refuses a LogoutRequest."""
        form = Parameters.of({"SAMLRequest": encode_post(octets)})
        try:
            self.sp_logout.receive(Request(method="POST", path="/slo", form=form), self.clock.now())
        except HkeidError as error:
            return error.reason
        return "accepted"


def targets(name: str, *kinds: Kind) -> list[Target]:
    return [one for one in TARGETS if one.kind in kinds and ATTACKS[name].applies(one)]


@pytest.fixture
def doors(peer: SpecimenPeer) -> Doors:
    return Doors(peer)


def test_honest_messages_get_as_far_as_the_rules_of_the_profile(
    doors: Doors, peer: SpecimenPeer
) -> None:
    """So that a refusal below is one of the shape, not of the stage. The requests of the specimens are addressed to
    somebody else.
    """
    by_kind = {one.kind: one for one in TARGETS if not one.inner}
    response, request, logout = (
        peer.specimen(one.kind, one.signed).octets
        for one in (
            by_kind[Kind.RESPONSE],
            by_kind[Kind.AUTHN_REQUEST],
            by_kind[Kind.LOGOUT_REQUEST],
        )
    )
    assert doors.response(response) == "accepted"
    assert doors.response(response) == MessageReason.REPLAYED
    assert doors.logout(logout) == "accepted"
    assert doors.idp("/saml/sso", request) == MessageReason.DESTINATION
    assert doors.idp("/saml/slo", logout) == MessageReason.DESTINATION


@pytest.mark.parametrize("name", ATTACKS)
def test_requests_at_our_identity_provider(name: str, doors: Doors, peer: SpecimenPeer) -> None:
    attack = ATTACKS[name]
    for target in targets(name, Kind.AUTHN_REQUEST, Kind.LOGOUT_REQUEST):
        path = "/saml/sso" if target.kind is Kind.AUTHN_REQUEST else "/saml/slo"
        found = doors.idp(path, attack.make(Bench(peer, target)))
        assert found in expected(attack, target), (str(target), found)
    assert doors.stage.hub.ended == []
    with doors.stage.store.transaction() as tx:
        assert tx.participations.of_session("session-1") == ()


@pytest.mark.parametrize("name", ATTACKS)
def test_answers_at_our_service_provider(name: str, doors: Doors, peer: SpecimenPeer) -> None:
    attack = ATTACKS[name]
    for target in targets(name, Kind.RESPONSE):
        octets = attack.make(Bench(peer, target))
        found = doors.response(octets, whole=target.signed is not SignedWhere.ASSERTION)
        assert found in expected(attack, target), (str(target), found)


@pytest.mark.parametrize("name", ATTACKS)
def test_logouts_at_our_service_provider(name: str, doors: Doors, peer: SpecimenPeer) -> None:
    attack = ATTACKS[name]
    for target in targets(name, Kind.LOGOUT_REQUEST):
        found = doors.logout(attack.make(Bench(peer, target)))
        assert found in expected(attack, target), (str(target), found)


def test_a_message_of_another_kind_at_each_door(doors: Doors, peer: SpecimenPeer) -> None:
    """A signed message is good for what it is, and nowhere else."""
    for one in TARGETS:
        if one.inner or one.kind is Kind.METADATA:
            continue
        octets = peer.specimen(one.kind, one.signed).octets
        if one.kind is not Kind.AUTHN_REQUEST:
            assert doors.idp("/saml/sso", octets) != "accepted", str(one)
        if one.kind is not Kind.LOGOUT_REQUEST:
            assert doors.idp("/saml/slo", octets) != "accepted", str(one)
            assert doors.logout(octets) != "accepted", str(one)
        if one.kind is not Kind.RESPONSE:
            assert doors.response(octets) != "accepted", str(one)


def test_a_redirect_of_another_kind_at_each_door(doors: Doors, peer: SpecimenPeer) -> None:
    for one in TARGETS:
        if one.inner or one.kind not in (Kind.AUTHN_REQUEST, Kind.LOGOUT_REQUEST):
            continue
        from hkeid.saml.dsig import write
        from hkeid.testing.saml_specimens import authn_request, logout_request

        made = authn_request() if one.kind is Kind.AUTHN_REQUEST else logout_request()
        query = write_redirect(write(made), "SAMLRequest", signer=peer.signer)
        other = "/saml/slo" if one.kind is Kind.AUTHN_REQUEST else "/saml/sso"
        answer = doors.stage.idp.handle(
            Request(method="GET", path=other, query=Parameters.parse(query), raw_query=query)
        )
        assert isinstance(answer, SamlErrorPage)
        assert answer.error.reason == MessageReason.MESSAGE_UNEXPECTED
