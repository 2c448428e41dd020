"""The two service providers in Python as processes of a test."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.peer.saml.credentials import Credential
from tests.peer.saml.identity_provider import SmallIdentityProvider
from tests.peer.saml.service_provider import PeerServiceProvider, SaysInJson

from hkeid.testing.processes import ServerProcess, free_port

SCRIPT = Path(__file__).parent / "python_service_providers.py"


@contextmanager
def running(
    library: str, idp: SmallIdentityProvider, credential: Credential, folder: Path
) -> Iterator[PeerServiceProvider]:
    """``library``: ``pysaml2`` or ``python3-saml``; ``folder`` is for what it keeps."""
    default = Path(__file__).parents[3] / ".envs" / "saml" / "bin" / "python"
    python = os.environ.get("HKEID_TEST_SAML_PEERS") or str(default)
    xmlsec1 = shutil.which("xmlsec1")
    assert Path(python).exists(), "run scripts/test --install-only"
    assert xmlsec1, "run scripts/test --install-only"
    port = free_port()
    settings = {
        "port": port,
        "idp": idp.entity_id,
        "metadata": idp.metadata().decode(),
        "key": credential.key_pem,
        "certificate": credential.pem,
        "xmlsec1": xmlsec1,
    }
    (folder / "settings.json").write_text(json.dumps(settings))
    command = [python, SCRIPT, library, folder / "settings.json"]
    with ServerProcess(
        command, port=port, log=folder / "server.log", environment={"PYTHONPATH": ""}
    ):
        origin = f"http://localhost:{port}"
        yield SaysInJson(
            page=f"{origin}/who",
            logout=f"{origin}/logout",
            metadata_url=f"{origin}/metadata",
            idp=idp,
            logs=(folder / "server.log",),
        )
