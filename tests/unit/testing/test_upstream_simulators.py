"""The simulated upstreams as processes of their own, as the demonstration starts them."""

from __future__ import annotations

import http.client
import json
import re
import sys
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest

from hkeid.adapters.encipherment_keys import RsaEnciphermentKey
from hkeid.adapters.system import SystemClock, SystemRandom
from hkeid.identity.assurance import Acr
from hkeid.jose import public_jwks
from hkeid.kernel.http import Parameters, Request, Response
from hkeid.kernel.secret import Secret
from hkeid.ports.keys import KeyPurpose
from hkeid.rp.transport import DirectHttpClient
from hkeid.testing.iam_smart_simulator import IamSmartFault, IamSmartSimulator
from hkeid.testing.iam_smart_simulator.__main__ import main as run_iam_smart
from hkeid.testing.iam_smart_simulator.pages import _TEXTS
from hkeid.testing.keys import MemoryKeyStore
from hkeid.testing.processes import ServerProcess, free_port
from hkeid.testing.small_server import SmallServer
from hkeid.testing.upstream_provider import (
    PEOPLE,
    TWO_FACTORS,
    CompanyFault,
    CompanyProvider,
)
from hkeid.testing.upstream_provider.__main__ import main as run_company
from hkeid.upstream import AssuranceTable, LogoutOutcome, UpstreamFailed, UpstreamRequest
from hkeid.upstream.iam_smart import IamSmartApi, IamSmartSettings, IamSmartUpstream
from hkeid.upstream.iam_smart.settings import NAMES
from hkeid.upstream.oidc import OidcUpstream, OidcUpstreamSettings

CALLBACK = "http://localhost:9/back"


