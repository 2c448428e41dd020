"""Descriptions of services that come in by SAML: one file each, whose name is the id in the consent ledger.

::

    # library.toml
    entity_id = "https://library.example/saml"
    metadata_file = "library.xml"              # or: metadata_url and metadata_key_file
    sector_identifier = "library.example"      # as of a client of OpenID Connect, if it is one as well
    voluntary_claims = ["birthdate"]
    signs = "both"                             # assertion, response, both
    encrypts = "where-possible"                # where-possible, always, never

    [name]
    en = "Library"
    zh-Hant-HK = "圖書館"
    zh-Hans = "图书馆"

    [claims.name]                              # why it is asked for, as the resident reads it
    en = "For your card."
    zh-Hant-HK = "辦證。"
    zh-Hans = "办证。"

``forms`` and ``direct_marketing`` are as in the description of a client of OpenID Connect. A form also has ``attribute_service``: the
index of the AttributeConsumingService in the service's metadata by which a request asks for it. Unknown keys are errors (law 9).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hkeid.identity.language import Language
from hkeid.kernel.errors import ConfigurationError, MalformedInput
from hkeid.op.asked_data import MEMBERS, data_forms, direct_marketing
from hkeid.op.clients import is_client_id
from hkeid.op.records import Client, ClientAuthMethod
from hkeid.profile.claims import CLAIMS, NOT_TEXT
from hkeid.saml.idp import Encrypts, Service, Signs
from hkeid_server.descriptions import (
    METADATA_KEYS,
    Description,
    DescriptionKind,
    MetadataPlace,
    read_folder,
)

_FLAGS = ("enabled", "idp_initiated", "require_signed_requests", "correlatable")
_ADDRESSES = ("client_uri", "policy_uri")
_INDEX = "attribute_service"
_NEEDED = ("entity_id", "sector_identifier", "name")
_KNOWN = frozenset(
    {
        *(*_FLAGS, *_ADDRESSES, *_NEEDED, *METADATA_KEYS),
        *(*MEMBERS, "signs", "encrypts"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceFile:
    """One service as described.

    :ivar client: what pages and the consent ledger know of it; no client of OpenID Connect.
    :ivar place: where its metadata is.
    """

    service: Service
    client: Client
    place: MetadataPlace

    def reached_at(self, addresses: tuple[str, ...]) -> ServiceFile:
        """The same, with the addresses to which its logins go, which metadata says."""
        client = replace(self.client, redirect_uris=addresses)
        return replace(self, client=client, service=replace(self.service, relying_party=client))


def read_services(folder: Path) -> tuple[ServiceFile, ...]:
    """All descriptions in a folder, in the order of their names; none where there is no folder.

    :raises ConfigurationError: as :func:`read_service`; ``saml_service_repeated``.
    """
    found = read_folder(folder, read_service)
    names = [one.service.entity_id for one in found]
    for name in names:
        if names.count(name) > 1:
            raise ConfigurationError("saml_service_repeated", detail=name)
    return found


def read_service(path: Path) -> ServiceFile:
    """One description.

    :raises ConfigurationError: ``saml_service_unreadable``, ``saml_service_key_unknown``,
        ``saml_service_key_missing``, ``saml_service_value_invalid``; the detail names file and key.
    """
    described = Description(DescriptionKind.SAML_SERVICE, path)
    if not is_client_id(described.name):
        raise described.invalid("the file's name", "must be visible ASCII without blanks")
    described.check_keys(_KNOWN, _NEEDED)
    client = _client(described)
    flags: dict[str, Any] = {key: described.flag(key) for key in _FLAGS if key in described}
    service = Service(
        entity_id=described.text("entity_id"),
        relying_party=client,
        signs=Signs(_choice(described, "signs", Signs.BOTH)),
        encrypts=Encrypts(_choice(described, "encrypts", Encrypts.WHERE_POSSIBLE)),
        forms=_form_services(described),
        **flags,
    )
    return ServiceFile(
        service=service,
        client=replace(client, enabled=service.enabled),
        place=described.metadata_place(),
    )


def _client(described: Description) -> Client:
    claims = described.get("claims", {})
    if not isinstance(claims, Mapping) or not set(claims) <= set(CLAIMS) - NOT_TEXT:
        known = ", ".join(claim for claim in CLAIMS if claim not in NOT_TEXT)
        raise described.invalid("claims", f"must be tables of {known}")
    voluntary = described.get("voluntary_claims", [])
    if not isinstance(voluntary, list) or not all(one in claims for one in voluntary):
        raise described.invalid("voluntary_claims", "must be names of claims that are asked for")
    addresses = {key: described.text(key) for key in _ADDRESSES if key in described}
    return Client(
        id=described.name,
        name=_in_three_scripts(described, "name", described["name"]),
        redirect_uris=(),
        auth_method=ClientAuthMethod.NONE,
        sector_identifier=described.text("sector_identifier"),
        scopes=(),
        # No grant of OpenID Connect is for it.
        grant_types=(),
        claims={
            claim: _in_three_scripts(described, f"claims.{claim}", texts)
            for claim, texts in claims.items()
        },
        voluntary_claims=tuple(voluntary),
        **_purposes(described),
        client_uri=addresses.get("client_uri"),
        policy_uri=addresses.get("policy_uri"),
    )


def _purposes(described: Description) -> dict[str, Any]:
    """Forms and direct marketing, in the same words as for OpenID Connect."""
    content = {key: described[key] for key in MEMBERS if key in described}
    if isinstance(content.get("forms"), Mapping):
        content["forms"] = {
            form: {key: value for key, value in table.items() if key != _INDEX}
            if isinstance(table, Mapping)
            else table
            for form, table in content["forms"].items()
        }
    try:
        forms, marketing = data_forms(content), direct_marketing(content)
    except MalformedInput as error:
        name = error.field or ""
        why = error.safe_text.removeprefix(f"{name}:").strip().rstrip(".")
        raise described.invalid(name, why) from None
    asked = {claim for form in forms for claim in form.claims}
    for claim in asked | set(() if marketing is None else marketing.claims):
        if claim not in CLAIMS:
            raise described.invalid(claim, f"must be one of {', '.join(CLAIMS)}")
    return {"forms": forms, "direct_marketing": marketing}


def _form_services(described: Description) -> dict[int, str]:
    """By the index of an AttributeConsumingService, the form that it asks for."""
    found: dict[int, str] = {}
    for form, table in described.get("forms", {}).items():
        index = table.get(_INDEX)
        if index is None:
            continue
        if type(index) is not int or not 0 <= index <= 65_535 or index in found:
            why = "must be an index of an AttributeConsumingService, each once"
            raise described.invalid(f"forms.{form}.{_INDEX}", why)
        found[index] = form
    return found


def _in_three_scripts(described: Description, key: str, texts: Any) -> dict[str, str]:
    tags = [language.value for language in Language]
    if (
        not isinstance(texts, Mapping)
        or any(not texts.get(tag) for tag in tags)
        or not all(isinstance(text, str) and text for text in texts.values())
    ):
        raise described.invalid(key, f"must be a table of texts with {', '.join(tags)}")
    return dict(texts)


def _choice(described: Description, key: str, default: Signs | Encrypts) -> str:
    value = described.get(key, default.value)
    known = [one.value for one in type(default)]
    if value not in known:
        raise described.invalid(key, f"must be one of {', '.join(known)}")
    return str(value)
