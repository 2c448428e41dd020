"""Identity providers behind us: each turns its own answer into one :class:`UpstreamAuthentication`.

The contract is :mod:`hkeid.upstream.contract`; how attributes and assurance are translated is data
(:class:`AttributeMapping`, :class:`AssuranceTable`). Providers: :mod:`hkeid.upstream.oidc`,
:mod:`hkeid.upstream.iam_smart`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hkeid.kernel.lazy import names_on_demand

if TYPE_CHECKING:
    from hkeid.upstream.assurance import AssuranceTable
    from hkeid.upstream.attributes import Attributes
    from hkeid.upstream.contract import (
        STATE_BYTES,
        Departure,
        EndsSessions,
        Form,
        LogoutOutcome,
        UpstreamAuthentication,
        UpstreamKind,
        UpstreamLogout,
        UpstreamLogoutRequest,
        UpstreamProvider,
        UpstreamRequest,
    )
    from hkeid.upstream.errors import (
        AnswerUnexpected,
        UpstreamFailed,
        UpstreamMalformed,
        UpstreamMisbehaved,
        UpstreamRefused,
        UpstreamUnavailable,
    )
    from hkeid.upstream.mapping import AttributeMapping, MappingReport

__getattr__ = names_on_demand(
    __name__,
    {
        "assurance": ("AssuranceTable",),
        "attributes": ("Attributes",),
        "contract": (
            "STATE_BYTES",
            "Departure",
            "EndsSessions",
            "Form",
            "LogoutOutcome",
            "UpstreamAuthentication",
            "UpstreamKind",
            "UpstreamLogout",
            "UpstreamLogoutRequest",
            "UpstreamProvider",
            "UpstreamRequest",
        ),
        "errors": (
            "AnswerUnexpected",
            "UpstreamFailed",
            "UpstreamMalformed",
            "UpstreamMisbehaved",
            "UpstreamRefused",
            "UpstreamUnavailable",
        ),
        "mapping": ("AttributeMapping", "MappingReport"),
    },
)

__all__ = [
    "STATE_BYTES",
    "AnswerUnexpected",
    "AssuranceTable",
    "AttributeMapping",
    "Attributes",
    "Departure",
    "EndsSessions",
    "Form",
    "LogoutOutcome",
    "MappingReport",
    "UpstreamAuthentication",
    "UpstreamFailed",
    "UpstreamKind",
    "UpstreamLogout",
    "UpstreamLogoutRequest",
    "UpstreamMalformed",
    "UpstreamMisbehaved",
    "UpstreamProvider",
    "UpstreamRefused",
    "UpstreamRequest",
    "UpstreamUnavailable",
]
