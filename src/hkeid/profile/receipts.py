"""Consent receipts: what a resident agreed to, signed, to take away (after ISO/IEC TS 27560:2023).

A receipt holds one consent record for each client and purpose, in the sections of the specification:
header, PII processing, party identification, events. Nothing of it is stored: it is made from the
ledger when it is asked for, and signed with the keys that sign ID tokens. It says nothing about values.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, Final

from hkeid.doors.relying_party import DIRECT_MARKETING, LOGIN_PURPOSE, RelyingParty
from hkeid.doors.subjects import pairwise_subject
from hkeid.identity.language import Language
from hkeid.jose import sign_jwt
from hkeid.kernel import base64url, canonical_json
from hkeid.kernel.errors import NotFound
from hkeid.kernel.instants import Instant, epoch_seconds
from hkeid.ports.keys import KeyPurpose, KeyStore
from hkeid.ports.storage import Store
from hkeid.ports.surroundings import Clock, Random
from hkeid.profile.claims import CLAIMS
from hkeid.profile.receipt_events import Lifecycle, lifecycle, written
from hkeid.profile.records import ConsentDecision, ProfileTransaction

TYPE: Final = "consent-receipt+jwt"
"""``typ`` of a receipt."""

SCHEMA: Final = "ISO/IEC TS 27560:2023 hkeid-1"
_ALGORITHM: Final = "ES256"
_PURPOSE_TYPES = {LOGIN_PURPOSE: "login", DIRECT_MARKETING: "direct marketing"}
_ELSEWHERE = "not stated here: as the controller's privacy policy says"


class Receipts:
    """Makes receipts.

    :param issuer: of the receipts, as in ID tokens; its ``/account`` is where consent is withdrawn.
    """

    def __init__(
        self,
        store: Store[ProfileTransaction],
        keys: KeyStore,
        issuer: str,
        clock: Clock,
        random: Random,
    ) -> None:
        self._store = store
        self._keys = keys
        self._issuer = issuer
        self._clock = clock
        self._random = random

    def issue(
        self, resident_id: str, client_id: str | None = None, purpose: str | None = None
    ) -> str:
        """The receipt as a compact JWS (``typ`` ``consent-receipt+jwt``).

        :param client_id: about this client only.
        :param purpose: about this purpose only.
        :raises NotFound: ``consent_unknown``: nothing was ever decided about it.
        :raises hkeid.kernel.errors.ConfigurationError: ``signing_key_missing``.
        """
        now = self._clock.now()
        with self._store.transaction() as tx:
            about: dict[tuple[str, str], list[ConsentDecision]] = {}
            for decision in tx.consents.history(resident_id):
                if client_id in (None, decision.client_id) and purpose in (None, decision.purpose):
                    about.setdefault((decision.client_id, decision.purpose), []).append(decision)
            if not about:
                raise NotFound("consent_unknown")
            records = [
                self._record(tx, resident_id, client, of, tuple(reversed(found)), now)
                for (client, of), found in sorted(about.items())
            ]
        receipt_id = self._random.token(16)
        claims = {
            "iss": self._issuer,
            "iat": epoch_seconds(now),
            "jti": receipt_id,
            "receipt_metadata": {
                "schema_version": SCHEMA,
                "receipt_id": receipt_id,
                "issued_at": written(now),
            },
            "consent_records": records,
        }
        return sign_jwt(
            self._keys, KeyPurpose.TOKEN_SIGNING, claims, algorithm=_ALGORITHM, typ=TYPE
        )

    def _record(
        self,
        tx: ProfileTransaction,
        resident_id: str,
        client_id: str,
        purpose: str,
        decisions: tuple[ConsentDecision, ...],
        now: Instant,
    ) -> dict[str, Any]:
        """One record.

        :param decisions: about one client and purpose, oldest first.
        """
        client = tx.clients.get(client_id)
        sector = client_id if client is None else client.sector_identifier
        principal = pairwise_subject(self._keys, sector, resident_id)
        texts = _statements(tx, decisions)
        newest = texts.get(_version(decisions[-1]), {})
        life = lifecycle(decisions, now)
        identity = f"hkeid-consent-record-1\n{resident_id}\n{client_id}\n{purpose}"
        return {
            "header": {
                "schema_version": SCHEMA,
                "record_id": base64url.encode(hashlib.sha256(identity.encode()).digest()[:16]),
                "pii_principal_id": principal,
            },
            "pii_processing": {
                "privacy_notice": _notices(decisions, texts),
                "language": decisions[-1].language,
                "purposes": [self._purpose(client_id, purpose, texts, life, newest)],
            },
            "party_identification": [
                _controller(client_id, client, newest),
                _keeper(self._issuer),
            ],
            "event": [event.as_json(principal) for event in life.events],
        }

    def _purpose(
        self,
        client_id: str,
        purpose: str,
        texts: Mapping[str, Mapping[str, Any]],
        life: Lifecycle,
        newest: Mapping[str, Any],
    ) -> dict[str, Any]:
        form = newest.get("form_name") or {}
        return {
            "purpose": dict(form) or purpose or "login",
            "purpose_type": _PURPOSE_TYPES.get(purpose, "form"),
            "lawful_basis": "consent",
            "pii_information": [
                _information(claim, texts, life)
                for claim in sorted(life.states, key=_place_on_pages)
            ],
            "pii_controllers": [client_id],
            "collection_method": f"released by {self._issuer}, each time with the consent that stands",
            "storage_locations": [_ELSEWHERE],
            "retention_period": _ELSEWHERE,
            "jurisdiction": "HK",
            "recipient_third_parties": [],
            "withdrawal_method": f"{self._issuer}/account#received",
            "privacy_rights": ["access and correction: Cap. 486 s.18 and s.22"],
        }


def receipt_file(jws: str) -> bytes:
    """A receipt as a JSON file: the signed text, and beside it the same to read."""
    claims = canonical_json.loads_object(base64url.decode(jws.split(".")[1]))
    return canonical_json.dumps({"consent_receipt": claims, "jws": jws})


def _version(decision: ConsentDecision) -> str:
    return decision.statement.rpartition(".")[0]


def _statements(
    tx: ProfileTransaction, decisions: Iterable[ConsentDecision]
) -> dict[str, dict[str, Any]]:
    """The texts that were on the pages, by version; of earlier releases there are none."""
    found = {}
    for version in dict.fromkeys(map(_version, decisions)):
        document = tx.consents.statement(version)
        if document is not None:
            found[version] = canonical_json.loads_object(document)
    return found


def _notices(
    decisions: tuple[ConsentDecision, ...], texts: Mapping[str, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Each statement in each language in which it was shown."""
    shown = dict.fromkeys((_version(one), one.language) for one in decisions)
    return [
        {
            "version": version,
            "language": language,
            **(texts[version]["texts"].get(language, {}) if version in texts else {}),
        }
        for version, language in shown
    ]


