"""Debian's SimpleSAMLphp in PHP's own server: a service provider and an identity provider in one."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.peer.saml.credentials import Credential
from tests.peer.saml.entities import Entity
from tests.peer.saml.identity_provider import LEVEL, NAME
from tests.peer.saml.our_identity_provider import OurIdentityProvider
from tests.peer.saml.stack import hand_over, installed, private_folder, unprivileged

from hkeid.testing.processes import ServerProcess, free_port

PACKAGE = "/usr/share/simplesamlphp"

_ROUTER = """<?php
if (parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH) === '/who.php') {
    require '%(package)s/lib/_autoload.php';
    $login = new \\SimpleSAML\\Auth\\Simple('sp');
    if (isset($_GET['logout'])) {
        $login->logout('/');
    }
    $login->requireAuth();
    header('Content-Type: application/json');
    echo json_encode([
        'name_id' => $login->getAuthData('saml:sp:NameID')->getValue(),
        'attributes' => $login->getAttributes(),
    ]);
    return true;
}
if ($_SERVER['REQUEST_URI'] === '/') {
    echo 'Good day';
    return true;
}
return false;
"""
_CONFIGURATION = """<?php
$config = [
    'baseurlpath' => '%(origin)s/',
    'certdir' => '%(folder)s/', 'datadir' => '%(folder)s/', 'tempdir' => '%(folder)s/tmp',
    'loggingdir' => '%(folder)s/', 'logging.handler' => 'file', 'logging.level' => 7,
    'logging.logfile' => 'simplesamlphp.log',
    'metadatadir' => '%(folder)s/metadata/',
    'secretsalt' => '%(salt)s', 'auth.adminpassword' => '%(salt)s',
    'technicalcontact_name' => 'Test', 'technicalcontact_email' => 'na@example.org',
    'timezone' => 'UTC', 'language.default' => 'en', 'language.available' => ['en'],
    'theme.use' => 'default', 'template.cache' => '%(folder)s/tmp', 'template.auto_reload' => false,
    'enable.saml20-idp' => true,
    'module.enable' => ['core' => true, 'saml' => true, 'exampleauth' => true],
    'metadata.sources' => [['type' => 'flatfile']],
    'store.type' => 'sql', 'store.sql.dsn' => 'sqlite:%(folder)s/store.sqlite',
    'session.cookie.secure' => false, 'session.cookie.samesite' => null,
    'session.phpsession.savepath' => '%(folder)s/tmp',
    'assertion.allowed_clock_skew' => 60,
    'debug' => ['saml' => false, 'backtraces' => true, 'validatexml' => false],
    'showerrors' => true, 'errorreporting' => false,
];
"""
_SOURCES = """<?php
$config = [
    'sp' => [
        'saml:SP', 'entityID' => '%(origin)s/sp', 'idp' => '%(idp)s',
        'privatekey' => 'sp.key', 'certificate' => 'sp.pem',
        'signature.algorithm' => 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
        'sign.authnrequest' => true, 'sign.logout' => true, 'validate.logout' => true,
        'WantAssertionsSigned' => true,
        'NameIDPolicy' => 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
    ],
    'people' => ['exampleauth:UserPass', 'tai-man:open sesame' => [
        'uid' => ['tai-man'], '%(name)s' => ['陳大文 & Co'], '%(level)s' => ['eid', 'eid-plus'],
    ]],
];
"""
_REMOTE_IDP = """<?php
$metadata['%(idp)s'] = [
    'SingleSignOnService' => '%(sso)s', 'SingleLogoutService' => '%(slo)s',
    'keys' => [%(keys)s],
    'sign.authnrequest' => true, 'sign.logout' => true, 'validate.logout' => true,
];
"""
_HOSTED_IDP = """<?php
$metadata['%(origin)s/idp'] = [
    'host' => '__DEFAULT__', 'privatekey' => 'sp.key', 'certificate' => 'sp.pem', 'auth' => 'people',
    'signature.algorithm' => 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
    'validate.authnrequest' => true, 'validate.logout' => true, 'sign.logout' => true,
    'saml20.sign.response' => true, 'saml20.sign.assertion' => true,
    'attributes.NameFormat' => 'urn:oasis:names:tc:SAML:2.0:attrname-format:uri',
    'NameIDFormat' => 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
    'simplesaml.nameidattribute' => 'uid',
];
"""
_REMOTE_SP = """
$metadata['%(entity_id)s'] = [
    'AssertionConsumerService' => '%(consumer)s', 'SingleLogoutService' => '%(logout)s',
    'keys' => [%(keys)s],
    'assertion.encryption' => %(encrypted)s,
    'sign.logout' => true, 'validate.logout' => true, 'validate.authnrequest' => true,
    'NameIDFormat' => 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
];
"""


@dataclass
class SimpleSamlPhp:
    """One running SimpleSAMLphp.

    :ivar log: what it writes.
    """

    origin: str
    folder: Path
    log: Path


@contextmanager
def simplesamlphp(
    idp: OurIdentityProvider, credential: Credential, providers: str = ""
) -> Iterator[SimpleSamlPhp]:
    """Started with ``idp`` as its identity provider.

    :param providers: PHP that names the service providers that it serves, from :func:`served`.
    """
    with private_folder("simplesamlphp") as folder:
        port = free_port()
        origin = f"http://localhost:{port}"
        keys = ",".join(php_key(one, encryption=False) for one in idp.credentials.values())
        texts = {
            "router.php": _ROUTER,
            "config.php": _CONFIGURATION,
            "authsources.php": _SOURCES,
            "metadata/saml20-idp-remote.php": _REMOTE_IDP,
            "metadata/saml20-idp-hosted.php": _HOSTED_IDP,
        }
        values = {
            "folder": folder, "origin": origin, "package": installed(PACKAGE), "keys": keys,
            "salt": secrets.token_hex(16), "idp": idp.entity_id, "sso": idp.sso_url,
            "slo": idp.slo_url, "name": NAME, "level": LEVEL,
        }  # fmt: skip
        for name in ("metadata", "tmp"):
            (folder / name).mkdir()
        for name, text in texts.items():
            (folder / name).write_text(text % values)
        (folder / "metadata" / "saml20-sp-remote.php").write_text(providers or "<?php\n")
        (folder / "sp.key").write_text(credential.key_pem)
        (folder / "sp.pem").write_text(credential.pem)
        hand_over(folder)
        command = [
            installed("/usr/bin/php"), "-d", "error_log=" + str(folder / "php.log"),
            "-S", f"127.0.0.1:{port}", "-t", f"{PACKAGE}/www", folder / "router.php",
        ]  # fmt: skip
        environment = {"SIMPLESAMLPHP_CONFIG_DIR": str(folder)}
        with ServerProcess(
            unprivileged(command), port=port, log=folder / "server.log", environment=environment
        ):
            yield SimpleSamlPhp(origin, folder, folder / "simplesamlphp.log")


def php_key(credential: Credential, *, encryption: bool) -> str:
    """A certificate as its metadata has it."""
    return (
        "['type' => 'X509Certificate', 'signing' => true, "
        f"'encryption' => {'true' if encryption else 'false'}, "
        f"'X509Certificate' => '{credential.base64}']"
    )


def served(entity: Entity, credential: Credential, *, encrypted: bool) -> str:
    """Metadata of a service provider, in its own form."""
    return _REMOTE_SP % {
        "entity_id": entity.entity_id,
        "consumer": entity.consumers[0],
        "logout": entity.logout_url,
        "keys": php_key(credential, encryption=True),
        "encrypted": "true" if encrypted else "false",
    }
