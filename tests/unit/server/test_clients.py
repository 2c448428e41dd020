"""Client descriptions: read, written, refused with the file and key at fault."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from hkeid.doors.relying_party import DataForm, DirectMarketing, MarketingChannel
from hkeid.identity.assurance import Acr
from hkeid.kernel.errors import ConfigurationError
from hkeid.kernel.secret import secret_digest
from hkeid.op.records import Client, ClientAuthMethod
from hkeid.op.settings import Profile
from hkeid.testing.provider import RelyingPartyKey, reasons
from hkeid_server.clients import read_client, read_clients, write_client
from hkeid_server.sandbox import write_example_clients

MINIMAL = """
id = "rp"
redirect_uris = ["https://rp.example.hk/cb"]
auth_method = "none"
sector_identifier = "rp.example.hk"
[name]
en = "Library"
"""


def described(tmp_path: Path, text: str, profile: Profile = Profile.PRODUCTION) -> Client:
    path = tmp_path / "rp.toml"
    path.write_text(text, "utf-8")
    return read_client(path, profile=profile)


def test_minimal(tmp_path: Path) -> None:
    client = described(tmp_path, MINIMAL)
    assert client.id == "rp"
    assert client.auth_method is ClientAuthMethod.NONE
    assert client.claims == {}
    assert client.require_pkce


def test_written_is_read_back(tmp_path: Path) -> None:
    client = Client(
        id="rp",
        name={"en": 'Quote " and \\', "zh-Hant-HK": "圖書館", "zh-Hans": "图书馆"},
        redirect_uris=("https://rp.example.hk/cb", "hk.app:/cb"),
        application_type="native",
        auth_method=ClientAuthMethod.PRIVATE_KEY_JWT,
        jwks=RelyingPartyKey().jwks(),
        sector_identifier="rp.example.hk",
        scopes=("openid", "profile"),
        claims=reasons("name"),
        voluntary_claims=("name",),
        forms=(
            DataForm(
                id="card",
                name=reasons("name")["name"],
                purpose=reasons("name")["name"],
                required=("name",),
                voluntary=("birthdate", "gender"),
                keeps_for=30,
            ),
            DataForm(
                id="order",
                name=reasons("name")["name"],
                purpose=reasons("name")["name"],
                voluntary=("name",),
            ),
        ),
        direct_marketing=DirectMarketing(
            goods=reasons("name")["name"],
            channels=(MarketingChannel.SMS, MarketingChannel.APP),
            claims=("name",),
        ),
        id_token_signed_response_alg="RS256",
        userinfo_signed_response_alg="EdDSA",
        default_max_age=600,
        default_acr=Acr.EID_BOUND,
        policy_uri="https://rp.example.hk/privacy",
        enabled=False,
        require_auth_time=True,
    )
    write_client(client, tmp_path)
    assert read_clients(tmp_path, profile=Profile.SANDBOX) == (client,)
    write_client(replace(client, enabled=True), tmp_path)
    assert read_clients(tmp_path, profile=Profile.SANDBOX) == (replace(client, enabled=True),)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("id = ", "idd = "), "client_key_unknown: rp.toml: 'idd'; did you mean 'id'?"),
        (('auth_method = "none"', ""), "client_key_missing: rp.toml: 'auth_method'"),
        (('"none"', '"basic"'), "'auth_method': not an acceptable value"),
        (('["https://rp.example.hk/cb"]', '"x"'), "'redirect_uris': must be a list of text"),
        (("[name]", "enabled = 1\n[name]"), "'enabled': must be true or false"),
        (
            ("[name]", "default_max_age = 'x'\n[name]"),
            "'default_max_age': must be a number of seconds",
        ),
        (("[name]", "client_uri = 1\n[name]"), "'client_uri': must be text"),
        (('[name]\nen = "Library"', 'name = "Library"'), "'name': must be a table"),
        (("[name]", "jwks_file = 'none'\n[name]"), "'jwks_file': must be a JWK set"),
        (("[name]", "secret_file = 'none'\n[name]"), "'secret_file': must be a readable file"),
        (("[name]", "scopes = 'openid'\n[name]"), "'scopes': must be a list of text"),
        (("[name]", "scopes = ['profile']\n[name]"), "'scopes': must contain openid"),
        (("[name]", "default_acr = 'high'\n[name]"), "'default_acr': not an acceptable value"),
        (("/cb", "/cb#here"), "'redirect_uris': must have no fragment"),
        (("/cb", "/*"), "'redirect_uris': wildcards are not supported"),
        (("https://rp", "http://rp"), "'redirect_uris': http is for loopback addresses only"),
        (("https://rp.example.hk/cb", "javascript:alert(1)"), "'redirect_uris': must be https"),
        (
            ("[name]", "id_token_signed_response_alg = 'none'\n[name]"),
            "'id_token_signed_response_alg': not an acceptable value",
        ),
        (("[name]", "voluntary_claims = ['name']\n[name]"), "'voluntary_claims': must be among"),
        (("[name]", "[claims.name]\nen = 'Why'\n[name]"), "'claims.name': needs a reason in each"),
        (
            ("[name]", "[forms.card]\nfields = {}\n[name]"),
            "'forms.card.fields': must name the claims",
        ),
        (("[name]", "[direct_marketing]\n[name]"), "'direct_marketing.channels': must be among"),
        (("[name]", "require_pkce = false\n[name]"), "production_refuses: rp.toml: 'require_pkce'"),
        (
            ('"none"', '"client_secret_basic"'),
            "production_refuses: rp.toml: 'auth_method': a client",
        ),
        (("[name]", "sender_constrained = true\n[name]"), "client_key_unknown"),
        (("[name]", "[name"), "client_unreadable"),
    ],
)
def test_complaints(tmp_path: Path, change: tuple[str, str], complaint: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        described(tmp_path, MINIMAL.replace(*change))
    assert complaint in f"{caught.value.reason}: {caught.value.detail}"


def test_secret_is_kept_as_a_digest(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("open sesame, seven times\n")
    text = MINIMAL.replace('"none"', '"client_secret_basic"')
    text = text.replace("[name]", "secret_file = 'secret'\n[name]")
    client = described(tmp_path, text, Profile.SANDBOX)
    assert client.secret_digest == secret_digest("open sesame, seven times")


def test_private_keys_are_refused(tmp_path: Path) -> None:
    (public,) = RelyingPartyKey().jwks()["keys"]
    (tmp_path / "keys").write_text(json.dumps({"keys": [{**public, "d": public["x"]}]}))
    with pytest.raises(ConfigurationError, match="'jwks_file': must have public signature keys"):
        described(tmp_path, MINIMAL.replace("[name]", "jwks_file = 'keys'\n[name]"))


def test_example_clients(tmp_path: Path) -> None:
    made = write_example_clients(tmp_path, {"hko-suggestions": "http://localhost:9"})
    assert [path.stem for path in made] == ["hko-suggestions", "ird-etax", "hkeid-terminal"]
    clients = {client.id: client for client in read_clients(tmp_path, profile=Profile.SANDBOX)}
    assert clients["hko-suggestions"].redirect_uris == (
        "http://localhost:9/eid/callback",
        "http://localhost:9/eid/signed",
    )
    assert clients["ird-etax"].redirect_uris[0] == "http://localhost:5002/eid/callback"
    assert (tmp_path / "ird-etax.pem").stat().st_mode & 0o077 == 0
    assert write_example_clients(tmp_path) == (), "a second time everything is there"


def test_example_client_that_is_no_service(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="service_unknown"):
        write_example_clients(tmp_path, {"nobody": "http://localhost:9"})
    assert not (tmp_path / "nobody.pem").exists()
