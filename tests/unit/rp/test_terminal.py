"""A native application's login over the loopback interface (RFC 8252)."""

from __future__ import annotations

import threading
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner

from hkeid.rp import RelyingParty, StartAgain
from hkeid.rp.terminal import LoopbackListener, login_in_terminal
from hkeid.testing.fake_provider import AccountHolder, FakeProvider, Fault


def _visit(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            answer.read()
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


@pytest.fixture
def live_provider() -> FakeProvider:
    return FakeProvider()


@pytest.fixture
def live_party(live_provider: FakeProvider) -> RelyingParty:
    return RelyingParty(live_provider.issuer, client_id="service", http=live_provider)


def _later(act: Any, *arguments: Any) -> threading.Thread:
    thread = threading.Thread(target=act, args=arguments)
    thread.start()
    return thread


def test_the_browser_comes_back_to_the_terminal(
    live_party: RelyingParty, live_provider: FakeProvider
) -> None:
    statuses: list[int] = []
    threads: list[threading.Thread] = []

    def browse(url: str) -> None:
        callback = live_provider.log_in(url, AccountHolder(claims={"name": "CHAN Tai Man"}))
        port = urlsplit(callback).port
        addresses = (
            f"http://127.0.0.1:{port}/favicon.ico",
            f"http://127.0.0.1:{port}/eid/callback?code=x&state=guessed",
            f"http://127.0.0.1:{port}/eid/callback?%ff",
            callback,
        )
        statuses.extend(map(_visit, addresses))

    resident = login_in_terminal(
        live_party, lambda url: threads.append(_later(browse, url)), claims=("name",), seconds=20
    )
    threads[0].join(10)
    assert resident.claims == {"name": "CHAN Tai Man"}
    assert statuses == [404, 404, 404, 200]


def test_nobody_comes() -> None:
    with LoopbackListener() as listener, pytest.raises(StartAgain) as caught:
        listener.wait("state", 0.05)
    assert caught.value.reason == "login_state_expired"
    assert listener.redirect_uri.startswith("http://127.0.0.1:")


class TestCommand:
    @pytest.fixture
    def run(self, monkeypatch: pytest.MonkeyPatch, live_provider: FakeProvider) -> Any:
        from hkeid_server.cli import rp as command

        def party(issuer: str, *, client_id: str, **options: Any) -> RelyingParty:
            return RelyingParty(issuer, client_id=client_id, http=live_provider, **options)

        def opened(url: str) -> None:
            callback = live_provider.log_in(url, AccountHolder(claims={"name": "CHAN Tai Man"}))
            _later(_visit, callback)

        monkeypatch.setattr(command.RelyingParty, "discover", party)
        monkeypatch.setattr(command.webbrowser, "open", opened)

        def invoke(*arguments: str) -> Any:
            fixed = ["login", "--issuer", live_provider.issuer, "--client-id", "service", "--open"]
            return CliRunner().invoke(command.rp_group, [*fixed, "--timeout", "10", *arguments])

        return invoke

    def test_what_was_verified_is_printed_and_tokens_are_not(self, run: Any) -> None:
        result = run("--claim", "name")
        assert result.exit_code == 0, result.output
        assert "urn:hkeid:acr:eid" in result.stdout
        assert "CHAN Tai Man" in result.stdout
        assert "characters (--show-tokens)" in result.stdout
        assert "eyJ" not in result.stdout

    def test_json_with_tokens(self, run: Any) -> None:
        import json

        result = run("--json", "--show-tokens")
        assert json.loads(result.stdout)["tokens"]["id_token"].startswith("eyJ")

    def test_a_failure_says_its_reason(self, run: Any, live_provider: FakeProvider) -> None:
        live_provider.fault = Fault.ID_TOKEN_NONCE_OTHER
        result = run()
        assert result.exit_code == 1
        assert "[id_token_nonce_mismatch]" in result.output
