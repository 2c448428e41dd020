"""npm ``openid-client``, a certified relying party written elsewhere, against the real server.

Node plays the relying party, this file the resident's browser. The client verifies ID-token signatures
against the JWKS as well, which the specification lets it leave to TLS.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives import serialization
from joserfc.jwk import ECKey

from hkeid.testing.browser import Browser
from hkeid.testing.installation import Installation
from hkeid.testing.virtual_resident import VirtualResident

pytestmark = pytest.mark.peer

NODE_FOLDER = Path(__file__).parent / "node"
REDIRECT_URI = "http://localhost:9/callback"
AFTER_LOGOUT = "http://localhost:9/"
PERSONA = "chan-tai-man"
KEY = ECKey.generate_key("P-256", {"kid": "peer-1", "alg": "ES256", "use": "sig"})
WITH_KEY = {
    "id": "peer-key",
    "name": {"en": "Peer", "zh-Hant-HK": "同行", "zh-Hans": "同行"},
    "redirect_uris": [REDIRECT_URI],
    "post_logout_redirect_uris": [AFTER_LOGOUT],
    "auth_method": "private_key_jwt",
    "jwks": {"keys": [KEY.as_dict(private=False)]},
    "sector_identifier": "localhost",
    "scopes": ["openid", "profile", "offline_access"],
    "grant_types": ["authorization_code", "refresh_token"],
    "claims": {
        name: {"en": "To greet you.", "zh-Hant-HK": "用以稱呼你。", "zh-Hans": "用以称呼你。"}
        for name in ("name", "birthdate")
    },
}
PUBLIC = {key: value for key, value in WITH_KEY.items() if key != "jwks"} | {
    "id": "peer-public",
    "auth_method": "none",
    "userinfo_signed_response_alg": "ES256",
}


class Peer:
    """The Node process."""

    def __init__(self, node: str) -> None:
        self._process = subprocess.Popen(
            [node, str(NODE_FOLDER / "relying_party.mjs")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, command: str, **rest: Any) -> Any:
        """Send one command; gives what the client made of it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"command": command, **rest}) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        assert "error" not in answer, f"{command}: {answer['error']}"
        return answer["ok"]

    def close(self) -> None:
        """End the process and its pipes."""
        with self._process:
            assert self._process.stdin is not None
            self._process.stdin.close()


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    made = Installation.make(
        tmp_path_factory.mktemp("peer"), clients=(WITH_KEY, PUBLIC), sandbox={"seed": True}
    )
    with made.serve():
        yield made


@pytest.fixture
def node() -> Iterator[Peer]:
    """A Node process that does not know a provider yet."""
    command = os.environ.get("HKEID_TEST_NODE") or shutil.which("node")
    assert command, "Node is missing: scripts/test --install-only"
    assert (NODE_FOLDER / "node_modules").is_dir(), "run scripts/test --install-only"
    started = Peer(command)
    yield started
    started.close()


@pytest.fixture
def peer(node: Peer, installation: Installation) -> Peer:
    """The client that authenticates with its key."""
    pem = KEY.private_key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
    metadata = node.ask(
        "discover", issuer=installation.issuer, client_id="peer-key", key=pem, kid="peer-1"
    )
    assert metadata["issuer"] == installation.issuer
    return node


@pytest.fixture(scope="module")
def resident(installation: Installation) -> VirtualResident:
    made = VirtualResident(installation.issuer, browser=Browser(stop_at="http://localhost:9/"))
    made.activate(made.ticket(PERSONA))
    return made


def _log_in(peer: Peer, resident: VirtualResident, **further: Any) -> dict[str, Any]:
    """From the client's authorization URL through the pages to its verified ID token."""
    url = peer.ask(
        "start", redirect_uri=REDIRECT_URI, scope="openid profile offline_access", further=further
    )
    page = resident.go_through(resident.browser.get(url))
    assert page.url.startswith(REDIRECT_URI), page.url
    finished: dict[str, Any] = peer.ask("finish", callback=page.url)
    return finished


def test_discovery_login_userinfo_refresh_revocation_logout(
    peer: Peer, resident: VirtualResident, installation: Installation
) -> None:
    # A refresh token takes a decision at that moment: OpenID Connect Core §11.
    finished = _log_in(peer, resident, prompt="login consent", acr_values="urn:hkeid:acr:eid")
    assert resident.seen == ["login", "consent"]
    assert finished["refresh"]
    claims = finished["claims"]
    assert claims["iss"] == installation.issuer
    assert claims["aud"] in ("peer-key", ["peer-key"])
    assert claims["acr"].startswith("urn:hkeid:acr:eid")
    assert "user" in claims["amr"]

    userinfo = peer.ask("userinfo")
    assert userinfo["sub"] == claims["sub"]
    assert "Tai Man" in userinfo["name"]

    refreshed = peer.ask("refresh")
    assert refreshed["rotated"]
    assert refreshed["new_access_token"]
    assert peer.ask("userinfo")["sub"] == claims["sub"]

    url = peer.ask("end_session", post_logout_redirect_uri=AFTER_LOGOUT, state="after")
    page = resident.go_through(resident.browser.get(url))
    assert page.url.startswith(AFTER_LOGOUT)
    assert parse_qs(urlsplit(page.url).query)["state"] == ["after"]
    account = resident.browser.get(f"{installation.issuer}/account")
    assert "passkey-form" in account.attributes


def test_single_sign_on_gives_the_same_subject_and_no_second_question(
    peer: Peer, resident: VirtualResident
) -> None:
    first = _log_in(peer, resident)
    second = _log_in(peer, resident, prompt="none")
    assert resident.seen == []
    assert second["claims"]["sub"] == first["claims"]["sub"]
    peer.ask("revoke")


def test_a_public_client_verifies_signed_userinfo(
    node: Peer, resident: VirtualResident, installation: Installation
) -> None:
    node.ask("discover", issuer=installation.issuer, client_id="peer-public", userinfo_alg="ES256")
    finished = _log_in(node, resident)
    userinfo = node.ask("userinfo")
    assert userinfo["aud"] in ("peer-public", ["peer-public"])
    assert userinfo["sub"] == finished["claims"]["sub"]
