"""The 26 services of the annex (S9) as relying parties that demo, tests and documentation share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from hkeid.identity.assurance import Acr
from hkeid.kernel.errors import HkeidError
from hkeid.op.records import Client, ClientAuthMethod
from hkeid.profile.claims import CLAIMS
from hkeid.testing.scripts import only_keys, refuse, shipped, three_scripts

_MEMBERS = frozenset({"number", "slug", "department", "name", "required", "voluntary", "acr"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """An electronic government service.

    :ivar number: its number in the annex, 1 to 26.
    :ivar slug: short name; its ``client_id``.
    :ivar department: who offers it, by language tag.
    :ivar name: what it is called, by language tag.
    :ivar claims: the personal claims it asks for, each with its reason by language tag.
    :ivar voluntary_claims: those of them that may be withheld.
    :ivar acr: the least that a login must reach, or None for any.
    """

    number: int
    slug: str
    department: Mapping[str, str]
    name: Mapping[str, str]
    claims: Mapping[str, Mapping[str, str]]
    voluntary_claims: tuple[str, ...]
    acr: Acr | None

    def title(self) -> Mapping[str, str]:
        """Department and service in one line, by language tag: what a resident is shown."""
        return {
            tag: f"{department}: {self.name[tag]}"
            if tag == "en"
            else f"{department} {self.name[tag]}"
            for tag, department in self.department.items()
        }

    def as_client(
        self,
        *,
        redirect_uris: tuple[str, ...],
        sector_identifier: str,
        auth_method: ClientAuthMethod = ClientAuthMethod.PRIVATE_KEY_JWT,
        jwks: Mapping[str, Any] | None = None,
        post_logout_redirect_uris: tuple[str, ...] = (),
        scopes: tuple[str, ...] = ("openid", "profile"),
        grant_types: tuple[str, ...] = ("authorization_code", "refresh_token"),
    ) -> Client:
        """The service as a registered relying party, ``client_id`` = ``slug``.

        Fields that a test wants otherwise are changed with :func:`dataclasses.replace`.
        """
        return Client(
            id=self.slug,
            name=self.title(),
            redirect_uris=redirect_uris,
            auth_method=auth_method,
            jwks=jwks,
            sector_identifier=sector_identifier,
            scopes=scopes,
            claims={claim: dict(reasons) for claim, reasons in self.claims.items()},
            voluntary_claims=self.voluntary_claims,
            grant_types=grant_types,
            post_logout_redirect_uris=post_logout_redirect_uris,
            default_acr=self.acr,
        )


def _reasons(
    where: str, chosen: Mapping[str, str], reasons: Mapping[str, Mapping[str, str]]
) -> dict[str, Mapping[str, str]]:
    for claim, reason in chosen.items():
        if claim not in CLAIMS or reason not in reasons:
            raise refuse(where, f"unknown claim or reason: {claim} = {reason}")
    return {claim: reasons[reason] for claim, reason in chosen.items()}


def _service(
    entry: Mapping[str, Any],
    departments: Mapping[str, Mapping[str, str]],
    reasons: Mapping[str, Mapping[str, str]],
) -> Service:
    slug = entry["slug"]
    only_keys(slug, entry, _MEMBERS)
    required = _reasons(slug, entry.get("required", {}), reasons)
    voluntary = _reasons(slug, entry.get("voluntary", {}), reasons)
    if required.keys() & voluntary.keys():
        raise refuse(slug, "a claim both required and voluntary")
    wanted = required | voluntary
    acr = entry.get("acr")
    return Service(
        number=entry["number"],
        slug=slug,
        department=departments[entry["department"]],
        name=three_scripts(slug, entry["name"]),
        claims=MappingProxyType({claim: wanted[claim] for claim in CLAIMS if claim in wanted}),
        voluntary_claims=tuple(claim for claim in CLAIMS if claim in voluntary),
        acr=Acr(f"urn:hkeid:acr:{acr}") if acr is not None else None,
    )


def read_services(document: Mapping[str, Any]) -> Mapping[str, Service]:
    """Services by slug, in the order of the annex.

    :param document: the parsed ``services.toml``, or one like it.
    :raises hkeid.kernel.errors.ConfigurationError: reason ``shipped_file_invalid``.
    """
    departments, reasons = (
        {key: three_scripts(key, texts) for key, texts in document[part].items()}
        for part in ("department", "reason")
    )
    services: dict[str, Service] = {}
    for number, entry in enumerate(document["service"], 1):
        where = str(entry.get("slug", f"service {number}"))
        try:
            service = _service(entry, departments, reasons)
        except (HkeidError, KeyError, ValueError) as error:
            raise refuse(where, f"{type(error).__name__} {error}") from None
        if service.number != number or service.slug in services:
            raise refuse(where, "number out of order, or a slug twice")
        services[service.slug] = service
    return MappingProxyType(services)


SERVICES: Mapping[str, Service] = read_services(shipped("services.toml"))
"""All services by slug."""
