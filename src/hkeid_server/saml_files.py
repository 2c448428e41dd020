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

Unknown keys are errors (law 9).
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from hkeid.identity.language import Language
from hkeid.kernel.errors import ConfigurationError
from hkeid.op.records import Client, ClientAuthMethod
from hkeid.profile.claims import CLAIMS, NOT_TEXT
from hkeid.saml.idp import Encrypts, Service, Signs

_FLAGS = ("enabled", "idp_initiated", "require_signed_requests", "correlatable")
_TEXTS = ("client_uri", "policy_uri", "metadata_file", "metadata_url", "metadata_key_file")
_NEEDED = ("entity_id", "sector_identifier", "name")
_KNOWN = frozenset({*_FLAGS, *_TEXTS, *_NEEDED, "claims", "voluntary_claims", "signs", "encrypts"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceFile:
    """One service as described.

    :ivar client: what pages and the consent ledger know of it; no client of OpenID Connect.
    :ivar metadata: its metadata: a file beside the description, trusted as it is, or None.
    :ivar url: where its metadata is fetched, or None.
    :ivar key: file of the certificate or public key (PEM) that signs what is fetched.
    """

    service: Service
    client: Client
    metadata: Path | None = None
    url: str | None = None
    key: Path | None = field(default=None)

    def reached_at(self, addresses: tuple[str, ...]) -> ServiceFile:
        """The same, with the addresses to which its logins go, which metadata says."""
        client = replace(self.client, redirect_uris=addresses)
        return replace(self, client=client, service=replace(self.service, relying_party=client))


def read_services(folder: Path) -> tuple[ServiceFile, ...]:
    """All descriptions in a folder, in the order of their names; none where there is no folder.

    :raises ConfigurationError: as :func:`read_service`; ``saml_service_repeated``.
    """
    found = tuple(read_service(path) for path in sorted(folder.glob("*.toml")))
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
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError("saml_service_unreadable", detail=f"{path}: {error}") from None
    _check_keys(path, content)
    client = _client(path, content)
    flags: dict[str, Any] = {
        key: _flag(path, key, content[key]) for key in _FLAGS if key in content
    }
    service = Service(
        entity_id=_text(path, "entity_id", content["entity_id"]),
        relying_party=client,
        signs=Signs(_choice(path, "signs", content.get("signs", "both"), Signs)),
        encrypts=Encrypts(
            _choice(path, "encrypts", content.get("encrypts", "where-possible"), Encrypts)
        ),
        **flags,
    )
    key = content.get("metadata_key_file")
    file = content.get("metadata_file")
    return ServiceFile(
        service=service,
        client=replace(client, enabled=service.enabled),
        metadata=None if file is None else path.parent / file,
        url=content.get("metadata_url"),
        key=None if key is None else path.parent / key,
    )


def _check_keys(path: Path, content: Mapping[str, Any]) -> None:
    for key in content:
        if key not in _KNOWN:
            near = difflib.get_close_matches(key, _KNOWN, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise ConfigurationError(
                "saml_service_key_unknown", detail=f"{path.name}: {key!r}{hint}"
            )
    for key in _NEEDED:
        if key not in content:
            raise ConfigurationError("saml_service_key_missing", detail=f"{path.name}: {key!r}")
    for key in _TEXTS:
        if key in content:
            _text(path, key, content[key])
    fetched = {"metadata_url", "metadata_key_file"} & set(content)
    if ("metadata_file" in content) == bool(fetched) or len(fetched) == 1:
        raise ConfigurationError(
            "saml_service_key_missing",
            detail=f"{path.name}: 'metadata_file', or 'metadata_url' with 'metadata_key_file'",
        )


def _client(path: Path, content: Mapping[str, Any]) -> Client:
    claims = content.get("claims", {})
    if not isinstance(claims, Mapping) or not set(claims) <= set(CLAIMS) - NOT_TEXT:
        known = ", ".join(claim for claim in CLAIMS if claim not in NOT_TEXT)
        raise _invalid(path, "claims", f"tables of {known}")
    voluntary = content.get("voluntary_claims", [])
    if not isinstance(voluntary, list) or not all(one in claims for one in voluntary):
        raise _invalid(path, "voluntary_claims", "names of claims that are asked for")
    return Client(
        id=path.stem,
        name=_in_three_scripts(path, "name", content["name"]),
        redirect_uris=(),
        auth_method=ClientAuthMethod.NONE,
        sector_identifier=_text(path, "sector_identifier", content["sector_identifier"]),
        scopes=(),
        # No grant of OpenID Connect is for it.
        grant_types=(),
        claims={
            claim: _in_three_scripts(path, f"claims.{claim}", texts)
            for claim, texts in claims.items()
        },
        voluntary_claims=tuple(voluntary),
        client_uri=content.get("client_uri"),
        policy_uri=content.get("policy_uri"),
    )


def _in_three_scripts(path: Path, key: str, texts: Any) -> dict[str, str]:
    tags = [language.value for language in Language]
    if not isinstance(texts, Mapping) or any(not texts.get(tag) for tag in tags):
        raise _invalid(path, key, f"a table with {', '.join(tags)}")
    return {str(tag): _text(path, key, text) for tag, text in texts.items()}


def _text(path: Path, key: str, value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise _invalid(path, key, "a text")
    return value


def _flag(path: Path, key: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _invalid(path, key, "true or false")
    return value


def _choice(path: Path, key: str, value: Any, kind: type[Signs | Encrypts]) -> str:
    known = [one.value for one in kind]
    if value not in known:
        raise _invalid(path, key, f"one of {', '.join(known)}")
    return str(value)


def _invalid(path: Path, key: str, expected: str) -> ConfigurationError:
    return ConfigurationError(
        "saml_service_value_invalid", detail=f"{path.name}: {key} must be {expected}"
    )
