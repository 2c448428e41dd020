"""Accounts for people whom only an upstream knows, and what it says about them.

Such an account is no eID: it has no passkey, nobody looked at a card, and no identity-card number is bound
to it, so that its owner can still register for an eID. What the upstream says is kept as particulars, sealed,
and renewed with each login. When the owner has an eID and links the upstream to it, the link moves there.
"""

from __future__ import annotations

from hkeid.broker.events import AccountCreated
from hkeid.broker.upstream_records import UpstreamTransaction
from hkeid.identity.assurance import Acr
from hkeid.identity.birth_date import BirthDate
from hkeid.identity.hkic_number import HkicNumber
from hkeid.identity.names import PersonName
from hkeid.identity.person import Person, Sex
from hkeid.identity.state import EidState
from hkeid.kernel.errors import HkeidError, MalformedInput
from hkeid.kernel.instants import Instant
from hkeid.ports.surroundings import Random
from hkeid.residents import PersonalFields
from hkeid.residents.proofing import PROOFING
from hkeid.residents.records import Resident
from hkeid.upstream.attributes import Attributes
from hkeid.upstream.errors import UpstreamMalformed

_SEXES = {"female": Sex.FEMALE, "male": Sex.MALE, "F": Sex.FEMALE, "M": Sex.MALE}


def hkic_of(attributes: Attributes) -> HkicNumber | None:
    """The identity-card number that an upstream says, or None.

    :raises hkeid.upstream.errors.UpstreamMalformed: ``upstream_hkic_number_malformed``.
    """
    text = attributes.first("hkic_number")
    if text is None:
        return None
    try:
        return HkicNumber.parse(text)
    except MalformedInput:
        raise UpstreamMalformed("upstream_hkic_number_malformed") from None


def person_of(attributes: Attributes, subject: str) -> Person:
    """The particulars that an upstream says.

    :param subject: stands for a name where the upstream gives none.
    :raises hkeid.upstream.errors.UpstreamMalformed: ``upstream_particulars_malformed``; the detail is the
        reason, never the value.
    """
    family, given = attributes.first("family_name"), attributes.first("given_name")
    english = attributes.first("name") or (
        f"{family}, {given}" if family and given else family or given or subject
    )
    born, sex = attributes.first("birthdate"), attributes.first("gender")
    try:
        return Person(
            name=PersonName(
                english=english,
                chinese=attributes.first("name#zh-Hant-HK") or attributes.first("name#zh-Hant"),
            ),
            hkic_number=hkic_of(attributes),
            birth_date=None if born is None else BirthDate.parse(born),
            sex=_SEXES.get(sex or ""),
        )
    except UpstreamMalformed:
        raise
    except MalformedInput as error:
        raise UpstreamMalformed("upstream_particulars_malformed", detail=error.reason) from None


class Accounts:
    """Makes and renews such accounts."""

    def __init__(self, fields: PersonalFields, random: Random) -> None:
        self._fields = fields
        self._random = random

    def prepare(self, now: Instant) -> Resident:
        """A new account, its data key made, nothing else kept yet."""
        account = Resident(
            id=self._random.token(16),
            user_handle=self._random.token_bytes(64),
            state=EidState.ACTIVE,
            proofed=Acr.EID,
            created_at=now,
            updated_at=now,
        )
        self._fields.create_key(account.id)
        return account

    def add(
        self,
        tx: UpstreamTransaction,
        account: Resident,
        person: Person,
        provider: str,
        now: Instant,
    ) -> None:
        """Keep it."""
        if not tx.residents.add(account):
            raise HkeidError("resident_id_repeated")
        self._fields.put(tx, account.id, person.as_fields(), now)
        tx.audit.append(AccountCreated(resident_id=account.id, provider=provider))

    def renew(
        self, tx: UpstreamTransaction, resident_id: str, person: Person, now: Instant
    ) -> None:
        """Keep what the upstream says now, where it differs. Particulars that were proved to us since
        stand against it.
        """
        fresh = person.as_fields()
        held = self._fields.read(tx, resident_id, (*fresh, PROOFING))
        if PROOFING not in held and held != fresh:
            self._fields.put(tx, resident_id, fresh, now)
