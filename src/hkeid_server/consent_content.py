"""Who may receive what and who received it, for My eID."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from hkeid.doors.relying_party import DIRECT_MARKETING, LOGIN_PURPOSE
from hkeid.identity.language import Language
from hkeid.op.records import Client
from hkeid.profile import CLAIMS, StandingConsent
from hkeid_server.consent_models import DisclosureLine, FormLine, ServiceCard
from hkeid_server.house import house
from hkeid_server.names import client_domain, client_name
from hkeid_server.shell import language


def service_cards(resident_id: str) -> tuple[ServiceCard, ...]:
    """Every relying party that received something or may."""
    ledger = house().ledger
    agreed: dict[str, list[StandingConsent]] = {}
    for standing in ledger.standing(resident_id):
        agreed.setdefault(standing.client_id, []).append(standing)
    sent: dict[str, list[DisclosureLine]] = {}
    for disclosure in ledger.disclosures(resident_id):
        line = DisclosureLine(claims=_labels(disclosure.claims), at=disclosure.disclosed_at)
        sent.setdefault(disclosure.client_id, []).append(line)
    clients = clients_of((*sent, *agreed))
    return tuple(
        _card(client_id, clients, agreed.get(client_id, []), tuple(sent.get(client_id, ())))
        for client_id in dict.fromkeys((*sent, *agreed))
    )


def _card(
    client_id: str,
    clients: dict[str, Client],
    standing: list[StandingConsent],
    disclosures: tuple[DisclosureLine, ...],
) -> ServiceCard:
    client = clients.get(client_id)
    marketing = any(one.purpose == DIRECT_MARKETING for one in standing)
    asks = client is not None and client.enabled and client.direct_marketing is not None
    return ServiceCard(
        id=client_id,
        name=name_of_client(client_id, clients),
        domain="" if client is None else client_domain(client),
        agreed=_labels(one.claim for one in standing if one.purpose == LOGIN_PURPOSE),
        disclosures=disclosures,
        forms=_forms(client, standing),
        advertises=marketing if marketing or asks else None,
    )


def _forms(client: Client | None, standing: list[StandingConsent]) -> tuple[FormLine, ...]:
    """One line for each form and each end."""
    lines: dict[tuple[str, datetime | None], list[str]] = {}
    for one in standing:
        if one.purpose not in (LOGIN_PURPOSE, DIRECT_MARKETING):
            lines.setdefault((one.purpose, one.expires_at), []).append(one.claim)
    names = {} if client is None else {form.id: form.name for form in client.forms}
    tag = language().content
    return tuple(
        FormLine(name=names.get(purpose, {}).get(tag, purpose), claims=_labels(claims), until=until)
        for (purpose, until), claims in lines.items()
    )


def clients_of(client_ids: Iterable[str]) -> dict[str, Client]:
    """The registered ones among clients, by id."""
    with house().store.transaction() as tx:
        found = {client_id: tx.clients.get(client_id) for client_id in dict.fromkeys(client_ids)}
    return {client_id: client for client_id, client in found.items() if client is not None}


def name_of_client(client_id: str, clients: dict[str, Client]) -> str:
    """What a client is called, or its id where it is not registered any more."""
    client = clients.get(client_id)
    return client_id if client is None else client_name(client, language().content)


def _labels(claims: Iterable[str]) -> tuple[str, ...]:
    """What claims are called; forms of one claim (``name#zh-Hant-HK``) count once."""
    spoken = Language.parse(language().content)
    base = dict.fromkeys(claim.partition("#")[0] for claim in claims)
    return tuple(CLAIMS[claim].label[spoken] for claim in base if claim in CLAIMS)
