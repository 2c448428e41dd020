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

import difflib
import tomllib
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
_METADATA = frozenset({"metadata_file", "metadata_url", "metadata_key_file"})
_SECRETS = frozenset({"client_secret"})


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamFile:
    """One upstream as described.

    :ivar files: paths of key files by key.
    :ivar metadata: of SAML: a local file, trusted as it is, or an address with the file of the key that signs it.
    """

    settings: Settings
    policy: UpstreamPolicy
    files: Mapping[str, Path] = field(default_factory=dict)
    metadata: Path | tuple[str, Path] | None = None


def read_upstreams(folder: Path) -> tuple[UpstreamFile, ...]:
    """All descriptions in a folder, in the order of their names; none where there is no folder.

    :raises ConfigurationError: as :func:`read_upstream`.
    """
    return tuple(read_upstream(path) for path in sorted(folder.glob("*.toml")))


def read_upstream(path: Path) -> UpstreamFile:
    """One description.

    :raises ConfigurationError: ``upstream_unreadable``, ``upstream_key_unknown``,
        ``upstream_value_invalid``, ``upstream_key_missing``, and what the settings say of themselves.
    """
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError("upstream_unreadable", detail=f"{path}: {error}") from None
    kind = _kind(path, content.get("kind"))
    settings = _KINDS[kind]
    own = {one.name for one in fields(settings)} - {"id", "names", "assurance", "mapping"}
    files = _FILES.get(kind, frozenset())
    metadata = _METADATA if kind is UpstreamKind.SAML else frozenset()
    inner = {f"{one}_file" for one in (*files, *(_SECRETS & own))}
    _check_keys(path, content, {"kind", *_TABLES, *_POLICY, *own, *metadata, *inner})
    hints = get_type_hints(settings)
    values = {
        key: _value(path, key, hints[key], content[key]) for key in own - _SECRETS if key in content
    }
    for key in _SECRETS & own:
        secret = _secret(path, key, content)
        if secret is not None:
            values[key] = secret
    try:
        made = settings(id=path.stem, **values, **_tables(path, content, settings))
    except TypeError as error:
        # The only one there can be: a member without a default is not given.
        missing = [name for name in sorted(own) if f"'{name}'" in str(error)]
        raise ConfigurationError(
            "upstream_key_missing", detail=f"{path.name}: {', '.join(missing)}"
        ) from None
    return UpstreamFile(
        settings=made,
        policy=_policy(path, content),
        files={one: _file(path, one, content) for one in files},
        metadata=_metadata(path, content) if metadata else None,
    )


def _check_keys(path: Path, content: Mapping[str, Any], known: set[str]) -> None:
    for key in content:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise ConfigurationError("upstream_key_unknown", detail=f"{path.name}: {key!r}{hint}")


def _metadata(path: Path, content: Mapping[str, Any]) -> Path | tuple[str, Path]:
    given = _METADATA & set(content)
    for key in given:
        if not isinstance(content[key], str) or not content[key]:
            raise _invalid(path, key, "a text")
    if given == {"metadata_file"}:
        return path.parent / str(content["metadata_file"])
    if given == {"metadata_url", "metadata_key_file"}:
        return str(content["metadata_url"]), path.parent / str(content["metadata_key_file"])
    raise ConfigurationError(
        "upstream_key_missing",
        detail=f"{path.name}: 'metadata_file', or 'metadata_url' with 'metadata_key_file'",
    )


def _kind(path: Path, kind: Any) -> UpstreamKind:
    for one in _KINDS:
        if kind == one.value:
            return one
    known = ", ".join(repr(one.value) for one in _KINDS)
    raise ConfigurationError(
        "upstream_value_invalid", detail=f"{path.name}: kind is one of {known}"
    )


def _tables(path: Path, content: Mapping[str, Any], settings: type) -> dict[str, Any]:
    found: dict[str, Any] = {}
    names = content.get("names")
    tags = {language.value: language for language in Language}
    if names is not None:
        if not isinstance(names, Mapping) or not set(names) <= set(tags):
            raise _invalid(path, "names", f"a table with {', '.join(tags)}")
        found["names"] = {tags[tag]: str(name) for tag, name in names.items()}
    elif settings is not IamSmartSettings:
        raise ConfigurationError("upstream_key_missing", detail=f"{path.name}: [names]")
    if "assurance" in content:
        if not isinstance(content["assurance"], Mapping):
            raise _invalid(path, "assurance", "a table")
        found["assurance"] = AssuranceTable.read(content["assurance"])
    if "attributes" in content:
        if not isinstance(content["attributes"], list):
            raise _invalid(path, "attributes", "tables: [[attributes]]")
        found["mapping"] = AttributeMapping.read(content["attributes"], known=MAPPED)
    return found


def _policy(path: Path, content: Mapping[str, Any]) -> UpstreamPolicy:
    values: dict[str, Any] = {}
    for key in _POLICY & set(content):
        wanted = bool if key in {"links_by_hkic", "creates", "ends_there"} else tuple[str, ...]
        value = _value(path, key, wanted, content[key])
        values[key] = value if wanted is bool else frozenset(value)
    return UpstreamPolicy(**values)


def _value(path: Path, key: str, kind: Any, value: Any) -> Any:
    """A value of a declared type; several are allowed where the type says so."""
    options = set(getattr(kind, "__args__", ())) if isinstance(kind, UnionType) else {kind}
    for option in options:
        fits, convert = _FORMS.get(option, (None, None))
        if fits is not None and convert is not None and fits(value):
            return convert(value)
    raise _invalid(path, key, "a value of another kind")


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


def _secret(path: Path, key: str, content: Mapping[str, Any]) -> Secret | None:
    if key in content:
        raise ConfigurationError(
            "upstream_value_invalid", detail=f"{path.name}: {key} belongs in a file: {key}_file"
        )
    if f"{key}_file" not in content:
        return None
    file = _file(path, key, content)
    try:
        return Secret(file.read_text("utf-8").strip())
    except (OSError, UnicodeDecodeError):
        raise ConfigurationError(
            "config_secret_unreadable", detail=f"{path.name}: {key}_file: {file}"
        ) from None


def _file(path: Path, key: str, content: Mapping[str, Any]) -> Path:
    """Relative to the description."""
    value = content.get(f"{key}_file")
    if not isinstance(value, str) or not value:
        raise ConfigurationError("upstream_key_missing", detail=f"{path.name}: {key}_file")
    return path.parent / value


def _invalid(path: Path, key: str, expected: str) -> ConfigurationError:
    return ConfigurationError(
        "upstream_value_invalid", detail=f"{path.name}: {key} must be {expected}"
    )
