"""Shibboleth's service provider (OpenSAML, Santuario) in Debian's Apache logs in at our identity provider."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import MappingProxyType

import pytest
from tests.peer.saml.apache import start_apache
from tests.peer.saml.contract import ServiceProviderContract
from tests.peer.saml.credentials import Credential
from tests.peer.saml.identity_provider import LEVEL, NAME
from tests.peer.saml.our_identity_provider import OurIdentityProvider
from tests.peer.saml.service_provider import PeerServiceProvider, SaysInEnvironment
from tests.peer.saml.stack import (
    hand_over,
    installed,
    listening_at,
    private_folder,
    unprivileged,
)

from hkeid.testing.processes import free_port

pytestmark = [pytest.mark.peer, pytest.mark.xdist_group("saml_shibboleth")]

_CONFIGURATION = """\
<SPConfig xmlns="urn:mace:shibboleth:3.0:native:sp:config" clockSkew="60">
  <OutOfProcess logger="{folder}/shibd.logger"/>
  <InProcess logger="{folder}/native.logger"/>
  <UnixListener address="{folder}/shibd.sock"/>
  <StorageService type="Memory" id="mem" cleanupInterval="900"/>
  <SessionCache type="StorageService" StorageService="mem" inprocTimeout="1" cacheTimeout="3600"/>
  <ReplayCache StorageService="mem"/>
  <ApplicationDefaults entityID="http://localhost:{port}/shibboleth" REMOTE_USER="persistent-id"
      signing="true" encryption="false">
    <Sessions lifetime="28800" timeout="3600" relayState="ss:mem" checkAddress="false"
        handlerSSL="false" cookieProps="http" redirectLimit="exact">
      <SSO entityID="{idp}">SAML2</SSO>
      <Logout>SAML2 Local</Logout>
      <Handler type="MetadataGenerator" Location="/Metadata" signing="false"/>
    </Sessions>
    <Errors supportContext="root@localhost"/>
    <MetadataProvider type="XML" path="{folder}/idp.xml"/>
    <AttributeExtractor type="XML" path="{folder}/attribute-map.xml"/>
    <AttributeFilter type="XML" path="{folder}/attribute-policy.xml"/>
    <CredentialResolver type="File" key="{folder}/sp.key" certificate="{folder}/sp.pem"/>
  </ApplicationDefaults>
  <SecurityPolicyProvider type="XML" path="{folder}/security-policy.xml"/>
  <ProtocolProvider type="XML" path="{folder}/protocols.xml"/>
</SPConfig>
"""
_ATTRIBUTES = """\
<Attributes xmlns="urn:mace:shibboleth:2.0:attribute-map"
    xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <Attribute name="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent" id="persistent-id">
    <AttributeDecoder xsi:type="NameIDAttributeDecoder" formatter="$Name"/>
  </Attribute>
  <Attribute name="{name}" id="NAME"/>
  <Attribute name="{level}" id="LEVEL"/>
</Attributes>
"""
_LOGGER = """\
log4j.rootCategory=INFO, here
log4j.appender.here=org.apache.log4j.FileAppender
log4j.appender.here.fileName={file}
log4j.appender.here.layout=org.apache.log4j.PatternLayout
log4j.appender.here.layout.ConversionPattern=%p %c: %m%n
"""
_APACHE = """\
ShibConfig {folder}/shibboleth2.xml
<Location /Shibboleth.sso>
    SetHandler shib
</Location>
<Location /private>
    AuthType shibboleth
    ShibRequestSetting requireSession 1
    Require shib-session
</Location>
"""


def _configure(folder: Path, port: int, idp: OurIdentityProvider, credential: Credential) -> None:
    for name in ("attribute-policy.xml", "security-policy.xml", "protocols.xml"):
        (folder / name).write_bytes(installed(f"/etc/shibboleth/{name}").read_bytes())
    for name in ("shibd", "native"):
        (folder / f"{name}.logger").write_text(_LOGGER.format(file=folder / f"{name}.log"))
    (folder / "sp.key").write_text(credential.key_pem)
    (folder / "sp.pem").write_text(credential.pem)
    (folder / "idp.xml").write_bytes(idp.metadata())
    (folder / "attribute-map.xml").write_text(_ATTRIBUTES.format(name=NAME, level=LEVEL))
    text = _CONFIGURATION.format(folder=folder, port=port, idp=idp.entity_id)
    (folder / "shibboleth2.xml").write_text(text)
    hand_over(folder)


class Shibboleth(SaysInEnvironment):
    separator = ";"


@pytest.fixture(scope="module")
def peer(idp: OurIdentityProvider, credential: Credential) -> Iterator[PeerServiceProvider]:
    with ExitStack() as stack:
        folder = stack.enter_context(private_folder("shibboleth"))
        port = free_port()
        _configure(folder, port, idp, credential)
        shibd = [installed("/usr/sbin/shibd"), "-F", "-f", "-c", folder / "shibboleth2.xml"]
        stack.enter_context(
            listening_at(
                unprivileged([*shibd, "-p", folder / "shibd.pid"]),
                folder / "shibd.sock",
                folder / "shibd.out",
            )
        )
        rest = _APACHE.format(folder=folder)
        stack.enter_context(start_apache(folder, port, {"mod_shib": "shib"}, rest))
        origin = f"http://localhost:{port}"
        yield Shibboleth(
            page=f"{origin}/private/who.html",
            logout=f"{origin}/Shibboleth.sso/Logout",
            metadata_url=f"{origin}/Shibboleth.sso/Metadata",
            idp=idp,
            logs=(folder / "shibd.log", folder / "native.log"),
        )


class TestShibboleth(ServiceProviderContract):
    refuses = MappingProxyType(
        {
            "attribute": "Message was signed, but signature could not be verified",
            "subject": "Message was signed, but signature could not be verified",
            "unsigned": "Unable to establish security of incoming assertion",
            "audience": "Assertion contains an unacceptable AudienceRestriction",
            "expired": "Message expired, was issued too long ago",
            "stranger": "Message was signed, but signature could not be verified",
            "replayed": "Rejecting replayed (message|assertion) ID",
        }
    )
    soap = True
