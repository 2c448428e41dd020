"""What a client registers about logout (Back-Channel Logout §2.2, Front-Channel Logout §2)."""

from __future__ import annotations

from typing import Any

import pytest

from hkeid.kernel.errors import MalformedInput
from hkeid.op.clients import sandbox_only
from hkeid.op.records import Client
from hkeid.op.registration import client_from_metadata
from hkeid.op.settings import Profile
from hkeid.testing.provider import RelyingPartyKey, a_client

KEY = RelyingPartyKey()
BACK, FRONT = "backchannel_logout_uri", "frontchannel_logout_uri"


def registered(profile: Profile = Profile.PRODUCTION, **members: Any) -> Client:
    least = {
        "client_id": "hko",
        "client_name": "Observatory",
        "redirect_uris": ["https://rp.example.hk:8443/cb", "https://rp.example.hk/cb"],
        "sector_identifier": "rp.example.hk",
        "jwks": KEY.jwks(),
    }
    return client_from_metadata({**least, **members}, profile=profile)


def refused(**members: Any) -> tuple[str, str | None]:
    with pytest.raises(MalformedInput) as caught:
        registered(**members)
    return caught.value.reason, caught.value.field


def test_nothing_is_registered_by_default() -> None:
    client = registered()
    assert (client.backchannel_logout_uri, client.frontchannel_logout_uri) == (None, None)
    assert not client.backchannel_logout_session_required
    assert not client.frontchannel_logout_session_required


def test_all_of_it() -> None:
    client = registered(
        backchannel_logout_uri="https://inside.example.hk:8444/told?a=1",
        backchannel_logout_session_required=True,
        frontchannel_logout_uri="https://rp.example.hk:8443/frame?b=2",
        frontchannel_logout_session_required=True,
    )
    assert client.backchannel_logout_uri == "https://inside.example.hk:8444/told?a=1"
    assert client.frontchannel_logout_uri == "https://rp.example.hk:8443/frame?b=2"
    assert client.backchannel_logout_session_required
    assert client.frontchannel_logout_session_required


@pytest.mark.parametrize("name", [BACK, FRONT])
@pytest.mark.parametrize(
    "uri",
    [
        "https://rp.example.hk/told#part",
        "https://user@rp.example.hk/told",
        "https:///told",
        "http://rp.example.hk/told",
        "http://localhost/told",
        "hk.example.app:/told",
        "/told",
        "https://rp.example.hk/../told",
    ],
)
def test_addresses_that_nobody_may_have(name: str, uri: str) -> None:
    """An absolute https address without a fragment."""
    assert refused(**{name: uri}) == ("redirect_uri_not_allowed", name)


@pytest.mark.parametrize(
    "uri",
    [
        "https://other.example.hk/frame",
        "https://rp.example.hk:9443/frame",
        "https://sub.rp.example.hk/frame",
    ],
)
def test_front_channel_2_scheme_host_and_port_of_a_redirect_uri(uri: str) -> None:
    assert refused(frontchannel_logout_uri=uri) == ("client_metadata_invalid", FRONT)


def test_front_channel_2_the_default_port_is_a_port() -> None:
    assert registered(frontchannel_logout_uri="https://rp.example.hk:443/frame")


@pytest.mark.parametrize("kind", ["backchannel", "frontchannel"])
def test_session_required_needs_an_address(kind: str) -> None:
    name = f"{kind}_logout_session_required"
    assert refused(**{name: True}) == ("client_metadata_invalid", name)
    assert registered(**{name: False})


@pytest.mark.parametrize("value", [1, "true", None, []])
def test_shapes(value: Any) -> None:
    name = "backchannel_logout_session_required"
    assert refused(**{name: value}) == ("client_metadata_invalid", name)
    if not isinstance(value, str):
        assert refused(**{BACK: value}) == ("client_metadata_invalid", BACK)


def test_http_on_this_machine_is_for_the_sandbox() -> None:
    uri = "http://localhost:5001/told"
    client = registered(Profile.SANDBOX, backchannel_logout_uri=uri)
    assert client.backchannel_logout_uri == uri
    assert sandbox_only(a_client(backchannel_logout_uri=uri)) == "an http logout URI"
    assert sandbox_only(a_client(frontchannel_logout_uri=uri)) == "an http logout URI"
    assert sandbox_only(a_client(backchannel_logout_uri="https://rp.example.hk/told")) is None
