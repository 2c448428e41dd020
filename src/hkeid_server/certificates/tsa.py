"""The WSGI application of ``hkeid tsa serve``: time-stamps and nothing else."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from hkeid_server.certificates.mount import with_certificates
from hkeid_server.config import load_config
from hkeid_server.front import Application, Environ, StartResponse


def from_environment() -> Application:
    """Make the application that ``HKEID_CONFIG`` describes. Of the authority's keys it opens the time-stamp unit's
    alone, so that the others need not be where it runs.
    """
    from hkeid_server.wiring import make_journal, open_keys, open_store, surroundings
    from hkeid_server.wiring.certificates import open_unit

    config = load_config(Path(os.environ.get("HKEID_CONFIG", "hkeid.toml")))
    clock, random = surroundings()
    store = open_store(config, open_keys(config, clock, random), clock, random)
    unit = open_unit(config, store, clock)
    return with_certificates(None, unit, make_journal(config, clock), _nothing_else)


def _nothing_else(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    del environ
    start_response("404 Not Found", [("Content-Length", "0")])
    return [b""]
