"""Servers as processes."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from hkeid.testing.processes import DidNotStart, ServerProcess, _gone, free_port

SERVER = """
import os, sys, time
from http.server import BaseHTTPRequestHandler, HTTPServer
class Site(BaseHTTPRequestHandler):
    def do_GET(self): self.send_error(404)
    def log_message(self, *_): pass
site = HTTPServer(("127.0.0.1", int(sys.argv[1])), Site)
if os.fork() == 0:
    end = time.process_time() + 0.2
    while time.process_time() < end: pass
    print("child", os.getpid(), flush=True)
    time.sleep(60)
site.serve_forever()
"""


def test_measures_the_whole_tree_and_kills_it(tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-c", SERVER, str(port)]
    with ServerProcess(command, port=port, log=tmp_path / "log") as server:
        while not server.log_end().endswith("\n"):
            pass
        child = int(server.log_end().split()[1])
        assert server.running
        # The kernel counts in steps of a hundredth.
        assert server.cpu_seconds() >= 0.18
        assert server.memory_mb() > 1
        server.kill()
        assert not server.running
        assert _gone(child)


def test_says_why_a_server_did_not_start(tmp_path: Path) -> None:
    with pytest.raises(DidNotStart, match="no such thing"):
        ServerProcess(
            [sys.executable, "-c", "raise SystemExit('no such thing')"],
            port=free_port(),
            log=tmp_path / "log",
        )
