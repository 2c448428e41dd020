"""The peers in Python as processes of a test."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.peer.saml.credentials import Credential
from tests.peer.saml.our_identity_provider import OurIdentityProvider
from tests.peer.saml.service_provider import PeerServiceProvider, SaysInJson

from hkeid.testing.processes import ServerProcess, free_port


@dataclass
class PythonPeer:
    """A running one."""

    origin: str
    log: Path


@contextmanager
def python_peer(
    script: str, settings: dict[str, Any], folder: Path, *words: str
) -> Iterator[PythonPeer]:
    """A script of this folder in the environment of the peers; ``folder`` is for what it keeps."""
    default = Path(__file__).parents[3] / ".envs" / "saml" / "bin" / "python"
    python = os.environ.get("HKEID_TEST_SAML_PEERS") or str(default)
    xmlsec1 = shutil.which("xmlsec1")
    assert Path(python).exists(), "run scripts/test --install-only"
    assert xmlsec1, "run scripts/test --install-only"
    port = free_port()
    (folder / "settings.json").write_text(
        json.dumps({**settings, "port": port, "xmlsec1": xmlsec1})
    )
    command = [python, Path(__file__).parent / script, *words, folder / "settings.json"]
    log = folder / "server.log"
    with ServerProcess(command, port=port, log=log, environment={"PYTHONPATH": ""}):
        yield PythonPeer(f"http://localhost:{port}", log)


@contextmanager
def running(
    library: str, idp: OurIdentityProvider, credential: Credential, folder: Path
) -> Iterator[PeerServiceProvider]:
    """A service provider with ``library``: ``pysaml2`` or ``python3-saml``."""
    settings = {
        "idp": idp.entity_id,
        "metadata": idp.metadata().decode(),
        "key": credential.key_pem,
        "certificate": credential.pem,
    }
    script = "python_service_providers.py"
    with python_peer(script, settings, folder, library) as started:
        yield SaysInJson(
            page=f"{started.origin}/who",
            logout=f"{started.origin}/logout",
            metadata_url=f"{started.origin}/metadata",
            idp=idp,
            logs=(started.log,),
        )