class Browser:
    """As much of one as the simulators' pages need."""

    def __init__(self) -> None:
        self.cookie = ""

    def visit(self, url: str, form: dict[str, str] | None = None) -> tuple[int, str, str]:
        """Status, address to go to, text."""
        parts = urlsplit(url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        headers = {"Cookie": self.cookie}
        body = None
        if form is not None:
            body = urlencode(form)
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request("GET" if form is None else "POST", target, body=body, headers=headers)
        answer = connection.getresponse()
        self.cookie = (answer.getheader("Set-Cookie") or self.cookie).partition(";")[0]
        text = answer.read().decode()
        connection.close()
        return answer.status, answer.getheader("Location") or "", text


def came(back: str) -> Request:
    assert back.startswith(CALLBACK)
    return Request(method="GET", path="/back", query=Parameters.parse(back.partition("?")[2]))


def test_a_login_at_the_simulated_iam_smart(tmp_path: Path) -> None:
    port, folder = free_port(), tmp_path / "client"
    command = [
        sys.executable,
        "-m",
        "hkeid.testing.iam_smart_simulator",
        "--port",
        str(port),
        "--folder",
        folder,
    ]
    with ServerProcess(command, port=port, log=tmp_path / "log") as running:
        assert running.running
        api = IamSmartApi(
            IamSmartSettings(
                host=f"http://localhost:{port}",
                client_id=(folder / "client-id").read_text(),
                client_secret=Secret((folder / "client-secret").read_text()),
            ),
            kek=RsaEnciphermentKey.load(folder / "encipherment-key.pem"),
            http=DirectHttpClient(),
            clock=SystemClock(),
            random=SystemRandom(),
        )
        upstream, browser = IamSmartUpstream(api), Browser()
        departure = upstream.begin(
            UpstreamRequest(state=SystemRandom().token(24), callback=CALLBACK)
        )
        status, _, page = browser.visit(str(departure.to))
        assert (status, 'id="waiting"' in page) == (200, True)
        found = re.search(r'id="open-phone"[^>]*href="([^"]+)"', page)
        waiting = re.search(r"url=(/qr/[A-Za-z0-9_-]+)", page)
        assert found is not None
        assert waiting is not None
        assert browser.visit(f"http://localhost:{port}{waiting[1]}")[0] == 200
        phone = Browser()
        assert 'name="persona"' in phone.visit(found[1])[2]
        status, _, page = phone.visit(found[1], {"persona": "cheung-sam", "decision": "approve"})
        assert (status, 'id="done"' in page) == (200, True)
        status, back, _ = browser.visit(f"http://localhost:{port}{waiting[1]}")
        assert status == 302
        answer = upstream.finish(departure.kept, came(back), SystemClock().now())
        assert (answer.acr, answer.attributes.first("name")) == (Acr.EID, "CHEUNG, Sam")


def test_faults_are_switched_by_name_in_the_browser() -> None:
    with IamSmartSimulator() as simulator:
        browser = Browser()
        page = browser.visit(f"{simulator.url}/")[2]
        assert all(f'value="{fault.value}"' in page for fault in IamSmartFault)
        form = {"fault": "callback-twice", "code": "D40003", "at": "login"}
        assert browser.visit(f"{simulator.url}/faults", form)[0] == 303
        assert simulator.fault is IamSmartFault.CALLBACK_TWICE
        assert (simulator.backend.fail, simulator.backend.fail_at) == ("D40003", "login")
        assert browser.visit(f"{simulator.url}/faults", {"fault": "unheard-of"})[0] == 400
        assert browser.visit(f"{simulator.url}/phone/nobody")[0] == 404
        assert browser.visit(f"{simulator.url}/nowhere")[0] == 404
        with pytest.raises(ValueError, match="D99999"):
            simulator.fail("D99999")


def test_the_simulator_shows_an_error_and_goes_nowhere_it_should_not() -> None:
    """An unregistered address is not redirected to: D20008."""
    with IamSmartSimulator() as simulator:
        client = simulator.registration.client_id
        good = {
            "clientID": client,
            "responseType": "code",
            "scope": "eidapi_auth",
            "source": "PC_Browser",
            "redirectURI": CALLBACK,
        }
        for change, code in (
            ({"clientID": "another"}, "D20003"),
            ({"responseType": "token"}, "D20001"),
            ({"scope": ""}, "D20001"),
            ({"source": "Lynx"}, "D20007"),
            ({"redirectURI": "https://evil.example"}, "D20008"),
        ):
            status, _, page = Browser().visit(
                f"{simulator.url}/api/v1/auth/getQR?{urlencode(good | change)}"
            )
            assert (status, code in page) == (400, True)


def test_pages_speak_three_scripts_and_show_no_mark() -> None:
    assert all(len(set(texts)) >= 1 and all(texts) for texts in _TEXTS.values())
    with IamSmartSimulator() as simulator:
        base = {
            "clientID": simulator.registration.client_id,
            "responseType": "code",
            "scope": "eidapi_auth",
            "source": "PC_Browser",
            "redirectURI": CALLBACK,
        }
        for lang, tag in (
            ("en-US", "en"),
            ("zh-HK", "zh-Hant-HK"),
            ("zh-CN", "zh-Hans"),
            ("xx", "zh-Hant-HK"),
        ):
            page = Browser().visit(
                f"{simulator.url}/api/v1/auth/getQR?{urlencode(base | {'lang': lang})}"
            )[2]
            assert f'<html lang="{tag}">' in page
            assert 'id="notice"' in page
            assert "<img" not in page


def test_a_login_at_the_simulated_company(tmp_path: Path) -> None:
    port, keys = free_port(), MemoryKeyStore(algorithms=("ES256",))
    jwks = tmp_path / "jwks.json"
    jwks.write_text(json.dumps(public_jwks(keys, KeyPurpose.UPSTREAM_CLIENT)))
    command = [
        sys.executable,
        "-m",
        "hkeid.testing.upstream_provider",
        "--port",
        str(port),
        "--client-jwks",
        jwks,
    ]
    with ServerProcess(command, port=port, log=tmp_path / "log"):
        upstream = OidcUpstream(
            OidcUpstreamSettings(
                id="company",
                names=NAMES,
                issuer=f"http://localhost:{port}",
                client_id="hkeid",
                assurance=AssuranceTable(values={TWO_FACTORS: Acr.EID}),
                push=False,
            ),
            keys=keys,
            http=DirectHttpClient(),
            clock=SystemClock(),
            random=SystemRandom(),
        )
        browser = Browser()

        def depart(**changes: object):
            return upstream.begin(
                UpstreamRequest(
                    state=SystemRandom().token(24),
                    callback=CALLBACK,
                    ui_locales=("zh-Hans",),
                    **changes,
                )
            )

        status, back, _ = browser.visit(f"{depart().to}&prompt=none")
        assert (status, "error=login_required" in back) == (303, True)
        departure = depart()
        status, _, page = browser.visit(str(departure.to))
        found = re.search(r'name="transaction" value="([^"]+)"', page)
        assert found is not None
        assert '<html lang="zh-Hans">' in page
        status, back, _ = browser.visit(
            f"http://localhost:{port}/login",
            {"transaction": found[1], "person": "ip-manager", "decision": "login"},
        )
        answer = upstream.finish(departure.kept, came(back), SystemClock().now())
        assert (answer.subject, answer.acr) == ("company-ip-manager", Acr.EID)
        # The company remembers its browser, unless it is told not to.
        again = depart()
        status, back, _ = browser.visit(str(again.to))
        assert (
            upstream.finish(again.kept, came(back), SystemClock().now()).subject == answer.subject
        )
        assert 'name="transaction"' in browser.visit(str(depart(fresh=True).to))[2]
        assert 'id="done"' in browser.visit(f"http://localhost:{port}/logout")[2]


def test_the_company_tells_us_when_somebody_logs_out_there() -> None:
    """Back-Channel Logout 1.0, over sockets: a person logs out at the company, a logout token arrives."""
    keys, ended = MemoryKeyStore(algorithms=("ES256",)), []
    jwk = public_jwks(keys, KeyPurpose.UPSTREAM_CLIENT)["keys"][0]
    company = CompanyProvider("http://localhost:1", client_id="hkeid", client_jwk=jwk)
    with SmallServer(company.handle) as server:
        company.issuer = server.url
        upstream = OidcUpstream(
            OidcUpstreamSettings(id="company", names=NAMES, issuer=server.url, client_id="hkeid"),
            keys=keys,
            http=DirectHttpClient(),
            clock=SystemClock(),
            random=SystemRandom(),
        )

        def told(request: Request) -> Response:
            try:
                logout = upstream.read_logout(request, SystemClock().now())
            except UpstreamFailed as error:
                return upstream.refuse_logout(error)
            ended.append((logout.subject, logout.sessions))
            answer = upstream.answer_logout(logout, LogoutOutcome.DONE)
            assert isinstance(answer, Response)
            return answer

        with SmallServer(told) as ours:
            company.logout_uri = f"{ours.url}/upstream/company/logout"
            browser = Browser()
            departure = upstream.begin(
                UpstreamRequest(state=SystemRandom().token(24), callback=CALLBACK)
            )
            found = re.search(
                r'name="transaction" value="([^"]+)"', browser.visit(str(departure.to))[2]
            )
            assert found is not None
            form = {"transaction": found[1], "person": "ko-director", "decision": "login"}
            browser.visit(f"{server.url}/login", form)
            browser.visit(f"{server.url}/logout")
            assert ended == [("company-ko-director", ("sid-of-a-session",))]
            company.company_fault = CompanyFault.LOGOUT_NONCE
            company.end_session_of(PEOPLE["ko-director"])
            assert company.logouts == [200, 400]
            assert len(ended) == 1


@pytest.mark.parametrize("run", [run_iam_smart, run_company])
def test_faults_on_the_command_line_are_named(run, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run(["--fault", "unheard-of"])
    assert "invalid choice" in capsys.readouterr().err
