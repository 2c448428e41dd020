"""mod_auth_mellon (lasso, libxmlsec) in Debian's Apache logs in at our identity provider."""

from __future__ import annotations

from collections.abc import Iterator
from html import unescape
from types import MappingProxyType

import pytest
from tests.peer.saml.apache import start_apache
from tests.peer.saml.contract import ServiceProviderContract
from tests.peer.saml.credentials import Credential
from tests.peer.saml.identity_provider import LEVEL, NAME
from tests.peer.saml.our_identity_provider import OurIdentityProvider
from tests.peer.saml.service_provider import PeerServiceProvider, SaysInEnvironment
from tests.peer.saml.stack import private_folder

from hkeid.testing.processes import free_port

pytestmark = [pytest.mark.peer, pytest.mark.xdist_group("saml_mellon")]

_MELLON = """\
MellonLockFile {folder}/run/mellon.lock
<Location /private>
    AuthType Mellon
    MellonEnable auth
    Require valid-user
    MellonEndpointPath /private/mellon
    MellonSPentityId http://127.0.0.1:{port}/private/mellon/metadata
    MellonSPPrivateKeyFile {folder}/sp.key
    MellonSPCertFile {folder}/sp.pem
    MellonIdPMetadataFile {folder}/idp.xml
    MellonSignatureMethod rsa-sha256
    MellonMergeEnvVars On " | "
    MellonSetEnvNoPrefix NAME {name}
    MellonSetEnvNoPrefix LEVEL {level}
</Location>
"""


class Mellon(SaysInEnvironment):
    def plain(self, value: str) -> str:
        # Mellon 0.18 hands on what stands in the XML: "&amp;" where "&" was said.
        return unescape(super().plain(value))


@pytest.fixture(scope="module")
def peer(idp: OurIdentityProvider, credential: Credential) -> Iterator[PeerServiceProvider]:
    with private_folder("mellon") as folder:
        port = free_port()
        (folder / "sp.key").write_text(credential.key_pem)
        (folder / "sp.pem").write_text(credential.pem)
        (folder / "idp.xml").write_bytes(idp.metadata())
        rest = _MELLON.format(folder=folder, port=port, name=NAME, level=LEVEL)
        with start_apache(
            folder, port, {"auth_mellon_module": "auth_mellon"}, rest, host="127.0.0.1"
        ):
            # Its cookies name their domain, for which Python's cookie jar wants a dot.
            origin = f"http://127.0.0.1:{port}"
            yield Mellon(
                page=f"{origin}/private/who.html",
                logout=f"{origin}/private/mellon/logout?ReturnTo={origin}/index.html",
                metadata_url=f"{origin}/private/mellon/metadata",
                idp=idp,
                logs=(folder / "error.log",),
            )


class TestModAuthMellon(ServiceProviderContract):
    refuses = MappingProxyType(
        {
            "attribute": "Failed to verify signature",
            "subject": "Failed to verify signature",
            "unsigned": "Signature element not found",
            "audience": "Invalid Audience in Conditions",
            "expired": "NotOnOrAfter in SubjectConfirmationData was in the past",
            "stranger": "Failed to verify signature",
            "replayed": "Assertion ID _[0-9a-f]+ has already been used",
        }
    )
    soap = True
    # By SOAP lasso asks for no signature: whoever reaches the place ends sessions whose NameID they know.
    # lasso 2.8 knows RSA and HMAC only.
    ecdsa = "Failed to verify signature"
