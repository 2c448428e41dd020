"""Releasing: only what every rule lets through at that moment, recorded before it goes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from hkeid.doors.relying_party import LOGIN_PURPOSE
from hkeid.kernel.errors import NotFound, Refused
from hkeid.kernel.instants import Instant
from hkeid.ports.sessions import VerifiedClaimsWish
from hkeid.profile.assurance import told_claims, verified_claims, wished_claims
from hkeid.profile.claims import base_names, fields_of, render
from hkeid.profile.events import ClaimsDisclosed
from hkeid.profile.holding import Holding
from hkeid.profile.proofs import SALT_BYTES, proves, value_digest
from hkeid.profile.records import ConsentDecision, Disclosure, ProfileTransaction
from hkeid.profile.sources import ClaimSource, sources_of

_ID_BYTES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What was released at one moment.

    :ivar claims: values by wire name.
    :ivar sources: where they come from, by claim, if that was asked for:
        :func:`hkeid.profile.sources.sources_of`.
    """

    disclosure_id: str
    claims: Mapping[str, Any] = field(repr=False)
    sources: Mapping[str, ClaimSource]


class Releasing:
    """Behind :class:`hkeid.profile.ConsentLedger`; see there."""

    __slots__ = ("_holding",)

    def __init__(self, holding: Holding) -> None:
        self._holding = holding

    def release(
        self,
        resident_id: str,
        client_id: str,
        names: Collection[str],
        now: Instant,
        purpose: str = LOGIN_PURPOSE,
        verified: Collection[VerifiedClaimsWish] = (),
    ) -> Mapping[str, Any]:
        """See :meth:`hkeid.profile.ConsentLedger.release`."""
        told = self.tell(resident_id, client_id, names, now, purpose, verified)
        return {} if told is None else told.claims

    def tell(
        self,
        resident_id: str,
        client_id: str,
        names: Collection[str],
        now: Instant,
        purpose: str = LOGIN_PURPOSE,
        verified: Collection[VerifiedClaimsWish] = (),
        *,
        with_sources: bool = False,
    ) -> Told | None:
        """As :meth:`release`, with the disclosure's id; None: nothing may be told."""
        asked = base_names((*names, *wished_claims(verified)))
        if not asked:
            return None
        disclosure_id = self._holding.random.token(_ID_BYTES)
        salt = self._holding.random.token_bytes(SALT_BYTES)
        with self._holding.store.transaction() as tx:
            permitted = self._permitted(tx, resident_id, client_id, asked, purpose, now)
            resident = tx.residents.get(resident_id) if permitted else None
            if resident is None:
                return None
            try:
                texts, sealed = self._holding.fields.read_for_disclosure(
                    tx, resident_id, fields_of(permitted), disclosure_id, salt
                )
            except NotFound:
                # The data key is gone: an erasure is under way, and there is nothing left to tell.
                return None
            texts |= self._holding.beside(tx, resident_id, permitted, texts, now)
            released = render(names, permitted, texts, now)
            released |= verified_claims(verified, permitted, texts, resident.proofed, now)
            if not released:
                return None
            told = told_claims(released)
            sent = {name.partition("#")[0] for name in told}
            disclosure = Disclosure(
                id=disclosure_id,
                resident_id=resident_id,
                client_id=client_id,
                purpose=purpose,
                claims=tuple(told),
                disclosed_at=now,
                decisions=tuple(one.id for claim, one in permitted.items() if claim in sent),
                digests=digests_of(told, disclosure_id, salt) if sealed else {},
                salt=sealed,
            )
            record(tx, disclosure)
            about = "data_disclosed" if purpose == LOGIN_PURPOSE else "form_sent"
            self._holding.tell(tx, resident_id, about, now)
            sources: Mapping[str, ClaimSource] = {}
            if with_sources:
                particulars = self._holding.particulars_source(tx, resident)
                sources = sources_of(base_names(sent), texts, particulars)
        return Told(disclosure_id=disclosure_id, claims=released, sources=sources)

    def _permitted(
        self,
        tx: ProfileTransaction,
        resident_id: str,
        client_id: str,
        asked: tuple[str, ...],
        purpose: str,
        now: Instant,
    ) -> dict[str, ConsentDecision]:
        """Of the claims asked for, those that every rule lets through, with the decision that does."""
        client = tx.clients.get(client_id)
        if client is None or not client.enabled:
            return {}
        resident = tx.residents.get(resident_id)
        if resident is None or not resident.state.may_log_in:
            return {}
        decided = self._holding.decisions(tx, resident_id, client, purpose, now)
        return {
            claim: decided[claim] for claim in asked if claim in decided and decided[claim].agreed
        }

    def salt(self, disclosure: Disclosure) -> bytes:
        """See :meth:`hkeid.profile.ConsentLedger.disclosure_salt`."""
        if not disclosure.salt:
            raise Refused("disclosure_without_digests")
        return self._holding.fields.disclosure_salt(
            disclosure.resident_id, disclosure.id, disclosure.salt
        )

    def prove(self, disclosure: Disclosure, name: str, value: Any) -> bool:
        """See :meth:`hkeid.profile.ConsentLedger.prove`."""
        return proves(disclosure.digests, self.salt(disclosure), disclosure.id, name, value)


def digests_of(told: Mapping[str, Any], disclosure_id: str, salt: bytes) -> dict[str, str]:
    """The digests of a disclosure, by wire name."""
    return {name: value_digest(salt, disclosure_id, name, value) for name, value in told.items()}


def record(tx: ProfileTransaction, disclosure: Disclosure) -> None:
    """Keep a disclosure, and say in the audit trail that there was one."""
    tx.disclosures.append(disclosure)
    tx.audit.append(
        ClaimsDisclosed(
            disclosure_id=disclosure.id,
            resident_id=disclosure.resident_id,
            client_id=disclosure.client_id,
            purpose=disclosure.purpose,
            claims=disclosure.claims,
        )
    )
