"""Debian's nginx with the configuration that ``hkeid stations nginx`` prints: who is let in, who is not."""

from __future__ import annotations

import http.client
import json
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

from hkeid.adapters.station_ca import StationCa, make_key, make_request
from hkeid.adapters.system import SystemClock
from hkeid.kernel.errors import HkeidError, Refused, Unavailable
from hkeid.testing.processes import free_port
from hkeid.testing.station_tls import server_certificate

pytestmark = pytest.mark.nginx

PROXY = "127.0.0.77"
"""The proxy's own address, so that another program on this machine is told from it."""

_MAIN = """\
daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    include {folder}/door.conf;
    server {{
        listen 127.0.0.1:{public};
        location / {{ proxy_pass {upstream}; proxy_bind {proxy}; {public_headers} }}
        location /careless/ {{ proxy_pass {upstream}/; proxy_bind {proxy}; }}
    }}
}}
"""


@dataclass
class Nginx:
    place: Any
    url: str
    authority: Path
    public: int


@pytest.fixture(scope="module")
def place(make_place) -> Any:
    return make_place(PROXY)


@pytest.fixture(scope="module")
def nginx(place) -> Iterator[Nginx]:
    binary = shutil.which("nginx") or "/usr/sbin/nginx"
    folder = place.folder / "nginx"
    folder.mkdir()
    both, alone = server_certificate(folder / "tls")
    door, public = free_port(), free_port()
    text = place.hkeid(
        "stations", "nginx", "--server-name", "localhost", "--listen", f"127.0.0.1:{door}",
        "--certificate", str(alone), "--certificate-key", str(both),
    )  # fmt: skip
    (folder / "door.conf").write_text(text)
    from hkeid_server.stations.nginx import PUBLIC_HEADERS

    (folder / "nginx.conf").write_text(
        _MAIN.format(
            folder=folder,
            public=public,
            upstream=f"http://127.0.0.1:{place.made.port}",
            proxy=PROXY,
            public_headers=PUBLIC_HEADERS.replace("\n", " "),
        )
    )
    log = (folder / "out.log").open("wb")
    process = subprocess.Popen(
        [binary, "-p", str(folder), "-c", str(folder / "nginx.conf")], stdout=log, stderr=log
    )
    try:
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", public), timeout=2).close()
                break
            except OSError:
                assert process.poll() is None, (folder / "out.log").read_text()
                time.sleep(0.1)
        yield Nginx(place, f"https://localhost:{door}", alone, public)
    finally:
        process.terminate()
        process.wait(10)
        log.close()


def ask(
    nginx: Nginx,
    path: str = "/station/hello",
    *,
    chain: Path | None = None,
    key: Path | None = None,
) -> tuple[int, bytes]:
    parts = urlsplit(nginx.url)
    context = ssl.create_default_context(cafile=str(nginx.authority))
    if chain is not None:
        context.load_cert_chain(chain, key)
    connection = http.client.HTTPSConnection(
        parts.hostname, parts.port, context=context, timeout=10
    )
    headers = {"Content-Type": "application/json"}
    connection.request("POST", path, body=b"{}", headers=headers)
    answer = connection.getresponse()
    found = answer.status, answer.read()
    connection.close()
    return found


def test_an_enrolled_station_is_let_in(nginx) -> None:
    agent = nginx.place.agent(nginx.url, nginx.authority)
    assert agent.hello()["mode"] == "kiosk"
    assert agent.work() is None
    assert agent.browser_address().startswith(nginx.place.made.issuer)
    assert "seen 20" in nginx.place.hkeid("stations", "list")


def test_without_a_certificate_nobody_is(nginx) -> None:
    assert ask(nginx)[0] == 403
    assert ask(nginx, "/account")[0] == 404


def test_a_foreign_certificate_is_not_let_in(nginx, tmp_path) -> None:
    now = SystemClock().now()
    foreign = StationCa.create(tmp_path / "ca", name="hkeid sandbox stations", now=now)
    key = make_key()
    (tmp_path / "key.pem").write_bytes(key)
    issued = foreign.issue(make_request(key), station_id="x", now=now, lifetime=timedelta(days=1))
    (tmp_path / "cert.pem").write_text(issued.pem)
    status, _ = ask(nginx, chain=tmp_path / "cert.pem", key=tmp_path / "key.pem")
    assert status in {400, 403}


