"""The providers that are compared, each started the way its makers run it in production."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path

from flow import CLIENT_ID, REDIRECT_URI, Driver, Place, discover
from hkeid.testing.browser import Browser
from hkeid.testing.processes import ServerProcess, free_port

PEERS = Path(__file__).parent / "peers"


class Contestant:
    """A running provider with a browser that is logged in, ready to be measured."""

    def __init__(self, name: str, process: ServerProcess, place: Place) -> None:
        self.name = name
        self.process = process
        self.driver = Driver(place)
        self.driver.check()


def _environment(port: int) -> dict[str, str]:
    return {
        "BENCH_ISSUER": f"http://localhost:{port}",
        "BENCH_PORT": str(port),
        "BENCH_CLIENT_ID": CLIENT_ID,
        "BENCH_REDIRECT_URI": REDIRECT_URI,
        "NODE_ENV": "production",
    }


def authlib_flask(stack: ExitStack, folder: Path) -> Contestant:
    """Authlib and Flask under gunicorn gthread, one worker with eight threads."""
    port = free_port()
    command = [
        sys.executable, "-m", "gunicorn", "authlib_flask:app",
        "--chdir", str(PEERS), "--bind", f"127.0.0.1:{port}",
        "--worker-class", "gthread", "--workers", "1", "--threads", "8", "--keep-alive", "60",
    ]  # fmt: skip
    process = ServerProcess(
        command, environment=_environment(port), log=folder / "authlib_flask.log", port=port
    )
    stack.callback(process.stop)
    issuer = f"http://localhost:{port}"
    browser = Browser()
    browser.get(f"{issuer}/login")
    return Contestant("authlib_flask", process, discover(issuer, browser.cookie_header(issuer)))


def oidc_provider(stack: ExitStack, folder: Path) -> Contestant:
    """npm oidc-provider on Node, with its in-memory adapter."""
    port = free_port()
    command = ["node", str(PEERS / "oidc_provider" / "provider.mjs")]
    process = ServerProcess(
        command, environment=_environment(port), log=folder / "oidc_provider.log", port=port
    )
    stack.callback(process.stop)
    issuer = f"http://localhost:{port}"
    browser = Browser()
    _log_in_at_oidc_provider(browser, issuer)
    return Contestant("oidc_provider", process, discover(issuer, browser.cookie_header(issuer)))


def _log_in_at_oidc_provider(browser: Browser, issuer: str) -> None:
    """Once through its development pages: name, then consent; after that the session is live."""
    challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"  # RFC 7636 appendix B
    address = (
        f"{issuer}/auth?client_id={CLIENT_ID}&response_type=code&scope=openid&state=s"
        f"&redirect_uri={REDIRECT_URI}&code_challenge={challenge}&code_challenge_method=S256"
    )
    page = browser.get(address)
    values = {"login": "resident", "password": "any"}
    page = browser.submit(page.forms[0], values)
    # The last redirect leads to the client, where nobody listens.
    with suppress(OSError):
        browser.submit(page.forms[0])


Starter = Callable[[ExitStack, Path], Contestant]
