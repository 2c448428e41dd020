"""npm ``@node-saml/node-saml`` (xml-crypto, xmldom) logs in at our identity provider."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urljoin

import pytest
from tests.peer.saml.contract import ServiceProviderContract
from tests.peer.saml.credentials import Credential
from tests.peer.saml.our_identity_provider import OurIdentityProvider
from tests.peer.saml.service_provider import PeerServiceProvider, SaysInJson

from hkeid.testing.processes import ServerProcess, free_port

pytestmark = [pytest.mark.peer, pytest.mark.xdist_group("saml_node")]

NODE_FOLDER = Path(__file__).parents[1] / "node"


class NodeSaml(SaysInJson):
    def __post_init__(self) -> None:
        super().__post_init__()
        # Its metadata names its place for logout messages with the POST binding only.
        place = urljoin(self.page, "/slo")
        self.entity = replace(self.entity, logout_url=place, logout_answer_url=place)


@pytest.fixture(scope="module")
def peer(
    idp: OurIdentityProvider, credential: Credential, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PeerServiceProvider]:
    node = os.environ.get("HKEID_TEST_NODE") or shutil.which("node")
    assert node, "Node is missing: scripts/test --install-only"
    assert (NODE_FOLDER / "node_modules" / "@node-saml").is_dir(), "run scripts/test --install-only"
    folder, port = tmp_path_factory.mktemp("node-saml"), free_port()
    settings = {
        "port": port,
        "idp": idp.entity_id,
        "sso": idp.sso_url,
        "slo": idp.slo_url,
        "certificates": [one.pem for one in idp.credentials.values()],
        "key": credential.key_pem,
        "certificate": credential.pem,
    }
    (folder / "settings.json").write_text(json.dumps(settings))
    script = NODE_FOLDER / "saml_service_provider.mjs"
    command = [node, script, folder / "settings.json"]
    with ServerProcess(command, port=port, log=folder / "node.log"):
        origin = f"http://localhost:{port}"
        yield NodeSaml(
            page=f"{origin}/who",
            logout=f"{origin}/logout",
            metadata_url=f"{origin}/metadata",
            idp=idp,
            logs=(folder / "node.log",),
        )


class TestNodeSaml(ServiceProviderContract):
    refuses = MappingProxyType(
        {
            "attribute": "Invalid signature",
            "subject": "Invalid signature",
            "unsigned": "Invalid signature",
            "audience": "SAML assertion audience mismatch",
            "expired": "No valid subject confirmation found",
            "stranger": "Invalid signature",
            "replayed": "InResponseTo is not valid",
        }
    )
    # It looks at neither Destination nor Recipient, and checks a signature in a query only if there is one.
    # xml-crypto knows RSA and HMAC only.
    ecdsa = "Invalid signature"
