"""The WSGI application: ``hkeid_server.wsgi:application`` for any WSGI server.

The configuration file is named by ``HKEID_CONFIG`` (``hkeid.toml`` in the working directory if it is
not set). Servers that fork must load the application after forking (no ``--preload``): database
connections and audit writers belong to one process.
"""

from __future__ import annotations

import os
from pathlib import Path
from threading import Lock
from typing import Any

from hkeid_server.app import create_pages
from hkeid_server.certificates.mount import with_certificates
from hkeid_server.config import Config, load_config
from hkeid_server.front import Application, Front
from hkeid_server.house import House
from hkeid_server.intake import Intake
from hkeid_server.journal import hear_libraries
from hkeid_server.signing.mount import with_signing
from hkeid_server.stations import mounted
from hkeid_server.wiring import build_house


def create_application(config: Config) -> Application:
    """The whole server over a configuration."""
    house = build_house(config)
    hear_libraries(house.journal, level=config.log.level)
    if config.sandbox.seed and not config.production:
        from hkeid_server.sandbox import seed_sandbox

        seed_sandbox(house)
    house.saml_metadata.begin()
    return serve_house(house)


def serve_house(house: House) -> Application:
    """The WSGI application over a house."""
    front = Front(
        house.doors,
        create_pages(house),
        names=house.pages.cookies,
        random=house.random,
        journal=house.journal,
        network=house.network,
        intake=Intake(house.config.server.body_limit),
        threads=house.config.server.threads,
        log_access=house.config.log.access,
    )
    stations = mounted(house, with_signing(house, front))
    rooms = house.certificates
    if rooms is None:
        return stations
    return with_certificates(rooms.repository, rooms.unit, house.journal, stations)


_application: Application | None = None
_making = Lock()


def application(environ: dict[str, Any], start_response: Any) -> Any:
    """The application of the configuration file, made at the first request."""
    global _application  # noqa: PLW0603 - one per process, made once
    with _making:
        if _application is None:
            _application = from_environment()
    return _application(environ, start_response)


def from_environment() -> Application:
    """Make the application that ``HKEID_CONFIG`` describes."""
    return create_application(load_config(Path(os.environ.get("HKEID_CONFIG", "hkeid.toml"))))