def _information(
    claim: str, texts: Mapping[str, Mapping[str, Any]], life: Lifecycle
) -> dict[str, Any]:
    state = life.states[claim]
    document = texts.get(state.statement, {})
    definition = CLAIMS.get(claim)
    return {
        "pii_type": claim if definition is None else definition.label[Language.ENGLISH],
        "pii_attribute_id": claim,
        "pii_optional": claim in document.get("voluntary", ()),
        "reason": document.get("reasons", {}).get(claim, {}),
        "state": state.state.value,
        "since": written(state.since),
        "until": None if state.until is None else written(state.until),
    }


def _place_on_pages(claim: str) -> tuple[int, str]:
    known = list(CLAIMS)
    return (known.index(claim) if claim in known else len(known), claim)


def _controller(
    client_id: str, client: RelyingParty | None, document: Mapping[str, Any]
) -> dict[str, Any]:
    """The relying party under the name under which it asked."""
    name = document.get("client_name") or ({} if client is None else dict(client.name))
    home = document.get("client_uri") or (None if client is None else client.client_uri)
    policy = document.get("policy_uri") or (None if client is None else client.policy_uri)
    return {
        "party_id": client_id,
        "party_name": name or client_id,
        "party_role": "PII controller",
        "party_type": "relying party",
        "party_address": _ELSEWHERE,
        "party_url": home,
        "party_contact": home or policy or _ELSEWHERE,
        "privacy_policy": policy,
    }


def _keeper(issuer: str) -> dict[str, Any]:
    return {
        "party_id": issuer,
        "party_name": issuer,
        "party_role": "keeper of the consent record",
        "party_type": "identity provider",
        "party_address": issuer,
        "party_url": issuer,
        "party_contact": f"{issuer}/account",
    }
