"""Descriptions of upstream identity providers: one file each, whose name is the upstream's id.

::

    # company.toml
    kind = "oidc"                        # oidc, saml or iam_smart
    issuer = "https://login.company.example"
    client_id = "hkeid"
    clients = ["company-intranet"]       # offered to these relying parties alone
    creates = true                       # who is not known gets an account

    [names]
    en = "Company staff"
    zh-Hant-HK = "公司員工"
    zh-Hans = "公司员工"

    [assurance.values]                   # what its acr values are worth here
    "urn:company:mfa" = "urn:hkeid:acr:eid"

    [[attributes]]                       # which of its claims become ours
    claim = "name"
    from = "display_name"

Unknown keys are errors (law 9). Secrets are in files of their own (``client_secret_file``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from types import UnionType
from typing import Any, get_type_hints

from hkeid.broker.upstreams import UpstreamPolicy
from hkeid.identity.language import Language
from hkeid.kernel.errors import ConfigurationError
from hkeid.kernel.secret import Secret
from hkeid.profile.claims import CLAIMS, NOT_TEXT
from hkeid.upstream import AssuranceTable, AttributeMapping
from hkeid.upstream.contract import UpstreamKind
from hkeid.upstream.iam_smart import IamSmartSettings
from hkeid.upstream.oidc import OidcUpstreamSettings
from hkeid.upstream.saml import SamlUpstreamSettings
from hkeid_server.descriptions import (
    METADATA_KEYS,
    Description,
    DescriptionKind,
    MetadataPlace,
    read_folder,
)

Settings = OidcUpstreamSettings | SamlUpstreamSettings | IamSmartSettings
"""What is said about one upstream."""

_KINDS: Mapping[UpstreamKind, type[Settings]] = {
    UpstreamKind.OIDC: OidcUpstreamSettings,
    UpstreamKind.SAML: SamlUpstreamSettings,
    UpstreamKind.IAM_SMART: IamSmartSettings,
}
_POLICY = frozenset(one.name for one in fields(UpstreamPolicy))
MAPPED = frozenset({*CLAIMS, "email", "phone_number"} - NOT_TEXT)
"""Claims that an upstream may say."""
_TABLES = frozenset({"names", "assurance", "attributes"})
_FILES = {UpstreamKind.IAM_SMART: frozenset({"encipherment_key"})}
_SECRETS = frozenset({"client_secret"})


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamFile:
    """One upstream as described.

    :ivar files: paths of key files by key.
    :ivar metadata: where it is, of SAML.
    """

    settings: Settings
    policy: UpstreamPolicy
    files: Mapping[str, Path] = field(default_factory=dict)
    metadata: MetadataPlace | None = None


def read_upstreams(folder: Path) -> tuple[UpstreamFile, ...]:
    """All descriptions in a folder, in the order of their names; none where there is no folder.

    :raises ConfigurationError: as :func:`read_upstream`.
    """
    return read_folder(folder, read_upstream)


def read_upstream(path: Path) -> UpstreamFile:
    """One description.

    :raises ConfigurationError: ``upstream_unreadable``, ``upstream_key_unknown``,
        ``upstream_value_invalid``, ``upstream_key_missing``, and what the settings say of themselves.
    """
    described = Description(DescriptionKind.UPSTREAM, path)
    kind = _kind(described)
    settings = _KINDS[kind]
    own = {one.name for one in fields(settings)} - {"id", "names", "assurance", "mapping"}
    files = _FILES.get(kind, frozenset())
    metadata = METADATA_KEYS if kind is UpstreamKind.SAML else frozenset()
    inner = {f"{one}_file" for one in (*files, *(_SECRETS & own))}
    described.check_keys({"kind", *_TABLES, *_POLICY, *own, *metadata, *inner})
    hints = get_type_hints(settings)
    values = {key: _value(described, key, hints[key]) for key in own - _SECRETS if key in described}
    for key in _SECRETS & own:
        secret = _secret(described, key)
        if secret is not None:
            values[key] = secret
    try:
        made = settings(id=described.name, **values, **_tables(described, settings))
    except TypeError as error:
        # The only one there can be: a member without a default is not given.
        missing = [name for name in sorted(own) if f"'{name}'" in str(error)]
        raise described.missing(", ".join(missing)) from None
    return UpstreamFile(
        settings=made,
        policy=_policy(described),
        files={one: _file(described, one) for one in files},
        metadata=described.metadata_place() if metadata else None,
    )


def _kind(described: Description) -> UpstreamKind:
    for one in _KINDS:
        if described.get("kind") == one.value:
            return one
    raise described.invalid("kind", f"must be one of {', '.join(one.value for one in _KINDS)}")


def _tables(described: Description, settings: type) -> dict[str, Any]:
    found: dict[str, Any] = {}
    names = described.get("names")
    tags = {language.value: language for language in Language}
    if names is not None:
        if not isinstance(names, Mapping) or not set(names) <= set(tags):
            raise described.invalid("names", f"must be a table with {', '.join(tags)}")
        found["names"] = {tags[tag]: str(name) for tag, name in names.items()}
    elif settings is not IamSmartSettings:
        raise described.missing("[names]")
    if "assurance" in described:
        if not isinstance(described["assurance"], Mapping):
            raise described.invalid("assurance", "must be a table")
        found["assurance"] = AssuranceTable.read(described["assurance"])
    if "attributes" in described:
        if not isinstance(described["attributes"], list):
            raise described.invalid("attributes", "must be tables: [[attributes]]")
        found["mapping"] = AttributeMapping.read(described["attributes"], known=MAPPED)
    return found


def _policy(described: Description) -> UpstreamPolicy:
    values: dict[str, Any] = {}
    for key in _POLICY & set(described):
        wanted = bool if key in {"links_by_hkic", "creates", "ends_there"} else tuple[str, ...]
        value = _value(described, key, wanted)
        values[key] = value if wanted is bool else frozenset(value)
    return UpstreamPolicy(**values)


def _value(described: Description, key: str, kind: Any) -> Any:
    """A value of a declared type; several are allowed where the type says so."""
    value = described[key]
    options = set(getattr(kind, "__args__", ())) if isinstance(kind, UnionType) else {kind}
    for option in options:
        fits, convert = _FORMS.get(option, (None, None))
        if fits is not None and convert is not None and fits(value):
            return convert(value)
    raise described.invalid(key, "must be a value of another kind")


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _text_table(value: Any) -> bool:
    return isinstance(value, Mapping) and all(isinstance(one, str) for one in value.values())


_FORMS: Mapping[Any, tuple[Callable[[Any], bool], Callable[[Any], Any]]] = {
    bool: (lambda value: type(value) is bool, bool),
    int: (lambda value: type(value) is int, int),
    float: (lambda value: type(value) in {int, float}, float),
    str: (lambda value: isinstance(value, str), str),
    tuple[str, ...]: (_texts, tuple),
    Mapping[str, str]: (_text_table, dict),
}


def _secret(described: Description, key: str) -> Secret | None:
    if key in described:
        raise described.invalid(key, f"must be in a file: {key}_file")
    if f"{key}_file" not in described:
        return None
    file = _file(described, key)
    try:
        return Secret(file.read_text("utf-8").strip())
    except (OSError, UnicodeDecodeError):
        raise ConfigurationError(
            "config_secret_unreadable", detail=f"{described.path.name}: {key}_file: {file}"
        ) from None


def _file(described: Description, key: str) -> Path:
    """Relative to the description."""
    if f"{key}_file" not in described:
        raise described.missing(f"{key}_file")
    return described.file(f"{key}_file")
