"""What an operator says about iAM Smart: hosts, client, scopes, what its methods are worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from hkeid.identity.assurance import Acr
from hkeid.identity.language import Language
from hkeid.kernel.errors import ConfigurationError, MalformedInput
from hkeid.kernel.secret import Secret
from hkeid.rp.transport import check_url
from hkeid.upstream.assurance import AssuranceTable
from hkeid.upstream.iam_smart.profile import PROFILE_FIELDS, default_mapping
from hkeid.upstream.mapping import AttributeMapping
from hkeid.upstream.naming import check_identity

NAMES: Final[Mapping[Language, str]] = MappingProxyType(
    {
        Language.ENGLISH: "iAM Smart",
        Language.TRADITIONAL: "智方便",
        Language.SIMPLIFIED: "智方便",
    }
)
"""The name in words. The mark and the artwork are not ours to show."""

PERSONAL_PATHS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "qr": "/api/v1/auth/getQR",
        "token": "/api/v1/auth/getToken",
        "key": "/api/v1/security/getKey",
        "revoke_key": "/api/v1/security/revokeKey",
        "profiles": "/api/v1/profiles",
        "form_filling": "/api/v1/account/eme/initiateRequest",
        "reauthentication": "/api/v1/account/stepup/initiateRequest",
        "signing": "/api/v1/account/signing/initiateRequest",
        "acknowledgement": "/api/v1/account/signing/ackResult",
    }
)
"""Where things are below the host. Public code agrees on them; a newer specification may move them."""

DEFAULT_ASSURANCE: Final = AssuranceTable(
    values={
        "fido": Acr.EID,
        "fido+face": Acr.EID,
        "fido+nfc": Acr.EID,
        "fido:sign": Acr.EID,
        "fido+face:sign": Acr.EID,
        "fido+nfc:sign": Acr.EID_PLUS,
        "fido+face+nfc:sign": Acr.EID_PLUS,
    },
    ceiling=Acr.EID_PLUS,
)
"""By methods and account type: FIDO alone is worth the lowest rung; the card's chip tapped by the holder of
an iAM Smart+ account is worth ``eid-plus``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IamSmartSettings:
    """One registration at iAM Smart.

    :ivar host: ``https://…`` without a path; staging, sandbox and production are three hosts.
    :ivar client_secret: signs requests, as text.
    :ivar scopes: approved for this client.
    :ivar profile_fields: asked for at login where ``eidapi_profiles`` is among the scopes.
    :ivar paths: differences to :data:`PERSONAL_PATHS`.
    :ivar broker_page: on a phone, let iAM Smart try its app first.
    :ivar tolerance: seconds that its clock may be from ours.
    :raises ConfigurationError: ``upstream_id_malformed``, ``upstream_name_missing``,
        ``upstream_setting_invalid``.
    """

    id: str = "iam-smart"
    names: Mapping[Language, str] = field(default_factory=lambda: NAMES)
    host: str
    client_id: str
    client_secret: Secret
    scopes: tuple[str, ...] = ("eidapi_auth", "eidapi_profiles")
    profile_fields: tuple[str, ...] = ("idNo", "enName", "chName", "birthDate", "gender")
    paths: Mapping[str, str] = field(default_factory=dict)
    assurance: AssuranceTable = DEFAULT_ASSURANCE
    mapping: AttributeMapping = field(default_factory=default_mapping)
    broker_page: bool = True
    tolerance: int = 300
    timeout: float = 10.0

    def __post_init__(self) -> None:
        check_identity(self.id, self.names)
        try:
            host = check_url(self.host, field="host")
        except MalformedInput as error:
            raise ConfigurationError("upstream_setting_invalid", detail=f"host: {error}") from None
        rules = {
            "host": host.path == "" and not host.query,
            "client_id": 0 < len(self.client_id) <= 64 and self.client_id.isalnum(),
            "client_secret": bool(self.client_secret.reveal()),
            "scopes": "eidapi_auth" in self.scopes,
            "profile_fields": set(self.profile_fields) <= PROFILE_FIELDS,
            "paths": set(self.paths) <= set(PERSONAL_PATHS)
            and all(path.startswith("/") for path in self.paths.values()),
            "tolerance": 0 < self.tolerance <= 3600,
            "timeout": 0 < self.timeout <= 60,
        }
        for name, kept in rules.items():
            if not kept:
                raise ConfigurationError("upstream_setting_invalid", detail=f"{self.id}: {name}")

    def url(self, name: str) -> str:
        """The address of one function."""
        return self.host + self.paths.get(name, PERSONAL_PATHS[name])
