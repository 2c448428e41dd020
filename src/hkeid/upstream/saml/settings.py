"""What an operator says about one upstream SAML identity provider."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hkeid.identity.language import Language
from hkeid.kernel.errors import ConfigurationError
from hkeid.upstream.assurance import AssuranceTable
from hkeid.upstream.mapping import AttributeMapping
from hkeid.upstream.naming import check_identity


@dataclass(frozen=True, slots=True, kw_only=True)
class SamlUpstreamSettings:
    """One upstream.

    :ivar id: its name in addresses and links.
    :ivar names: what people call it, in the three scripts.
    :ivar entity_id: its name in its metadata.
    :ivar assurance: what its authentication context classes are worth.
    :ivar mapping: which of its attributes become ours; by name or by friendly name.
    :ivar subject_attribute: name of the attribute that names a person for good (pairwise-id, say); None: the
        persistent name identifier. A transient one names nobody.
    :ivar want_response_signed: refuse a Response of which only the assertions are signed.
    :ivar want_encrypted: refuse assertions that came in the clear.
    :raises ConfigurationError: ``upstream_id_malformed``, ``upstream_name_missing``,
        ``upstream_setting_invalid``.
    """

    id: str
    names: Mapping[Language, str]
    entity_id: str
    assurance: AssuranceTable = field(default_factory=AssuranceTable)
    mapping: AttributeMapping = field(default_factory=AttributeMapping)
    subject_attribute: str | None = None
    want_response_signed: bool = False
    want_encrypted: bool = False

    def __post_init__(self) -> None:
        check_identity(self.id, self.names)
        if not self.entity_id or self.subject_attribute == "":
            raise ConfigurationError("upstream_setting_invalid", detail=f"{self.id}: entity_id")
