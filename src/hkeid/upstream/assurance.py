"""From what an upstream says it proved to a rung of our ladder: a table, never above it (law 7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from hkeid.identity.assurance import Acr
from hkeid.kernel.errors import ConfigurationError
from hkeid.oidc.errors import ErrorCode
from hkeid.upstream.errors import UpstreamRefused
from hkeid.upstream.tables import only_known, refuse_table, text_table

_REFUSE = "refuse"


@dataclass(frozen=True, slots=True, kw_only=True)
class AssuranceTable:
    """Upstream ``acr`` values or authentication context classes, and the rung that each is worth.

    :ivar values: the rung by upstream value, compared letter by letter.
    :ivar default: for any other value, and for none: the lowest rung, or None: refused.
    :ivar ceiling: no entry may lie above it. The topmost rung has to be named here on purpose: it says that
        an attestation was verified, which few upstreams can know.
    :raises ConfigurationError: ``assurance_table_invalid``.
    """

    values: Mapping[str, Acr] = field(default_factory=dict)
    default: Acr | None = None
    ceiling: Acr = Acr.EID_PLUS

    def __post_init__(self) -> None:
        if self.default not in (None, Acr.EID):
            raise refuse_table("assurance", "default: the lowest rung, or refuse")
        for value, acr in self.values.items():
            if not value or not self.ceiling.at_least(acr):
                raise refuse_table("assurance", f"{value!r} lies above the ceiling")
        object.__setattr__(self, "values", MappingProxyType(dict(self.values)))

    @classmethod
    def read(cls, table: Mapping[str, Any]) -> AssuranceTable:
        """From TOML: ``default`` (``refuse`` or the lowest rung's URN), ``ceiling``, ``[values]``.

        :raises ConfigurationError: ``assurance_table_invalid``; the detail names the key.
        """
        only_known("assurance", table, {"default", "ceiling", "values"})
        default = table.get("default", _REFUSE)
        return cls(
            values={
                name: _rung(name, urn)
                for name, urn in text_table("assurance", "values", table).items()
            },
            default=None if default == _REFUSE else _rung("default", default),
            ceiling=_rung("ceiling", table.get("ceiling", Acr.EID_PLUS.value)),
        )

    def rung(self, upstream_acr: str | None) -> Acr:
        """What the upstream's value is worth.

        :raises UpstreamRefused: ``upstream_acr_unknown`` (``unmet_authentication_requirements``): the
            table does not know it, and there is no default.
        """
        known = None if upstream_acr is None else self.values.get(upstream_acr)
        found = known if known is not None else self.default
        if found is None:
            raise UpstreamRefused(
                "upstream_acr_unknown", code=ErrorCode.UNMET_AUTHENTICATION_REQUIREMENTS
            )
        return found

    def asking(self, acr: Acr | None) -> tuple[str, ...]:
        """The upstream values that are worth ``acr`` or more, the least demanding first; () asks nothing."""
        if acr is None:
            return ()
        fit = [(rung.rung, name) for name, rung in self.values.items() if rung.at_least(acr)]
        return tuple(name for _, name in sorted(fit))

    def reaches(self, acr: Acr) -> bool:
        """Whether any answer of this upstream could be worth ``acr``."""
        return any(rung.at_least(acr) for rung in (*self.values.values(), self.default) if rung)

    def require_reach(self, acr: Acr | None) -> None:
        """Refuse to ask for what no answer could be worth; None asks nothing.

        :raises UpstreamRefused: ``upstream_acr_out_of_reach`` (``unmet_authentication_requirements``).
        """
        if acr is not None and not self.reaches(acr):
            raise UpstreamRefused(
                "upstream_acr_out_of_reach", code=ErrorCode.UNMET_AUTHENTICATION_REQUIREMENTS
            )


def _rung(key: str, urn: Any) -> Acr:
    try:
        return Acr(urn)
    except ValueError:
        known = ", ".join(acr.value for acr in Acr)
        raise ConfigurationError(
            "assurance_table_invalid", detail=f"{key}: {urn!r} is no rung; there are {known}"
        ) from None
