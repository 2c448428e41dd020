"""Who comes in at a front door, as pages and the consent ledger see them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class RelyingParty(Protocol):
    """A registered service, whatever it speaks. :class:`hkeid.op.records.Client` is one."""

    @property
    def id(self) -> str:
        """By which the consent ledger knows it."""
        ...

    @property
    def name(self) -> Mapping[str, str]:
        """Display name by BCP 47 tag."""
        ...

    @property
    def redirect_uris(self) -> tuple[str, ...]:
        """Where its logins go."""
        ...

    @property
    def post_logout_redirect_uris(self) -> tuple[str, ...]:
        """Where its logouts go."""
        ...

    @property
    def sector_identifier(self) -> str:
        """Under which pairwise subjects are made."""
        ...

    @property
    def claims(self) -> Mapping[str, Mapping[str, str]]:
        """Personal claims it may ask for, each with the reason shown to the resident."""
        ...

    @property
    def voluntary_claims(self) -> tuple[str, ...]:
        """Those of them that the resident may withhold and still be served."""
        ...

    @property
    def client_uri(self) -> str | None:
        """Its home page."""
        ...

    @property
    def policy_uri(self) -> str | None:
        """Its privacy policy."""
        ...
