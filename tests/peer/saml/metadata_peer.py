"""pysaml2 as a reader of metadata, and the OASIS schemas: a JSON command a line, a JSON answer a line.

Runs in the environment of the SAML peers, which has nothing of hkeid in it.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

_ROOT = "urn:oasis:names:tc:SAML:2.0:metadata:EntityDescriptor"


def schema(xml: str) -> bool:
    """pysaml2 ships the schemas of OASIS; it raises where a document does not fit."""
    from saml2.xml.schema import validate

    validate(xml)
    return True


def load(xml: str, certificate: str) -> dict[str, object]:
    """What pysaml2 makes of it, its signature verified by xmlsec1."""
    from saml2.config import Config
    from saml2.mdstore import MetaDataFile, MetadataStore
    from saml2.sigver import get_xmlsec_binary, security_context

    folder = Path(tempfile.mkdtemp(prefix="saml-metadata-"))
    document, trusted = folder / "metadata.xml", folder / "trusted.pem"
    document.write_text(xml)
    trusted.write_text(certificate)
    config = Config()
    config.load({"entityid": "https://peer.example", "xmlsec_binary": get_xmlsec_binary()})
    # A file that pysaml2 loads as "local" is not verified, whatever certificate it is given.
    verified = MetaDataFile(
        None, str(document), cert=str(trusted), security=security_context(config), node_name=_ROOT
    )
    verified.load()
    store = MetadataStore([], config, check_validity=True)
    store.load("local", str(document))
    found = {}
    for name in list(store.keys()):
        entity = store[name]
        found[name] = {
            "roles": sorted(one for one in entity if one.endswith("sso_descriptor")),
            "certificates": {
                use: [text for _, text in store.certs(name, "any", use)]
                for use in ("signing", "encryption")
            },
            "sso": [one["location"] for one in _sso(store, name)],
            "acs": [one["location"] for one in store.assertion_consumer_service(name) or []],
            "supported": store.supported_entity_categories(name),
            "registration": store.registration_info(name),
            "scopes": [one["text"] for one in entity["idpsso_descriptor"][0]["extensions"]["extension_elements"] if one["__class__"].endswith("Scope")],
            "names": [(one["lang"], one["text"]) for one in next(iter(store.mdui_uiinfo(name)))["display_name"]],
        }  # fmt: skip
    return found


def _sso(store: object, name: str) -> list[dict[str, str]]:
    services = store.service(name, "idpsso_descriptor", "single_sign_on_service")  # type: ignore[attr-defined]
    return [one for several in services.values() for one in several]


COMMANDS = {"schema": schema, "load": load}


def main() -> None:
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            answer = {"ok": COMMANDS[asked.pop("command")](**asked)}
        except Exception as error:  # noqa: BLE001 - whatever the other side says
            answer = {"error": f"{type(error).__name__}: {error}"}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
