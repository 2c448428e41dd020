"""Our metadata fits the schemas of OASIS, and pysaml2 reads in it what we wrote."""

from __future__ import annotations

import json
import os
import subprocess
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from hkeid.saml.dsig import XmlSigner
from hkeid.saml.metadata import publish
from hkeid.testing.saml_entities import entity_with_everything, self_signed

pytestmark = pytest.mark.peer

SCRIPT = Path(__file__).parent / "saml" / "metadata_peer.py"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
CERTIFICATE = b64encode(self_signed(KEY)).decode()
EVERYTHING = entity_with_everything(KEY, ec.generate_private_key(ec.SECP256R1()))


def in_certificates(role: Any) -> Any:
    """pysaml2 raises KeyError over a role with a bare key, so it is told of the others only."""
    return replace(role, keys=tuple(one for one in role.keys if one.certificate))


ENTITY = replace(EVERYTHING, idp=in_certificates(EVERYTHING.idp), sp=in_certificates(EVERYTHING.sp))


@pytest.fixture(scope="module")
def published() -> str:
    # pysaml2 looks at its own clock.
    now = datetime.now(UTC)
    return publish(ENTITY, XmlSigner.from_key(KEY), identifier="_published", now=now).decode()


class Peer:
    """The process with pysaml2."""

    def __init__(self, python: str) -> None:
        self._process = subprocess.Popen(
            [python, str(SCRIPT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={"PATH": os.environ["PATH"]},
        )  # fmt: skip

    def ask(self, command: str, **rest: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"command": command, **rest}) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        return answer["ok"] if "ok" in answer else f"error: {answer['error']}"

    def close(self) -> None:
        with self._process:
            assert self._process.stdin is not None
            self._process.stdin.close()


@pytest.fixture(scope="module")
def peer() -> Iterator[Peer]:
    default = Path(__file__).parents[2] / ".envs" / "saml" / "bin" / "python"
    python = os.environ.get("HKEID_TEST_SAML_PEERS") or str(default)
    assert Path(python).exists(), "run scripts/test --install-only"
    opened = Peer(python)
    yield opened
    opened.close()


def test_our_metadata_fits_the_schemas(peer: Peer, published: str) -> None:
    now = datetime.now(UTC)
    bare = publish(EVERYTHING, XmlSigner.from_key(KEY), identifier="_bare", now=now).decode()
    assert peer.ask("schema", xml=bare) is True
    assert peer.ask("schema", xml=published) is True
    misplaced = published.replace("md:NameIDFormat", "md:SingleSignOnService", 1)
    assert str(peer.ask("schema", xml=misplaced)).startswith("error: ")


def test_pysaml2_reads_what_we_wrote(peer: Peer, published: str) -> None:
    pem = f"-----BEGIN CERTIFICATE-----\n{CERTIFICATE}\n-----END CERTIFICATE-----\n"
    found = peer.ask("load", xml=published, certificate=pem)
    assert list(found) == [ENTITY.entity_id], found
    read = found[ENTITY.entity_id]
    assert read["roles"] == ["idpsso_descriptor", "spsso_descriptor"]
    for use in ("signing", "encryption"):
        assert {"".join(one.split()) for one in read["certificates"][use]} == {CERTIFICATE}
    assert read["sso"] == ["https://eid.example/sso", "https://eid.example/sso"]
    assert read["acs"]
    assert read["supported"] == list(ENTITY.supported_categories)
    assert read["registration"]["registration_authority"] == "https://federation.example"
    assert ENTITY.idp is not None
    assert read["scopes"] == [one.value for one in ENTITY.idp.scopes]
    assert [tuple(one) for one in read["names"]] == list(ENTITY.names().values)


def test_pysaml2_refuses_it_when_it_is_tampered_with(peer: Peer, published: str) -> None:
    pem = f"-----BEGIN CERTIFICATE-----\n{CERTIFICATE}\n-----END CERTIFICATE-----\n"
    tampered = published.replace("https://eid.example/sso", "https://evil.example/sso")
    assert str(peer.ask("load", xml=tampered, certificate=pem)).startswith("error: ")
