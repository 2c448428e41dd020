"""PKCE for every client (RFC 7636, RFC 9700 §2.1.1)."""

from __future__ import annotations

import pytest

from hkeid.kernel.http import Response
from hkeid.oidc import pkce
from hkeid.op import ErrorPage, Profile, ProviderSettings
from hkeid.op.records import ClientAuthMethod
from hkeid.testing.provider import CALLBACK, VERIFIER, ProviderBench, a_client

EXEMPT = a_client("exempt", require_pkce=False)
SANDBOX = ProviderSettings(profile=Profile.SANDBOX)


@pytest.mark.parametrize("method", list(ClientAuthMethod)[:2])
@pytest.mark.parametrize(
    "changes",
    [
        {"code_challenge": None, "code_challenge_method": None},
        {"code_challenge": None},
        {"code_challenge": ""},
        {"code_challenge_method": None},
        {"code_challenge_method": "plain"},
        {"code_challenge_method": "s256"},
        {"code_challenge": "short"},
        {"code_challenge": "c" * 44},
        {"code_challenge": "c" * 42 + "="},
        {"code_challenge": "c" * 42 + "+"},
    ],
)
def test_every_client_must_send_an_s256_challenge(
    method: ClientAuthMethod, changes: dict[str, str | None]
) -> None:
    """§4.4.1: "the server MUST return … "error" … "invalid_request"". ``plain`` (the default when the
    method is left out, §4.3) does not exist.
    """
    bench = ProviderBench(a_client(auth_method=method))
    bench.log_in()
    assert bench.answer(bench.authorize(**changes))["error"] == "invalid_request"


def test_the_exemption_is_for_the_sandbox() -> None:
    bench = ProviderBench()
    bench.register(EXEMPT)
    assert isinstance(bench.authorize(client_id="exempt"), ErrorPage)


@pytest.fixture
def sandbox() -> ProviderBench:
    bench = ProviderBench(EXEMPT, settings=SANDBOX)
    bench.log_in()
    return bench


def token(bench: ProviderBench, code: str, verifier: str | None) -> Response:
    return bench.token(
        bench.client,
        grant_type="authorization_code",
        code=code,
        redirect_uri=CALLBACK,
        code_verifier=verifier,
    )


def test_an_exempt_client_may_leave_it_out(sandbox: ProviderBench) -> None:
    code = sandbox.code(sandbox.authorize(code_challenge=None, code_challenge_method=None))
    assert token(sandbox, code, None).status == 200


def test_an_exempt_client_that_uses_it_uses_s256(sandbox: ProviderBench) -> None:
    assert sandbox.answer(sandbox.authorize(code_challenge_method="plain"))["error"]
    code = sandbox.code(sandbox.authorize())
    assert sandbox.error(token(sandbox, code, None)) == "invalid_grant"
    assert token(sandbox, code, VERIFIER).status == 200


def test_a_verifier_without_a_challenge_is_a_downgrade(sandbox: ProviderBench) -> None:
    """RFC 9700 §2.1.1: the server "MUST ensure that a token request containing a code_verifier
    parameter is accepted only if a code_challenge parameter was present".
    """
    code = sandbox.code(sandbox.authorize(code_challenge=None, code_challenge_method=None))
    assert sandbox.error(token(sandbox, code, VERIFIER)) == "invalid_grant"
    assert token(sandbox, code, None).status == 200, "and the code was not burnt"


@pytest.mark.parametrize("verifier", ["a" * 43, "Z-._~" * 20, "0" * 128])
def test_verifiers_of_every_form(verifier: str) -> None:
    """§4.1: 43 to 128 unreserved characters."""
    bench = ProviderBench()
    bench.log_in()
    code = bench.code(bench.authorize(code_challenge=pkce.challenge_of(verifier)))
    assert token(bench, code, verifier).status == 200