def test_a_certificate_of_ours_that_is_bound_to_no_station_is_not_let_in(nginx, tmp_path) -> None:
    ours = StationCa(nginx.place.client_ca.parent)
    key = make_key()
    (tmp_path / "key.pem").write_bytes(key)
    now = SystemClock().now()
    issued = ours.issue(make_request(key), station_id="x", now=now, lifetime=timedelta(days=1))
    (tmp_path / "cert.pem").write_text(issued.pem)
    status, body = ask(nginx, chain=tmp_path / "cert.pem", key=tmp_path / "key.pem")
    assert (status, json.loads(body)) == (403, {"error": "certificate_unknown"})


def test_an_expired_certificate_is_not_let_in(nginx, tmp_path) -> None:
    ours = StationCa(nginx.place.client_ca.parent)
    key = make_key()
    (tmp_path / "key.pem").write_bytes(key)
    past = SystemClock().now() - timedelta(days=3)
    issued = ours.issue(make_request(key), station_id="x", now=past, lifetime=timedelta(days=1))
    (tmp_path / "cert.pem").write_text(issued.pem)
    status, _ = ask(nginx, chain=tmp_path / "cert.pem", key=tmp_path / "key.pem")
    assert status in {400, 403}


def test_a_suspended_and_a_revoked_station_are_not_let_in(nginx) -> None:
    agent = nginx.place.agent(nginx.url, nginx.authority)
    station_id = agent.hello()["station"]
    nginx.place.hkeid("stations", "suspend", station_id)
    with pytest.raises(Refused, match="station_suspended"):
        agent.hello()
    nginx.place.hkeid("stations", "resume", station_id)
    assert agent.hello()["station"] == station_id
    nginx.place.hkeid("stations", "revoke", station_id)
    with pytest.raises(Refused, match="station_revoked"):
        agent.browser_address()


def test_a_code_enrols_once(nginx) -> None:
    station_id, code = nginx.place.invited("kiosk")
    body = {"code": code, "csr": make_request(make_key())}
    agent = nginx.place.agent(nginx.url, nginx.authority)
    assert agent._channel.post("/station/enrol", body)["station"] == station_id
    with pytest.raises(Refused, match="station_code_used"):
        agent._channel.post("/station/enrol", body)
    with pytest.raises(Refused, match="station_code_unknown"):
        agent._channel.post("/station/enrol", {**body, "code": "0000-0000-0000"})


def forged(nginx: Nginx, *, secret: bool) -> dict[str, str]:
    """Headers that say that this is the station with the given certificate."""
    agent = nginx.place.agent(nginx.url, nginx.authority)
    pem = agent._folder.certificate_file.read_text().partition("-----END CERTIFICATE-----")[0]
    found = {
        "Content-Type": "application/json",
        "HKEID-Client-Verify": "SUCCESS",
        "HKEID-Client-Cert": quote(pem + "-----END CERTIFICATE-----\n", safe=""),
    }
    return {**found, "HKEID-Proxy-Secret": nginx.place.secret} if secret else found


def post(port: int, path: str, headers: dict[str, str], source: str = "") -> tuple[int, Any]:
    address = (source, 0) if source else None
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10, source_address=address)
    connection.request("POST", path, body=b"{}", headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, json.loads(body) if body[:1] == b"{" else body


REFUSED = (403, {"error": "certificate_from_elsewhere"})


def test_a_forged_header_directly_at_the_server_is_refused_and_recorded(nginx) -> None:
    port = nginx.place.made.port
    assert post(port, "/station/hello", forged(nginx, secret=False)) == REFUSED
    # Not even with the secret: it is another address than the proxy's.
    assert post(port, "/station/hello", forged(nginx, secret=True)) == REFUSED
    # Not even from the proxy's address: another program there does not know the secret.
    headers = forged(nginx, secret=False)
    assert post(port, "/station/hello", headers, source=PROXY) == REFUSED
    assert post(port, "/station/enrol", {"Content-Type": "application/json"}) == REFUSED
    out = nginx.place.folder / "audit.jsonl"
    nginx.place.hkeid("audit", "export", "--output", str(out))
    assert "certificate_from_elsewhere" in out.read_text()


def test_a_forged_header_through_the_public_pages_proxy_is_refused(nginx) -> None:
    headers = forged(nginx, secret=False)
    for path in ("/station/hello", "/careless/station/hello"):
        status, body = post(nginx.public, path, headers)
        assert status == 403, path
        assert body["error"] in {"certificate_missing", "certificate_from_elsewhere"}


def test_the_door_takes_nothing_too_large(nginx) -> None:
    agent = nginx.place.agent(nginx.url, nginx.authority)
    with pytest.raises(HkeidError) as caught:
        agent._channel.post("/station/trouble", {"upgrade": "x" * 40_000, "reason": "y"})
    assert caught.value.reason == "body_too_large"
    with pytest.raises(Unavailable):
        agent._channel.post("/station/evidence", {"document": "x" * 2_000_000})
